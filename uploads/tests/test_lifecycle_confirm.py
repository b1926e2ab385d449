"""Confirm: exactly once, whatever happens meanwhile."""

from contextlib import suppress
from datetime import timedelta
from functools import partial
from hashlib import sha256
from types import SimpleNamespace

import pytest
from botocore.exceptions import ReadTimeoutError
from django.utils import timezone

from uploads import lifecycle, storage
from uploads.errors import (
    BelowMinimum,
    DraftConflict,
    DraftFileLost,
    StoreUnavailable,
    UploadsError,
)
from uploads.geometry import Box, Selection
from uploads.lifecycle import changing, storing
from uploads.models import CropSpec, Draft, DraftCrop, Owner, Rendition, StoredImage
from uploads.tests.drafts import at_once, confirm, preview_of, select, somebody, stage
from uploads.tests.pictures import decoded, encoded, picture

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


class Killed(BaseException):
    """The worker ends at once: nothing of it that catches exceptions runs."""


@pytest.fixture
def die_before_put(monkeypatch):
    """Let the worker die before its first object; undo with the function returned."""
    return _die(monkeypatch, before=True)


@pytest.fixture
def die_after_put(monkeypatch):
    """Let the worker die after its first object; undo with the function returned."""
    return _die(monkeypatch, before=False)


def _die(monkeypatch, *, before):
    put = storage.ImageStorage.put_if_absent

    def put_and_die(self, *args, **named):
        if not before:
            put(self, *args, **named)
        raise Killed

    monkeypatch.setattr(storage.ImageStorage, "put_if_absent", put_and_die)
    return partial(monkeypatch.setattr, storage.ImageStorage, "put_if_absent", put)


def end_leases():
    """Time passes: whoever was confirming should have been done."""
    confirming = Draft.objects.filter(state=Draft.State.CONFIRMING)
    confirming.update(confirm_deadline=timezone.now() - timedelta(seconds=1))


def assert_stored_once(bucket, draft, data):
    """The draft is one stored image; its object, its row and the preview that was seen agree."""
    image = StoredImage.objects.get()
    assert (image.pk, image.state) == (draft.pk, StoredImage.State.STORED)
    rendition = image.renditions.get()
    assert bucket.keys() == [rendition.key]
    assert bucket.read(rendition.key) == data
    assert (rendition.sha256, rendition.bytes) == (sha256(data).hexdigest(), len(data))
    assert not Draft.objects.exists()


def assert_open(bucket, draft):
    """The draft is as it was, and nothing of it is stored."""
    assert Draft.objects.get(pk=draft.pk).state == Draft.State.OPEN
    assert not StoredImage.objects.visible().exists()
    assert not Rendition.objects.filter(image__state="stored").exists()
    assert bucket.keys() == []
    assert preview_bytes(draft)


def preview_bytes(draft):
    with storage.open_draft_file(draft.storage_alias, preview_of(draft).preview_name) as file:
        return file.read()


def test_what_is_stored_is_what_the_preview_showed(bucket, draft_files):
    draft = stage()
    select(draft, 10, 20, 200, 100, rotate=90)
    data = preview_bytes(draft)
    assert bucket.keys() == []
    confirm(draft)
    assert_stored_once(bucket, draft, data)
    assert draft_files() == []


def test_a_preview_that_was_not_made_yet_is_made(bucket):
    draft = stage()
    select(draft, 10, 20, 200, 100)
    confirm(draft)
    assert decoded(bucket.read(Rendition.objects.get().key)).size == (200, 100)


def test_texts_file_name_preset_and_owner_go_along(bucket, user):
    draft = stage(Owner(user=user), name="beach.png")
    lifecycle.describe(draft, title="The beach", alt_text="Sand and sea")
    image = confirm(draft)
    assert (image.title, image.alt_text, image.file_name) == ("The beach", "Sand and sea", "beach.png")
    assert (image.owner, image.preset) == (user, draft.preset)


