"""Make the files that people see and that are stored, from a picture and a recipe.

These functions run in the sandbox's children. The same recipe gives the same bytes each time.
"""

from dataclasses import dataclass
from hashlib import file_digest, sha256
from io import BytesIO
from math import ceil, floor
from pathlib import Path
from typing import Any

import PIL
from PIL import Image, ImageCms, ImageFile, features

from uploads.geometry import Box, Selection, Size, affine, frame_size, largest, source_region
from uploads.imaging.animation import Playing, first_frames, flag_alpha, frame_count, plays, shown_for_ms
from uploads.imaging.partial import down_to, has_strips, resized, resized_in_strips
from uploads.imaging.probe import Limits, format_of, open_limited, orientation, stored_box, upright, upright_size
from uploads.imaging.receipt import receipt

WORKING_EDGE_PX = 1600
# What is stored is resized from at least this many times its pixels: a JPEG decoded any smaller loses sharpness.
DECODE_MARGIN = 1.5
# Pillow's own 64 KB at a time cost a twentieth of a JPEG's decoding.
DECODER_BLOCK_BYTES = 256 * 1024
# Formats of results that may move. Not AVIF: libavif writes the time into one that moves, so that no two are alike.
MAY_MOVE = {"auto", "WEBP", "PNG"}
# All that is allowed must be encoded within the sandbox's processor time: where there are more pixels than this, or
# frames, with less effort. More takes two to three times as long, for files that are hardly smaller.
EFFORT_PIXELS = 16_000_000
LESS_EFFORT: dict[str, dict[str, int]] = {"WEBP": {"method": 1}, "PNG": {"compress_level": 3}, "AVIF": {"speed": 9}}
# Those of printers, the largest, have two or three megabytes.
MAX_PROFILE_BYTES = 4 * 1024 * 1024
FILTER_PX = 4
PADDING_PX = 2
WHITE = (255, 255, 255)
_MIRRORS = {
    "scale_x": Image.Transpose.FLIP_LEFT_RIGHT,
    "scale_y": Image.Transpose.FLIP_TOP_BOTTOM,
}
# Pillow turns counter-clockwise, a selection clockwise.
_TURNS = {90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90}


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that decides what a picture becomes.

    ``output`` is in pixels; ``format`` is one of Pillow's names or ``auto``: JPEG, or PNG where the result is
    transparent somewhere, or WebP where it moves; ``quality`` is 1 to 100, for formats that lose. ``moves`` keeps all
    frames of a picture that moves, if format and limits allow it.
    """

    selection: Selection
    output: Size
    format: str
    quality: int
    moves: bool = False

    @property
    def digest(self) -> str:
        """A name for this recipe as cooked by these versions of the libraries (hexadecimal SHA-256)."""
        return sha256(f"{self!r} {_libraries()}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Rendered:
    """A file that was made: its format by Pillow's name, pixels, length in bytes, hexadecimal SHA-256, frames."""

    format: str
    size: Size
    bytes: int
    sha256: str
    frames: int = 1


@dataclass(frozen=True, slots=True)
class Staged:
    """A picture that was taken: its format, natural size and frames, its working copy, what else its file carries."""

    format: str
    size: Size
    frames: int
    working: Rendered
    receipt: tuple[str, ...]


def stage(source: Path, target: Path, limits: Limits, *, arriving: bool = False) -> Staged:
    """Decode a picture fully and write its working copy: upright, sRGB, no side over 1600 px.

    ``arriving`` begins with a file that is still being written; the result is the same.

    Raises:
        Refusal: the file is not taken; the class says why.
        DecodeWhole, NothingMoreComes: an arriving file has to be decoded when it is whole, or never will be.
    """
    # Opened now: an arriving file is moved as soon as it is whole.
    with source.open("rb") as file, open_limited(source, limits, arriving=arriving) as image:
        format_name, natural = format_of(image), upright_size(image)
        largest_side = max(natural.width, natural.height)
        edge = min(WORKING_EDGE_PX, largest_side)
        size = Size(*(max(1, round(side * edge / largest_side)) for side in (natural.width, natural.height)))
        # Whole, because Pillow reads what follows the pixels of a PNG last, and that counts for the receipt.
        working = _cut(image, largest(natural, 0, None), size, decode_margin=1, in_strips=False)
        found = receipt(image, file)
        frames = frame_count(image)
        if frames > 1 and limits.allow_frames(frames, Size(*image.size)):
            for _ in first_frames(image, frames):
                image.load()  # a later frame that is broken is found out now, not when it is to be stored
    encoded = _encode([working], target, "WEBP" if _is_transparent(working) else "JPEG", 85, progressive=False)
    return Staged(format_name, natural, frames, encoded, found)


