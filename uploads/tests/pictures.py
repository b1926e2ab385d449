"""Pictures for tests, made in code, and uploads of them."""

import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageCms

ORIENTATION_TAG = 0x0112
# 64 × 96 px when upright, red above and blue below, with a place and a camera; nothing here can write HEIC.
HEIC = Path(__file__).with_name("turned.heic")
JPEG_SCAN, JPEG_END = b"\xff\xda", b"\xff\xd9"


def picture(width: int = 400, height: int = 300, mode: str = "RGB") -> Image.Image:
    """A picture each part of which looks different: red grows rightwards, green downwards."""
    across = Image.linear_gradient("L").rotate(90).resize((width, height))
    down = Image.linear_gradient("L").resize((width, height))
    return Image.merge("RGB", (across, down, Image.new("L", (width, height), 90))).convert(mode)


def encoded(
    image: Image.Image | None = None, format_name: str = "PNG", *, orientation: int = 1, **options: Any
) -> bytes:
    """A picture's file."""
    image = image or picture()
    if orientation != 1:
        exif = Image.Exif()
        exif[ORIENTATION_TAG] = orientation
        options["exif"] = exif.tobytes()
    file = BytesIO()
    image.save(file, format_name, **options)
    return file.getvalue()


def upload(data: bytes | None = None, name: str = "photo.png", content_type: str = "image/png") -> SimpleUploadedFile:
    """A file as the test client sends it."""
    return SimpleUploadedFile(name, encoded() if data is None else data, content_type)


def decoded(data: bytes) -> Image.Image:
    """A file's picture."""
    image = Image.open(BytesIO(data))
    image.load()
    return image


def huge_png(width: int, height: int) -> bytes:
    """A one-bit PNG of any size, row by row: few bytes, many pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows, row = zlib.compressobj(9), bytes(1 + (width + 7) // 8)
    pixels = b"".join([rows.compress(row * 100) for _ in range(height // 100)] + [rows.flush()])
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def jpeg_of_scans(count: int) -> bytes:
    """A progressive JPEG that repeats its last scan until it has so many."""
    data = encoded(picture(64, 64), "JPEG", progressive=True)
    *scans, last = data.removesuffix(JPEG_END).split(JPEG_SCAN)
    head, *scans = scans
    return JPEG_SCAN.join([head, *scans, *[last] * (count - len(scans))]) + JPEG_END


def swapped_profile() -> bytes:
    """A colour profile in which red means green, and green red: sRGB with the two primaries exchanged."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile.replace(b"rXYZ", b"tmp-").replace(b"gXYZ", b"rXYZ").replace(b"tmp-", b"gXYZ")


def linear_grey_profile() -> bytes:
    """A colour profile of greys that grow with the light: 128 of 255 is half of it, 188 in sRGB.

    Source: ICC.1:2001-04, a monochrome input profile: media white point and gamma 1.0, the rest names.
    """
    white = struct.pack(">4s4x3i", b"XYZ ", 63190, 65536, 54061)
    gamma = struct.pack(">4s4xIH2x", b"curv", 1, 0x0100)
    name = struct.pack(">4s4xI5s67x", b"desc", 5, b"grey")
    text = b"text\0\0\0\0none\0\0\0\0"
    parts = {b"wtpt": white, b"kTRC": gamma, b"desc": name, b"cprt": text}
    place, table = 128 + 4 + 12 * len(parts), struct.pack(">I", len(parts))
    for tag, part in parts.items():
        table += struct.pack(">4sII", tag, place, len(part))
        place += len(part)
    body = table + b"".join(parts.values())
    head = struct.pack(">I4sI4s4s4s12x4s", 128 + len(body), b"", 0x02400000, b"scnr", b"GRAY", b"XYZ ", b"acsp")
    illuminant = struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(68, b"\0") + illuminant.ljust(60, b"\0") + body


def png_with(*chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG with further chunks, each a type and its data, before its pixels."""
    data = encoded(picture(40, 30))
    made = b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )
    return data[:33] + made + data[33:]