def test_each_crop_of_a_preset_becomes_an_object(bucket):
    draft = stage(data=encoded(picture(600, 600)), preset="profile-set")
    image = confirm(draft)
    assert sorted(bucket.keys()) == [f"images/{draft.pk}/banner.jpg", f"images/{draft.pk}/profile.jpg"]
    sizes = {each.slug: (each.width, each.height) for each in image.renditions.all()}
    assert sizes == {"profile": (512, 512), "banner": (600, 200)}
    for each in image.renditions.all():
        assert decoded(bucket.read(each.key)).size == sizes[each.slug]


def test_repeating_it_gives_the_same_answer(bucket):
    draft = stage()
    data = preview_bytes(draft)
    assert [confirm(draft).pk for _ in range(3)] == [draft.pk] * 3
    assert_stored_once(bucket, draft, data)


def test_eight_at_once_store_it_once(bucket):
    draft = stage()
    data = preview_bytes(draft)
    answers = at_once(*[partial(confirm, draft)] * 8)
    assert [getattr(each, "pk", each) for each in answers] == [draft.pk] * 8
    assert {each.state for each in answers} == {StoredImage.State.STORED}
    assert_stored_once(bucket, draft, data)


def test_eight_at_once_agree_on_a_preview_that_nobody_has_made(bucket, draft_files):
    draft = stage()
    answers = at_once(*[partial(confirm, draft)] * 8)
    assert [getattr(each, "pk", each) for each in answers] == [draft.pk] * 8
    assert_stored_once(bucket, draft, bucket.read(Rendition.objects.get().key))
    assert draft_files() == []


@pytest.mark.parametrize("_round", range(4))
def test_of_confirm_and_discard_at_once_one_wins_and_both_answers_are_true(bucket, draft_files, _round):
    draft = stage()
    data = preview_bytes(draft)
    confirmed, discarded = at_once(partial(confirm, draft), partial(lifecycle.discard, Draft.objects.get(pk=draft.pk)))
    if isinstance(confirmed, StoredImage):
        assert isinstance(discarded, DraftConflict)
        assert_stored_once(bucket, draft, data)
    else:
        assert isinstance(confirmed, DraftConflict | Draft.DoesNotExist), repr(confirmed)
        assert discarded is None
        assert not StoredImage.objects.visible().exists()
        assert bucket.keys() == []
    assert not Draft.objects.exists()
    assert draft_files() == []


@pytest.mark.parametrize("_round", range(4))
def test_of_confirm_and_edit_at_once_one_wins_and_both_answers_are_true(bucket, _round):
    draft = stage()
    data = preview_bytes(draft)
    crop = preview_of(draft)
    mine = Draft.objects.get(pk=draft.pk)
    confirmed, edited = at_once(
        partial(confirm, draft, seen=draft.revision),
        partial(lifecycle.edit, mine, crop.spec, Selection(Box(0, 0, 50, 50))),
    )
    if isinstance(confirmed, StoredImage):
        assert isinstance(edited, DraftConflict), repr(edited)
        assert_stored_once(bucket, draft, data)
    else:
        assert isinstance(confirmed, DraftConflict), repr(confirmed)
        assert edited is None
        assert_open(bucket, draft)
        assert DraftCrop.objects.get().width == 50


def test_an_edit_while_it_prepares_is_not_stored(bucket, monkeypatch):
    draft = stage()
    claim = storing._claim

    def edit_then_claim(mine, crops):
        select(draft, 0, 0, 50, 50)
        return claim(mine, crops)

    monkeypatch.setattr(storing, "_claim", edit_then_claim)
    with pytest.raises(DraftConflict):
        confirm(draft)
    assert_open(bucket, draft)


def test_texts_and_a_login_that_come_while_it_prepares_are_stored(bucket, user, monkeypatch):
    draft = stage()
    claim = storing._claim

    def write_sign_in_and_claim(mine, crops):
        lifecycle.describe(Draft.objects.get(), title="Late", alt_text="")
        lifecycle.adopt(draft.session_token, user)
        return claim(mine, crops)

    monkeypatch.setattr(storing, "_claim", write_sign_in_and_claim)
    image = confirm(draft)
    assert (image.title, image.owner, image.session_token) == ("Late", user, None)


