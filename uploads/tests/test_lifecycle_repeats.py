"""The same again: a repeated request adds nothing twice, the same bytes only on demand, and a quota is exact."""

import time
from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from uploads import lifecycle
from uploads.errors import AlreadyAdded, TooManyDraftBytes, TooManyDrafts, UploadCancelled
from uploads.models import Draft, Owner, Preset
from uploads.tests.drafts import at_once, somebody
from uploads.tests.people import FRAGMENT, ids, words
from uploads.tests.pictures import encoded, picture, upload

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def stage(owner: Owner, data: bytes | None = None, name: str = "a.png", **named: object) -> Draft:
    file = SimpleUploadedFile(name, encoded() if data is None else data, "image/png")
    return lifecycle.stage(file, owner=owner, preset=Preset.objects.get(slug="free"), **named)


def another(number: int) -> bytes:
    return encoded(picture(40 + number, 30))


def test_a_key_is_added_once(draft_files):
    owner, key = somebody(), uuid4()
    first = stage(owner, key=key)
    files = draft_files()
    assert stage(owner, key=key) == first
    assert stage(owner, another(1), key=key) == first
    assert draft_files() == files
    assert Draft.objects.get() == first


def test_a_key_is_its_owners_own(user):
    key = uuid4()
    drafts = {stage(owner, key=key).pk for owner in (somebody(), somebody(), Owner(user=user))}
    assert len(drafts) == 3


def test_of_the_same_request_several_times_at_once_one_adds_and_all_get_its_draft(draft_files):
    owner, key = somebody(), uuid4()
    drafts = at_once(*[partial(stage, owner, key=key)] * 6)
    assert {draft.pk for draft in drafts} == {Draft.objects.get().pk}
    assert len(draft_files()) == 2


def test_the_same_bytes_are_already_added(draft_files):
    owner = somebody()
    first = stage(owner, name="first.png")
    files = draft_files()
    with pytest.raises(AlreadyAdded, match=r"already added this picture, as “first\.png”") as refusal:
        stage(owner, name="second.png")
    assert refusal.value.evidence["draft"] == first.pk
    assert draft_files() == files
    stage(somebody())
    assert stage(owner, may_repeat=True) != first


def test_of_the_same_bytes_several_times_at_once_one_is_added(draft_files):
    owner = somebody()
    answers = at_once(*[partial(stage, owner)] * 6)
    assert sorted(type(each).__name__ for each in answers) == ["AlreadyAdded"] * 5 + ["Draft"]
    assert len(draft_files()) == 2


def test_both_are_kept_on_demand(draft_files):
    first = stage(somebody(), name="first.png")
    second = lifecycle.stage_again(first, file_name="second.png")
    assert second.pk != first.pk
    for name in ("source_sha256", "source_bytes", "width", "claimed_type", "handler", "chunk_count", "preset"):
        assert getattr(second, name) == getattr(first, name)
    assert (second.file_name, second.session_token) == ("second.png", first.session_token)
    assert len(draft_files()) == 4
    lifecycle.discard(first)
    assert lifecycle.preview(second.crops.select_related("draft", "spec").get()).preview_bytes


def test_the_quota_is_exact_however_many_come_at_once(settings, draft_files):
    settings.UPLOADS_MAX_DRAFTS = 5
    owner = somebody()
    answers = at_once(*[partial(stage, owner, another(number)) for number in range(12)])
    assert sorted(type(each).__name__ for each in answers) == ["Draft"] * 5 + ["TooManyDrafts"] * 7
    assert Draft.objects.count() == 5
    assert len(draft_files()) == 10


def test_the_bytes_that_are_kept_are_limited(settings):
    owner = somebody()
    first = stage(owner)
    taken = first.source_bytes + first.working_bytes
    settings.UPLOADS_MAX_DRAFT_BYTES = taken + len(another(1))
    stage(owner, another(1))
    with pytest.raises(TooManyDraftBytes):
        stage(owner, another(2))
    stage(somebody(), another(2))


