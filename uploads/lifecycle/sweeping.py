"""What time does: unfinished work is taken forward, expired drafts go, sessions become accounts."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from importlib import import_module
from typing import TypeVar
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from uploads import storage
from uploads.errors import UploadsError
from uploads.lifecycle.changing import discard
from uploads.lifecycle.storing import delete_objects, store, take_over
from uploads.models import Draft, StoredImage

T = TypeVar("T", Draft, StoredImage)

STRAY_AGE = timedelta(hours=1)
# A temporary file of a living worker is locked; only one that was made this moment is not yet.
UNLOCKED_AGE = timedelta(minutes=1)

logger = logging.getLogger(__name__)


def adopt(token: UUID, user: User) -> None:
    """Move what an anonymous session has to the account that it signed in to."""
    with transaction.atomic():
        Draft.objects.adopt(token, user)
        StoredImage.objects.adopt(token, user)


@dataclass(slots=True)
class Swept:
    """What a sweep did, counted."""

    stored: int = 0
    expired: int = 0
    deleted: int = 0
    stray_folders: int = 0
    stray_uploads: int = 0


def sweep() -> Swept:
    """Take forward what stopped half-way, and remove what nobody will come back for."""
    now, swept = timezone.now(), Swept()
    for draft in Draft.objects.stalled(now):
        if take_over(draft):
            swept.stored += _tried(store, draft)
    expired = Draft.objects.expired(now)
    for draft in expired:
        # Not by the list alone: its person may come back just now.
        swept.expired += _tried(partial(discard, among=expired), draft)
    for image in StoredImage.objects.to_delete(now):
        swept.deleted += _tried(delete_objects, image)
    strays = set(storage.draft_folders(older_than=now - STRAY_AGE))
    # Those without a row: their worker died while staging.
    for draft_id in strays - set(Draft.objects.values_list("pk", flat=True)):
        storage.delete_draft_folder(draft_id)
        swept.stray_folders += 1
    swept.stray_uploads = storage.delete_abandoned(older_than=now - UNLOCKED_AGE)
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    return swept


def _tried(step: Callable[[T], object], subject: T) -> bool:
    try:
        return step(subject) is not False
    except UploadsError as error:
        logger.warning("Sweep: %s stays as it is for now: %s", subject.pk, error)
        return False