def test_a_draft_that_changed_since_it_was_seen_is_not_stored(bucket):
    draft = stage()
    seen = draft.revision
    select(draft, 0, 0, 50, 50)
    with pytest.raises(DraftConflict):
        confirm(draft, seen=seen)
    assert_open(bucket, draft)
    assert confirm(draft, seen=seen + 1).state == StoredImage.State.STORED


def test_a_request_whose_files_another_takes_away_gives_the_others_answer(bucket, monkeypatch):
    draft = stage()
    sandbox, make = changing.decoders(), changing.decoders

    def run(function, *args):
        monkeypatch.setattr(changing, "decoders", make)
        confirm(draft)  # by another request; the files are gone then
        return sandbox.run(function, *args)

    monkeypatch.setattr(changing, "decoders", lambda: SimpleNamespace(run=run))
    assert confirm(draft).state == StoredImage.State.STORED
    assert_stored_once(bucket, draft, bucket.read(Rendition.objects.get().key))


def test_texts_saved_meanwhile_do_not_count_as_a_change(bucket):
    draft = stage()
    lifecycle.describe(Draft.objects.get(pk=draft.pk), title="Later", alt_text="")
    assert confirm(draft, seen=draft.revision).title == "Later"


def test_a_spec_that_an_admin_made_stricter_is_named(bucket):
    draft = stage()
    select(draft, 0, 0, 50, 50)
    CropSpec.objects.filter(slug="free").update(min_width=60)
    with pytest.raises(BelowMinimum, match="60 × 1"):
        confirm(draft)
    assert_open(bucket, draft)


@pytest.mark.parametrize("rule", [{"quality": 20}, {"output_format": "PNG"}, {"output_format": "WEBP"}])
def test_a_preview_that_an_admin_made_outdated_is_shown_before_it_is_stored(bucket, rule):
    draft = stage()
    seen = preview_bytes(draft)
    CropSpec.objects.filter(preset=draft.preset).update(**rule)
    with pytest.raises(DraftConflict):
        confirm(draft)
    assert_open(bucket, draft)
    shown = preview_bytes(draft)
    assert shown != seen
    confirm(draft)
    assert_stored_once(bucket, draft, shown)


def test_a_draft_without_crops_is_not_stored(bucket):
    draft = stage()
    draft.crops.all().delete()
    with pytest.raises(DraftConflict):
        confirm(draft)
    assert not StoredImage.objects.visible().exists()


def test_somebody_elses_draft_is_not_there(bucket):
    draft = stage()
    with pytest.raises(Draft.DoesNotExist):
        lifecycle.confirm(somebody(), draft.pk)
    assert_open(bucket, draft)


def test_somebody_elses_image_is_not_there(bucket):
    draft = stage()
    confirm(draft)
    with pytest.raises(Draft.DoesNotExist):
        lifecycle.confirm(somebody(), draft.pk)


def test_an_image_that_was_deleted_is_not_there(bucket):
    draft = stage()
    lifecycle.delete(confirm(draft))
    with pytest.raises(Draft.DoesNotExist):
        confirm(draft)
    assert bucket.keys() == []


def test_a_lost_file_is_said_and_the_draft_stays(bucket):
    draft = stage()
    storage.delete_draft_files(draft.storage_alias, [draft.source_name])
    with pytest.raises(DraftFileLost):
        confirm(draft)
    assert Draft.objects.get().state == Draft.State.OPEN
    assert not StoredImage.objects.visible().exists()
    assert bucket.keys() == []


def test_a_lost_preview_file_is_said_and_the_draft_stays(bucket):
    draft = stage()
    storage.delete_draft_files(draft.storage_alias, [preview_of(draft).preview_name])
    with pytest.raises(DraftFileLost):
        confirm(draft)
    assert Draft.objects.get().state == Draft.State.OPEN
    assert not StoredImage.objects.visible().exists()
    assert bucket.keys() == []


# --- The store does not answer -----------------------------------------------------------


def test_with_the_store_down_the_draft_stays_open_and_is_stored_later(bucket, without_store):
    draft = stage()
    data = preview_bytes(draft)
    with without_store(), pytest.raises(StoreUnavailable):
        confirm(draft)
    assert_open(bucket, draft)
    confirm(draft)
    assert_stored_once(bucket, draft, data)