def test_as_many_as_are_kept_are_not_added_again(settings):
    settings.UPLOADS_MAX_DRAFTS = 1
    draft = stage(somebody())
    with pytest.raises(TooManyDrafts):
        lifecycle.stage_again(draft, file_name="b.png")


def test_keys_do_not_keep_a_session_from_moving_to_its_account(user):
    session, key = somebody(), uuid4()
    stage(session, key=key)
    stage(Owner(user=user), key=key)
    lifecycle.adopt(session.token, user)
    assert Draft.objects.owned_by(Owner(user=user)).count() == 2


# --- Called off -----------------------------------------------------------------------------


def test_what_was_added_goes_when_it_is_called_off(draft_files):
    owner, key = somebody(), uuid4()
    stage(owner, key=key)
    other = stage(owner, another(1), key=uuid4())
    lifecycle.cancel(owner, key)
    assert Draft.objects.get() == other
    assert len(draft_files()) == 2


def test_what_is_still_to_come_is_not_taken_once_it_is_called_off(draft_files):
    owner, key = somebody(), uuid4()
    lifecycle.cancel(owner, key)
    with pytest.raises(UploadCancelled):
        stage(owner, key=key)
    stage(owner, key=uuid4())
    assert len(draft_files()) == 2


def test_nobody_calls_off_what_is_somebody_elses():
    key = uuid4()
    draft = stage(somebody(), key=key)
    lifecycle.cancel(somebody(), key)
    lifecycle.cancel(Owner(), key)
    assert Draft.objects.get() == draft


def test_an_upload_that_is_called_off_while_it_is_staged_leaves_nothing(draft_files):
    """Whichever is first: there is no moment in which the draft is missed."""
    for _ in range(8):
        owner, key = somebody(), uuid4()
        at_once(partial(stage, owner, key=key), partial(lifecycle.cancel, owner, key))
        assert not Draft.objects.exists()
        assert draft_files() == []


# --- In the page ----------------------------------------------------------------------------


def test_a_request_that_is_sent_again_is_answered_with_the_same_card(visitor):
    key = {"Idempotency-Key": f'"{uuid4()}"'}
    answers = [visitor.post("/drafts/", {"pictures": upload()}, headers=FRAGMENT | key) for _ in range(3)]
    assert {tuple(ids(answer)) for answer in answers} == {(Draft.objects.get().pk,)}


