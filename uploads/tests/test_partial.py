"""Partial: what is decoded only in part has the pixels of what is decoded whole."""

import zlib
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageFile

from uploads.geometry import Box, Selection, Size
from uploads.imaging import partial, render
from uploads.imaging.probe import Limits
from uploads.tests.pictures import decoded, encoded, picture, swapped_profile

LIMITS = Limits(("JPEG", "PNG"), 50_000_000, 16_384, 100, 100)
SIZE = (403, 607)

# Noise has something to lose in every pixel.
GREY = Image.effect_noise(SIZE, 90)
COLOURS = Image.merge("RGB", [Image.effect_noise(SIZE, 60) for _ in range(3)])
JPEGS = {
    "baseline": (COLOURS, {}),
    "progressive": (COLOURS, {"progressive": True}),
    "4:4:4": (COLOURS, {"subsampling": 0}),
    "4:2:2": (COLOURS, {"subsampling": 1}),
    "restart markers": (COLOURS, {"restart_marker_blocks": 7}),
    "progressive, restart markers": (COLOURS, {"progressive": True, "restart_marker_rows": 1}),
    "grey": (GREY, {}),
    "CMYK": (COLOURS.convert("CMYK"), {}),
    "with a profile": (COLOURS, {"icc_profile": swapped_profile()}),
    "lying": (COLOURS, {"orientation": 6}),
    "standing on its head": (COLOURS, {"orientation": 4}),
}
# Boxes and sizes: 1:1, odd, enlarged, and at a half, a quarter and an eighth of the size.
CROPS = [
    (Box(31, 17, 100, 150), Size(100, 150)),
    (Box(30, 3, 111, 201), Size(77, 140)),
    (Box(5, 40, 60, 30), Size(120, 60)),
    (Box(8, 16, 300, 300), Size(90, 90)),
    (Box(0, 0, 390, 260), Size(52, 35)),
    (Box(80, 101, 300, 200), Size(20, 13)),
]


@pytest.fixture
def cut(tmp_path):
    """Render a selection without loss; return the picture."""

    def render_picture(data: bytes, box: Box, output: Size) -> Image.Image:
        source, target = _file(tmp_path, data), tmp_path / "target"
        render.render(source, target, LIMITS, render.Recipe(Selection(box), output, "PNG", 85))
        return decoded(target.read_bytes())

    return render_picture


@pytest.fixture
def whole(cut, monkeypatch):
    """The same, from a picture that is decoded whole."""

    def render_picture(*args) -> Image.Image:
        with monkeypatch.context() as patched:
            patched.setattr(render, "down_to", lambda image, box, height: image)
            patched.setattr(render, "has_strips", lambda image: False)
            return cut(*args)

    return render_picture


