"""The picture formats of this site, by Pillow's names."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from io import BytesIO

from PIL import Image


@dataclass(frozen=True, slots=True)
class Format:
    """What the world calls a format."""

    label: str
    extension: str
    content_type: str


FORMATS = {
    "JPEG": Format("JPEG", "jpg", "image/jpeg"),
    "PNG": Format("PNG", "png", "image/png"),
    "WEBP": Format("WebP", "webp", "image/webp"),
    "GIF": Format("GIF", "gif", "image/gif"),
    "AVIF": Format("AVIF", "avif", "image/avif"),
}
FORMAT_CHOICES = [(name, facts.label) for name, facts in FORMATS.items()]


@cache
def decodes(name: str) -> bool:
    """Whether this machine's Pillow reads the format, tried on a tiny picture."""
    sample = BytesIO()
    try:
        Image.new("RGB", (8, 8)).save(sample, name)
        Image.open(sample, formats=[name]).load()
    except (KeyError, OSError):
        return False
    return True


def offered(names: Iterable[str]) -> tuple[str, ...]:
    """Those of the named formats that are known here and really decode."""
    return tuple(name for name in names if name in FORMATS and decodes(name))
