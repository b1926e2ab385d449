"""Render: the files that are shown and stored have the right pixels and nothing else."""

import math
import mmap
import struct
import tempfile
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageOps, ImageStat, PngImagePlugin

from uploads.geometry import Box, Selection, Size, frame_size, largest
from uploads.imaging import jpeg
from uploads.imaging.probe import Limits
from uploads.imaging.render import Recipe, Rendered, render, stage
from uploads.tests.pictures import HEIC, decoded, encoded, linear_grey_profile, picture, swapped_profile

LIMITS = Limits(("JPEG", "PNG", "WEBP", "GIF", "AVIF", "HEIF"), 50_000_000, 16_384, 100, 100)
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


@pytest.fixture
def source(tmp_path):
    """Write an upload; return its path."""

    def write(data: bytes) -> Path:
        path = tmp_path / "source"
        path.write_bytes(data)
        return path

    return write


@pytest.fixture
def target(tmp_path):
    return tmp_path / "target"


@pytest.fixture
def cut(source, target):
    """Render a selection of an upload, the whole by default; return the file's bytes."""

    def render_bytes(data, selection=None, output=None, format_name="PNG", quality=85):
        path = source(data)
        if selection is None:
            upright = ImageOps.exif_transpose(Image.open(path))
            selection = Selection(Box(0, 0, *upright.size))
        size = output or Size(selection.box.width, selection.box.height)
        render(path, target, LIMITS, Recipe(selection, size, format_name, quality))
        return target.read_bytes()

    return render_bytes


@pytest.fixture
def working(source, target):
    """Stage an upload; return the working copy's bytes."""

    def stage_bytes(data):
        stage(source(data), target, LIMITS)
        return target.read_bytes()

    return stage_bytes


def assert_same(one: Image.Image, other: Image.Image) -> None:
    """Same size, and the same pixels to the last."""
    assert one.size == other.size
    assert ImageChops.difference(one.convert("RGBA"), other.convert("RGBA")).getbbox(alpha_only=False) is None


def assert_alike(one: Image.Image, other: Image.Image, tolerance: int) -> None:
    """Same size, and no pixel further away than what lossy encoding explains; both are kept if not."""
    assert one.size == other.size
    difference = ImageChops.difference(one.convert("RGB"), other.convert("RGB"))
    worst = max(high for _, high in difference.getextrema())
    if worst > tolerance:
        folder = Path(tempfile.mkdtemp(prefix="differs-"))
        one.save(folder / "one.png")
        other.save(folder / "other.png")
        pytest.fail(f"{worst} of {tolerance}: see {folder}")


# --- Pixels -----------------------------------------------------------------------------


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("scale_x", [1, -1])
@pytest.mark.parametrize("scale_y", [1, -1])
@pytest.mark.parametrize("orientation", [1, 6])
def test_a_crop_is_pillows_own_to_the_pixel(cut, rotate, scale_x, scale_y, orientation):
    data = encoded(picture(61, 47), orientation=orientation)
    whole = ImageOps.exif_transpose(decoded(data))
    frame = frame_size(Size(*whole.size), rotate)
    box = Box(3, 5, frame.width - 10, frame.height - 20)
    made = decoded(cut(data, Selection(box, rotate, scale_x, scale_y)))
    expected = ImageOps.mirror(whole) if scale_x == -1 else whole
    expected = ImageOps.flip(expected) if scale_y == -1 else expected
    expected = expected.rotate(-rotate, expand=True).crop(box.corners)
    assert_same(made, expected)


def test_a_crop_is_scaled_to_the_output_size(cut):
    data = encoded(picture(400, 300))
    made = decoded(cut(data, Selection(Box(100, 50, 200, 100)), Size(50, 25)))
    expected = picture(400, 300).resize((50, 25), Image.Resampling.LANCZOS, box=(100, 50, 300, 150))
    assert_same(made, expected)


def _detailed(width: int, height: int) -> Image.Image:
    """A picture full of edges, by which a crop that lies a pixel aside is seen."""
    image = picture(width, height)
    draw = ImageDraw.Draw(image)
    for number, left in enumerate(range(0, width, 90)):
        for upper in range(number % 2 * 45, height, 90):
            draw.ellipse((left, upper, left + 50, upper + 50), fill=(255 - left % 256, upper % 256, 200))
    return image


