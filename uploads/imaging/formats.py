"""The picture formats of this site, by Pillow's names."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from io import BytesIO
from pathlib import Path

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
    "HEIF": Format("HEIC", "heic", "image/heic"),
}
FORMAT_CHOICES = [(name, facts.label) for name, facts in FORMATS.items()]


@cache
def decodes(name: str) -> bool:
    """Whether this machine reads the format, tried on a tiny picture."""
    try:
        register([name])
        Image.open(_sample(name), formats=[name]).load()
    except (ImportError, KeyError, OSError):
        return False
    return True


def offered(names: Iterable[str]) -> tuple[str, ...]:
    """Those of the named formats that are known here and really decode."""
    return tuple(name for name in names if name in FORMATS and decodes(name))


def register(names: Iterable[str]) -> None:
    """Teach Pillow those of the formats that it does not know by itself.

    Raises:
        ImportError: a decoder is not installed.
    """
    if "HEIF" in names:
        import_module("pi_heif").register_heif_opener()


def _sample(name: str) -> BytesIO:
    """A tiny picture; of HEIC, which nothing here can write, one that was made once."""
    if name == "HEIF":
        return BytesIO(Path(__file__).with_name("sample.heic").read_bytes())
    sample = BytesIO()
    Image.new("RGB", (8, 8)).save(sample, name)
    return sample
