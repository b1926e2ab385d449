"""Sweep and adopt: what time and a login do."""

import os
from datetime import timedelta
from io import StringIO
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from uploads import lifecycle
from uploads.lifecycle import Swept, sweeping
from uploads.models import Draft, Owner, StoredImage
from uploads.tests.drafts import confirm, preview_of, select, somebody, stage, stage_upload, temporary_upload

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def expire(draft: Draft) -> None:
    Draft.objects.filter(pk=draft.pk).update(expires_at=timezone.now() - timedelta(seconds=1))


def stray_folder(name: str, *, minutes_old: int) -> Path:
    """What a worker leaves that dies while it stages a picture."""
    folder = Path(settings.UPLOADS_DISK_DIR) / name
    folder.mkdir()
    (folder / "source-0").write_bytes(b"left behind")
    then = timezone.now().timestamp() - 60 * minutes_old
    os.utime(folder, (then, then))
    return folder


def test_nothing_to_do_is_nothing_done(bucket):
    stage()
    confirm(stage())
    assert lifecycle.sweep() == Swept()


def test_expired_drafts_go_with_their_files(draft_files):
    live, memory, disk = stage(), stage(), stage_upload(temporary_upload())
    preview_of(memory)
    for draft in (memory, disk):
        expire(draft)
    assert lifecycle.sweep() == Swept(expired=2)
    assert list(Draft.objects.all()) == [live]
    assert len(draft_files()) == 2


def test_a_draft_that_is_changed_in_time_stays():
    draft = stage()
    expire(draft)
    select(draft, 0, 0, 50, 50)
    assert lifecycle.sweep() == Swept()
    assert Draft.objects.exists()


def test_a_draft_whose_person_comes_back_during_the_sweep_stays(monkeypatch, draft_files):
    draft = stage()
    expire(draft)
    discard = sweeping.discard

    def come_back(found, **among):
        select(draft, 0, 0, 50, 50)
        discard(found, **among)

    monkeypatch.setattr(sweeping, "discard", come_back)
    assert lifecycle.sweep() == Swept()
    assert Draft.objects.get().revision == 2
    assert len(draft_files()) == 2


def test_a_draft_that_is_being_stored_does_not_expire(bucket):
    draft = stage()
    later = timezone.now() + timedelta(minutes=1)
    Draft.objects.update(state="confirming", confirm_deadline=later, expires_at=timezone.now() - timedelta(hours=1))
    assert lifecycle.sweep() == Swept()
    assert Draft.objects.get() == draft


def test_stray_folders_go_after_an_hour_and_not_before():
    old, young = stray_folder(str(uuid4()), minutes_old=61), stray_folder(str(uuid4()), minutes_old=59)
    assert lifecycle.sweep() == Swept(stray_folders=1)
    assert not old.exists()
    assert (young / "source-0").exists()


def test_the_folder_of_a_live_draft_stays_however_old():
    draft = stage_upload(temporary_upload())
    folder = Path(settings.UPLOADS_DISK_DIR) / str(draft.pk)
    os.utime(folder, (0, 0))
    assert lifecycle.sweep() == Swept()
    assert preview_of(draft).preview_bytes


def test_a_folder_that_is_none_of_ours_stays():
    folder = stray_folder("lost+found", minutes_old=1000)
    assert lifecycle.sweep() == Swept()
    assert folder.exists()


def test_one_that_cannot_be_swept_does_not_keep_the_others(bucket, without_store):
    image, draft = confirm(stage()), stage()
    StoredImage.objects.filter(pk=image.pk).update(state="deleting")
    expire(draft)
    with without_store():
        assert lifecycle.sweep() == Swept(expired=1)
    assert lifecycle.sweep() == Swept(deleted=1)


def test_the_command_says_what_it_did():
    expire(stage())
    said = StringIO()
    call_command("sweep", stdout=said)
    assert said.getvalue() == "stored: 0, expired: 1, deleted: 0, stray folders: 0, stray uploads: 0\n"


def test_what_a_session_has_moves_to_the_account_that_signs_in(bucket, user):
    session, other = somebody(), somebody()
    image, draft, foreign = confirm(stage(session)), stage(session), stage(other)
    lifecycle.adopt(session.token, user)
    account = Owner(user=user)
    assert list(Draft.objects.owned_by(account)) == [draft]
    assert list(StoredImage.objects.owned_by(account)) == [image]
    assert not Draft.objects.owned_by(session).exists()
    assert list(Draft.objects.owned_by(other)) == [foreign]


def test_what_was_adopted_does_not_move_again(user, django_user_model):
    session = somebody()
    draft = stage(session)
    lifecycle.adopt(session.token, user)
    lifecycle.adopt(session.token, django_user_model.objects.create_user("eve"))
    assert list(Draft.objects.owned_by(Owner(user=user))) == [draft]


def test_a_draft_that_is_being_stored_moves_with_its_image(bucket, user, monkeypatch):
    session = somebody()
    draft = stage(session)
    put = sweeping.storage.ImageStorage.put_if_absent

    def sign_in_and_put(self, *args, **named):
        lifecycle.adopt(session.token, user)
        put(self, *args, **named)

    monkeypatch.setattr(sweeping.storage.ImageStorage, "put_if_absent", sign_in_and_put)
    image = confirm(draft)
    assert (image.owner, image.session_token, image.state) == (user, None, "stored")
    assert not Draft.objects.exists()


def test_a_visitor_who_has_added_nothing_owns_nothing():
    stage()
    assert not Draft.objects.owned_by(Owner()).exists()
