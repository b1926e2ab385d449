"""Confirm: a draft's crops become objects of the bucket, exactly once. Delete: they go again."""

import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from uploads import storage
from uploads.errors import DraftConflict, DraftFileLost, KeyTaken, StoreUnavailable
from uploads.imaging.formats import FORMATS
from uploads.lifecycle.changing import preview
from uploads.lifecycle.renditions import render_others
from uploads.models import Draft, DraftCrop, DraftQuerySet, DraftRendition, Owner, Rendition, StoredImage

# Longer than putting one object takes when every request runs into its time-outs.
CONFIRM_LEASE = timedelta(seconds=120)
DELETE_LEASE = timedelta(seconds=60)
# How long a second request waits for the first one's outcome.
OUTCOME_SECONDS = 15

logger = logging.getLogger(__name__)


def confirm(owner: Owner, draft_id: UUID, *, seen: int | None = None) -> StoredImage:
    """Store a draft's crops in the bucket, exactly once; repeated at any time, the answer is the same.

    ``seen`` is the revision that the person looked at. The result's state is ``storing`` only if another
    request has been at it for longer than is waited here.

    Raises:
        Draft.DoesNotExist: the owner has no such draft, and no such stored image.
        DraftConflict: the draft is no longer what was seen.
        SelectionError: the rules of a crop have changed since, and it does not keep them.
        DraftFileLost, DecoderBusy, BrokenPicture: a file that was not made yet cannot be made.
        StoreUnavailable: the bucket does not answer; the draft is open, as it was.
    """
    try:
        draft = Draft.objects.owned_by(owner).select_related("preset").get(pk=draft_id)
    except Draft.DoesNotExist:
        image: StoredImage | None = StoredImage.objects.owned_by(owner).visible().filter(pk=draft_id).first()
        if image is None:
            raise
        return image
    if draft.state == Draft.State.OPEN:
        if seen is not None and seen != draft.revision:
            raise DraftConflict()
        try:
            _clear_leftovers(draft)
            claimed = _claim(draft, _rendered(draft))
        except (DraftConflict, DraftFileLost):
            now = Draft.objects.filter(pk=draft.pk, state=Draft.State.OPEN).first()
            if now is not None and now.revision == draft.revision:
                raise
            if now is not None:
                raise DraftConflict() from None  # replaced meanwhile
            claimed = False  # another request stores it, or has just done so
    else:
        claimed = take_over(draft)
    return store(draft) if claimed else _await_outcome(draft)


def _rendered(draft: Draft) -> dict[DraftCrop, list[DraftRendition]]:
    """The crops with their previews, and the other files of each, so that all digests are known before the intent.

    A preview that an admin's new rules have made outdated is shown first.
    """
    outdated = False
    crops = []
    for crop in draft.crops.select_related("draft", "spec"):
        crop.spec.accept(crop.selection, draft.size)
        current = preview(crop)
        outdated = outdated or crop.preview_recipe not in {"", current.preview_recipe}
        crops.append(current)
    if outdated or not crops:
        raise DraftConflict()
    return {crop: render_others(draft, crop) for crop in crops}


def _claim(draft: Draft, crops: Mapping[DraftCrop, list[DraftRendition]]) -> bool:
    """Write down the intent, with all keys, before any object; of two claims one succeeds."""
    with transaction.atomic():
        unchanged = Draft.objects.filter(pk=draft.pk, state=Draft.State.OPEN, revision=draft.revision)
        deadline = timezone.now() + CONFIRM_LEASE
        if not unchanged.update(state=Draft.State.CONFIRMING, confirm_deadline=deadline):
            return False
        # Read again: texts and, after a login, the owner may have changed while previews were made.
        draft.refresh_from_db()
        if StoredImage.objects.filter(pk=draft.pk).exists():
            raise StoreUnavailable()  # the leftovers of another attempt, meanwhile; nothing of this claim stays
        loses_frames = any(crop.preview_frames < draft.frames for crop in crops)
        image = StoredImage.objects.create(
            id=draft.pk,
            owner=draft.owner,
            session_token=draft.session_token,
            preset=draft.preset,
            file_name=draft.file_name,
            title=draft.title,
            alt_text=draft.alt_text,
            removed=draft.carries + ["animation"] * loses_frames,
        )
        Rendition.objects.bulk_create(_main_rendition(image, crop) for crop in crops)
        Rendition.objects.bulk_create(
            _other_rendition(image, crop, other) for crop, others in crops.items() for other in others
        )
    return True


