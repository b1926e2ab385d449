"""Large pictures that are like a camera's: a real photograph enlarged, and fine noise, which no enlargement has."""

from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops

from tests.photographs import still_life

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "var" / "benchmarks"
NOISE = 12
SIZES = {12: (4240, 2832), 24: (6000, 4000), 50: (8660, 5774), 100: (12_240, 8160)}
# Name: what it is, megapixels, extension, how it is saved.
SOURCES: dict[str, tuple[str, int, str, dict[str, Any]]] = {
    **{f"jpeg-{size}": (f"JPEG {size} MP", size, "jpg", {"quality": 90}) for size in SIZES},
    **{
        f"progressive-{size}": (f"progressive JPEG {size} MP", size, "jpg", {"quality": 90, "progressive": True})
        for size in SIZES
    },
    "png-24": ("PNG 24 MP", 24, "png", {}),
    "webp-12": ("WebP 12 MP", 12, "webp", {"quality": 85}),
    "avif-12": ("AVIF 12 MP", 12, "avif", {"quality": 75, "speed": 8}),
}


def path_of(name: str) -> Path:
    """A source's file, made at its first use."""
    _, megapixels, extension, options = SOURCES[name]
    path = FOLDER / f"{name}.{extension}"
    if not path.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        half_made = path.with_stem(f"half-made-{name}")
        _picture(*SIZES[megapixels]).save(half_made, **options)
        half_made.rename(path)
    return path


def tiny(name: str) -> Path:
    """A small picture of the same format, on which a tool loads what it loads only once."""
    path = FOLDER / f"tiny-{name}.{SOURCES[name][2]}"
    if not path.exists():
        _picture(96, 64).save(path, **SOURCES[name][3])
    return path


@lru_cache(maxsize=1)  # the large ones take 400 MB
def _picture(width: int, height: int) -> Image.Image:
    photograph = Image.open(BytesIO(still_life())).convert("RGB")
    # The middle of it that has the ratio.
    side = min(photograph.width, photograph.height * width / height)
    left, upper = (photograph.width - side) / 2, (photograph.height - side * height / width) / 2
    box = (left, upper, photograph.width - left, photograph.height - upper)
    enlarged = photograph.resize((width, height), Image.Resampling.BICUBIC, box=box)
    # Grains of about two pixels, as a camera's own processing leaves them.
    grain = [Image.effect_noise((width // 2, height // 2), NOISE).resize((width, height)) for _ in range(3)]
    picture = ImageChops.add(enlarged, Image.merge("RGB", grain), offset=-128)
    picture.info.clear()  # the photograph's profile: not all tools convert colours, and their pixels are compared
    return picture