def test_with_the_store_lost_between_two_objects_none_is_left(bucket, monkeypatch):
    draft = stage(data=encoded(picture(600, 600)), preset="profile-set")
    put, answers = storage.ImageStorage.put_if_absent, iter([True])

    def put_once(self, *args, **named):
        if not next(answers, False):
            raise StoreUnavailable()
        put(self, *args, **named)
        assert len(bucket.keys()) == 1

    monkeypatch.setattr(storage.ImageStorage, "put_if_absent", put_once)
    with pytest.raises(StoreUnavailable):
        confirm(draft)
    assert Draft.objects.get().state == Draft.State.OPEN
    assert not StoredImage.objects.visible().exists()
    assert bucket.keys() == []


def test_what_an_attempt_left_under_the_key_is_replaced(bucket):
    draft = stage()
    data = preview_bytes(draft)
    bucket.put(storage.object_key(draft.pk, "free", "jpg"), b"of an attempt that was given up")
    confirm(draft)
    assert_stored_once(bucket, draft, data)


# --- The worker dies ----------------------------------------------------------------------


def test_a_worker_that_dies_before_the_object_is_overtaken_by_the_next_confirm(bucket, die_before_put):
    draft = stage()
    data = preview_bytes(draft)
    with pytest.raises(Killed):
        confirm(draft)
    assert Draft.objects.get().state == Draft.State.CONFIRMING
    die_before_put()
    end_leases()
    assert confirm(draft).state == StoredImage.State.STORED
    assert_stored_once(bucket, draft, data)


def test_a_worker_that_dies_after_the_object_is_overtaken_by_the_sweep(bucket, die_after_put, draft_files):
    draft = stage()
    data = preview_bytes(draft)
    with pytest.raises(Killed):
        confirm(draft)
    assert len(bucket.keys()) == 1
    die_after_put()
    end_leases()
    assert lifecycle.sweep().stored == 1
    assert_stored_once(bucket, draft, data)
    assert draft_files() == []


def test_nobody_overtakes_a_worker_within_its_lease(bucket, die_before_put, monkeypatch):
    draft = stage()
    with pytest.raises(Killed):
        confirm(draft)
    die_before_put()
    monkeypatch.setattr(storing, "OUTCOME_SECONDS", 0.2)
    assert lifecycle.sweep().stored == 0
    assert confirm(draft).state == StoredImage.State.STORING
    assert bucket.keys() == []


def test_while_it_is_being_stored_nothing_else_changes_it(bucket, die_before_put):
    draft = stage()
    with pytest.raises(Killed):
        confirm(draft)
    spec = CropSpec.objects.get(preset=draft.preset)
    for change in (
        partial(lifecycle.edit, draft, spec, Selection(Box(0, 0, 50, 50))),
        partial(lifecycle.discard, draft),
        partial(lifecycle.delete, StoredImage.objects.get()),
    ):
        with pytest.raises(DraftConflict):
            change()


def test_eight_at_once_overtake_a_dead_worker_once(bucket, die_after_put):
    draft = stage()
    data = preview_bytes(draft)
    with pytest.raises(Killed):
        confirm(draft)
    die_after_put()
    end_leases()
    answers = at_once(*[partial(confirm, draft)] * 6, lifecycle.sweep, lifecycle.sweep)
    assert not [each for each in answers if isinstance(each, Exception)]
    assert sum(each.stored for each in answers[6:]) <= 1
    assert_stored_once(bucket, draft, data)


def test_a_sweep_with_the_store_down_opens_the_draft_again(bucket, die_before_put, without_store):
    draft = stage()
    data = preview_bytes(draft)
    with pytest.raises(Killed):
        confirm(draft)
    die_before_put()
    end_leases()
    with without_store():
        assert lifecycle.sweep().stored == 0
    assert_open(bucket, draft)
    confirm(draft)
    assert_stored_once(bucket, draft, data)


def test_texts_that_come_while_it_is_being_stored_reach_the_image(bucket, die_before_put):
    draft = stage()
    with pytest.raises(Killed):
        confirm(draft)
    lifecycle.describe(Draft.objects.get(), title="Late", alt_text="")
    die_before_put()
    end_leases()
    assert confirm(draft).title == "Late"