def _main_rendition(image: StoredImage, crop: DraftCrop) -> Rendition:
    size = crop.output_size
    return Rendition(
        **_spec_columns(image, crop),
        key=storage.object_key(image.pk, crop.spec.slug, FORMATS[crop.preview_format].extension),
        format=crop.preview_format,
        width=size.width,
        height=size.height,
        bytes=crop.preview_bytes or 0,
        sha256=crop.preview_sha256,
        frames=crop.preview_frames,
    )


def _other_rendition(image: StoredImage, crop: DraftCrop, other: DraftRendition) -> Rendition:
    return Rendition(
        **_spec_columns(image, crop),
        is_main=False,
        key=storage.object_key(image.pk, crop.spec.slug, FORMATS[other.format].extension, width=other.width),
        format=other.format,
        width=other.width,
        height=other.height,
        bytes=other.bytes,
        sha256=other.sha256,
        frames=crop.preview_frames,
    )


def _spec_columns(image: StoredImage, crop: DraftCrop) -> dict[str, Any]:
    spec = crop.spec
    return {"image": image, "spec": spec, "slug": spec.slug, "name": spec.name, "position": spec.position}


def take_over(draft: Draft) -> bool:
    """Claim a confirmation that stopped half-way: its lease has ended."""
    return _lease(draft, Draft.objects.stalled(timezone.now()))


def store(draft: Draft) -> StoredImage:
    """Put the objects of a draft that this process has claimed, then let the draft go.

    A worker that slept for longer than its lease finds that the claim is another's: it leaves everything as it is.

    Raises:
        StoreUnavailable, DraftFileLost, DraftConflict: the draft is open again.
    """
    files, has_put = _files(draft), False
    try:
        for rendition in Rendition.objects.filter(image=draft.pk):
            if not _renew(draft):
                return _await_outcome(draft)
            if rendition.sha256 not in files:
                raise DraftConflict()  # rendered anew meanwhile, by other rules than those of the intent
            with storage.local_file(draft.storage_alias, files[rendition.sha256]) as path:
                _put(draft, rendition, path)
            has_put = True
    except (StoreUnavailable, KeyTaken, DraftFileLost, DraftConflict) as error:
        if not _reopen(draft):
            return _await_outcome(draft)
        # A store that has not answered at all would not now either: ``sweep`` asks it later.
        if has_put or not isinstance(error, StoreUnavailable):
            with suppress(StoreUnavailable):
                _clear_leftovers(draft)
        raise
    image = None
    with transaction.atomic():
        if _renew(draft):
            StoredImage.objects.filter(pk=draft.pk).update(state=StoredImage.State.STORED, stored_at=timezone.now())
            transaction.on_commit(partial(storage.delete_draft_folder, draft.pk))
            Draft.objects.filter(pk=draft.pk).delete()
            image = StoredImage.objects.get(pk=draft.pk)  # now: its person may delete it at once
    return image or _await_outcome(draft)


def _files(draft: Draft) -> dict[str, str]:
    """The names of a draft's rendered files, by the SHA-256 of what is in them: that is what the intent promises."""
    previews = draft.crops.values_list("preview_sha256", "preview_name")
    others = DraftRendition.objects.filter(crop__draft=draft).values_list("sha256", "name")
    return dict([*previews, *others])


def _put(draft: Draft, rendition: Rendition, path: Path) -> None:
    put = partial(
        storage.images().put_if_absent,
        rendition.key,
        path,
        content_type=rendition.content_type,
        sha256_hex=rendition.sha256,
    )
    try:
        put()
    except KeyTaken:
        # A request that was given up arrived late. Only whoever has the claim may say what is under the key.
        if not _renew(draft):
            raise
        storage.images().delete_keys([rendition.key])
        put()


