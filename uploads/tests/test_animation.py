"""Pictures that move: their frames, timing and loops come through, or the first frame does."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from uploads.geometry import Box, Selection, Size
from uploads.imaging.probe import Limits
from uploads.imaging.render import Recipe, Rendered, render, stage
from uploads.tests.pictures import encoded

LIMITS = Limits(("JPEG", "PNG", "WEBP", "GIF", "AVIF"), 50_000_000, 16_384, 100, 20)
COLOURS = [(250, 0, 0), (0, 250, 0), (0, 0, 250)]
DURATIONS = [70, 200, 1330]
SOURCES = ["GIF", "PNG", "WEBP", "AVIF"]
WHOLE = Selection(Box(0, 0, 40, 20))


def frames(mode: str = "RGB") -> list[Image.Image]:
    """Of three colours on the left, grey on the right."""
    made = []
    for colour in COLOURS:
        image = Image.new("RGB", (40, 20), (128, 128, 128))
        image.paste(colour, (0, 0, 20, 20))
        made.append(image.convert(mode))
    return made


def moving(name: str, images: list[Image.Image] | None = None, **options: Any) -> bytes:
    first, *others = images or frames()
    lossless = {"lossless": True} if name == "WEBP" else {"quality": 95} if name == "AVIF" else {}
    return encoded(
        first,
        name,
        **{"save_all": True, "append_images": others, "duration": DURATIONS, "loop": 0} | lossless | options,
    )


Cut = Callable[..., tuple[Rendered, Image.Image]]


@pytest.fixture
def cut(tmp_path: Path) -> Cut:
    def render_one(
        data: bytes,
        format_name: str = "auto",
        selection: Selection = WHOLE,
        output: Size | None = None,
        limits: Limits = LIMITS,
        *,
        moves: bool = True,
    ) -> tuple[Rendered, Image.Image]:
        source, target = tmp_path / "source", tmp_path / "target"
        source.write_bytes(data)
        size = output or Size(selection.box.width, selection.box.height)
        rendered = render(source, target, limits, Recipe(selection, size, format_name, 95, moves))
        return rendered, Image.open(BytesIO(target.read_bytes()))

    return render_one


def played(image: Image.Image, at: tuple[int, int] = (5, 10)) -> tuple[list[int], list[int]]:
    """Which of the colours each frame has at a place, and for how long it is shown."""
    seen, durations = [], []
    for number in range(getattr(image, "n_frames", 1)):
        image.seek(number)
        pixel = image.convert("RGB").getpixel(at)
        assert isinstance(pixel, tuple)
        seen.append(max(range(3), key=lambda channel: pixel[channel]))
        durations.append(round(image.info.get("duration", 0)))
    return seen, durations


@pytest.mark.parametrize("format_name", ["auto", "WEBP", "PNG"])
@pytest.mark.parametrize("name", SOURCES)
def test_frames_and_timing_are_kept(cut, name, format_name):
    rendered, image = cut(moving(name), format_name)
    assert (image.format, rendered.format) == ({"auto": "WEBP"}.get(format_name, format_name),) * 2
    assert rendered.frames == image.n_frames == 3
    assert played(image) == ([0, 1, 2], DURATIONS)


@pytest.mark.parametrize("name", SOURCES)
def test_every_frame_is_cut_turned_mirrored_and_scaled(cut, name):
    right_of_the_edge, turned = Selection(Box(14, 4, 12, 12)), Selection(Box(4, 14, 12, 12), rotate=90)
    mirrored = Selection(Box(14, 4, 12, 12), scale_x=-1)
    for selection, coloured, grey in (
        (right_of_the_edge, (1, 6), (10, 6)),
        (turned, (6, 1), (6, 10)),
        (mirrored, (10, 6), (1, 6)),
    ):
        rendered, image = cut(moving(name), "PNG", selection, Size(12, 12))
        assert rendered.size == Size(12, 12)
        assert played(image, coloured)[0] == [0, 1, 2]
        image.seek(2)
        assert max(abs(channel - 128) for channel in image.convert("RGB").getpixel(grey)) < 12


def test_a_straightened_picture_moves_too(cut):
    rendered, image = cut(moving("WEBP"), "PNG", Selection(Box(16, 10, 12, 8), rotate=10), Size(12, 8))
    assert rendered.frames == 3
    assert played(image, (1, 4))[0] == [0, 1, 2]


def test_what_is_clear_in_one_frame_stays_clear(cut):
    images = frames("RGBA")
    images[1].paste((0, 0, 0, 0), (20, 0, 40, 20))
    _, image = cut(moving("PNG", images), "auto")
    alphas = []
    for number in range(3):
        image.seek(number)
        alphas.append(image.convert("RGBA").getpixel((30, 10))[3])
    assert alphas == [255, 0, 255]


@pytest.mark.parametrize("value", [3, 6, 8])
@pytest.mark.parametrize("name", ["PNG", "WEBP"])
def test_a_turned_picture_that_moves_is_upright(cut, name, value):
    exif = Image.Exif()
    exif[0x0112] = value
    # Where what is stored on the left is seen.
    box, place = {3: (Box(0, 0, 40, 20), (35, 10)), 6: (Box(0, 0, 20, 40), (10, 5)), 8: (Box(0, 0, 20, 40), (10, 35))}[
        value
    ]
    _, image = cut(moving(name, exif=exif.tobytes()), "PNG", Selection(box))
    assert played(image, place)[0] == [0, 1, 2]


# --- Loops --------------------------------------------------------------------------------


def loop_of(image: Image.Image) -> int:
    return int(image.info["loop"])


@pytest.mark.parametrize("format_name", ["WEBP", "PNG"])
@pytest.mark.parametrize(
    ("name", "loop", "plays"),
    # A GIF says how often it is repeated, the others how often they are played.
    [
        *[("GIF", None, 1), ("GIF", 0, 0), ("GIF", 4, 5)],
        *[("WEBP", 0, 0), ("WEBP", 4, 4), ("PNG", 0, 0), ("PNG", 4, 4), ("AVIF", 0, 0)],
    ],
)
def test_it_is_played_as_often_as_before(cut, format_name, name, loop, plays):
    _, image = cut(moving(name, loop=loop), format_name)
    assert loop_of(image) == plays


def test_frames_that_are_too_short_are_shown_as_browsers_show_them(cut):
    _, image = cut(moving("GIF", duration=[0, 10, 20]), "WEBP")
    assert played(image)[1] == [100, 100, 20]


# --- The first frame only -----------------------------------------------------------------


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize(
    ("why", "options"),
    {
        "the crop keeps none": {"moves": False},
        "a JPEG cannot": {"format_name": "JPEG"},
        "an AVIF that moves is never the same twice": {"format_name": "AVIF"},
        "too many frames": {"limits": Limits(LIMITS.formats, 50_000_000, 16_384, 100, 2)},
        "too many pixels": {"limits": Limits(LIMITS.formats, 3 * 40 * 20 - 1, 16_384, 100, 20)},
        "too many pixels to be made": {
            "limits": Limits(LIMITS.formats, 3 * 40 * 20, 16_384, 100, 20),
            "output": Size(42, 21),
        },
    }.items(),
)
def test_else_the_first_frame_is_taken(cut, name, why, options):
    rendered, image = cut(moving(name), **options)
    assert rendered.frames == getattr(image, "n_frames", 1) == 1, why
    assert played(image)[0] == [0]


def test_pixels_up_to_the_limit_move(cut):
    assert cut(moving("GIF"), limits=Limits(LIMITS.formats, 3 * 40 * 20, 16_384, 100, 3))[0].frames == 3


def test_a_picture_before_the_animation_is_for_programs_that_cannot_play(cut, tmp_path):
    still = Image.new("RGB", (40, 20), (9, 9, 9))
    data = moving("PNG", [still, *frames()], default_image=True)
    rendered, image = cut(data, "WEBP")
    assert rendered.frames == 3
    assert played(image) == ([0, 1, 2], DURATIONS)
    _, image = cut(data, "PNG", moves=False)
    assert image.convert("RGB").getpixel((5, 5)) == (9, 9, 9)


def test_two_pictures_in_a_jpeg_are_no_frames(tmp_path):
    source = tmp_path / "source"
    source.write_bytes(encoded(frames()[0], "MPO", save_all=True, append_images=frames()[1:]))
    assert stage(source, tmp_path / "target", LIMITS).frames == 1
    rendered = render(source, tmp_path / "target", LIMITS, Recipe(WHOLE, Size(40, 20), "auto", 85, moves=True))
    assert (rendered.format, rendered.frames) == ("JPEG", 1)


# --- The files ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", SOURCES)
def test_staging_counts_the_frames_and_shows_the_first(tmp_path, name):
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(moving(name))
    assert stage(source, target, LIMITS).frames == 3
    shown = Image.open(target)
    assert getattr(shown, "n_frames", 1) == 1
    assert played(shown)[0] == [0]


@pytest.mark.parametrize("name", ["GIF", "PNG"])
def test_a_broken_frame_is_found_at_staging(tmp_path, name):
    source, target = tmp_path / "source", tmp_path / "target"
    noise = [Image.effect_noise((40, 20), 90 + number).convert("RGB") for number in range(3)]
    data = moving(name, noise)
    source.write_bytes(data[: len(data) * 3 // 4])
    with pytest.raises((OSError, SyntaxError, EOFError, IndexError)):  # which the sandbox makes a refusal
        stage(source, target, LIMITS)


@pytest.mark.parametrize("format_name", ["WEBP", "PNG"])
def test_the_same_recipe_gives_the_same_bytes(cut, format_name):
    assert cut(moving("GIF"), format_name)[0] == cut(moving("GIF"), format_name)[0]


@pytest.mark.parametrize("format_name", ["WEBP", "PNG"])
@pytest.mark.parametrize("name", SOURCES)
def test_nothing_but_pixels_and_timing_comes_out(cut, tmp_path, name, format_name):
    canary = b"Where I live 52.5"
    exif = Image.Exif()
    exif[0x010E] = canary.decode()
    with_exif = {"exif": exif.tobytes()}
    options: dict[str, Any] = {"GIF": {"comment": canary}, "PNG": with_exif}.get(name, with_exif | {"xmp": canary})
    data = moving(name, **options) + canary
    assert data.count(canary) > 1
    cut(data, format_name)
    made = (tmp_path / "target").read_bytes()
    for word in (canary, b"Exif", b"EXIF", b"eXIf", b"XMP ", b"iTXt", b"tEXt", b"ICCP", b"iCCP"):
        assert word not in made
