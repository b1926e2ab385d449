"""The sheet: pictures are added, described, deleted, confirmed; nothing typed is lost."""

from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from uploads import lifecycle
from uploads.models import Draft, Owner, Preset, StoredImage
from uploads.tests.drafts import draft_row, stage
from uploads.tests.people import FRAGMENT, add, begin_session, ids, words
from uploads.tests.pictures import encoded, picture, upload
from uploads.views.owner import SESSION_KEY

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture
def two(visitor) -> list[Draft]:
    return [add(visitor, name="one.png"), add(visitor, name="two.png")]


def texts(*drafts: Draft, **changed: str) -> dict[str, str]:
    """The texts of cards as the sheet's form sends them; all of them the same."""
    fields = {"title": "A title", "alt_text": "A text"} | changed
    return {f"{draft.pk}-{name}": value for draft in drafts for name, value in fields.items()}


# --- For another tab ------------------------------------------------------------------------


def test_the_cards_alone_are_to_be_had_and_what_is_said_once_waits_for_the_page(visitor):
    visitor.post("/drafts/", {"pictures": [upload(name="good.png"), upload(b"text", "bad.png")], "preset": "free"})
    fragment = visitor.get("/", headers=FRAGMENT)
    assert "good.png" in words(fragment)
    assert "<html" not in fragment.content.decode()
    assert "bad.png" not in words(fragment)
    assert "bad.png was not added" in words(visitor.get("/"))


# --- Add ------------------------------------------------------------------------------------


def test_an_empty_sheet_offers_the_presets(visitor):
    page = visitor.get("/")
    assert page.status_code == 200
    for name in Preset.objects.filter(is_offered=True).values_list("name", flat=True):
        assert name in words(page)
    assert ids(page) == []


def test_a_preset_that_is_not_offered_cannot_be_chosen(visitor):
    Preset.objects.filter(slug="card").update(is_offered=False)
    assert 'value="card"' not in visitor.get("/").content.decode()
    answer = visitor.post("/drafts/", {"pictures": upload(), "preset": "card"})
    assert answer.status_code == 422
    assert not Draft.objects.exists()


def test_without_a_preset_the_first_is_taken(visitor):
    assert visitor.post("/drafts/", {"pictures": upload()}).status_code == 303
    assert Draft.objects.get().preset.slug == "free"


def test_without_any_preset_the_page_says_so(visitor):
    Preset.objects.update(is_offered=False)
    assert visitor.get("/").status_code == 200
    answer = visitor.post("/drafts/", {"pictures": upload()})
    assert answer.status_code == 422
    assert "an admin has to offer a preset first" in words(answer)


def test_several_pictures_are_added_in_their_order(visitor):
    files = [upload(name=f"{name}.png") for name in ("first", "second", "third")]
    answer = visitor.post("/drafts/", {"pictures": files, "preset": "free", "may_repeat": True})
    assert (answer.status_code, answer["Location"]) == (303, "/")
    page = visitor.get("/")
    assert [card.draft.file_name for card in page.context["cards"]] == ["first.png", "second.png", "third.png"]
    assert {draft.session_token for draft in Draft.objects.all()} == {UUID(visitor.session["uploads_token"])}


def test_good_pictures_are_added_and_bad_ones_are_named(visitor):
    files = [upload(name="good.png"), upload(b"text", "bad.png"), upload(name="fine.png"), upload(b"", "empty.png")]
    answer = visitor.post("/drafts/", {"pictures": files, "preset": "free", "may_repeat": True})
    assert answer.status_code == 303
    page = visitor.get("/")
    assert [card.draft.file_name for card in page.context["cards"]] == ["good.png", "fine.png"]
    assert [each.name for each in page.context["refusals"]] == ["bad.png", "empty.png"]
    assert "bad.png was not added. This is not a picture that can be read" in words(page)
    assert "empty.png was not added. The file is empty" in words(page)
    assert visitor.get("/").context["refusals"] == []


def test_a_fragment_has_a_card_for_what_was_added_and_a_refusal_for_what_was_not(visitor, two):
    files = [upload(name="good.png"), upload(b"text", "bad.png")]
    answer = visitor.post("/drafts/", {"pictures": files, "preset": "free", "may_repeat": True}, headers=FRAGMENT)
    new = Draft.objects.get(file_name="good.png")
    assert answer.status_code == 200
    assert ids(answer) == [new.pk]
    text = answer.content.decode()
    assert text.count('<li class="card"') == text.count('<li class="refusal"') == 1
    assert "<html" not in text
    assert visitor.get("/").context["refusals"] == []


def test_a_fragment_for_a_picture_that_is_refused(visitor):
    answer = visitor.post("/drafts/", {"pictures": upload(b"text", "bad.png")}, headers=FRAGMENT)
    assert answer.status_code == 422
    assert "bad.png was not added. This is not a picture that can be read" in words(answer)
    assert "<html" not in answer.content.decode()


