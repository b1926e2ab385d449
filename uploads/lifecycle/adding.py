"""A file becomes a draft, or takes a draft's place."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.core.cache import cache
from django.core.files.uploadedfile import InMemoryUploadedFile, UploadedFile
from django.db import transaction

from uploads import storage
from uploads.decoding import decoders, decoding_of, limits
from uploads.errors import (
    AlreadyAdded,
    DraftStorageFull,
    EmptyFile,
    TooManyBytes,
    TooManyDraftBytes,
    TooManyDrafts,
    TooSmall,
    UploadCancelled,
    UploadsError,
    in_megabytes,
)
from uploads.geometry import Size
from uploads.imaging import render
from uploads.lifecycle.changing import change, discard
from uploads.models import Draft, DraftCrop, DraftQuerySet, Owner, Preset
from uploads.received import Facts, attach, facts_of

# The upload, its working copy, and previews, which may be as large.
FILES_OF_DRAFT = 4
# Longer than anything that has arrived can take until it is a draft.
CANCELLED_SECONDS = 600


class _AddedMeanwhile(Exception):
    """The same request was carried out while this one was under way."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft


def stage(
    upload: UploadedFile,
    *,
    owner: Owner,
    preset: Preset,
    key: UUID | None = None,
    may_repeat: bool = False,
    chosen_at: datetime | None = None,
) -> Draft:
    """Take an upload as a new draft, each crop of which is the largest that there is.

    A ``key`` is added once: whoever comes with it again gets the draft of the first time. The bytes of another open
    draft are taken again only if they ``may_repeat``. ``chosen_at`` is its place among the others, where several come
    at once; otherwise that is when it was added.

    Raises:
        Refusal: the file is not taken; the class says why.
        AlreadyAdded: the owner has an open draft of the same bytes.
        UploadCancelled: it was called off, by its key, while it was under way.
        TooManyDrafts, TooManyDraftBytes: the owner has as many, or as large ones, as are kept.
        DecoderBusy, DraftStorageFull: not now.
    """
    _require_bytes(upload)
    draft = Draft(id=uuid4(), preset=preset, upload_key=key, **owner.as_filter())
    try:
        # Asked twice: now, so that a picture that has no place is not decoded, and when its place is taken.
        _require_place(upload, owner, key, may_repeat=may_repeat)
        _receive(upload, draft)
        with _kept_only_if_saved(draft), transaction.atomic():
            Preset.objects.one_at_a_time()
            _require_place(upload, owner, key, may_repeat=may_repeat)
            draft.save(force_insert=True)
            if chosen_at:
                Draft.objects.filter(pk=draft.pk).update(created_at=chosen_at)
            _create_first_crops(draft)
    except _AddedMeanwhile as earlier:
        return earlier.draft
    return draft


def cancel(owner: Owner, key: UUID) -> None:
    """Call an upload off: the draft that came of it goes, and one that is still to come is not taken.

    Raises:
        DraftConflict: the draft is being stored.
    """
    cache.set(_cancelled(key), "cancelled", CANCELLED_SECONDS)
    with transaction.atomic():
        # After an upload that was not told in time, and then its draft is there; or before it, and then it is told.
        Preset.objects.one_at_a_time()
        draft = Draft.objects.owned_by(owner).filter(upload_key=key).first()
    if draft:
        discard(draft)


def stage_again(draft: Draft, *, file_name: str) -> Draft:
    """Add a draft's picture a second time, with another file name, for somebody who wants both.

    Raises:
        DraftFileLost, TooManyDrafts, TooManyDraftBytes, DecoderBusy, DraftStorageFull: as ``stage()``.
    """
    owner = Owner(user=draft.owner, token=draft.session_token)
    file_name = "".join(filter(str.isprintable, file_name)) or draft.file_name
    with storage.local_file(draft.storage_alias, draft.source_name) as path, path.open("rb") as file:
        copy = UploadedFile(file, file_name, draft.claimed_type, draft.source_bytes)
        attach(copy, Facts(draft.source_sha256, draft.chunk_count, draft.handler))
        return stage(copy, owner=owner, preset=draft.preset, may_repeat=True)


