"""A file becomes a draft, or takes a draft's place."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.files.uploadedfile import InMemoryUploadedFile, UploadedFile
from django.db import transaction

from uploads import storage
from uploads.errors import DraftStorageFull, EmptyFile, TooManyBytes, TooManyDrafts, TooSmall
from uploads.geometry import Size
from uploads.imaging import render
from uploads.lifecycle.changing import change
from uploads.lifecycle.sandboxed import decoders, limits
from uploads.models import Draft, DraftCrop, Owner, Preset


def stage(upload: UploadedFile, *, owner: Owner, preset: Preset) -> Draft:
    """Take an upload as a new draft, each crop of which is the largest that there is.

    Raises:
        Refusal: the file is not taken; the class says why.
        TooManyDrafts: the owner has as many as are kept.
        DecoderBusy, DraftStorageFull: not now.
    """
    if Draft.objects.owned_by(owner).count() >= settings.UPLOADS_MAX_DRAFTS:
        raise TooManyDrafts(limit=settings.UPLOADS_MAX_DRAFTS)
    draft = Draft(id=uuid4(), preset=preset, **owner.as_filter())
    _receive(upload, draft)
    with _kept_only_if_saved(draft), transaction.atomic():
        draft.save(force_insert=True)
        _create_first_crops(draft)
    return draft


def replace(draft: Draft, upload: UploadedFile) -> None:
    """Put another picture in a draft's place: its crops begin anew, its texts stay.

    Raises:
        Refusal, DecoderBusy, DraftStorageFull: as ``stage()``; the draft is as it was.
        DraftConflict: the draft is not open any more.
    """
    columns = _receive(upload, draft)
    with _kept_only_if_saved(draft), transaction.atomic():
        change(draft)
        # Read only now: it may have been replaced or looked at while the new picture was decoded.
        old = Draft.objects.get(pk=draft.pk)
        # Locked, where the database locks rows, so that no preview is made for a crop that goes.
        rendered = [name for crop in old.crops.select_for_update() for name in crop.file_names()]
        old_files = [old.source_name, old.working_name, *rendered]
        draft.save(update_fields=columns)
        draft.crops.all().delete()
        _create_first_crops(draft)
        transaction.on_commit(partial(storage.delete_draft_files, old.storage_alias, old_files))


@contextmanager
def _kept_only_if_saved(draft: Draft) -> Iterator[None]:
    """Delete the files that were received if their row cannot be written."""
    try:
        yield
    except BaseException:
        storage.delete_draft_files(draft.storage_alias, [draft.source_name, draft.working_name])
        raise


def _receive(upload: UploadedFile, draft: Draft) -> list[str]:
    """Move an upload to its tier, decode it fully, and set the draft's columns; return their names."""
    size = upload.size or 0
    if size == 0:
        raise EmptyFile()
    if size > settings.UPLOADS_MAX_BYTES:
        megabytes = {"size_mb": f"{size / 1e6:.1f}", "limit_mb": f"{settings.UPLOADS_MAX_BYTES / 1e6:g}"}
        raise TooManyBytes(**megabytes)
    digest, chunk_count = sha256(), 0
    for chunk in upload.chunks():
        digest.update(chunk)
        chunk_count += 1
    in_memory = isinstance(upload, InMemoryUploadedFile)
    facts: dict[str, Any] = {
        "file_name": upload.name or "",
        "claimed_type": "".join(filter(str.isprintable, upload.content_type or ""))[:255],
        "handler": "MemoryFileUploadHandler" if in_memory else "TemporaryFileHandler",
        "chunk_count": chunk_count,
        "source_bytes": size,
        "source_sha256": digest.hexdigest(),
        "source_name": storage.draft_file_name(draft.pk, "source"),
        "working_name": storage.draft_file_name(draft.pk, "working"),
    }
    for column, value in facts.items():
        setattr(draft, column, value)
    draft.tier = Draft.Tier.MEMORY if in_memory and _fits_in_memory(size) else Draft.Tier.DISK
    try:
        staged = _save_and_decode(upload, draft)
    except DraftStorageFull:
        if draft.tier == Draft.Tier.DISK:
            raise
        # The memory file system is smaller than its budget, or others use it.
        draft.tier = Draft.Tier.DISK
        staged = _save_and_decode(upload, draft)
    found = {
        "format": staged.format,
        "frames": staged.frames,
        "carries": list(staged.receipt),
        "width": staged.size.width,
        "height": staged.size.height,
        "working_bytes": staged.working.bytes,
        "working_format": staged.working.format,
        "working_sha256": staged.working.sha256,
    }
    for column, value in found.items():
        setattr(draft, column, value)
    return ["tier", *facts, *found]


def _save_and_decode(upload: UploadedFile, draft: Draft) -> render.Staged:
    storage.save_upload(draft.storage_alias, draft.source_name, upload)
    with _kept_only_if_saved(draft):
        staged = _make_working_copy(draft)
        _require_pixels(draft.preset, staged.size)
    return staged


def _fits_in_memory(size: int) -> bool:
    return Draft.objects.bytes_in(Draft.Tier.MEMORY) + size <= settings.UPLOADS_MEMORY_BUDGET_BYTES


def _make_working_copy(draft: Draft) -> render.Staged:
    alias = draft.storage_alias
    with storage.local_file(alias, draft.source_name) as source, storage.new_file(alias, draft.working_name) as target:
        return decoders().run(render.stage, source, target, limits())


def _require_pixels(preset: Preset, size: Size) -> None:
    """Refuse a picture in which a crop of the preset cannot reach its smallest size."""
    for spec in preset.specs.all():
        if not spec.is_reached_by(spec.first_selection(size).box):
            smallest = {"min_width": spec.min_width, "min_height": spec.min_height}
            raise TooSmall(width=size.width, height=size.height, spec=spec.name, **smallest)


def _create_first_crops(draft: Draft) -> None:
    DraftCrop.objects.bulk_create(
        DraftCrop(draft=draft, spec=spec, **DraftCrop.columns(spec.first_selection(draft.size)))
        for spec in draft.preset.specs.all()
    )