def test_texts_that_come_while_it_is_being_stored_survive_when_that_fails(bucket, die_before_put, without_store):
    draft = stage()
    with pytest.raises(Killed):
        confirm(draft)
    lifecycle.describe(Draft.objects.get(), title="Late", alt_text="")
    die_before_put()
    end_leases()
    with without_store():
        lifecycle.sweep()
    assert Draft.objects.get().title == "Late"


def test_a_spec_that_is_renamed_meanwhile_keeps_nobody_from_taking_over(bucket, die_before_put):
    draft = stage()
    data = preview_bytes(draft)
    with pytest.raises(Killed):
        confirm(draft)
    die_before_put()
    end_leases()
    CropSpec.objects.filter(preset=draft.preset).update(slug="anew", position=9)
    assert lifecycle.sweep().stored == 1
    assert_stored_once(bucket, draft, data)


def test_requests_that_wait_for_one_that_gives_up_are_told_so(bucket, monkeypatch):
    draft = stage()
    preview_of(draft)
    monkeypatch.setattr(storage.ImageStorage, "put_if_absent", _fail)
    answers = at_once(*[partial(confirm, draft)] * 4)
    assert {type(each) for each in answers} <= {StoreUnavailable, DraftConflict}
    assert StoreUnavailable in {type(each) for each in answers}
    assert_open(bucket, draft)


# --- The worker sleeps longer than its lease, and wakes up --------------------------------


def overtaken(monkeypatch, draft, meanwhile, then):
    """Let a worker fall asleep before its object; ``meanwhile`` happens; ``then`` is how its put ends."""
    put = storage.ImageStorage.put_if_absent

    def slow_put(self, *args, **named):
        monkeypatch.setattr(storage.ImageStorage, "put_if_absent", put)
        end_leases()
        meanwhile()
        if then is not None:
            raise then
        put(self, *args, **named)

    monkeypatch.setattr(storage.ImageStorage, "put_if_absent", slow_put)


def claimed_by_another(monkeypatch, draft, then):
    """Let another worker take the claim over meanwhile; its draft is in the list returned, once it has."""
    monkeypatch.setattr(storing, "OUTCOME_SECONDS", 0.2)
    other = []

    def take_over():
        other.append(Draft.objects.get())
        assert storing.take_over(other[0])

    overtaken(monkeypatch, draft, meanwhile=take_over, then=then)
    return other


def test_a_late_worker_that_fails_does_not_delete_what_another_stored(bucket, monkeypatch):
    draft = stage()
    data = preview_bytes(draft)
    overtaken(monkeypatch, draft, meanwhile=lifecycle.sweep, then=StoreUnavailable())
    with suppress(UploadsError):
        confirm(draft)
    assert_stored_once(bucket, draft, data)


def test_a_late_worker_that_succeeds_gives_the_answer_that_another_gave(bucket, monkeypatch):
    draft = stage()
    data = preview_bytes(draft)
    overtaken(monkeypatch, draft, meanwhile=lifecycle.sweep, then=None)
    assert confirm(draft).state == StoredImage.State.STORED
    assert_stored_once(bucket, draft, data)


def test_a_late_worker_that_fails_does_not_end_the_claim_of_another(bucket, monkeypatch):
    draft = stage()
    data = preview_bytes(draft)
    other = claimed_by_another(monkeypatch, draft, then=StoreUnavailable())
    assert confirm(draft).state == StoredImage.State.STORING
    assert Draft.objects.get().confirm_deadline == other[0].confirm_deadline
    storing.store(other[0])
    assert_stored_once(bucket, draft, data)


def test_a_late_worker_that_succeeds_does_not_end_the_claim_of_another(bucket, monkeypatch):
    draft = stage()
    data = preview_bytes(draft)
    other = claimed_by_another(monkeypatch, draft, then=None)
    assert confirm(draft).state == StoredImage.State.STORING
    assert preview_bytes(draft) == data
    storing.store(other[0])
    assert_stored_once(bucket, draft, data)


