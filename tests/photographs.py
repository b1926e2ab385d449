"""Real photographs: those that the source distributions of Pillow and piexif carry for their own tests."""

import tarfile
import zipfile
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageCms

ARCHIVES = Path(__file__).resolve().parent.parent / "var" / "photographs"
ORIENTATION_TAG = 0x0112


@cache
def from_pillow(name: str) -> bytes:
    """A file of Pillow's ``Tests/images``."""
    with tarfile.open(_archive("pillow-*.tar.gz")) as archive:
        member = next(each for each in archive if each.name.endswith(f"/Tests/images/{name}"))
        file = archive.extractfile(member)
        assert file is not None
        return file.read()


def all_from_pillow() -> Iterator[tuple[str, bytes]]:
    """Every file below Pillow's ``Tests/images``, odd and hostile ones among them: its path and its bytes."""
    with tarfile.open(_archive("pillow-*.tar.gz")) as archive:
        for member in archive:
            file = archive.extractfile(member) if "/Tests/images/" in member.name and member.isfile() else None
            if file is not None:
                yield member.name, file.read()


@cache
def from_piexif(name: str) -> bytes:
    """A file of piexif's ``tests/images``."""
    with zipfile.ZipFile(_archive("piexif-*.zip")) as archive:
        return archive.read(next(each for each in archive.namelist() if each.endswith(f"/tests/images/{name}")))


def still_life() -> bytes:
    """2000 × 1072 px, 1.8 MB: small enough for Django to keep in memory. Its colours are Adobe RGB."""
    return from_pillow("xmp_test.jpg")


def still_life_in_srgb() -> Image.Image:
    """Its pixels, with the colours that its profile means."""
    image = Image.open(BytesIO(still_life()))
    profile = ImageCms.ImageCmsProfile(BytesIO(image.info["icc_profile"]))
    converted = ImageCms.profileToProfile(image, profile, ImageCms.createProfile("sRGB"))
    assert converted is not None
    return converted


@cache
def still_life_as_png() -> bytes:
    """The same picture, 4 MB: so large that Django writes a temporary file."""
    file = BytesIO()
    still_life_in_srgb().save(file, "PNG", compress_level=1, icc_profile=None)
    return file.getvalue()


@cache
def church_on_its_side() -> bytes:
    """500 × 667 px, taken with the camera turned: stored lying, with EXIF orientation 6."""
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = 6
    file = BytesIO()
    upright = Image.open(BytesIO(from_piexif("large.jpg")))
    upright.transpose(Image.Transpose.ROTATE_90).save(file, "JPEG", quality=92, exif=exif)
    return file.getvalue()


def flower() -> bytes:
    """480 × 360 px."""
    return from_pillow("flower.jpg")


def airplane() -> bytes:
    """800 × 531 px, with EXIF data that do not keep to their types."""
    return from_pillow("exif_typeerror.jpg")


def _archive(pattern: str) -> Path:
    found = next(ARCHIVES.glob(pattern), None)
    if found is None:
        pytest.fail(f"{ARCHIVES / pattern} is missing; ./test fetches it (tests/photographs.txt).")
    return found