def test_a_fragment_for_no_picture(visitor):
    answer = visitor.post("/drafts/", {"preset": "free"}, headers=FRAGMENT)
    assert answer.status_code == 422
    assert "No picture arrived. Choose at least one." in words(answer)
    assert "<html" not in answer.content.decode()


def test_the_card_says_where_the_picture_is_and_how_it_came(visitor, settings):
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 10
    add(visitor, encoded(picture(400, 300), "JPEG"), name="beach.jpg", content_type="image/pjpeg")
    said = words(visitor.get("/"))
    for fact in ("beach.jpg", "disk", "DecodingUploadHandler", "image/pjpeg", "JPEG", "400 × 300"):
        assert fact in said


def test_somebody_elses_pictures_are_not_on_the_sheet(visitor, other_visitor, two):
    assert ids(other_visitor.get("/")) == []
    mine = add(other_visitor)
    assert ids(other_visitor.get("/")) == [mine.pk]
    assert len(ids(visitor.get("/"))) == 2


def test_a_reload_shows_everything_again(visitor, two):
    visitor.post(f"/drafts/{two[0].pk}/texts/", texts(*two))
    first, second = visitor.get("/"), visitor.get("/")
    assert ids(first) == ids(second) == [draft.pk for draft in two]
    assert second.content.decode().count('value="A title"') == 4


def test_the_number_of_queries_does_not_grow_with_the_pictures(visitor):
    owner = begin_session(visitor)
    draft_row(owner, preset="profile-set")
    one = _queries(visitor)
    for _ in range(5):
        draft_row(owner, preset="profile-set")
    assert _queries(visitor) == one


def _queries(client) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get("/").status_code == 200
    return len(queries)


# --- Texts ----------------------------------------------------------------------------------


def test_the_texts_of_all_cards_are_saved_with_any(visitor, two):
    answer = visitor.post(f"/drafts/{two[1].pk}/texts/", texts(*two))
    assert (answer.status_code, answer["Location"]) == (303, f"/#draft-{two[1].pk}")
    assert list(Draft.objects.values_list("title", "alt_text")) == [("A title", "A text")] * 2


def test_texts_can_be_emptied(visitor, two):
    visitor.post(f"/drafts/{two[0].pk}/texts/", texts(two[0]))
    visitor.post(f"/drafts/{two[0].pk}/texts/", texts(two[0], title="", alt_text=""))
    assert Draft.objects.values_list("title", "alt_text").get(pk=two[0].pk) == ("", "")


def test_a_fragment_says_that_texts_were_saved(visitor, two):
    answer = visitor.post(f"/drafts/{two[0].pk}/texts/", texts(two[0]), headers=FRAGMENT)
    assert (answer.status_code, words(answer)) == (200, "Saved")


def test_a_fragment_says_what_is_wrong_with_a_text(visitor, two):
    answer = visitor.post(f"/drafts/{two[0].pk}/texts/", texts(two[0], title="x" * 201), headers=FRAGMENT)
    assert answer.status_code == 422
    assert "at most 200 characters" in words(answer)
    assert f'data-field="{two[0].pk}-title"' in answer.content.decode()
    assert "<html" not in answer.content.decode()


ACTIONS = ["/drafts/{}/texts/", "/drafts/{}/confirm/", "/drafts/confirm/"]


@pytest.mark.parametrize("action", ACTIONS)
def test_a_text_that_is_too_long_costs_neither_the_picture_nor_what_was_typed(visitor, two, bucket, action):
    first, second = two
    long = "y" * 501
    fields = {"draft": str(first.pk), **texts(first, alt_text=long), **texts(second)}
    answer = visitor.post(action.format(first.pk), fields)
    assert answer.status_code == 422
    assert ids(answer) == [first.pk, second.pk]
    assert long in answer.content.decode()
    assert "at most 500 characters" in words(answer)
    assert Draft.objects.get(pk=second.pk).title == "A title"
    assert Draft.objects.get(pk=first.pk).alt_text == ""
    assert bucket.keys() == []
    assert Draft.objects.filter(state="open").count() == 2


def test_a_text_that_is_too_long_on_another_card_keeps_a_picture_from_being_deleted(visitor, two):
    answer = visitor.post(f"/drafts/{two[0].pk}/discard/", texts(two[1], title="x" * 201))
    assert answer.status_code == 422
    assert "x" * 201 in answer.content.decode()
    assert Draft.objects.count() == 2


