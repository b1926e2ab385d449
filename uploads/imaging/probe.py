"""Decide whether a file is a picture that is taken; limits come before work.

These functions run in the sandbox's children.
"""

import mmap
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from PIL import Image, ImageFile, PngImagePlugin, UnidentifiedImageError

from uploads.errors import (
    BrokenPicture,
    EmptyFile,
    FormatNotOffered,
    NotAPicture,
    TooManyPixels,
    TooManyScans,
    TooMuchText,
)
from uploads.geometry import Box, Size
from uploads.imaging import jpeg
from uploads.imaging.arriving import Arriving
from uploads.imaging.formats import FORMATS, register
from uploads.imaging.signatures import SIGNATURE_BYTES, signature

ORIENTATION_TAG = 0x0112
MAX_TEXT_BYTES = 4 * 1024 * 1024
# Pillow's method for each EXIF orientation that is not upright (CIPA DC-008, tag 0x0112).
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What is taken: formats by Pillow's names, pixels, pixels of a side, JPEG scans, frames.

    Of a picture that moves, ``max_pixels`` limits the pixels of all frames together: one with more of them, or with
    more than ``max_frames``, is taken as its first frame.
    """

    formats: tuple[str, ...]
    max_pixels: int
    max_side_px: int
    max_jpeg_scans: int
    max_frames: int

    def require_size(self, size: Size) -> None:
        """Refuse a picture of too many pixels.

        Raises:
            TooManyPixels: it has.
        """
        if size.width * size.height > self.max_pixels or max(size.width, size.height) > self.max_side_px:
            megapixels = f"{self.max_pixels / 1e6:g}"
            raise TooManyPixels(size=str(size), megapixels=megapixels, side=self.max_side_px)

    def allow_frames(self, count: int, *sizes: Size) -> bool:
        """Whether so many frames of each of the sizes can be worked on."""
        most = self.max_pixels // count
        return count <= self.max_frames and all(size.width * size.height <= most for size in sizes)


@contextmanager
def open_limited(path: Path, limits: Limits, *, arriving: bool = False) -> Iterator[ImageFile.ImageFile]:
    """Open a picture whose header keeps the limits; no pixel is decoded yet. ``arriving`` waits for what is not there.

    Raises:
        EmptyFile, NotAPicture, FormatNotOffered: it is no picture, or not one of the formats.
        TooManyPixels, TooManyScans, TooMuchText: reading it would cost too much.
    """
    # The limits below are ours; Pillow's own would only warn.
    Image.MAX_IMAGE_PIXELS = None
    register(limits.formats)
    opening = Arriving(path, limits.max_jpeg_scans) if arriving else path.open("rb")
    with _text_limited(), opening as file:
        try:
            # Pillow asks no more of a file than what both have.
            image = Image.open(cast("IO[bytes]", file), formats=limits.formats)
        except UnidentifiedImageError as error:
            raise _unidentified(path, limits) from error
        with image:
            limits.require_size(Size(*image.size))
            if image.format in {"JPEG", "MPO"} and not arriving:  # else they are counted as they come
                _limit_scans(path, limits.max_jpeg_scans)
            yield image


@contextmanager
def _text_limited() -> Iterator[None]:
    """Refuse a PNG whose texts inflate to more than any picture needs; Pillow counts them as it reads them."""
    PngImagePlugin.MAX_TEXT_MEMORY = MAX_TEXT_BYTES
    try:
        yield
    except ValueError as error:
        if "MAX_TEXT" in str(error):  # it has no class of its own
            raise TooMuchText() from error
        raise


def format_of(image: Image.Image) -> str:
    """Pillow's name of the format; a phone's JPEG with a second picture in it counts as JPEG."""
    return "JPEG" if image.format == "MPO" else str(image.format)


def orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1, upright, where there is none or none that can be read."""
    # A PNG without EXIF would be decoded whole only to find that out.
    if image.format == "PNG" and "exif" not in image.info:
        return 1
    try:
        value = image.getexif().get(ORIENTATION_TAG, 1)
    except (struct.error, ValueError, TypeError, KeyError, SyntaxError, OSError):
        return 1
    return value if value in UPRIGHT else 1


def upright_size(image: Image.Image) -> Size:
    """The natural size: width and height in pixels after the EXIF orientation was applied."""
    width, height = image.size
    return Size(height, width) if orientation(image) >= 5 else Size(width, height)


def stored_box(box: Box, natural: Size, turned: int) -> Box:
    """Where a box of the upright picture lies in the file, whose EXIF orientation is ``turned``."""
    from_left, from_top = box.x, box.y
    from_right, from_bottom = natural.width - box.x - box.width, natural.height - box.y - box.height
    x, y = {
        1: (from_left, from_top),
        2: (from_right, from_top),
        3: (from_right, from_bottom),
        4: (from_left, from_bottom),
        5: (from_top, from_left),
        6: (from_top, from_right),
        7: (from_bottom, from_right),
        8: (from_bottom, from_left),
    }[turned]
    return Box(x, y, box.height, box.width) if turned >= 5 else Box(x, y, box.width, box.height)


def upright(image: Image.Image, turned: int) -> Image.Image:
    """A picture with an EXIF orientation, 1 to 8, applied."""
    return image if turned not in UPRIGHT else image.transpose(UPRIGHT[turned])


def _limit_scans(path: Path, limit: int) -> None:
    """Refuse a JPEG that is built from more scans than any camera writes: each costs a pass over all pixels."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if jpeg.count_scans(data) > limit:
            raise TooManyScans(limit=limit)


def _unidentified(path: Path, limits: Limits) -> Exception:
    """The most helpful reason for a file that Pillow does not open."""
    with path.open("rb") as file:
        head = file.read(SIGNATURE_BYTES)
    if not head:
        return EmptyFile()
    labels = ", ".join(FORMATS[name].label for name in limits.formats)
    name = signature(head)
    if name in {FORMATS[offered].label for offered in limits.formats}:
        return BrokenPicture()
    return FormatNotOffered(format=name, formats=labels) if name else NotAPicture(formats=labels)