def test_a_repeated_request_finds_its_draft_although_there_is_no_more_room(visitor, settings):
    settings.UPLOADS_MAX_DRAFTS = 1
    key = {"Idempotency-Key": str(uuid4())}
    answers = [visitor.post("/drafts/", {"pictures": upload()}, headers=FRAGMENT | key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert ids(answers[0]) == ids(answers[1])
    assert visitor.post("/drafts/", {"pictures": upload(another(1))}, headers=FRAGMENT).status_code == 422


def test_several_files_of_one_request_have_keys_of_their_own(visitor):
    key = {"Idempotency-Key": str(uuid4())}
    for _ in range(2):
        files = [upload(another(number), f"{number}.png") for number in range(3)]
        assert visitor.post("/drafts/", {"pictures": files}, headers=key).status_code == 303
    assert Draft.objects.count() == 3


@pytest.mark.parametrize("key", ["", "x", '"', "\0", "9" * 5000])
def test_a_key_that_is_none_is_as_none(visitor, key):
    assert visitor.post("/drafts/", {"pictures": upload()}, headers={"Idempotency-Key": key}).status_code == 303


def test_a_visitors_first_uploads_share_a_session_that_was_begun(visitor):
    assert visitor.post("/drafts/begin/").status_code == 204
    session = visitor.session["uploads_token"]
    visitor.post("/drafts/begin/")
    visitor.post("/drafts/", {"pictures": upload()})
    assert visitor.session["uploads_token"] == session == str(Draft.objects.get().session_token)


def test_an_upload_is_called_off_by_its_key(visitor, draft_files):
    key = {"Idempotency-Key": str(uuid4())}
    visitor.post("/drafts/", {"pictures": upload()}, headers=key)
    assert visitor.post("/drafts/cancel/", headers=key).status_code == 204
    assert not Draft.objects.exists()
    assert draft_files() == []
    answer = visitor.post("/drafts/", {"pictures": upload()}, headers=key | FRAGMENT)
    assert answer.status_code == 409
    assert "You cancelled this picture" in words(answer)
    assert visitor.post("/drafts/cancel/").status_code == 400


def test_pictures_that_arrive_in_any_order_lie_in_the_order_of_choosing(visitor):
    now_ms = int(time.time() * 1000)
    for name, chosen_ms in (("second", now_ms - 5), ("third", now_ms - 4), ("first", now_ms - 6)):
        data = {"pictures": upload(name=name), "may_repeat": True, "chosen_at": chosen_ms}
        assert visitor.post("/drafts/", data, headers=FRAGMENT).status_code == 200
    assert [str(draft) for draft in Draft.objects.all()] == ["first", "second", "third"]


@pytest.mark.parametrize(("chosen_at", "days_ago"), [(0, 1), (2**53, 0), ("", 0)], ids=["1970", "287396", "none"])
def test_a_browsers_clock_changes_nothing_but_the_order(visitor, chosen_at, days_ago):
    visitor.post("/drafts/", {"pictures": upload(), "chosen_at": chosen_at})
    age = timezone.now() - Draft.objects.get().created_at
    assert timedelta(days=days_ago) <= age < timedelta(days=days_ago, minutes=1)


@pytest.mark.parametrize("chosen_at", ["x", "-1", "9" * 5000])
def test_what_is_no_time_is_refused(visitor, chosen_at):
    assert visitor.post("/drafts/", {"pictures": upload(), "chosen_at": chosen_at}).status_code == 422


@pytest.mark.parametrize("headers", [{}, FRAGMENT], ids=["page", "fragment"])
def test_the_page_offers_to_keep_both(visitor, headers):
    visitor.post("/drafts/", {"pictures": upload(name="first.png")})
    answer = visitor.post("/drafts/", {"pictures": upload(name="second.png")}, headers=headers)
    assert answer.status_code == 409
    assert "second.png was not added. You have already added this picture, as “first.png”. Keep both" in words(answer)
    action = f"/drafts/{Draft.objects.get().pk}/again/"
    assert f'action="{action}"' in answer.content.decode()
    answer = visitor.post(action, {"file_name": "second.png"}, headers=headers)
    second = Draft.objects.get(file_name="second.png")
    if headers:
        assert (answer.status_code, ids(answer)) == (200, [second.pk])
    else:
        assert (answer.status_code, answer["Location"]) == (303, f"/#draft-{second.pk}")
    assert len(ids(visitor.get("/"))) == 2


def test_the_offer_survives_the_redirect_of_a_form_some_files_of_which_were_taken(visitor):
    visitor.post("/drafts/", {"pictures": upload(name="first.png")})
    files = [upload(name="second.png"), upload(another(1), "other.png")]
    assert visitor.post("/drafts/", {"pictures": files}).status_code == 303
    page = visitor.get("/")
    assert "Keep both" in words(page)
    assert len(ids(page)) == 2


@pytest.mark.parametrize("name", ["", "x" * 500, "../../etc/passwd", "a\0b", "<b>.png"])
def test_the_name_of_a_second_one_is_only_a_name(visitor, name):
    visitor.post("/drafts/", {"pictures": upload(name="first.png")})
    answer = visitor.post(f"/drafts/{Draft.objects.get().pk}/again/", {"file_name": name})
    assert answer.status_code == 303
    assert "<b>" not in visitor.get("/").content.decode()
