"""The structure of a JPEG file, read without decoding a pixel.

Source: ISO/IEC 10918-1, annex B. Segments are skipped by their lengths. Like decoders, this reads over what is no
marker: entropy-coded data, in which FF is followed by 00 or a restart marker, fill bytes, stray bytes between segments.
"""

import re
import struct
from collections.abc import Iterator
from mmap import mmap

START_OF_SCAN = 0xDA
# Baseline and extended sequential, coded by Huffman or arithmetic.
SEQUENTIAL_FRAMES = {0xC0, 0xC1, 0xC9}
END_OF_IMAGE = 0xD9
# Not those that have no segment: TEM, the restart markers, a start of image. Of several FF the last one counts; a
# pattern that says so, FF+, would be searched for fourteen times as long.
_MARKER = re.compile(rb"\xff([^\x00\x01\xd0-\xd8\xff])")


def markers(data: mmap) -> Iterator[tuple[int, int, int]]:
    """The markers of the first picture in a file, and where each marker's segment begins and ends.

    Ends behind the end-of-image marker, or where the file is cut short.
    """
    position = 2
    while (found := _MARKER.search(data, position)) is not None:
        marker, position = found[1][0], found.end()
        if marker == END_OF_IMAGE:
            yield marker, position, position
            return
        if position + 2 > len(data):
            return
        start, position = position, position + struct.unpack_from(">H", data, position)[0]
        yield marker, start, position


def count_scans(data: mmap) -> int:
    """How many scans the first picture in a file has.

    Where the first one holds all of a sequential picture, the rest of the file is not searched: decoders take a
    second one for an error.
    """
    count = 0
    components = None
    for marker, start, _ in markers(data):
        if marker in SEQUENTIAL_FRAMES:
            components = data[start + 7 : start + 8]
        elif marker == START_OF_SCAN:
            count += 1
            if count == 1 and components == data[start + 2 : start + 3]:
                break
    return count