REDUCED = {
    "the whole": (0, 0, 1999, 1501),
    "the lower right corner": (1001, 703, 1999, 1501),
    "the upper left corner": (0, 0, 998, 797),
    "a strip": (13, 700, 1981, 901),
}


@pytest.mark.parametrize("turned", [1, 6, 7])
@pytest.mark.parametrize("fraction", [2, 7])
@pytest.mark.parametrize("corners", REDUCED.values(), ids=REDUCED)
def test_a_large_jpeg_is_cut_where_a_full_decode_cuts_it(cut, corners, fraction, turned):
    left, upper, right, lower = corners
    upright = _detailed(1999, 1501)
    data = encoded(_stored_as(upright, turned), "JPEG", quality=95, orientation=turned)
    size = Size((right - left) // fraction, (lower - upper) // fraction)
    made = decoded(cut(data, Selection(Box(left, upper, right - left, lower - upper)), size))
    whole = ImageOps.exif_transpose(decoded(data)).crop(corners)
    expected = whole.resize((size.width, size.height), Image.Resampling.LANCZOS)
    assert made.size == expected.size
    aside = ((0, 0), (0.5, 0), (-0.5, 0), (0, 0.5), (0, -0.5))
    distances = [_mean_distance(made, _moved(expected, *each)) for each in aside]
    assert distances[0] < 3
    # Half a pixel aside would be further away.
    assert distances[0] == min(distances)


def _moved(image: Image.Image, x: float, y: float) -> Image.Image:
    return image.transform(image.size, Image.Transform.AFFINE, (1, 0, x, 0, 1, y), Image.Resampling.BILINEAR)


def _mean_distance(one: Image.Image, other: Image.Image) -> float:
    # Without its edges, which a moved picture lacks.
    inside = (2, 2, one.width - 2, one.height - 2)
    difference = ImageChops.difference(one.convert("RGB").crop(inside), other.convert("RGB").crop(inside))
    return sum(ImageStat.Stat(difference).mean) / 3


def test_a_crop_can_be_enlarged(cut):
    assert decoded(cut(encoded(picture(40, 40)), None, Size(80, 80))).size == (80, 80)


@pytest.mark.parametrize("value", range(1, 9))
@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP"])
def test_every_orientation_comes_out_upright(cut, working, source, target, name, value):
    options = {"quality": 95} if name != "PNG" else {}
    image = ImageOps.exif_transpose(_oriented(picture(64, 48), value))
    data = encoded(_stored_as(image, value), name, orientation=value, **options)
    assert_alike(decoded(cut(data)), image, 16)
    assert_alike(decoded(working(data)), image, 30)
    assert stage(source(data), target, LIMITS).size == Size(*image.size)


TURNED = {
    "grey": (picture(64, 48, "L"), {}),
    "CMYK": (picture(64, 48, "CMYK"), {}),
    "a profile": (picture(64, 48), {"icc_profile": swapped_profile()}),
}


@pytest.mark.parametrize(("image", "options"), TURNED.values(), ids=TURNED)
def test_what_has_to_be_converted_comes_out_upright_too(cut, working, image, options):
    data = encoded(image, "JPEG", orientation=6, **options)
    for made in (cut(data, format_name="JPEG"), working(data)):
        bright, dark = (decoded(made).convert("RGB").getpixel(place) for place in ((4, 60), (4, 4)))
        assert decoded(made).size == (48, 64)
        # Red, or what the profile makes of it, grew rightwards; turned clockwise it grows downwards.
        assert sum(bright) - sum(dark) > 60


def _oriented(image: Image.Image, value: int) -> Image.Image:
    image.getexif()[0x0112] = value
    return image


# How a camera that is held so stores an upright picture: the inverse of what the value asks for.
_STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def _stored_as(image: Image.Image, value: int) -> Image.Image:
    return image.transpose(_STORED[value]) if value in _STORED else image


# --- Modes ------------------------------------------------------------------------------


def _transparent(mode: str) -> Image.Image:
    """Opaque red on the left, clear on the right; grey where the mode has no colour."""
    image = Image.new("RGBA", (40, 20), (255, 0, 0, 255))
    image.paste((0, 0, 0, 0), (20, 0, 40, 20))
    return image if mode == "RGBA" else image.convert(mode)


OPAQUE = [
    *[("1", name) for name in ("PNG",)],
    *[("L", name) for name in ("PNG", "JPEG", "GIF", "WEBP", "AVIF")],
    *[("P", name) for name in ("PNG", "GIF")],
    *[("RGB", name) for name in ("PNG", "JPEG", "WEBP", "AVIF")],
    ("CMYK", "JPEG"),
]


@pytest.mark.parametrize(("mode", "name"), OPAQUE)
def test_opaque_modes_keep_their_colours(cut, working, mode, name):
    image = picture(64, 48, mode)
    data = encoded(image, name, **({"quality": 95} if name in {"JPEG", "WEBP", "AVIF"} else {}))
    tolerance = {"PNG": 0, "GIF": 0, "AVIF": 24}.get(name, 12)
    assert_alike(decoded(cut(data)), image, tolerance)
    # One bit and few colours are all edges, which JPEG blurs.
    blur = {"1": 160, "P": 110}.get(mode, 60)
    made = decoded(cut(data, format_name="auto", quality=100))
    assert made.format == "JPEG"
    assert_alike(made, image, blur)
    assert_alike(decoded(working(data)), image, blur)


def test_sixteen_bits_of_grey_are_scaled_not_cut_off(cut, working):
    image = Image.new("I;16", (32, 32), 0x8000)
    data = encoded(image)
    assert decoded(data).mode == "I;16"
    for made in (cut(data), working(data)):
        assert decoded(made).convert("L").getextrema() == (128, 128)


TRANSPARENT = {
    "RGBA in PNG": encoded(_transparent("RGBA")),
    "RGBA in WebP": encoded(_transparent("RGBA"), "WEBP", lossless=True),
    "RGBA in AVIF": encoded(_transparent("RGBA"), "AVIF", quality=95),
    "LA in PNG": encoded(_transparent("LA")),
    "P with one clear colour in PNG": encoded(
        _transparent("RGBA").convert("RGB").quantize(2), transparency=bytes([255, 0])
    ),
    "P in GIF": encoded(_transparent("RGBA"), "GIF"),
    "RGB with a clear colour in PNG": encoded(_transparent("RGB"), transparency=(0, 0, 0)),
    "L with a clear grey in PNG": encoded(_transparent("L"), transparency=0),
    "1 with clear black in PNG": encoded(
        _transparent("L").point(lambda value: 255 if value else 0).convert("1"), transparency=0
    ),
}


@pytest.mark.parametrize("data", TRANSPARENT.values(), ids=TRANSPARENT)
def test_what_is_clear_stays_clear(cut, working, data):
    for made in (decoded(cut(data, format_name="auto")), decoded(working(data))):
        alpha = made.convert("RGBA").getchannel("A")
        left, right = alpha.crop((0, 0, 18, 20)), alpha.crop((22, 0, 40, 20))
        assert {left.getextrema(), right.getextrema()} == {(255, 255), (0, 0)}


@pytest.mark.parametrize("data", TRANSPARENT.values(), ids=TRANSPARENT)
def test_on_jpeg_what_is_clear_becomes_white(cut, data):
    made = decoded(cut(data, format_name="JPEG", quality=95))
    assert made.mode in {"L", "RGB"}
    corners = {made.convert("RGB").getpixel(place) for place in ((4, 10), (36, 10))}
    assert any(min(corner) > 245 for corner in corners)


def test_a_picture_whose_alpha_hides_nothing_is_opaque(cut, working):
    data = encoded(picture(40, 30).convert("RGBA"))
    assert decoded(cut(data, format_name="auto")).format == "JPEG"
    assert decoded(working(data)).format == "JPEG"


def test_auto_decides_by_what_was_selected(cut):
    data = encoded(_transparent("RGBA"))
    assert decoded(cut(data, Selection(Box(0, 0, 10, 10)), format_name="auto")).format == "JPEG"
    assert decoded(cut(data, Selection(Box(0, 0, 40, 10)), format_name="auto")).format == "PNG"


# --- Colours ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["PNG", "JPEG", "WEBP", "AVIF"])
def test_colours_are_those_that_the_profile_means(cut, working, name):
    options = {"quality": 95} if name != "PNG" else {}
    data = encoded(Image.new("RGB", (32, 32), RED), name, icc_profile=swapped_profile(), **options)
    for made in (cut(data), working(data)):
        assert_alike(decoded(made), Image.new("RGB", (32, 32), GREEN), 12)


@pytest.mark.parametrize("name", ["PNG", "JPEG"])
def test_greys_are_those_that_the_profile_means_and_stay_grey(cut, working, name):
    data = encoded(Image.new("L", (32, 32), 128), name, icc_profile=linear_grey_profile())
    for made in (cut(data), working(data), cut(data, format_name="JPEG")):
        assert decoded(made).mode == "L"
        assert_alike(decoded(made), Image.new("L", (32, 32), 188), 2)


def test_a_profile_of_colours_says_nothing_about_greys(cut):
    data = encoded(Image.new("L", (32, 32), 128), icc_profile=swapped_profile())
    assert decoded(cut(data)).getextrema() == (128, 128)


def test_a_profile_larger_than_any_means_nothing(cut):
    profile = swapped_profile() + bytes(5 * 1024 * 1024)
    data = encoded(Image.new("RGB", (32, 32), RED), "JPEG", quality=95, icc_profile=profile)
    assert_alike(decoded(cut(data)), Image.new("RGB", (32, 32), RED), 12)


def test_heic_comes_out_upright(cut, working):
    for made in (cut(HEIC.read_bytes(), Selection(Box(0, 0, 64, 96))), working(HEIC.read_bytes())):
        image = decoded(made).convert("RGB")
        assert image.size == (64, 96)
        (red, _, _), (_, _, blue) = image.getpixel((32, 10)), image.getpixel((32, 86))
        assert min(red, blue) > 180


def test_a_turned_photograph_with_a_profile_is_upright(tmp_path):
    """Converting colours makes a new image, which has no EXIF data any more."""
    source = tmp_path / "source"
    source.write_bytes(encoded(picture(40, 20), "JPEG", orientation=6, icc_profile=swapped_profile()))
    staged = stage(source, tmp_path / "target", LIMITS)
    assert staged.size == staged.working.size == Size(20, 40)


def test_a_profile_converts_transparent_pictures_too(cut):
    data = encoded(_transparent("RGBA"), icc_profile=swapped_profile())
    made = decoded(cut(data, format_name="auto"))
    assert made.getpixel((5, 5)) == (*GREEN, 255)
    assert made.getpixel((35, 5))[3] == 0


def test_a_profile_that_cannot_be_read_means_nothing(cut):
    data = encoded(Image.new("RGB", (32, 32), RED), icc_profile=b"no profile at all")
    assert decoded(cut(data)).getpixel((5, 5)) == RED


# --- The files --------------------------------------------------------------------------


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_the_same_recipe_gives_the_same_bytes(source, target, format_name):
    path = source(encoded(picture(200, 150), "JPEG"))
    recipe = Recipe(Selection(Box(7, 9, 120, 90), 90, -1), Size(60, 45), format_name, 80)
    first, first_bytes = render(path, target, LIMITS, recipe), target.read_bytes()
    assert render(path, target, LIMITS, recipe) == first
    assert target.read_bytes() == first_bytes
    assert decoded(first_bytes).format == format_name


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_what_is_said_about_the_file_is_true(source, target, format_name):
    path = source(encoded(picture(200, 150)))
    made = render(path, target, LIMITS, Recipe(Selection(Box(0, 0, 120, 90)), Size(60, 45), format_name, 80))
    data = target.read_bytes()
    assert made == Rendered(format_name, Size(60, 45), len(data), sha256(data).hexdigest())
    assert decoded(data).size == (60, 45)


@pytest.mark.parametrize(("format_name", "option", "value"), [("WEBP", "method", 1), ("PNG", "compress_level", 3)])
def test_large_results_are_encoded_with_less_effort_to_be_done_in_time(cut, monkeypatch, format_name, option, value):
    used: dict[str, object] = {}
    save = Image.Image.save

    def watch(image: Image.Image, file: object, name: str, **options: object) -> None:
        used.clear()
        used.update(options)
        save(image, file, name, **options)

    data = encoded(picture(64, 48))
    monkeypatch.setattr(Image.Image, "save", watch)
    cut(data, format_name=format_name)
    assert used.get(option) != value
    monkeypatch.setattr("uploads.imaging.render.EFFORT_PIXELS", 64 * 48 - 1)
    cut(data, format_name=format_name)
    assert used[option] == value


def test_quality_matters(cut):
    data = encoded(picture(200, 150))
    sizes = [len(cut(data, format_name="JPEG", quality=quality)) for quality in (10, 50, 90)]
    assert sizes == sorted(set(sizes))


def test_a_recipe_is_named_by_all_that_decides_the_result(monkeypatch):
    selection = Selection(Box(0, 0, 10, 10))
    recipes = [
        Recipe(selection, Size(10, 10), "JPEG", 85),
        Recipe(Selection(Box(0, 0, 10, 10), 90), Size(10, 10), "JPEG", 85),
        Recipe(Selection(Box(0, 0, 10, 10), 0, -1), Size(10, 10), "JPEG", 85),
        Recipe(selection, Size(10, 11), "JPEG", 85),
        Recipe(selection, Size(10, 10), "PNG", 85),
        Recipe(selection, Size(10, 10), "JPEG", 84),
        Recipe(selection, Size(10, 10), "JPEG", 85, moves=True),
    ]
    assert len({recipe.digest for recipe in recipes}) == len(recipes)
    before = recipes[0].digest
    assert Recipe(Selection(Box(0, 0, 10, 10)), Size(10, 10), "JPEG", 85).digest == before
    with monkeypatch.context() as other:
        other.setattr("PIL.__version__", "99.0")
        assert recipes[0].digest != before
    monkeypatch.setattr("PIL.features.version", lambda name: "99.0")
    assert recipes[0].digest != before


@pytest.mark.parametrize(
    ("size", "reduced"), [((1600, 1200), (1600, 1200)), ((3200, 800), (1600, 400)), ((800, 3200), (400, 1600))]
)
def test_no_side_of_a_working_copy_is_over_1600_pixels(working, size, reduced):
    assert decoded(working(encoded(picture(*size), "JPEG"))).size == reduced


# --- Nothing else -----------------------------------------------------------------------

CANARY = b"CANARY-7f3a"


def _with_everything(name: str) -> bytes:
    """A picture with a canary in each place where a file can carry words."""
    if name == "HEIF":
        return HEIC.read_bytes().replace(b"CANARY-maker", CANARY.ljust(12)) + CANARY
    exif = Image.Exif()
    exif[0x010E] = CANARY.decode()
    exif[0x9286] = CANARY.decode()
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2], gps[0x1D] = "N", (52.0, 31.0, 12.0), CANARY.decode()
    profile = swapped_profile()[:-16] + CANARY.ljust(16)
    options = {"exif": exif.tobytes(), "icc_profile": profile, "xmp": b"<x:xmpmeta>" + CANARY + b"</x:xmpmeta>"}
    if name in {"JPEG", "GIF"}:
        options["comment"] = CANARY
    if name == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_text("Comment", CANARY.decode())
        text.add_itxt("XML:com.adobe.xmp", CANARY.decode())
        options["pnginfo"] = text
    if name == "MPO":
        options |= {"save_all": True, "append_images": [picture(64, 48)]}
    image = picture(64, 48)
    image.info |= {"comment": CANARY}
    return encoded(image, name, **options) + CANARY


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "AVIF", "working copy"])
@pytest.mark.parametrize("name", ["JPEG", "MPO", "PNG", "WEBP", "GIF", "AVIF", "HEIF"])
def test_nothing_but_pixels_comes_out(cut, working, name, format_name):
    data = _with_everything(name)
    assert data.count(CANARY) > 1
    part = Selection(Box(0, 0, 60, 40))
    made = working(data) if format_name == "working copy" else cut(data, part, format_name=format_name)
    assert CANARY not in made
    for word in (b"Exif", b"xmpmeta", b"ICC_PROFILE", b"iCCP", b"eXIf", b"EXIF", b"ICCP", b"XMP ", b"tEXt", b"iTXt"):
        assert word not in made
    image = Image.open(BytesIO(made))
    assert not image.getexif()
    assert not {"icc_profile", "comment", "xmp", "exif"} & set(image.info)
    # Whatever could be compressed would be in a part that is none of these.
    assert parts_of(made) <= NEEDED[str(image.format)]


