"""The editor: a crop is changed and seen, with and without JavaScript."""

import pytest

from uploads import storage
from uploads.models import Draft, DraftCrop
from uploads.tests.drafts import draft_row
from uploads.tests.people import FRAGMENT, add, begin_session, crop, words
from uploads.tests.pictures import decoded, encoded, picture, upload

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture
def draft(visitor) -> Draft:
    return add(visitor)


def selection() -> tuple[int, ...]:
    names = ("x", "y", "width", "height", "rotate", "scale_x", "scale_y")
    return DraftCrop.objects.values_list(*names).get()


def test_the_form_carries_the_whole_selection(visitor, draft):
    form = visitor.get(f"/drafts/{draft.pk}/").content.decode()
    for name, value in crop(draft).items():
        assert f'name="{name}"' in form
        assert f'value="{value}"' in form


def test_an_edit_is_saved_and_leads_back_to_the_editor(visitor, draft):
    answer = visitor.post(f"/drafts/{draft.pk}/", crop(draft, 10, 20, 200, 100, rotate=180, scaleX=-1))
    assert (answer.status_code, answer["Location"]) == (303, f"/drafts/{draft.pk}/?spec=free")
    assert selection() == (10, 20, 200, 100, 180, -1, 1)
    assert 'value="200"' in visitor.get(answer["Location"]).content.decode()


def test_done_leads_to_the_sheet(visitor, draft):
    answer = visitor.post(f"/drafts/{draft.pk}/", crop(draft, 10, 20, 200, 100, next="sheet"))
    assert (answer.status_code, answer["Location"]) == (303, f"/#draft-{draft.pk}")


def test_parts_of_pixels_are_rounded(visitor, draft):
    visitor.post(f"/drafts/{draft.pk}/", crop(draft, "9.6", "20.4", "199.7", "100.2"))
    assert selection()[:4] == (10, 20, 200, 100)


@pytest.mark.parametrize(("sent", "kept"), [("-90", 270), ("450", 90), ("360", 0), ("90.0", 90)])
def test_turns_are_kept_between_0_and_270(visitor, draft, sent, kept):
    assert visitor.post(f"/drafts/{draft.pk}/", crop(draft, 0, 0, 50, 50, rotate=sent)).status_code == 303
    assert selection()[4] == kept


def test_a_fragment_shows_the_preview_that_the_site_made(visitor, draft):
    answer = visitor.post(f"/drafts/{draft.pk}/", crop(draft, 10, 20, 200, 100), headers=FRAGMENT)
    made = DraftCrop.objects.get()
    assert answer.status_code == 200
    text = answer.content.decode()
    assert f"/drafts/{draft.pk}/preview/?spec=free&amp;v=2" in text
    assert made.preview_sha256 in text
    assert "200 × 100" in words(answer)
    assert "<html" not in text


def test_a_fragment_says_what_is_wrong(visitor, draft):
    answer = visitor.post(f"/drafts/{draft.pk}/", crop(draft, 350, 0, 200, 100), headers=FRAGMENT)
    assert answer.status_code == 422
    assert "The crop reaches outside the picture, which is 400 × 300 pixels" in words(answer)
    assert "<html" not in answer.content.decode()


def test_what_was_typed_stays_on_the_page_that_refuses_it(visitor, draft):
    answer = visitor.post(f"/drafts/{draft.pk}/", crop(draft, 350, 0, 211, 100, rotate=180))
    assert answer.status_code == 422
    for part in ('value="350"', 'value="211"', 'value="180"'):
        assert part in answer.content.decode()
    assert selection()[:4] == (0, 0, 400, 300)


@pytest.mark.parametrize(
    ("adjust", "kept"),
    [
        ("turn-right", (230, 10, 50, 100, 90, 1, 1)),
        ("turn-left", (20, 290, 50, 100, 270, 1, 1)),
        ("mirror-horizontal", (290, 20, 100, 50, 0, -1, 1)),
        ("mirror-vertical", (10, 230, 100, 50, 0, 1, -1)),
        ("largest", (0, 0, 400, 300, 0, 1, 1)),
    ],
)
def test_without_javascript_the_buttons_do_the_same_on_the_server(visitor, draft, adjust, kept):
    answer = visitor.post(f"/drafts/{draft.pk}/", crop(draft, 10, 20, 100, 50, adjust=adjust))
    assert answer.status_code == 303
    assert selection() == kept