def test_a_late_worker_does_not_take_the_files_of_a_draft_that_is_open_again(bucket, monkeypatch):
    draft = stage()
    preview_of(draft)

    def give_up():
        monkeypatch.setattr(storage.ImageStorage, "put_if_absent", _fail)
        assert lifecycle.sweep().stored == 0
        monkeypatch.undo()

    overtaken(monkeypatch, draft, meanwhile=give_up, then=None)
    with pytest.raises((DraftConflict, StoreUnavailable)):
        confirm(draft)
    assert Draft.objects.get().state == Draft.State.OPEN
    assert preview_bytes(draft)
    confirm(draft)
    assert_stored_once(bucket, draft, bucket.read(Rendition.objects.get().key))


def _fail(self, *args, **named):
    raise StoreUnavailable()


# --- What is left in the bucket -----------------------------------------------------------


def test_a_put_that_arrives_after_all_leaves_the_stored_picture_alone(bucket, monkeypatch):
    """A worker hangs in its put; meanwhile the draft is given up, edited, and confirmed by another."""
    draft = stage()
    preview_of(draft)
    client = storage.images().client
    put_object = client.put_object

    def late(**named):
        monkeypatch.setattr(client, "put_object", put_object)
        end_leases()
        with monkeypatch.context() as patch:
            patch.setattr(storage.ImageStorage, "put_if_absent", _fail)
            lifecycle.sweep()
        select(draft, 0, 0, 50, 50)
        assert confirm(draft).state == StoredImage.State.STORED
        return put_object(**named)

    monkeypatch.setattr(client, "put_object", late)
    assert confirm(draft).state == StoredImage.State.STORED
    rendition = Rendition.objects.get()
    assert sha256(bucket.read(rendition.key)).hexdigest() == rendition.sha256
    assert decoded(bucket.read(rendition.key)).size == (50, 50)


def test_what_a_failed_attempt_left_is_swept_even_when_the_draft_is_gone(bucket, monkeypatch):
    """The object was stored, but the answer was lost, and so was the store for the cleaning up."""
    draft = stage()
    client = storage.images().client
    put_object = client.put_object

    def stored_without_answer(**named):
        put_object(**named)
        raise ReadTimeoutError(endpoint_url="")

    def unreachable(**named):
        raise ReadTimeoutError(endpoint_url="")

    with monkeypatch.context() as patch:
        patch.setattr(client, "put_object", stored_without_answer)
        patch.setattr(client, "delete_objects", unreachable)
        with pytest.raises(StoreUnavailable):
            confirm(draft)
        with pytest.raises(StoreUnavailable):
            confirm(draft)
    assert len(bucket.keys()) == 1
    lifecycle.discard(draft)
    assert lifecycle.sweep().deleted == 1
    assert bucket.keys() == []
    assert not StoredImage.objects.exists()


def test_what_a_failed_attempt_left_is_cleared_by_the_next(bucket, monkeypatch):
    draft = stage()
    client = storage.images().client
    with monkeypatch.context() as patch:
        patch.setattr(storage.ImageStorage, "put_if_absent", _fail)
        patch.setattr(client, "delete_objects", lambda **named: {"Errors": [{"Key": "any"}]})
        with pytest.raises(StoreUnavailable):
            confirm(draft)
    key = Rendition.objects.get().key
    bucket.put(key, b"what the failed attempt stored after all")
    data = preview_bytes(draft)
    confirm(draft)
    assert_stored_once(bucket, draft, data)


def test_while_a_sweep_deletes_leftovers_nobody_stores_under_their_keys(bucket, monkeypatch):
    draft = stage()
    with monkeypatch.context() as patch:
        patch.setattr(storage.ImageStorage, "put_if_absent", _fail)
        patch.setattr(storage.ImageStorage, "delete_keys", _fail)
        with pytest.raises(StoreUnavailable):
            confirm(draft)
    delete_keys = storage.ImageStorage.delete_keys

    def slow_delete(self, keys):
        with pytest.raises(StoreUnavailable):
            confirm(draft)
        delete_keys(self, keys)

    with monkeypatch.context() as patch:
        patch.setattr(storage.ImageStorage, "delete_keys", slow_delete)
        assert lifecycle.sweep().deleted == 1
    assert confirm(draft).state == StoredImage.State.STORED