def test_texts_for_somebody_elses_picture_are_not_saved(visitor, other_visitor, two):
    mine = add(other_visitor)
    other_visitor.post(f"/drafts/{mine.pk}/texts/", texts(mine, two[0]))
    assert Draft.objects.get(pk=two[0].pk).title == ""
    assert Draft.objects.get(pk=mine.pk).title == "A title"


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7|add:7 }}"])
def test_texts_are_shown_as_they_were_typed(visitor, two, hostile):
    visitor.post(f"/drafts/{two[0].pk}/texts/", texts(two[0], title=hostile, alt_text=hostile))
    for path in ("/", f"/drafts/{two[0].pk}/"):
        text = visitor.get(path).content.decode()
        assert "<script>alert" not in text
        assert "<img src=x" not in text
    assert Draft.objects.get(pk=two[0].pk).title == hostile


# --- Delete ---------------------------------------------------------------------------------


def test_a_deleted_picture_leaves_the_sheet_and_the_others_keep_their_texts(visitor, two, draft_files):
    answer = visitor.post(f"/drafts/{two[0].pk}/discard/", texts(*two))
    assert (answer.status_code, answer["Location"]) == (303, "/")
    page = visitor.get("/")
    assert ids(page) == [two[1].pk]
    assert "“one.png” was deleted." in words(page)
    assert Draft.objects.get().title == "A title"
    assert len(draft_files()) == 2


def test_a_picture_that_is_being_stored_is_not_deleted(visitor):
    draft = draft_row(begin_session(visitor), state="confirming", confirm_deadline="2100-01-01T00:00Z")
    answer = visitor.post(f"/drafts/{draft.pk}/discard/")
    assert answer.status_code == 409
    assert "This picture was changed or stored meanwhile" in words(answer)
    assert Draft.objects.exists()


# --- Confirm --------------------------------------------------------------------------------


def seen(*drafts: Draft) -> dict[str, object]:
    return {"draft": [str(draft.pk) for draft in drafts]} | {f"revision-{draft.pk}": draft.revision for draft in drafts}


def test_a_confirmed_picture_is_in_the_library_with_what_was_typed(visitor, two, bucket):
    answer = visitor.post(f"/drafts/{two[0].pk}/confirm/", seen(*two) | texts(*two))
    assert (answer.status_code, answer["Location"]) == (303, f"/images/{two[0].pk}/")
    assert StoredImage.objects.get().title == "A title"
    assert Draft.objects.get().title == "A title"
    assert len(bucket.keys()) == 1
    assert "Stored. The picture is in your library." in words(visitor.get(answer["Location"]))


def test_all_that_are_ticked_are_confirmed(visitor, two, bucket):
    third = add(visitor)
    answer = visitor.post("/drafts/confirm/", seen(*two) | texts(*two, third))
    assert (answer.status_code, answer["Location"]) == (303, "/images/")
    assert set(StoredImage.objects.values_list("pk", flat=True)) == {draft.pk for draft in two}
    assert Draft.objects.get().pk == third.pk
    assert len(bucket.keys()) == 2


def test_a_confirmation_that_is_sent_twice_gives_the_same_answer(visitor, two, bucket):
    answers = [visitor.post(f"/drafts/{two[0].pk}/confirm/", seen(two[0])) for _ in range(2)]
    answers += [visitor.post("/drafts/confirm/", seen(*two)) for _ in range(2)]
    assert [answer["Location"] for answer in answers] == [f"/images/{two[0].pk}/"] * 2 + ["/images/"] * 2
    assert len(bucket.keys()) == 2


def test_the_same_picture_named_twice_is_stored_once(visitor, two, bucket):
    answer = visitor.post("/drafts/confirm/", {"draft": [str(two[0].pk), str(two[0].pk).upper()]})
    assert answer.status_code == 303
    assert len(bucket.keys()) == 1


def test_with_none_ticked_the_page_says_so_and_keeps_what_was_typed(visitor, two, bucket):
    answer = visitor.post("/drafts/confirm/", texts(*two))
    assert answer.status_code == 422
    assert "No picture is selected. Tick those that you want to confirm." in words(answer)
    assert Draft.objects.filter(title="A title").count() == 2
    assert bucket.keys() == []


def test_a_picture_that_changed_since_the_page_was_made_is_not_stored(visitor, two, bucket):
    Draft.objects.filter(pk=two[0].pk).update(revision=7)
    answer = visitor.post(f"/drafts/{two[0].pk}/confirm/", seen(two[0]))
    assert answer.status_code == 409
    assert "This picture was changed or stored meanwhile" in words(answer)
    assert bucket.keys() == []


def test_of_several_the_one_that_changed_stays_and_is_named(visitor, two, bucket):
    Draft.objects.filter(pk=two[0].pk).update(revision=7)
    answer = visitor.post("/drafts/confirm/", seen(*two))
    assert (answer.status_code, answer["Location"]) == (303, "/")
    page = visitor.get("/")
    assert ids(page) == [two[0].pk]
    assert "This picture was changed or stored meanwhile" in words(page)
    assert StoredImage.objects.get().pk == two[1].pk