def render(source: Path, target: Path, limits: Limits, recipe: Recipe) -> Rendered:
    """Cut the recipe's selection out of a picture and write it.

    Raises:
        Refusal: the file is not taken; the class says why.
    """
    with open_limited(source, limits) as image:
        make = _turned if recipe.selection.is_quarter_turn else _straightened
        count = frame_count(image)
        moves = recipe.moves and recipe.format in MAY_MOVE
        if not moves or not limits.allow_frames(count, Size(*image.size), recipe.output):
            count = 1
        frames, durations = [], []
        for _ in first_frames(image, count):
            frames.append(make(image, recipe.selection, recipe.output))
            durations.append(shown_for_ms(image))
        playing = Playing(tuple(durations), plays(image))
    format_name = recipe.format
    if format_name == "auto":
        format_name = "WEBP" if len(frames) > 1 else "PNG" if _is_transparent(frames[0]) else "JPEG"
    return _encode(frames, target, format_name, recipe.quality, playing)


def _turned(image: ImageFile.ImageFile, selection: Selection, output: Size) -> Image.Image:
    """Cut a selection that is turned by quarters: its pixels are the picture's, or are scaled and nothing else."""
    region = source_region(selection, upright_size(image))
    picture = _cut(image, region, frame_size(output, selection.rotate), decode_margin=DECODE_MARGIN)
    for side, method in _MIRRORS.items():
        if getattr(selection, side) == -1:
            picture = picture.transpose(method)
    return picture.transpose(_TURNS[int(selection.rotate)]) if selection.rotate else picture


def _straightened(image: ImageFile.ImageFile, selection: Selection, output: Size) -> Image.Image:
    """Cut a selection that lies askew: the part of the picture around it is scaled, then resampled once."""
    natural, box = upright_size(image), selection.box
    a, b, c, d, e, f = affine(selection, natural)
    corners = [(a * x + b * y + c, d * x + e * y + f) for x in (0, box.width) for y in (0, box.height)]
    left, right = _span([x for x, _ in corners], natural.width)
    upper, lower = _span([y for _, y in corners], natural.height)
    # Enlarging is left to the one resampling.
    scale = min(1, output.width / box.width)
    size = Size(max(1, round((right - left) * scale)), max(1, round((lower - upper) * scale)))
    region = Box(left, upper, right - left, lower - upper)
    piece = _padded(_cut(image, region, size, decode_margin=DECODE_MARGIN))
    across, down = size.width / region.width, size.height / region.height
    step_x, step_y = box.width / output.width, box.height / output.height
    to_x = (a * step_x * across, b * step_y * across, (c - left) * across + PADDING_PX)
    to_y = (d * step_x * down, e * step_y * down, (f - upper) * down + PADDING_PX)
    size_out = (output.width, output.height)
    return piece.transform(size_out, Image.Transform.AFFINE, to_x + to_y, resample=Image.Resampling.BICUBIC)


def _span(places: list[float], limit: int) -> tuple[int, int]:
    """The whole pixels from the least to the greatest place, and what a resampling filter wants beside them."""
    return max(0, floor(min(places)) - FILTER_PX), min(limit, ceil(max(places)) + FILTER_PX)


def _padded(image: Image.Image) -> Image.Image:
    """The picture with its edges repeated: a selection may overhang by the pixel that rounding explains."""
    width, height = image.size
    padded = image.resize((width + 2 * PADDING_PX, height + 2 * PADDING_PX), Image.Resampling.NEAREST)
    padded.paste(image, (PADDING_PX, PADDING_PX))
    return padded


def _cut(
    image: ImageFile.ImageFile, region: Box, size: Size, *, decode_margin: float, in_strips: bool = True
) -> Image.Image:
    """A region of the upright picture at a size, upright, in sRGB as L, RGB or RGBA.

    Only the small result is turned and has its colours converted. A JPEG is decoded at a half, a quarter or an
    eighth of its size where that leaves at least ``decode_margin`` times the pixels of the result.
    """
    turned, profile = orientation(image), image.info.get("icc_profile")
    box = stored_box(region, upright_size(image), turned)
    width, height = (size.height, size.width) if turned >= 5 else (size.width, size.height)
    if in_strips and has_strips(image):
        return upright(_in_srgb(resized_in_strips(image, (width, height), box), profile), turned)
    image = down_to(image, box, height)
    shrunk = _draft(image, max(width / box.width, height / box.height) * decode_margin)
    image.decodermaxblock = DECODER_BLOCK_BYTES
    image.load()
    corners = tuple(side / shrunk for side in box.corners)
    if image.mode in {"RGB", "L", "CMYK", "YCbCr", "LAB"} and "transparency" not in image.info:
        piece = resized(image, (width, height), corners)
    else:
        # These need another mode to be resized in. They are not shrunk while decoding: corners are whole.
        piece = image.crop(box.corners)
        piece = resized(_resizable(piece), (width, height), (0, 0, box.width, box.height))
    return upright(_in_srgb(piece, profile), turned)


