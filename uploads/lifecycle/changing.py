"""A draft is looked at and changed, until it is confirmed or discarded."""

from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from uploads import storage
from uploads.decoding import decoders, limits
from uploads.errors import CropChanged, DraftConflict
from uploads.geometry import Selection
from uploads.imaging import render
from uploads.models import CropSpec, Draft, DraftCrop, DraftQuerySet, StoredImage


def change(draft: Draft, *, among: DraftQuerySet | None = None, **columns: Any) -> None:
    """Change an open draft's row, which keeps it from everybody else until the transaction ends.

    Raises:
        DraftConflict: it is not open, or not ``among`` the given ones, any more.
    """
    rows = Draft.objects.all() if among is None else among
    expires_at = timezone.now() + timedelta(hours=settings.UPLOADS_DRAFT_HOURS)
    open_draft = rows.filter(pk=draft.pk, state=Draft.State.OPEN)
    if not open_draft.update(revision=F("revision") + 1, expires_at=expires_at, **columns):
        raise DraftConflict()


def edit(draft: Draft, spec: CropSpec, selection: Selection, *, shown: str = "") -> None:
    """Save a selection that ``spec`` accepted; what was rendered for another goes.

    ``shown`` is the stamp of the crop over which it was chosen; without one it replaces any.

    Raises:
        DraftConflict: the draft is not open any more.
        CropChanged: the crop is not the one that was ``shown``.
    """
    with transaction.atomic():
        crop = draft.crops.filter(spec=spec).first()
        if crop is None:
            raise DraftConflict()
        if crop.selection == selection:
            return
        change(draft)
        # Again, and locked where the database locks rows: a preview may have been made meanwhile.
        crop = draft.crops.select_for_update().get(pk=crop.pk)
        if shown not in {"", crop.stamp}:
            raise CropChanged()
        transaction.on_commit(partial(storage.delete_draft_files, draft.storage_alias, crop.file_names()))
        crop.renditions.all().delete()
        draft.crops.filter(pk=crop.pk).update(
            **DraftCrop.columns(selection), preview_name="", preview_recipe="", preview_sha256="", preview_bytes=None
        )


def preview(crop: DraftCrop) -> DraftCrop:
    """Render a crop unless that is done; return the row that names the very bytes that confirming stores.

    Raises:
        DraftConflict: the crop was changed meanwhile.
        DraftFileLost, DecoderBusy, BrokenPicture: it cannot be rendered.
    """
    recipe = recipe_of(crop)
    if crop.preview_recipe == recipe.digest:
        return crop
    draft = crop.draft
    name, alias = storage.draft_file_name(draft.pk, crop.spec.slug), draft.storage_alias
    with storage.local_file(alias, draft.source_name) as source, storage.new_file(alias, name) as target:
        rendered = decoders().run(render.render, source, target, limits(), recipe)
    unchanged = DraftCrop.objects.filter(
        pk=crop.pk, preview_name=crop.preview_name, **DraftCrop.columns(crop.selection)
    )
    stale_name = crop.preview_name
    if not unchanged.update(
        preview_name=name,
        preview_recipe=recipe.digest,
        preview_sha256=rendered.sha256,
        preview_bytes=rendered.bytes,
        preview_format=rendered.format,
        preview_frames=rendered.frames,
    ):
        stale_name = name
    storage.delete_draft_files(alias, [stale_name])
    current = DraftCrop.objects.select_related("draft", "spec").filter(pk=crop.pk).first()
    if current is None or current.preview_recipe != recipe.digest:
        raise DraftConflict()
    return current


def recipe_of(crop: DraftCrop) -> render.Recipe:
    """What a crop becomes under its spec as that is now."""
    spec, selection = crop.spec, crop.selection
    output = spec.output_size(selection.box)
    return render.Recipe(selection, output, spec.output_format, spec.quality, spec.keeps_animation)


def kept_frames(crop: DraftCrop) -> int:
    """How many frames the file of a crop will have: of a picture that moves all of them, or the first."""
    draft = crop.draft
    is_kept = crop.spec.keeps_animation and limits().allow_frames(draft.frames, draft.size, crop.output_size)
    return draft.frames if is_kept else 1


def describe(picture: Draft | StoredImage, **texts: str) -> None:
    """Save texts, ``title`` or ``alt_text`` or both. They are no part of the pixels: a draft's revision stays.

    While a draft is being stored, they go to both, the draft and the image that it becomes.

    Raises:
        DraftConflict: the picture was deleted.
    """
    drafts = Draft.objects.filter(pk=picture.pk)
    images = StoredImage.objects.visible().filter(pk=picture.pk)
    if not sum(rows.update(**texts) for rows in (drafts, images)):
        raise DraftConflict()


def discard(draft: Draft, *, among: DraftQuerySet | None = None) -> None:
    """Delete a draft and its files, if it is (still) ``among`` the given ones.

    Raises:
        DraftConflict: it is being stored, or changed meanwhile.
    """
    with transaction.atomic():
        change(draft, among=among)
        transaction.on_commit(partial(storage.delete_draft_folder, draft.pk))
        draft.delete()