def test_an_adjustment_that_does_not_exist_is_refused(visitor, draft):
    answer = visitor.post(f"/drafts/{draft.pk}/", crop(draft, adjust="explode"))
    assert answer.status_code == 422


def test_each_crop_of_a_preset_has_its_own_page(visitor):
    draft = add(visitor, encoded(picture(600, 600)), preset="profile-set")
    page = visitor.get(f"/drafts/{draft.pk}/?spec=banner")
    assert page.context["spec"].slug == "banner"
    assert {"Profile", "Banner"} <= set(words(page).split())
    visitor.post(f"/drafts/{draft.pk}/", crop(draft, 0, 30, 300, 100, spec="banner"))
    boxes = {each.spec.slug: (each.x, each.y, each.width, each.height) for each in draft.crops.all()}
    assert boxes == {"profile": (0, 0, 600, 600), "banner": (0, 30, 300, 100)}


def test_a_preview_is_the_crop(visitor, draft):
    visitor.post(f"/drafts/{draft.pk}/", crop(draft, 10, 20, 200, 100))
    answer = visitor.get(f"/drafts/{draft.pk}/preview/?spec=free")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    assert decoded(answer.getvalue()).size == (200, 100)


def test_a_working_copy_is_the_whole_picture(visitor):
    draft = add(visitor, encoded(picture(2000, 1000), "JPEG"))
    answer = visitor.get(f"/drafts/{draft.pk}/working-copy/")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    assert decoded(answer.getvalue()).size == (1600, 800)


@pytest.mark.parametrize("part", ["working-copy", "preview"])
def test_a_lost_file_is_said(visitor, draft, part):
    storage.delete_draft_folder(draft.pk)
    answer = visitor.get(f"/drafts/{draft.pk}/{part}/")
    assert answer.status_code == 410
    assert "no longer on the server. Choose the picture again." in words(answer)


@pytest.mark.parametrize("spec", ["banner", "nowhere", "../../etc", "%00", "x" * 3000])
def test_a_crop_that_the_preset_does_not_have_is_not_there(visitor, draft, spec):
    for path in (f"/drafts/{draft.pk}/?spec={spec}", f"/drafts/{draft.pk}/preview/?spec={spec}"):
        assert visitor.get(path).status_code == 404
    assert visitor.post(f"/drafts/{draft.pk}/", crop(draft, spec=spec)).status_code == 404


def test_a_picture_that_is_being_stored_is_not_changed(visitor):
    draft = draft_row(begin_session(visitor), state="confirming", confirm_deadline="2100-01-01T00:00Z")
    for headers in ({}, FRAGMENT):
        answer = visitor.post(f"/drafts/{draft.pk}/", crop(draft, 0, 0, 50, 50), headers=headers)
        assert answer.status_code == 409
        assert "This picture was changed or stored meanwhile" in words(answer)
    assert selection()[2:4] == (400, 300)


# --- Two tabs -------------------------------------------------------------------------------


def stamp() -> str:
    return DraftCrop.objects.get().stamp


@pytest.mark.parametrize("headers", [{}, FRAGMENT], ids=["page", "fragment"])
def test_a_crop_that_was_changed_elsewhere_is_not_replaced_unasked(visitor, draft, headers):
    old = stamp()
    visitor.post(f"/drafts/{draft.pk}/", crop(draft, 10, 20, 200, 100))
    answer = visitor.post(f"/drafts/{draft.pk}/", crop(draft, 0, 0, 50, 50, shown=old), headers=headers)
    assert answer.status_code == 409
    assert "Another crop of this picture was saved meanwhile" in words(answer)
    assert ("<html" in answer.content.decode()) == (not headers)
    assert selection()[:4] == (10, 20, 200, 100)
    # What the button "Keep mine" sends.
    assert f'name="keep" value="{stamp()}"' in answer.content.decode()
    kept = crop(draft, 0, 0, 50, 50, shown=old, keep=stamp())
    assert visitor.post(f"/drafts/{draft.pk}/", kept, headers=headers).status_code == (200 if headers else 303)
    assert selection()[:4] == (0, 0, 50, 50)