def _draft(image: ImageFile.ImageFile, scale: float) -> int:
    """Let a JPEG be decoded at a fraction of its size that is no smaller than ``scale``; return the divisor."""
    if scale >= 1 or image.format not in {"JPEG", "MPO"}:
        return 1
    full_width = image.width
    drafted = image.draft(None, (ceil(full_width * scale), 1))
    return 1 if drafted is None else round(full_width / drafted[1][2])


def _resizable(image: Image.Image) -> Image.Image:
    """The picture in a mode in which neighbouring pixels can be mixed: L, RGB or RGBA."""
    if image.mode.startswith("I;16") or image.mode == "I":
        # 16 bits of grey: Pillow's own conversion would cut off instead of scale.
        return image.convert("I").point(lambda value: value * (1 / 257) + 0.5).convert("L")
    if "transparency" in image.info and image.mode in {"1", "L", "P", "RGB"}:
        return image.convert("RGBA")
    if image.mode in {"1", "F"}:
        return image.convert("L")
    return image.convert("RGBA" if image.mode in {"PA", "LA", "La", "RGBa", "RGBA"} else "RGB")


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """The picture as L, RGB or RGBA with the colours that its profile means.

    Without a profile, CMYK is converted as its complement.
    """
    if profile and len(profile) <= MAX_PROFILE_BYTES:
        try:
            return _convert_profile(image, profile)
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass  # A profile that cannot be read means nothing; browsers ignore it too.
    return image if image.mode in {"L", "RGB", "RGBA"} else image.convert("RGB")


def _convert_profile(image: Image.Image, profile: bytes) -> Image.Image:
    embedded, srgb = ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile("sRGB")
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    converted = ImageCms.profileToProfile(image, embedded, srgb, outputMode=mode)
    assert converted is not None  # None is for inPlace=True
    return converted.convert("L") if image.mode == "L" else converted


def _is_transparent(image: Image.Image) -> bool:
    """Whether a pixel is not opaque."""
    return image.mode == "RGBA" and image.getchannel("A").getextrema()[0] != 255


def _encode(
    frames: list[Image.Image],
    target: Path,
    format_name: str,
    quality: int,
    playing: Playing | None = None,
    *,
    progressive: bool = True,
) -> Rendered:
    """Write pixels, and nothing else that the picture carried, to a file.

    A progressive JPEG is smaller by a fifteenth and takes five times as long: worth it for what is stored.
    """
    keeps_alpha = format_name != "JPEG" and any(map(_is_transparent, frames))
    mode = "RGBA" if keeps_alpha else "L" if all(frame.mode == "L" for frame in frames) else "RGB"
    first, *others = (_fresh(frame, mode) for frame in frames)
    options: dict[str, dict[str, Any]] = {
        "JPEG": {"quality": quality, "progressive": progressive, "optimize": progressive},
        "PNG": {},
        "WEBP": {"quality": quality},
        "AVIF": {"quality": quality, "speed": 8},
    }
    how = options[format_name]
    if others or first.width * first.height > EFFORT_PIXELS:
        how |= LESS_EFFORT.get(format_name, {})
    if playing and others:
        how |= {"append_images": others} | playing.options
    with target.open("w+b") as file:
        first.save(file, format_name, **how)
        if format_name == "WEBP" and keeps_alpha and others:
            flag_alpha(file)
        file.seek(0)
        digest = file_digest(file, "sha256").hexdigest()
    return Rendered(format_name, Size(*first.size), target.stat().st_size, digest, len(frames))


def _fresh(image: Image.Image, mode: str) -> Image.Image:
    """The pixels in a new image, which has nothing that an encoder could copy; without alpha, clear becomes white."""
    fresh = Image.new(mode, image.size, None if mode == "RGBA" else WHITE if mode == "RGB" else 255)
    fresh.paste(image, mask=image.getchannel("A") if image.mode == "RGBA" and mode != "RGBA" else None)
    return fresh


def _libraries() -> str:
    """The versions of all that has a say in what bytes come out."""
    versions = {name: features.version(name) for name in ("jpg", "libjpeg_turbo", "webp", "avif", "zlib", "littlecms2")}
    return f"Pillow {PIL.__version__} {versions}"