def _renew(draft: Draft) -> bool:
    """Extend this process's claim, if it is still this process's."""
    return _lease(draft, Draft.objects.filter(state=Draft.State.CONFIRMING, confirm_deadline=draft.confirm_deadline))


def _lease(draft: Draft, among: DraftQuerySet) -> bool:
    """Set a new deadline, which is what tells one claim from another."""
    deadline = timezone.now() + CONFIRM_LEASE
    leased = among.filter(pk=draft.pk).update(confirm_deadline=deadline)
    if leased:
        draft.confirm_deadline = deadline
    return bool(leased)


def _reopen(draft: Draft) -> bool:
    """Give this process's claim up: the draft is open again.

    The intent stays, as one to delete, until its objects are known to be gone.
    """
    with transaction.atomic():
        reopened = _renew(draft)
        if reopened:
            StoredImage.objects.filter(pk=draft.pk).update(state=StoredImage.State.DELETING)
            Draft.objects.filter(pk=draft.pk).update(state=Draft.State.OPEN, confirm_deadline=None)
    return reopened


def _clear_leftovers(draft: Draft) -> None:
    """Delete what an attempt that was given up may have left under the keys that are wanted now.

    Raises:
        StoreUnavailable: it cannot be deleted now, or somebody else is deleting it.
    """
    leftover = StoredImage.objects.filter(pk=draft.pk, state=StoredImage.State.DELETING).first()
    if leftover is not None and not delete_objects(leftover):
        raise StoreUnavailable()


def _await_outcome(draft: Draft) -> StoredImage:
    """The result of another request that is storing this draft just now."""
    give_up_at = time.monotonic() + OUTCOME_SECONDS
    while time.monotonic() < give_up_at:
        state = Draft.objects.filter(pk=draft.pk).values_list("state", flat=True).first()
        if state == Draft.State.OPEN and draft.state == Draft.State.OPEN:
            raise DraftConflict()  # it was changed while the previews were made
        if state == Draft.State.OPEN:
            raise StoreUnavailable()  # the other request gave up
        if state is None:
            break
        draft.state = state
        time.sleep(0.1)
    image: StoredImage | None = StoredImage.objects.visible().filter(pk=draft.pk).first()
    if image is None:
        raise DraftConflict()
    return image


def delete(image: StoredImage) -> None:
    """Delete a stored image and its objects; if the bucket does not answer, ``sweep`` goes on with it.

    Raises:
        DraftConflict: it is still being stored.
    """
    unfinished = StoredImage.objects.filter(pk=image.pk, state=StoredImage.State.STORING)
    stored = StoredImage.objects.filter(pk=image.pk, state=StoredImage.State.STORED)
    if not stored.update(state=StoredImage.State.DELETING) and unfinished.exists():
        raise DraftConflict()
    # The admin deletes in a transaction: waiting for the bucket in it would keep everybody else from writing.
    transaction.on_commit(partial(_delete_soon, image))


def _delete_soon(image: StoredImage) -> None:
    try:
        delete_objects(image)
    except StoreUnavailable:
        logger.warning("The objects of %s are deleted later.", image.pk)


def delete_objects(image: StoredImage) -> bool:
    """Delete the objects of an image that is to be deleted, then its row; return whether that was done here.

    Only one process does so at a time: a slow one must not delete what is stored under the same keys afterwards.

    Raises:
        StoreUnavailable: the bucket does not answer; ``sweep`` tries again.
    """
    now = timezone.now()
    if not StoredImage.objects.to_delete(now).filter(pk=image.pk).update(deleting_until=now + DELETE_LEASE):
        return False
    try:
        storage.images().delete_keys(list(image.renditions.values_list("key", flat=True)))
    except StoreUnavailable:
        StoredImage.objects.filter(pk=image.pk).update(deleting_until=None)
        raise
    StoredImage.objects.filter(pk=image.pk, state=StoredImage.State.DELETING).delete()
    return True