# What makes pixels: chunks of PNG and WebP, markers of JPEG (its first segment says JFIF), boxes of AVIF.
NEEDED = {
    "PNG": {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"},
    "WEBP": {b"VP8 ", b"VP8L", b"VP8X", b"ALPH"},
    "JPEG": {bytes([marker]) for marker in (0xE0, 0xDB, 0xC0, 0xC2, 0xC4, 0xDA, 0xD9)},
    "AVIF": {b"ftyp", b"meta", b"mdat"},
}


def parts_of(data: bytes) -> set[bytes]:
    """The kinds of parts that a picture's file is built from."""
    if data.startswith(b"\xff\xd8"):
        with mmap.mmap(-1, len(data)) as memory:
            memory.write(data)
            return {bytes([marker]) for marker, *_ in jpeg.markers(memory)}
    found, place = set(), {b"\x89PNG": 8, b"RIFF": 12}.get(data[:4], 0)
    while place < len(data):
        if data.startswith(b"RIFF"):
            kind, length = struct.unpack_from("<4sI", data, place)
            length += 8 + length % 2
        else:
            length, kind = struct.unpack_from(">I4s", data, place)
            length += 12 if data.startswith(b"\x89PNG") else 0  # the length of a box is that of all of it
        found.add(kind)
        place += length
    return found


def test_a_picture_that_is_cut_short_is_not_rendered(cut):
    data = encoded(picture(200, 150), "JPEG")
    with pytest.raises(OSError, match="truncated"):
        cut(data[: len(data) // 2], Selection(Box(0, 0, 10, 10)))


# --- Askew --------------------------------------------------------------------------------


def spot(width: int, height: int, x: float, y: float) -> Image.Image:
    """A soft white spot on black, the middle of which is at a place in pixels."""
    image = Image.new("L", (width, height))
    for column in range(int(x) - 12, int(x) + 13):
        for row in range(int(y) - 12, int(y) + 13):
            distance = (column + 0.5 - x) ** 2 + (row + 0.5 - y) ** 2
            image.putpixel((column, row), round(255 * math.exp(-distance / 18)))
    return image.convert("RGB")


def middle_of_spot(image: Image.Image) -> tuple[float, float]:
    """The centre of gravity of the light in a picture."""
    grey = image.convert("L")
    lights = [(x, y, grey.getpixel((x, y))) for x in range(grey.width) for y in range(grey.height)]
    total = sum(light for *_, light in lights)
    return sum((x + 0.5) * light for x, _, light in lights) / total, sum(
        (y + 0.5) * light for _, y, light in lights
    ) / total


@pytest.mark.parametrize("rotate", [7.5, 340, 45, 97.25, 200])
@pytest.mark.parametrize(("scale_x", "scale_y"), [(1, 1), (-1, 1), (1, -1)])
@pytest.mark.parametrize("shrink", [1, 2])
def test_askew_a_spot_lands_where_trigonometry_says(cut, rotate, scale_x, scale_y, shrink):
    source = Size(300, 220)
    box = largest(source, rotate, None)
    output = Size(box.width // shrink, box.height // shrink)
    frame = frame_size(source, rotate)
    # From the middle of the picture: mirrored, turned clockwise, from the frame's corner, from the box's corner.
    x, y = 25 * scale_x, -18 * scale_y
    cosine, sine = math.cos(math.radians(rotate)), math.sin(math.radians(rotate))
    expected = (
        (x * cosine - y * sine + frame.width / 2 - box.x) * output.width / box.width,
        (x * sine + y * cosine + frame.height / 2 - box.y) * output.height / box.height,
    )
    data = encoded(spot(300, 220, 150 + 25, 110 - 18))
    made = decoded(cut(data, Selection(box, rotate, scale_x, scale_y), output))
    assert middle_of_spot(made) == pytest.approx(expected, abs=0.5 / shrink)


def test_askew_the_edges_have_no_black(cut):
    source = Size(300, 200)
    box = largest(source, 12.5, None)
    white = encoded(Image.new("RGB", (300, 200), (250, 250, 250)))
    made = decoded(cut(white, Selection(box, 12.5), Size(box.width, box.height))).convert("L")
    assert made.getextrema()[0] >= 249
