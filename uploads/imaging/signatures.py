"""What a file is by its first bytes, before anything decodes it."""

import struct

from uploads.geometry import Size

SIGNATURE_BYTES = 1024


def signature(head: bytes) -> str:
    """The name of a format that people choose by mistake, from a file's first bytes; empty if unknown."""
    starts = {
        b"\xff\xd8\xff": "JPEG",
        b"\x89PNG\r\n\x1a\n": "PNG",
        b"GIF8": "GIF",
        b"BM": "BMP",
        b"II*\0": "TIFF",
        b"MM\0*": "TIFF",
        b"%PDF": "PDF",
        b"8BPS": "Photoshop",
        b"\0\0\1\0": "ICO",
    }
    for start, name in starts.items():
        if head.startswith(start):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        return {b"avif": "AVIF", b"avis": "AVIF"}.get(brand, "HEIC" if brand[:2] in {b"he", b"mi"} else "")
    return "SVG" if b"<svg" in head.lower() else ""


def size_in_head(head: bytes) -> Size | None:
    """The pixels that a picture's first bytes speak of, as they are stored; None where they do not, or not yet.

    Source: PNG 11.2.2; GIF 89a, 18; ISO/IEC 10918-1, B.2.2; WebP Container, "VP8X".
    """
    try:
        if head.startswith(b"\x89PNG"):
            return Size(*struct.unpack_from(">II", head, 16))
        if head.startswith(b"GIF8"):
            return Size(*struct.unpack_from("<HH", head, 6))
        if head.startswith(b"\xff\xd8"):
            return _size_of_jpeg(head)
        if head[:4] == b"RIFF" and head[12:16] == b"VP8X":
            across, down = struct.unpack_from("<3s3s", head, 24)
            return Size(int.from_bytes(across, "little") + 1, int.from_bytes(down, "little") + 1)
    except struct.error:
        pass  # the head ends before it says so
    return None


def _size_of_jpeg(head: bytes) -> Size | None:
    """The size in the first start-of-frame segment; segments before it are skipped by their lengths."""
    place = 2
    while True:
        marker, length = struct.unpack_from(">HH", head, place)
        if not 0xFFC0 <= marker < 0xFFFF:
            return None
        if marker <= 0xFFCF and marker not in {0xFFC4, 0xFFC8, 0xFFCC}:
            height, width = struct.unpack_from(">HH", head, place + 5)
            return Size(width, height)
        place += 2 + length
