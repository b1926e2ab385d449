"""What a file carries besides its pixels: none of it is stored, and its person is told what it was.

Only kinds are named, never values: the receipt must not keep what the picture lost.
These functions run in the sandbox's children.
"""

import mmap
import struct
from collections.abc import Iterator
from typing import IO

from PIL import ExifTags, Image

from uploads.imaging import jpeg

KINDS = (
    "location",
    "camera",
    "date",
    "author",
    "description",
    "thumbnail",
    "second_picture",
    "profile",
    "trailing_data",
)

_BASE, _IFD = ExifTags.Base, ExifTags.IFD
_TAGS = {
    "camera": {_BASE.Make, _BASE.Model, _BASE.Software, _BASE.LensMake, _BASE.LensModel, _BASE.BodySerialNumber},
    "date": {_BASE.DateTime, _BASE.DateTimeOriginal, _BASE.DateTimeDigitized},
    "author": {_BASE.Artist, _BASE.Copyright, _BASE.XPAuthor, _BASE.CameraOwnerName},
    "description": {_BASE.ImageDescription, _BASE.UserComment, _BASE.XPTitle, _BASE.XPComment, _BASE.XPKeywords},
    "thumbnail": {_BASE.JpegIFOffset},
}
_UNREADABLE = (struct.error, ValueError, TypeError, KeyError, SyntaxError, OSError)


def receipt(image: Image.Image, file: IO[bytes]) -> tuple[str, ...]:
    """The kinds of data, of ``KINDS``, that an opened picture carries besides its pixels; ``file`` is its file."""
    found = set(_in_exif(image))
    info = image.info
    xmp = bytes(info.get("xmp") or b"")
    if b"GPSLatitude" in xmp:
        found.add("location")
    if xmp or "photoshop" in info or "comment" in info or getattr(image, "text", None):
        found.add("description")
    if "icc_profile" in info:
        found.add("profile")
    if image.format == "MPO" or (
        image.format == "HEIF" and (getattr(image, "n_frames", 1) > 1 or info["depth_images"])
    ):
        found.add("second_picture")
    elif _has_trailing_data(image.format, file):
        found.add("trailing_data")
    return tuple(kind for kind in KINDS if kind in found)


def _in_exif(image: Image.Image) -> Iterator[str]:
    if "exif" not in image.info:
        return
    try:
        exif = image.getexif()
        directories = [exif, *(exif.get_ifd(each) for each in (_IFD.Exif, _IFD.IFD1))]
        has_place = bool(exif.get_ifd(_IFD.GPSInfo))
    except _UNREADABLE:
        yield "description"  # something is there; what it is nobody can read
        return
    present = {tag for directory in directories for tag in directory}
    yield from (kind for kind, tags in _TAGS.items() if tags & present)
    if has_place:
        yield "location"


def _has_trailing_data(format_name: str | None, file: IO[bytes]) -> bool:
    """Whether bytes follow the end of the picture, where anything can hide."""
    end_of = {"JPEG": _jpeg_end, "PNG": _png_end, "WEBP": _webp_end}.get(format_name or "")
    if end_of is None:
        return False
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            end = end_of(data)
        except (struct.error, IndexError):
            return False
        # A few bytes of padding are no data.
        return bool(data[end:].strip(b"\0\r\n "))


def _jpeg_end(data: mmap.mmap) -> int:
    """The offset behind the end-of-image marker."""
    return next((end for marker, _, end in jpeg.markers(data) if marker == jpeg.END_OF_IMAGE), len(data))


def _png_end(data: mmap.mmap) -> int:
    """The offset behind the IEND chunk: length, type, data and checksum make a chunk."""
    position = 8
    while position < len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        position += 12 + length
        if kind == b"IEND":
            break
    return position


def _webp_end(data: mmap.mmap) -> int:
    """The offset behind the RIFF container, whose length is that of what follows it, made even."""
    length: int = struct.unpack_from("<I", data, 4)[0]
    return 8 + length + length % 2
