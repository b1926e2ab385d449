"""The privacy receipt: what a file carries is named by kind, and none of it is stored."""

from pathlib import Path

import pytest
from PIL import ExifTags, Image, PngImagePlugin

from tests import photographs
from uploads.imaging.formats import register
from uploads.imaging.receipt import KINDS, receipt
from uploads.models import StoredImage
from uploads.models.owners import kinds_text
from uploads.tests.drafts import confirm, stage
from uploads.tests.pictures import HEIC, encoded, picture, swapped_profile


def found_in(data: bytes, tmp_path: Path) -> tuple[str, ...]:
    path = tmp_path / "source"
    path.write_bytes(data)
    with path.open("rb") as file, Image.open(path) as image:
        image.load()
        return receipt(image, file)


def exif_with(tag: int, value: object, directory: int | None = None) -> bytes:
    exif = Image.Exif()
    (exif if directory is None else exif.get_ifd(directory))[tag] = value
    return exif.tobytes()


TAGS = [
    (exif_with(ExifTags.Base.Make, "Maker"), "camera"),
    (exif_with(ExifTags.Base.DateTimeOriginal, "2026:11:22 10:00:00", ExifTags.IFD.Exif), "date"),
    (exif_with(ExifTags.Base.Artist, "Ada"), "author"),
    (exif_with(ExifTags.Base.ImageDescription, "A house"), "description"),
    (exif_with(ExifTags.GPS.GPSLatitudeRef, "N", ExifTags.IFD.GPSInfo), "location"),
]


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize(("exif", "kind"), TAGS, ids=[kind for _, kind in TAGS])
def test_exif_data_are_named_by_kind(tmp_path, name, exif, kind):
    assert found_in(encoded(picture(16, 16), name, exif=exif), tmp_path) == (kind,)


@pytest.mark.parametrize("name", ["JPEG", "PNG", "GIF", "WEBP", "AVIF"])
def test_a_plain_picture_carries_nothing(tmp_path, name):
    assert found_in(encoded(picture(16, 16), name), tmp_path) == ()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_alone_is_nothing(tmp_path, orientation):
    assert found_in(encoded(picture(16, 16), "JPEG", orientation=orientation), tmp_path) == ()


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP"])
def test_data_behind_the_picture_are_found(tmp_path, name):
    data = encoded(picture(64, 64), name)
    assert found_in(data + b"PK\x03\x04 a whole archive", tmp_path) == ("trailing_data",)
    assert found_in(data + b"\0\0\0", tmp_path) == ()


def test_a_progressive_jpeg_with_restart_markers_ends_where_it_ends(tmp_path):
    data = encoded(picture(300, 200), "JPEG", progressive=True, restart_marker_blocks=4)
    assert found_in(data, tmp_path) == ()
    assert found_in(data + b"more", tmp_path) == ("trailing_data",)


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP"])
def test_other_kinds(tmp_path, name):
    xmp = b"<x:xmpmeta><exif:GPSLatitude>52,30N</exif:GPSLatitude></x:xmpmeta>"
    if name != "PNG":  # Pillow writes XMP to a PNG as text
        assert found_in(encoded(picture(16, 16), name, xmp=xmp), tmp_path) == ("location", "description")
    assert found_in(encoded(picture(16, 16), name, icc_profile=swapped_profile()), tmp_path) == ("profile",)


def test_heic_from_a_phone(tmp_path):
    register(["HEIF"])
    assert found_in(HEIC.read_bytes(), tmp_path) == ("location", "camera", "description")


def test_text_of_a_png_and_a_comment_of_a_jpeg_are_descriptions(tmp_path):
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "words")
    assert found_in(encoded(picture(16, 16), pnginfo=text), tmp_path) == ("description",)
    assert found_in(encoded(picture(16, 16), "JPEG", comment=b"words"), tmp_path) == ("description",)


def test_the_photograph_of_a_camera(tmp_path):
    found = found_in(photographs.from_piexif("r_canon.jpg"), tmp_path)
    assert {"camera", "date", "thumbnail"} <= set(found)


@pytest.mark.filterwarnings("ignore")
def test_exif_data_that_break_their_types_do_not_break_the_receipt(tmp_path):
    assert set(found_in(photographs.airplane(), tmp_path)) <= set(KINDS)


def test_the_receipt_is_kept_with_the_stored_image(db, bucket):
    draft = stage(data=photographs.from_piexif("r_canon.jpg"), name="canon.jpg")
    assert "camera" in draft.carries
    confirm(draft)
    image = StoredImage.objects.get()
    assert image.removed == draft.carries
    assert "camera or program" in image.removed_text


def test_every_kind_has_words():
    assert len(kinds_text(list(KINDS)).split(", ")) == len(KINDS)