def _file(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "source"
    path.write_bytes(data)
    return path


def furthest(one: Image.Image, other: Image.Image) -> int:
    """By how many levels two pictures differ at most."""
    assert one.size == other.size
    extrema = ImageChops.difference(one.convert("RGB"), other.convert("RGB")).getextrema()
    return max(high for _, high in extrema)


@pytest.mark.parametrize("shrunk", [1, 2, 4, 8])
@pytest.mark.parametrize(("image", "options"), JPEGS.values(), ids=JPEGS)
def test_a_jpeg_has_the_same_pixels_down_to_the_crop(tmp_path, image, options, shrunk):
    path = _file(tmp_path, encoded(image, "JPEG", **options))
    for lower in range(97, 113):
        box = Box(40, 50, 200, lower - 50)
        with Image.open(path) as full, Image.open(path) as opened:
            part = partial.down_to(opened, box, box.height // shrunk)
            for each in (full, part):
                each.draft(None, (each.width // shrunk, 1))
            needed = (0, 0, part.width, (lower + partial._reach(box, box.height // shrunk)) // shrunk)
            assert part.height < full.height
            assert furthest(part.crop(needed), full.crop(needed)) == 0


@pytest.mark.parametrize(("box", "output"), CROPS)
@pytest.mark.parametrize(("image", "options"), JPEGS.values(), ids=JPEGS)
def test_a_crop_of_a_jpeg_is_that_of_the_whole(cut, whole, image, options, box, output):
    data = encoded(image, "JPEG", **options)
    assert furthest(cut(data, box, output), whole(data, box, output)) <= 1


def smooth_and_noisy(mode: str) -> Image.Image:
    """A picture for which an encoder takes every kind of filter."""
    image = Image.blend(COLOURS, picture(*SIZE), 0.5).convert(mode)
    image.paste(picture(*SIZE, mode).crop((0, 0, 200, 607)))
    return image


@pytest.mark.parametrize(("box", "output"), CROPS)
@pytest.mark.parametrize("strip_bytes", [1, 5000, 10**6])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_crop_of_a_png_is_that_of_the_whole(cut, whole, monkeypatch, mode, strip_bytes, box, output):
    monkeypatch.setattr(partial, "STRIP_BYTES", strip_bytes)
    image = smooth_and_noisy(mode)
    data = encoded(image)
    made = cut(data, box, output)
    assert furthest(made, whole(data, box, output)) <= 1
    across = partial.resized(image, (output.width, 607), (box.x, 0, box.x + box.width, 607))
    expected = partial.resized(across, (output.width, output.height), (0, box.y, output.width, box.y + box.height))
    assert furthest(made, expected) == 0


def _rows(image: ImageFile.ImageFile, box: Box) -> int:
    return partial.down_to(image, box, box.height).height


def test_no_row_is_decoded_that_is_far_below_the_crop(tmp_path):
    with Image.open(_file(tmp_path, encoded(COLOURS, "JPEG"))) as image:
        assert 50 < _rows(image, Box(0, 0, 50, 50)) < 150
        assert _rows(image, Box(0, 550, 50, 50)) == 607
    whole = encoded(COLOURS)
    with pytest.raises((OSError, SyntaxError)):
        Image.open(_file(tmp_path, whole[: len(whole) // 2])).load()
    with Image.open(_file(tmp_path, whole[: len(whole) // 2])) as image:
        assert partial.resized_in_strips(image, (50, 50), Box(0, 0, 50, 50)).size == (50, 50)


@pytest.mark.parametrize("size", [1, 2, 3, 64, 10**6, -1])
def test_the_height_is_lowered_however_the_file_is_read(tmp_path, size):
    data = encoded(COLOURS, "JPEG")
    with _file(tmp_path, data).open("rb") as file:
        place = partial._height_at(file)
        assert data[place : place + 2] == (607).to_bytes(2)
        lower = partial._Lower(file, place, 0x0123)
        lower.seek(0)
        read = b"".join(iter(lambda: lower.read(size), b""))
    assert read == data[:place] + b"\x01\x23" + data[place + 2 :]


def test_a_header_with_odd_bytes_between_its_segments_is_left_alone(tmp_path):
    data = encoded(COLOURS, "JPEG")
    with Image.open(_file(tmp_path, data[:2] + b"\xff" + data[2:])) as image:
        assert _rows(image, Box(0, 0, 50, 50)) == 607


def test_what_follows_the_pixels_of_a_png_counts_for_the_receipt_and_turns_nothing(cut, tmp_path):
    data, exif = encoded(COLOURS), Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "a camera"
    late = _chunk(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0")) + _chunk(b"tEXt", b"Comment\0words")
    data = data[:-12] + late + data[-12:]
    staged = render.stage(_file(tmp_path, data), tmp_path / "target", LIMITS)
    assert staged.size == Size(*SIZE)
    assert {"camera", "description"} <= set(staged.receipt)
    assert furthest(cut(data, Box(0, 0, *SIZE), Size(*SIZE)), COLOURS) == 0


def _chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4) + kind + body + zlib.crc32(kind + body).to_bytes(4)


STRIPLESS = {
    "16 bits": encoded(Image.new("I;16", (32, 32), 0x8000)),
    "a palette": encoded(picture(mode="P")),
    "an alpha channel": encoded(picture(mode="RGBA")),
    "a clear colour": encoded(picture(), transparency=(0, 0, 0)),
    "one bit": encoded(picture(mode="1")),
    "an animation": encoded(picture(), save_all=True, append_images=[COLOURS.resize((400, 300))]),
    "a JPEG": encoded(picture(), "JPEG"),
}


@pytest.mark.parametrize("data", STRIPLESS.values(), ids=STRIPLESS)
def test_what_has_no_plain_rows_of_bytes_is_not_decoded_in_strips(tmp_path, data):
    with Image.open(_file(tmp_path, data)) as image:
        assert not partial.has_strips(image)


def test_an_interlaced_png_is_not_decoded_in_strips(tmp_path):
    data = bytearray(encoded(picture()))
    data[28] = 1
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4)
    with Image.open(_file(tmp_path, bytes(data))) as image:
        assert not partial.has_strips(image)


@pytest.mark.parametrize("kept", [0.3, 0.9])
def test_a_png_that_is_cut_short_within_the_crop_is_not_rendered(cut, kept):
    data = encoded(COLOURS)
    with pytest.raises(OSError, match="truncated"):
        cut(data[: int(len(data) * kept)], Box(0, 0, *SIZE), Size(100, 100))


def test_a_png_whose_pixels_are_garbled_is_not_rendered(cut):
    data = bytearray(encoded(COLOURS))
    middle = len(data) // 2
    data[middle : middle + 1000] = bytes(1000)
    with pytest.raises((OSError, ValueError, zlib.error)):
        cut(bytes(data), Box(0, 0, *SIZE), Size(100, 100))
