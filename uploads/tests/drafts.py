"""Drafts and stored images for tests, and several people at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier
from typing import TypeVar
from uuid import uuid4

from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.db import connection

from uploads import lifecycle
from uploads.geometry import Box, Selection
from uploads.imaging.formats import FORMATS
from uploads.models import CropSpec, Draft, DraftCrop, Owner, Preset, Rendition, StoredImage
from uploads.tests.pictures import encoded, upload

T = TypeVar("T")


def somebody() -> Owner:
    """An anonymous session's owner whom nobody else is."""
    return Owner(token=uuid4())


def stage(owner: Owner | None = None, data: bytes | None = None, *, preset: str = "free", **named: str) -> Draft:
    """An open draft of 400 × 300 pixels, or of another picture, in the memory tier."""
    return stage_upload(upload(data, **named), owner, preset=preset)


def stage_upload(file: UploadedFile, owner: Owner | None = None, *, preset: str = "free") -> Draft:
    """Stage a file and close it, as Django does at the end of a request."""
    with closing(file):
        chosen = {"owner": owner or somebody(), "preset": Preset.objects.get(slug=preset), "may_repeat": True}
        return lifecycle.stage(file, **chosen)


def replace(draft: Draft, file: UploadedFile) -> None:
    """Replace a draft's picture by a file and close it."""
    with closing(file):
        lifecycle.replace(draft, file)


def temporary_upload(data: bytes | None = None, name: str = "photo.png") -> TemporaryUploadedFile:
    """A file as Django's handler for large uploads gives it."""
    data = encoded() if data is None else data
    file = TemporaryUploadedFile(name, "image/png", len(data), None)
    file.write(data)
    file.flush()
    file.seek(0)
    return file


def owner_of(draft: Draft) -> Owner:
    return Owner(user=draft.owner, token=draft.session_token)


def confirm(draft: Draft, **named: int) -> StoredImage:
    """Confirm a draft as its owner."""
    return lifecycle.confirm(owner_of(draft), draft.pk, **named)


def select(draft: Draft, *box: int, **turned: int) -> DraftCrop:
    """Save a selection for a draft's only crop; return the crop."""
    crop = draft.crops.select_related("draft", "spec").get()
    lifecycle.edit(draft, crop.spec, Selection(Box(*box), **turned))
    return draft.crops.select_related("draft", "spec").get()


def preview_of(draft: Draft) -> DraftCrop:
    """The rendered preview of a draft's only crop."""
    return lifecycle.preview(draft.crops.select_related("draft", "spec").get())


def ask_for(*widths: int, formats: tuple[str, ...] = (), slug: str = "free") -> None:
    """Let the crops of a name ask for more widths and formats from now on."""
    CropSpec.objects.filter(slug=slug).update(widths=list(widths), extra_formats=list(formats))


def at_once(*calls: Callable[[], T]) -> list[T | Exception]:
    """Make calls in threads that start together; return what each returned or raised, in order."""
    start = Barrier(len(calls))

    def run(call: Callable[[], T]) -> T | Exception:
        try:
            start.wait()
            return call()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


def draft_row(owner: Owner, **columns: object) -> Draft:
    """A draft of 400 × 300 pixels with its crop, for tests that do not look at its files: it has none."""
    preset = Preset.objects.get(slug=columns.pop("preset", "free"))
    facts = {
        "file_name": "photo.png",
        "tier": Draft.Tier.DISK,
        "handler": "TemporaryFileHandler",
        "chunk_count": 1,
        "source_bytes": 1000,
        "format": "PNG",
        "width": 400,
        "height": 300,
        "source_name": "lost/source",
        "working_name": "lost/working",
        "working_bytes": 500,
        "working_format": "JPEG",
    }
    draft = Draft.objects.create(preset=preset, **owner.as_filter(), **(facts | columns))
    for spec in preset.specs.all():
        selection = spec.first_selection(draft.size)
        DraftCrop.objects.create(draft=draft, spec=spec, **DraftCrop.columns(selection))
    return draft


def image_row(owner: Owner, **columns: object) -> StoredImage:
    """A stored image with one rendition, for tests that do not look at its object: it has none."""
    preset = Preset.objects.get(slug="free")
    facts = {"file_name": "photo.png", "state": StoredImage.State.STORED}
    image = StoredImage.objects.create(preset=preset, **owner.as_filter(), **(facts | columns))
    Rendition.objects.create(
        image=image,
        slug="free",
        name="Free",
        key=f"images/{image.pk}/free.jpg",
        format="JPEG",
        width=400,
        height=300,
        bytes=1000,
        sha256="0" * 64,
    )
    return image


def other_row(image: StoredImage, width: int, format_name: str, slug: str = "free") -> Rendition:
    """One more file of a crop of 4 : 3, beside its main one, for tests that do not look at its object: it has none."""
    extension = FORMATS[format_name].extension
    return Rendition.objects.create(
        image=image,
        slug=slug,
        name="Free",
        is_main=False,
        key=f"images/{image.pk}/{slug}/{width}.{extension}",
        format=format_name,
        width=width,
        height=width * 3 // 4,
        bytes=width,
        sha256="1" * 64,
    )