def test_a_page_that_is_refused_for_another_tab_keeps_what_was_sent(visitor, draft):
    old = stamp()
    visitor.post(f"/drafts/{draft.pk}/", crop(draft, 10, 20, 200, 100))
    page = visitor.post(f"/drafts/{draft.pk}/", crop(draft, 3, 4, 57, 58, shown=old)).content.decode()
    for value in (3, 4, 57, 58, old):
        assert f'value="{value}"' in page


def test_the_same_crop_from_two_tabs_is_no_conflict(visitor, draft):
    old = stamp()
    for _ in range(2):
        answer = visitor.post(f"/drafts/{draft.pk}/", crop(draft, 10, 20, 200, 100, shown=old), headers=FRAGMENT)
        assert answer.status_code == 200
    assert f'data-shown="{stamp()}"' in answer.content.decode()


def test_a_crop_over_a_picture_that_was_replaced_by_one_of_the_same_size_is_not_saved(visitor, draft):
    old = stamp()
    visitor.post(f"/drafts/{draft.pk}/replace/", {"picture": upload(encoded(picture().rotate(180)), "other.png")})
    answer = visitor.post(f"/drafts/{draft.pk}/", crop(draft, 0, 0, 50, 50, shown=old))
    assert answer.status_code == 409
    assert selection()[:4] == (0, 0, 400, 300)


def test_another_crop_of_the_same_picture_is_no_conflict(visitor):
    draft = add(visitor, encoded(picture(600, 600)), preset="profile-set")
    shown = {each.spec.slug: each.stamp for each in draft.crops.select_related("spec")}
    visitor.post(f"/drafts/{draft.pk}/", crop(draft, 0, 30, 300, 100, spec="banner", shown=shown["banner"]))
    answer = visitor.post(f"/drafts/{draft.pk}/", crop(draft, 0, 0, 300, 300, spec="profile", shown=shown["profile"]))
    assert answer.status_code == 303


# --- Replace --------------------------------------------------------------------------------


def test_a_replacement_leads_to_the_editor(visitor, draft):
    answer = visitor.post(f"/drafts/{draft.pk}/replace/", {"picture": upload(encoded(picture(200, 100)), "new.png")})
    assert (answer.status_code, answer["Location"]) == (303, f"/drafts/{draft.pk}/")
    found = Draft.objects.get()
    assert (found.pk, found.file_name, found.width) == (draft.pk, "new.png", 200)


@pytest.mark.parametrize(
    ("sent", "words_", "status"),
    [
        ({}, "No picture arrived. Choose one.", 422),
        ({"picture": "not a file"}, "No picture arrived. Choose one.", 422),
        ({"picture": upload(b"", "empty.png")}, "The file is empty.", 422),
        ({"picture": upload(b"text", "bad.png")}, "This is not a picture that can be read.", 422),
        ({"picture": upload(b"text", "x" * 400 + ".png")}, "This is not a picture that can be read.", 422),
    ],
    ids=["none", "text", "empty", "not a picture", "long name"],
)
def test_a_replacement_that_is_refused_says_why_and_changes_nothing(visitor, draft, draft_files, sent, words_, status):
    before = Draft.objects.values().get(), draft_files()
    answer = visitor.post(f"/drafts/{draft.pk}/replace/", sent)
    assert answer.status_code == status
    assert words_ in words(answer)
    assert (Draft.objects.values().get(), draft_files()) == before


def test_a_crop_that_was_made_for_the_picture_before_is_refused(visitor, draft):
    old = crop(draft, 0, 0, 100, 100)
    visitor.post(f"/drafts/{draft.pk}/replace/", {"picture": upload(encoded(picture(500, 300)))})
    answer = visitor.post(f"/drafts/{draft.pk}/", old)
    assert answer.status_code == 422
    assert "The crop was made for another picture: this one was replaced." in words(answer)
    assert selection()[:4] == (0, 0, 500, 300)
