"""Probe: limits come before work, and each refusal has its reason."""

import zlib

import pytest
from PIL import Image

from uploads.errors import (
    BrokenPicture,
    EmptyFile,
    FormatNotOffered,
    NotAPicture,
    TooManyPixels,
    TooManyScans,
    TooMuchText,
)
from uploads.geometry import Size
from uploads.imaging.probe import Limits, format_of, open_limited, orientation, upright, upright_size
from uploads.tests.pictures import (
    HEIC,
    JPEG_END,
    JPEG_SCAN,
    decoded,
    encoded,
    huge_png,
    jpeg_of_scans,
    picture,
    png_with,
)

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
LIMITS = {"formats": FORMATS, "max_pixels": 50_000_000, "max_side_px": 16_384, "max_jpeg_scans": 100, "max_frames": 9}


@pytest.fixture
def opened(tmp_path):
    """Open a file's bytes under limits; return the format and the natural size."""

    def open_bytes(data: bytes, **limits):
        path = tmp_path / "upload"
        path.write_bytes(data)
        with open_limited(path, Limits(**(LIMITS | limits))) as image:
            return format_of(image), upright_size(image)

    return open_bytes


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_is_taken(opened, name):
    assert opened(encoded(picture(40, 30), name)) == (name, Size(40, 30))


def test_heic_is_taken_where_it_is_offered(opened):
    assert opened(HEIC.read_bytes(), formats=("JPEG", "HEIF")) == ("HEIF", Size(64, 96))
    with pytest.raises(FormatNotOffered, match=r"^HEIC pictures"):
        opened(HEIC.read_bytes())
    with pytest.raises(BrokenPicture):
        opened(HEIC.read_bytes()[:60], formats=("HEIF",))


def test_a_phones_jpeg_with_a_second_picture_in_it_is_a_jpeg(opened):
    second = picture(20, 20)
    data = encoded(picture(40, 30), "MPO", save_all=True, append_images=[second])
    assert decoded(data).format == "MPO"
    assert opened(data) == ("JPEG", Size(40, 30))


def test_nothing_is_no_picture(opened):
    with pytest.raises(EmptyFile):
        opened(b"")


@pytest.mark.parametrize("data", [b"x", b"Dear Sir or Madam", b"GIF is a format", bytes(5000), b"\xff\xd8"], ids=repr)
def test_what_is_no_picture_is_told_what_one_is(opened, data):
    with pytest.raises(NotAPicture, match=r"Choose one of: JPEG, PNG, WebP, GIF, AVIF\."):
        opened(data)


OTHERS = {
    "BMP": encoded(picture(), "BMP"),
    "TIFF": encoded(picture(), "TIFF"),
    "ICO": encoded(picture(32, 32), "ICO"),
    "PDF": b"%PDF-1.7\n",
    "Photoshop": b"8BPS\0\1",
    "HEIC": b"\0\0\0\x18ftypheic\0\0\0\0",
    "SVG": b'<?xml version="1.0"?><!-- hello --><SVG xmlns="http://www.w3.org/2000/svg"></SVG>',
}


@pytest.mark.parametrize(("name", "data"), OTHERS.items(), ids=OTHERS)
def test_a_format_that_is_not_taken_is_named(opened, name, data):
    with pytest.raises(FormatNotOffered, match=f"^{name} pictures are not taken here"):
        opened(data)


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_that_the_setting_leaves_out_is_named(opened, name):
    others = tuple(other for other in FORMATS if other != name)
    with pytest.raises(FormatNotOffered) as refused:
        opened(encoded(picture(40, 30), name), formats=others)
    assert refused.value.evidence["format"].upper() == name


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_that_ends_after_its_signature_is_broken(opened, name):
    # Whatever Pillow itself raises becomes BrokenPicture in the sandbox.
    with pytest.raises((BrokenPicture, OSError)):
        opened(encoded(picture(40, 30), name)[:14])


# --- Limits ---------------------------------------------------------------------------------


def test_pixels_are_limited(opened):
    data = encoded(picture(40, 30))
    assert opened(data, max_pixels=1200)
    with pytest.raises(TooManyPixels, match="40 × 30"):
        opened(data, max_pixels=1199)


@pytest.mark.parametrize("size", [(40, 30), (30, 40)])
def test_each_side_is_limited(opened, size):
    data = encoded(picture(*size))
    assert opened(data, max_side_px=40)
    with pytest.raises(TooManyPixels):
        opened(data, max_side_px=39)


def test_frames_are_allowed_by_their_number_and_by_all_their_pixels():
    limits = Limits(**LIMITS | {"max_pixels": 4 * 1200})
    small, large = Size(30, 40), Size(31, 40)
    assert limits.allow_frames(4, small, Size(1, 1))
    assert not limits.allow_frames(5, small)
    assert not limits.allow_frames(4, small, large)
    assert limits.allow_frames(9, Size(1, 1))
    assert not limits.allow_frames(10, Size(1, 1))


def test_a_picture_of_400_megapixels_in_47_kilobytes_is_refused(opened):
    data = huge_png(20_000, 20_000)
    assert 40_000 < len(data) < 60_000
    with pytest.raises(TooManyPixels, match="20000 × 20000"):
        opened(data)


def test_too_many_pixels_are_refused_before_one_is_decoded(opened):
    # Its pixels are cut off: who decodes finds a broken picture.
    with pytest.raises(TooManyPixels):
        opened(huge_png(20_000, 20_000)[:200], max_side_px=20_000)