def require_room(owner: Owner, *, drafts: int, new_bytes: int, key: UUID | None = None) -> None:
    """Refuse an owner who would have more than is kept; not one who comes again with a ``key`` that was added.

    Raises:
        TooManyDrafts, TooManyDraftBytes: that is so.
    """
    mine = Draft.objects.owned_by(owner)
    if key and mine.filter(upload_key=key).exists():
        return
    if drafts and mine.count() + drafts > settings.UPLOADS_MAX_DRAFTS:
        raise TooManyDrafts(limit=settings.UPLOADS_MAX_DRAFTS)
    total = mine.total_bytes() + new_bytes
    if total > settings.UPLOADS_MAX_DRAFT_BYTES:
        raise TooManyDraftBytes(**in_megabytes(total, settings.UPLOADS_MAX_DRAFT_BYTES))


def _require_place(upload: UploadedFile, owner: Owner, key: UUID | None, *, may_repeat: bool) -> None:
    mine = Draft.objects.owned_by(owner)
    if key and cache.get(_cancelled(key)):
        raise UploadCancelled()
    _require_new(mine, key)
    try:
        same = None if may_repeat else mine.filter(source_sha256=facts_of(upload).sha256).first()
        if same:
            raise AlreadyAdded(name=same.file_name, draft=same.pk)
        require_room(owner, drafts=1, new_bytes=upload.size or 0)
    except UploadsError:
        _require_new(mine, key)  # the draft in the way may be this very one, added a moment ago
        raise


def _require_new(mine: DraftQuerySet, key: UUID | None) -> None:
    if key and (earlier := mine.filter(upload_key=key).first()):
        raise _AddedMeanwhile(earlier)


def _cancelled(key: UUID) -> str:
    return f"upload-cancelled-{key}"


def replace(draft: Draft, upload: UploadedFile) -> None:
    """Put another picture in a draft's place: its crops begin anew, its texts stay.

    Raises:
        Refusal, DecoderBusy, DraftStorageFull: as ``stage()``; the draft is as it was.
        DraftConflict: the draft is not open any more.
    """
    _require_bytes(upload)
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


def _require_bytes(upload: UploadedFile) -> None:
    if not upload.size:
        raise EmptyFile()
    if upload.size > settings.UPLOADS_MAX_BYTES:
        raise TooManyBytes(**in_megabytes(upload.size, settings.UPLOADS_MAX_BYTES))


def _receive(upload: UploadedFile, draft: Draft) -> list[str]:
    """Move an upload to its tier, decode it fully, and set the draft's columns; return their names."""
    size = upload.size or 0
    came = facts_of(upload)
    in_memory = isinstance(upload, InMemoryUploadedFile)
    facts: dict[str, Any] = {
        "file_name": upload.name or "",
        "claimed_type": "".join(filter(str.isprintable, upload.content_type or ""))[:255],
        "handler": came.handler,
        "chunk_count": came.chunk_count,
        "source_bytes": size,
        "source_sha256": came.sha256,
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
        staged = _make_working_copy(upload, draft)
        _require_pixels(draft.preset, staged.size)
    return staged


def _fits_in_memory(size: int) -> bool:
    """Whether the budget has room for a file, and the memory for that and for what is made of it."""
    if storage.memory_room() < FILES_OF_DRAFT * size:
        return False
    return Draft.objects.bytes_in(Draft.Tier.MEMORY) + size <= settings.UPLOADS_MEMORY_BUDGET_BYTES


def _make_working_copy(upload: UploadedFile, draft: Draft) -> render.Staged:
    """Decode a file that is whole, unless that was done while it arrived."""
    alias, begun = draft.storage_alias, decoding_of(upload)
    with storage.local_file(alias, draft.source_name) as source, storage.new_file(alias, draft.working_name) as target:
        staged = begun.take(target) if begun else None
        return staged or decoders().run(render.stage, source, target, limits())


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