@pytest.mark.parametrize("revision", ["x", "-1", "", "1.0", "9" * 5000, "\0"])
def test_a_revision_that_none_can_be_is_never_a_server_error(visitor, two, bucket, revision):
    answer = visitor.post(f"/drafts/{two[0].pk}/confirm/", {f"revision-{two[0].pk}": revision})
    assert answer.status_code in {303, 409, 422}


@pytest.mark.parametrize("path", ["/drafts/{}/confirm/", "/drafts/confirm/"])
def test_with_the_store_down_the_page_says_that_nothing_was_lost(visitor, two, bucket, without_store, path):
    with without_store():
        answer = visitor.post(path.format(two[0].pk), seen(*two) | texts(*two))
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    assert "The picture storage does not answer. Nothing was lost: your pictures are still here." in words(answer)
    assert Draft.objects.filter(state="open", title="A title").count() == 2
    assert bucket.keys() == []
    assert visitor.post(path.format(two[0].pk), seen(*two)).status_code == 303
    assert bucket.keys()


def test_a_sheet_shows_pictures_that_are_being_stored_without_their_buttons(visitor):
    draft = draft_row(begin_session(visitor), state="confirming", confirm_deadline="2100-01-01T00:00Z")
    page = visitor.get("/")
    assert "Being stored" in words(page)
    assert f'value="{draft.pk}"' not in page.content.decode()


def test_a_file_that_is_not_an_image_by_its_type_is_taken_by_its_content(visitor):
    file = SimpleUploadedFile("photo.txt", encoded(), "text/plain; charset=utf-8")
    assert visitor.post("/drafts/", {"pictures": file, "preset": "free"}).status_code == 303
    draft = Draft.objects.get()
    assert (draft.claimed_type, draft.format) == ("text/plain", "PNG")


def test_one_that_was_deleted_in_another_tab_keeps_nobody_from_storing_the_others(visitor, two, bucket):
    visitor.post(f"/drafts/{two[0].pk}/discard/")
    answer = visitor.post("/drafts/confirm/", {"draft": [each.pk for each in two]}, follow=True)
    assert "1 picture is no longer on your sheet" in words(answer)
    assert bucket.keys() == [f"images/{two[1].pk}/free.jpg"]
    assert visitor.post("/drafts/confirm/", {"draft": [two[0].pk]}).status_code == 404


def test_confirming_mine_and_another_persons_stores_nothing(visitor, other_visitor, bucket):
    mine, theirs = add(visitor), add(other_visitor)
    assert visitor.post("/drafts/confirm/", {"draft": [mine.pk, theirs.pk]}).status_code == 404
    assert bucket.keys() == []
    assert Draft.objects.count() == 2


def test_an_older_tab_does_not_undo_newer_texts(visitor):
    draft, other = add(visitor), add(visitor)
    page = {f"initial-{draft.pk}-title": "", f"{draft.pk}-title": "", f"{draft.pk}-alt_text": ""}
    page |= {f"initial-{draft.pk}-alt_text": ""}
    visitor.post(f"/drafts/{draft.pk}/texts/", {**page, f"{draft.pk}-title": "Typed in the newer tab"})
    visitor.post(f"/drafts/{other.pk}/discard/", {**page, f"{draft.pk}-alt_text": "Typed in the older tab"})
    draft.refresh_from_db()
    assert (draft.title, draft.alt_text) == ("Typed in the newer tab", "Typed in the older tab")


def test_the_sheet_takes_an_upload_along_that_was_under_way_at_sign_in(visitor, user):
    token = UUID(visitor.session[SESSION_KEY]) if SESSION_KEY in visitor.session else begin_session(visitor).token
    visitor.post("/accounts/login/", {"username": "ada", "password": "correct horse battery"})
    late = stage(Owner(token=token))
    assert visitor.get(f"/drafts/{late.pk}/").status_code == 404
    visitor.get("/")
    assert visitor.get(f"/drafts/{late.pk}/").status_code == 200


def test_each_picture_that_is_added_makes_a_visitors_session_last_anew(visitor, settings):
    add(visitor)
    assert visitor.session.get_expiry_age() == settings.UPLOADS_VISITOR_DAYS * 24 * 3600


@pytest.mark.parametrize("several", [False, True])
def test_what_another_request_is_still_storing_is_not_said_to_be_stored(visitor, monkeypatch, several):
    draft = add(visitor)
    monkeypatch.setattr(lifecycle, "confirm", lambda *args, **named: StoredImage(pk=draft.pk, state="storing"))
    if several:
        answer = visitor.post("/drafts/confirm/", {"draft": [draft.pk]}, follow=True)
    else:
        answer = visitor.post(f"/drafts/{draft.pk}/confirm/", follow=True)
    assert "Stored" not in words(answer)