def test_pillows_own_limit_does_not_get_in_the_way(opened):
    assert opened(huge_png(15_000, 14_000), max_pixels=10**9) == ("PNG", Size(15_000, 14_000))


def _text(megabytes: float) -> tuple[bytes, bytes]:
    return b"zTXt", b"Comment\0\0" + zlib.compress(bytes(int(megabytes * 1024 * 1024)))


@pytest.mark.parametrize("chunks", [[_text(1.1)], [_text(0.9)] * 5], ids=["one", "together"])
def test_a_png_whose_texts_inflate_to_megabytes_is_refused(opened, chunks):
    data = png_with(*chunks)
    assert len(data) < 20_000
    with pytest.raises(TooMuchText):
        opened(data)


def test_a_png_may_carry_some_text(opened):
    assert opened(png_with(*[_text(0.9)] * 4)) == ("PNG", Size(40, 30))


def test_a_png_whose_profile_inflates_to_megabytes_is_refused(opened):
    with pytest.raises(TooMuchText):
        opened(png_with((b"iCCP", b"ICC\0\0" + zlib.compress(bytes(50 * 1024 * 1024)))))


def test_a_jpeg_may_have_as_many_scans_as_allowed(opened):
    data = jpeg_of_scans(100)
    assert opened(data) == ("JPEG", Size(64, 64))


def test_a_jpeg_with_one_scan_more_is_refused(opened):
    with pytest.raises(TooManyScans, match="more than 100 scans"):
        opened(jpeg_of_scans(101))


def test_only_the_scans_of_the_picture_that_is_decoded_count(opened):
    """Behind it may be a phone's second picture or film, in which two bytes of a marker are everywhere."""
    data = encoded(picture(64, 64), "MPO", save_all=True, append_images=[picture(64, 64)])
    assert opened(data, max_jpeg_scans=1) == ("JPEG", Size(64, 64))
    assert opened(encoded(picture(64, 64), "JPEG") + b"\xff\xda" * 200) == ("JPEG", Size(64, 64))


def test_what_follows_the_one_scan_of_a_sequential_picture_is_never_decoded(opened):
    head, scan = encoded(picture(64, 64), "JPEG").removesuffix(JPEG_END).split(JPEG_SCAN)
    data = JPEG_SCAN.join([head, *[scan] * 150]) + JPEG_END
    assert opened(data) == ("JPEG", Size(64, 64))
    with pytest.raises(OSError, match="broken data stream"):
        decoded(data)


def test_the_scans_of_a_sequential_picture_count_where_each_has_one_component(opened):
    head, _ = encoded(picture(64, 64), "JPEG").split(JPEG_SCAN)
    scan = JPEG_SCAN + b"\x00\x08\x01\x01\x00\x00\x3f\x00" + bytes(9)
    with pytest.raises(TooManyScans):
        opened(head + scan * 101 + JPEG_END)


def test_scans_behind_a_thumbnail_are_counted(opened):
    scans = jpeg_of_scans(101)
    with pytest.raises(TooManyScans):
        opened(scans[:2] + b"\xff\xe1\x00\x08\xff\xd9\xff\xd9\xff\xd9" + scans[2:])


def _between_segments(junk: bytes, *, behind_tables: bool = False) -> bytes:
    """A JPEG of 150 scans with bytes before its second scan, or between that and its tables, that decoders skip."""
    data = jpeg_of_scans(150)
    place = data.index(b"\xff\xc4", data.index(b"\xff\xda"))
    if behind_tables:
        place = data.index(b"\xff\xda", place)
    return data[:place] + junk + data[place:]


HIDDEN = {
    "a byte before the first scan": jpeg_of_scans(150).replace(b"\xff\xda", b"\0\xff\xda", 1),
    "a marker without a length": _between_segments(b"\xff\x01\xff\xff"),
    "a restart marker": _between_segments(b"\xff\xd0\xff\xff"),
    "padding": _between_segments(b"\xff\xff\xff"),
    "garbage": _between_segments(b"\0\0\0\0"),
    "garbage behind tables": _between_segments(b"\0\0\0\0", behind_tables=True),
}


@pytest.mark.parametrize("data", HIDDEN.values(), ids=HIDDEN)
def test_scans_do_not_hide_behind_what_decoders_read_over(opened, data):
    assert decoded(data).size == (64, 64)
    with pytest.raises(TooManyScans):
        opened(data)


# --- Orientation ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("value", range(1, 9))
def test_the_natural_size_is_that_of_the_upright_picture(opened, name, value):
    data = encoded(picture(40, 30), name, orientation=value)
    assert opened(data) == (name, Size(30, 40) if value >= 5 else Size(40, 30))


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_is_upright(value):
    image = Image.new("RGB", (4, 3))
    image.getexif()[0x0112] = value
    assert orientation(image) == 1
    assert upright(image, orientation(image)) is image


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize(
    "exif",
    [b"Exif\0\0", b"Exif\0\0II*\0", b"Exif\0\0II*\0\x08\0\0\0\xff\xff", b"Exif\0\0MM\0*\xff\xff\xff\xff\0"],
    ids=repr,
)
def test_exif_that_cannot_be_read_is_upright(opened, exif):
    assert opened(encoded(picture(40, 30), "JPEG", exif=exif)) == ("JPEG", Size(40, 30))
