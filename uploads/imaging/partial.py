"""Decode no more of a file than a crop needs: a JPEG down to its lower edge, a PNG in strips.

The decoded pixels are those of the whole picture, to the last bit. (Of a picture's size depends whether Pillow resizes
across or down first, so what is resized may be rounded otherwise, by one level.)
These functions run in the sandbox's children.
"""

import struct
import zlib
from collections.abc import Iterator
from math import ceil
from typing import IO, cast

from PIL import Image, ImageFile

from uploads.geometry import Box

# Pillow's Lanczos filter takes three pixels of the result to each side.
FILTER_REACH = 3
# At an eighth of the size the colour of a pixel comes from two blocks of 16 rows (ISO/IEC 10918-1, A.2.3).
JPEG_REACH_ROWS = 64
# Each strip costs Pillow a table of its filter; twice as long strips are faster by a fiftieth.
STRIP_BYTES = 2 * 1024 * 1024
READ_BYTES = 64 * 1024


def resized(image: Image.Image, size: tuple[int, int], corners: tuple[float, ...]) -> Image.Image:
    """The rectangle between corners at a size; taken as it is where no pixel changes."""
    left, upper, right, lower = corners
    if (right - left, lower - upper) == size:
        return image.crop((int(left), int(upper), int(right), int(lower)))
    return image.resize(size, Image.Resampling.LANCZOS, box=(left, upper, right, lower))


# --- JPEG ---------------------------------------------------------------------------------


class _Lower:
    """A JPEG file whose header tells fewer rows than there are: decoders stop there."""

    def __init__(self, file: IO[bytes], place: int, rows: int) -> None:
        self._file, self._place, self._rows = file, place, struct.pack(">H", rows)
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int = -1) -> bytes:
        ahead = self._place - self._file.tell()
        data = self._file.read(size)
        if not -2 < ahead < len(data):
            return data
        changed = bytearray(data)
        for index, byte in enumerate(self._rows, ahead):
            if 0 <= index < len(data):
                changed[index] = byte
        return bytes(changed)


def down_to(image: ImageFile.ImageFile, box: Box, height: int) -> ImageFile.ImageFile:
    """A JPEG with no more rows than resizing a box of it to a height takes; any other picture as it is."""
    rows = box.y + box.height + _reach(box, height) + JPEG_REACH_ROWS
    if image.format not in {"JPEG", "MPO"} or rows >= image.height:
        return image
    assert image.fp is not None
    place = _height_at(image.fp)
    # Pillow asks no more of a file than what _Lower has.
    return image if place is None else Image.open(cast("IO[bytes]", _Lower(image.fp, place, rows)), formats=["JPEG"])


def _height_at(file: IO[bytes]) -> int | None:
    """Where the start-of-frame segment has its two bytes of height (ISO/IEC 10918-1, B.2.2), if it is found."""
    place = 2
    while True:
        file.seek(place)
        marker, length = struct.unpack(">HH", file.read(4))
        if not 0xFFC0 <= marker < 0xFFFF:
            return None
        if marker <= 0xFFCF and marker not in {0xFFC4, 0xFFC8, 0xFFCC}:
            return place + 5
        place += 2 + length


def _reach(box: Box, height: int) -> int:
    """How many rows beside a box are mixed into its edge when it is resized to a height."""
    return ceil(FILTER_REACH * max(1, box.height / height)) + 1


# --- PNG ----------------------------------------------------------------------------------


def has_strips(image: ImageFile.ImageFile) -> bool:
    """Whether a picture is a PNG of eight bits that is not decoded yet and whose rows come from top to bottom."""
    return (
        image.format == "PNG"
        and image.mode in {"L", "RGB"}
        and not {"transparency", "interlace"} & set(image.info)
        and not getattr(image, "is_animated", False)
        and [tile.args for tile in image.tile] == [image.mode]
    )


def resized_in_strips(image: ImageFile.ImageFile, size: tuple[int, int], box: Box) -> Image.Image:
    """What ``resized`` makes of a box, with one strip of the picture in memory: each is resized across, all down."""
    width, height = size
    left, upper, right, lower = box.corners
    first = max(0, upper - _reach(box, height))
    last = min(image.height, lower + _reach(box, height))
    narrow = Image.new(image.mode, (width, last - first))
    for top, strip in _strips(image, last):
        if top + strip.height > first:
            narrow.paste(resized(strip, (width, strip.height), (left, 0, right, strip.height)), (0, top - first))
    return resized(narrow, size, (0, upper - first, width, lower - first))


def _strips(image: ImageFile.ImageFile, last: int) -> Iterator[tuple[int, Image.Image]]:
    """The picture above row ``last``, strip by strip, each with its top; the first has a row above the picture.

    Each row is filtered by the one above (PNG, 9.2), so a strip begins with the last row of the strip before it, which
    goes in unfiltered (filter type 0).
    """
    row_bytes = 1 + image.width * len(image.getbands())
    above, inflated = bytes(row_bytes), _Inflated(image)
    rows = max(1, STRIP_BYTES // row_bytes)
    for top in range(0, last, rows):
        count = min(rows, last - top)
        stored = zlib.compress(above + inflated.read(count * row_bytes), 0)
        strip = Image.frombytes(image.mode, (image.width, 1 + count), stored, "zip", image.mode)
        yield top - 1, strip
        above = b"\0" + strip.crop((0, count, image.width, 1 + count)).tobytes()


class _Inflated:
    """The filtered rows of a PNG that was opened, read in order."""

    def __init__(self, image: ImageFile.ImageFile) -> None:
        self._inflater, self._compressed = zlib.decompressobj(), _compressed(image)

    def read(self, size: int) -> bytes:
        parts = []
        while size:
            data = self._inflater.unconsumed_tail or next(self._compressed, b"")
            if not data:
                raise OSError("image file is truncated")
            parts.append(self._inflater.decompress(data, size))
            size -= len(parts[-1])
        return b"".join(parts)


def _compressed(image: ImageFile.ImageFile) -> Iterator[bytes]:
    """What the IDAT chunks carry (PNG, 11.2.3); their checksums are passed over, as Pillow does."""
    file, start = image.fp, image.tile[0].offset
    assert file is not None
    file.seek(start - 8)
    while (head := file.read(8))[4:] == b"IDAT":
        length = int.from_bytes(head[:4])
        while data := file.read(min(length, READ_BYTES)):
            yield data
            length -= len(data)
        file.seek(4, 1)
