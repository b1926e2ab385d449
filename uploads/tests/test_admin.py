"""The admin: presets are made here, people's pictures are looked at and removed."""

import re

import pytest
from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from uploads import forms, storage
from uploads.models import CropSpec, Draft, Preset, StoredImage
from uploads.tests.drafts import confirm, draft_row, image_row, other_row, preview_of, somebody, stage
from uploads.tests.people import words
from uploads.tests.pictures import decoded

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

MODELS = ("preset", "draft", "storedimage")


@pytest.fixture
def admin(db) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.fixture
def staff(db):
    """A member of staff with the permissions named, and no others."""

    def sign_in(*codenames: str) -> Client:
        user = User.objects.create_user("staff", is_staff=True)
        permissions = Permission.objects.filter(content_type__app_label="uploads", codename__in=codenames)
        assert len(permissions) == len(codenames)
        user.user_permissions.set(permissions)
        client = Client()
        client.force_login(user)
        return client

    return sign_in


def queries(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


# --- Who ------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
def test_a_plain_user_and_a_visitor_are_asked_to_sign_in(visitor, member, model):
    for client in (visitor, member):
        for path in ("/admin/", f"/admin/uploads/{model}/", f"/admin/uploads/{model}/add/"):
            answer = client.get(path)
            assert (answer.status_code, answer["Location"]) == (302, f"/admin/login/?next={path}")


@pytest.mark.parametrize("model", MODELS)
def test_staff_without_permission_see_nothing(staff, model):
    image, draft = image_row(somebody()), draft_row(somebody())
    rows = {"preset": Preset.objects.first(), "draft": draft, "storedimage": image}
    client = staff()
    for path in ("", "add/", f"{rows[model].pk}/change/", f"{rows[model].pk}/delete/"):
        assert client.get(f"/admin/uploads/{model}/{path}").status_code == 403


@pytest.mark.parametrize(
    ("permission", "allowed"),
    [
        ("view_storedimage", {"", "change/", "picture/"}),
        ("delete_storedimage", {"delete/"}),
        ("change_storedimage", {"", "change/", "picture/"}),  # who may change may view, says Django
        ("add_storedimage", set()),
        ("view_draft", set()),
        ("view_rendition", set()),
    ],
)
def test_each_permission_opens_what_it_names(staff, bucket, permission, allowed):
    image = confirm(stage())
    client = staff(permission)
    one = f"/admin/uploads/storedimage/{image.pk}/"
    paths = {"": "/admin/uploads/storedimage/", **{part: one + part for part in ("change/", "picture/", "delete/")}}
    for part, path in paths.items():
        assert (client.get(path).status_code == 200) is (part in allowed), path
    assert client.get("/admin/uploads/storedimage/add/").status_code == 403


def test_who_may_only_view_deletes_nothing(staff, bucket):
    image = confirm(stage())
    client = staff("view_storedimage", "view_draft")
    assert client.post(f"/admin/uploads/storedimage/{image.pk}/delete/", {"post": "yes"}).status_code == 403
    fields = {"action": "delete_selected", "_selected_action": str(image.pk), "post": "yes"}
    client.post("/admin/uploads/storedimage/", fields)
    draft = stage()
    client.post("/admin/uploads/draft/", {"action": "discard", "_selected_action": str(draft.pk)})
    assert StoredImage.objects.exists()
    assert Draft.objects.exists()
    assert bucket.keys()


# --- Presets --------------------------------------------------------------------------------

SPEC = {"slug": "wide", "name": "Wide", "position": 1, "ratio_width": 21, "ratio_height": 9, "min_width": 100,
        "min_height": 1, "output_width": 1050, "output_format": "WEBP", "quality": 80}  # fmt: skip


def preset_form(**changed: object) -> dict[str, object]:
    form = {"name": "Cinema", "slug": "cinema", "position": 9, "is_offered": "on"}
    form |= {"specs-TOTAL_FORMS": 1, "specs-INITIAL_FORMS": 0, "specs-MIN_NUM_FORMS": 1, "specs-MAX_NUM_FORMS": 1000}
    return form | {f"specs-0-{name}": value for name, value in (SPEC | changed).items()}


def test_a_preset_is_made_with_its_crops_and_is_offered(admin, visitor):
    assert admin.get("/admin/uploads/preset/add/").status_code == 200
    answer = admin.post("/admin/uploads/preset/add/", preset_form())
    assert (answer.status_code, answer["Location"]) == (302, "/admin/uploads/preset/")
    spec = CropSpec.objects.get(preset__slug="cinema")
    assert {name: getattr(spec, name) for name in SPEC} == SPEC
    assert "Cinema" in words(visitor.get("/"))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"ratio_height": ""}, "Give both numbers of the ratio, or none."),
        ({"ratio_width": 0}, "Give both numbers of the ratio, or none."),
        ({"min_width": 0}, "Ensure this value is greater than or equal to 1."),
        ({"output_width": 0}, "Ensure this value is greater than or equal to 1."),
        ({"quality": 101}, "Ensure this value is less than or equal to 100."),
        ({"quality": 0}, "Ensure this value is greater than or equal to 1."),
        ({"output_format": "BMP"}, "Select a valid choice."),
        ({"slug": "a/b"}, "Enter a valid “slug”"),
        ({"widths": "320, wide"}, "“wide” is not a whole number of pixels. Write widths like this: 320, 640, 1280."),
        ({"widths": "640px"}, "“640px” is not a whole number of pixels."),
        ({"widths": "-320"}, "“-320” is not a whole number of pixels."),
        ({"widths": "9" * 5000}, f"“{'9' * 20}” is not a whole number of pixels."),
        ({"widths": "0, 320"}, "Each width is between 1 and 16384 pixels."),
        ({"widths": "16385"}, "Each width is between 1 and 16384 pixels."),
        ({"widths": "1 2 3 4 5 6 7 8 9"}, "Ask for at most 8 widths."),
        ({"extra_formats": ["GIF"]}, "Select a valid choice. GIF is not one of the available choices."),
    ],
    ids=str,
)
def test_a_crop_that_makes_no_sense_is_refused(admin, changed, said):
    answer = admin.post("/admin/uploads/preset/add/", preset_form(**changed))
    assert answer.status_code == 200
    assert said in words(answer)
    assert not Preset.objects.filter(slug="cinema").exists()


WIDTHS = {
    "": [],
    "320, 640, 1280": [320, 640, 1280],
    " 1280;640\t320,,640 ": [320, 640, 1280],
}


@pytest.mark.parametrize(("text", "widths"), WIDTHS.items(), ids=str)
def test_widths_are_written_as_people_do(admin, text, widths):
    assert admin.post("/admin/uploads/preset/add/", preset_form(widths=text)).status_code == 302
    assert CropSpec.objects.get(preset__slug="cinema").widths == widths


def test_widths_and_formats_are_shown_again_and_changed(admin):
    admin.post("/admin/uploads/preset/add/", preset_form(widths="640 320", extra_formats=["AVIF", "JPEG"]))
    spec = CropSpec.objects.get(preset__slug="cinema")
    assert (spec.widths, set(spec.extra_formats)) == ([320, 640], {"AVIF", "JPEG"})
    path = f"/admin/uploads/preset/{spec.preset_id}/change/"
    page = admin.get(path).content.decode()
    assert 'value="320, 640"' in page
    checked = re.findall(r'name="specs-0-extra_formats" value="(\w+)"[^>]*checked', page)
    assert set(checked) == {"AVIF", "JPEG"}
    kept = {"specs-INITIAL_FORMS": 1, "specs-0-id": spec.pk, "specs-0-preset": spec.preset_id}
    wrong = admin.post(path, preset_form(widths="320, x") | kept)
    assert 'value="320, x"' in wrong.content.decode()
    assert admin.post(path, preset_form(widths="800") | kept).status_code == 302
    spec.refresh_from_db()
    assert (spec.widths, spec.extra_formats) == ([800], [])


def test_formats_that_this_machine_cannot_write_are_not_offered(admin, monkeypatch):
    monkeypatch.setattr(forms, "offered", lambda names: [name for name in names if name != "AVIF"])
    page = admin.get("/admin/uploads/preset/add/").content.decode()
    offered = set(re.findall(r'name="specs-0-extra_formats" value="(\w+)"', page))
    assert offered == {"JPEG", "PNG", "WEBP"}
    answer = admin.post("/admin/uploads/preset/add/", preset_form(extra_formats=["AVIF"]))
    assert "AVIF is not one of the available choices" in words(answer)


def test_a_preset_without_a_crop_is_refused(admin):
    form = {name: value for name, value in preset_form().items() if not name.startswith("specs-0")}
    answer = admin.post("/admin/uploads/preset/add/", form | {"specs-TOTAL_FORMS": 0})
    assert answer.status_code == 200
    assert not Preset.objects.filter(slug="cinema").exists()


def test_a_preset_that_pictures_use_is_not_deleted(admin, bucket):
    draft_row(somebody())
    preset = Preset.objects.get(slug="free")
    assert "would require deleting the following protected related objects" in words(
        admin.get(f"/admin/uploads/preset/{preset.pk}/delete/")
    )
    admin.post(f"/admin/uploads/preset/{preset.pk}/delete/", {"post": "yes"})
    assert Preset.objects.filter(pk=preset.pk).exists()


def test_presets_are_ordered_and_withdrawn_in_the_list(admin, visitor):
    presets = list(Preset.objects.all())
    form = {"form-TOTAL_FORMS": len(presets), "form-INITIAL_FORMS": len(presets), "_save": "Save"}
    for number, preset in enumerate(presets):
        form |= {f"form-{number}-id": preset.pk, f"form-{number}-position": 100 - number}
        if preset.slug != "card":
            form[f"form-{number}-is_offered"] = "on"
    assert admin.post("/admin/uploads/preset/", form).status_code == 302
    offered = Preset.objects.filter(is_offered=True).values_list("slug", flat=True)
    assert list(offered) == ["profile-set", "banner", "profile", "free"]


# --- Drafts ---------------------------------------------------------------------------------


def test_drafts_are_looked_at_and_not_changed(admin, user):
    draft = draft_row(somebody(), title="Beach", file_name="beach.png")
    listed = words(admin.get("/admin/uploads/draft/"))
    for fact in ("beach.png", "a visitor", "Free", "open", "disk", "400", "300"):
        assert fact in listed
    assert admin.get("/admin/uploads/draft/add/").status_code == 403
    page = admin.get(f"/admin/uploads/draft/{draft.pk}/change/").content.decode()
    assert 'name="title"' not in page
    assert admin.post(f"/admin/uploads/draft/{draft.pk}/change/", {"title": "Mine"}).status_code == 403
    draft.refresh_from_db()
    assert draft.title == "Beach"


def test_drafts_are_discarded_with_their_files(admin, draft_files):
    kept, first, second = stage(), stage(), stage()
    preview_of(first)
    fields = {"action": "discard", "_selected_action": [str(first.pk), str(second.pk)]}
    answer = admin.post("/admin/uploads/draft/", fields, follow=True)
    assert "2 drafts were discarded." in words(answer)
    assert list(Draft.objects.all()) == [kept]
    assert len(draft_files()) == 2
    logged = LogEntry.objects.filter(action_flag=DELETION).values_list("object_id", flat=True)
    assert set(logged) == {str(first.pk), str(second.pk)}


def test_a_draft_that_is_being_stored_is_not_discarded(admin):
    draft = draft_row(somebody(), state="confirming", confirm_deadline="2100-01-01T00:00Z")
    answer = admin.post("/admin/uploads/draft/", {"action": "discard", "_selected_action": str(draft.pk)}, follow=True)
    assert "This picture was changed or stored meanwhile" in words(answer)
    assert Draft.objects.exists()
    assert not LogEntry.objects.exists()


def test_a_single_draft_is_deleted_with_its_files(admin, draft_files):
    draft = stage()
    assert admin.get(f"/admin/uploads/draft/{draft.pk}/delete/").status_code == 200
    answer = admin.post(f"/admin/uploads/draft/{draft.pk}/delete/", {"post": "yes"})
    assert answer.status_code == 302
    assert not Draft.objects.exists()
    assert draft_files() == []


def test_a_single_draft_that_is_being_stored_is_never_a_server_error(admin):
    draft = draft_row(somebody(), state="confirming", confirm_deadline="2100-01-01T00:00Z")
    answer = admin.post(f"/admin/uploads/draft/{draft.pk}/delete/", {"post": "yes"}, follow=True)
    assert answer.status_code == 403
    assert Draft.objects.exists()


# --- Stored images --------------------------------------------------------------------------


def test_stored_images_are_listed_with_their_thumbnails(admin, bucket):
    image = confirm(stage(name="beach.png"))
    page = admin.get("/admin/uploads/storedimage/")
    for fact in ("beach.png", "a visitor", "Free", "stored", "400 × 300"):
        assert fact in words(page)
    source = re.search(r'<img src="([^"]+)"[^>]*class="thumbnail"', page.content.decode())[1]
    assert source == f"/admin/uploads/storedimage/{image.pk}/picture/"
    answer = admin.get(source)
    assert decoded(answer.getvalue()).size == (400, 300)
    assert "style=" not in page.content.decode()


def test_an_image_that_is_not_stored_yet_has_no_thumbnail(admin):
    image_row(somebody(), state="storing")
    assert 'class="thumbnail"' not in admin.get("/admin/uploads/storedimage/").content.decode()


def test_a_stored_images_page_shows_it_and_its_renditions(admin, bucket):
    image = confirm(stage())
    page = admin.get(f"/admin/uploads/storedimage/{image.pk}/change/")
    assert image.renditions.get().key in words(page)
    assert f"/admin/uploads/storedimage/{image.pk}/picture/" in page.content.decode()
    assert admin.post(f"/admin/uploads/storedimage/{image.pk}/change/", {"title": "Mine"}).status_code == 403


def test_a_picture_that_does_not_exist_is_not_there(admin, bucket):
    missing = somebody().token
    assert admin.get(f"/admin/uploads/storedimage/{missing}/picture/").status_code == 404


def test_a_deleted_image_takes_its_objects_along_and_is_logged(admin, bucket):
    image = confirm(stage(name="beach.png"))
    path = f"/admin/uploads/storedimage/{image.pk}/delete/"
    assert "Are you sure" in words(admin.get(path))
    assert admin.post(path, {"post": "yes"}).status_code == 302
    assert not StoredImage.objects.exists()
    assert bucket.keys() == []
    assert LogEntry.objects.values_list("action_flag", "object_id", "object_repr").get() == (
        DELETION, str(image.pk), "beach.png",
    )  # fmt: skip


def test_several_deleted_images_take_their_objects_along_and_are_logged(admin, bucket):
    kept, *gone = (confirm(stage()) for _ in range(3))
    fields = {"action": "delete_selected", "_selected_action": [str(image.pk) for image in gone]}
    assert "Are you sure" in words(admin.post("/admin/uploads/storedimage/", fields))
    admin.post("/admin/uploads/storedimage/", fields | {"post": "yes"})
    assert list(StoredImage.objects.all()) == [kept]
    assert bucket.keys() == [kept.renditions.get().key]
    assert LogEntry.objects.filter(action_flag=DELETION).count() == 2


@pytest.mark.parametrize("many", [False, True])
def test_with_the_store_down_a_deleted_image_goes_later(admin, bucket, without_store, many):
    image = confirm(stage())
    path, fields = f"/admin/uploads/storedimage/{image.pk}/delete/", {"post": "yes"}
    if many:
        path = "/admin/uploads/storedimage/"
        fields |= {"action": "delete_selected", "_selected_action": str(image.pk)}
    with without_store():
        assert admin.post(path, fields).status_code == 302
    assert StoredImage.objects.get().state == "deleting"


@pytest.mark.parametrize("many", [False, True])
def test_an_image_that_is_being_stored_is_not_deleted(admin, many):
    image = image_row(somebody(), state="storing")
    path, fields = f"/admin/uploads/storedimage/{image.pk}/delete/", {"post": "yes"}
    if many:
        path = "/admin/uploads/storedimage/"
        fields |= {"action": "delete_selected", "_selected_action": str(image.pk)}
    answer = admin.post(path, fields, follow=True)
    assert answer.status_code == 403
    assert StoredImage.objects.get().state == "storing"


def test_texts_of_people_cannot_run(admin, bucket):
    image_row(somebody(), title="<script>alert(1)</script>", alt_text='"><script>alert(2)</script>')
    draft_row(somebody(), file_name="<script>alert(3)</script>.png")
    for model in ("storedimage", "draft"):
        assert "<script>alert" not in admin.get(f"/admin/uploads/{model}/").content.decode()


def image_with_others(owner):
    image = image_row(owner)
    for width in (100, 200):
        other_row(image, width, "JPEG")


def test_a_stored_image_is_listed_once_with_the_size_of_its_main_file_and_all_its_bytes(admin):
    image_with_others(somebody())
    for query in ({}, {"renditions__format__exact": "JPEG"}):
        page = admin.get("/admin/uploads/storedimage/", query)
        assert "1 stored image" in words(page)
        assert page.content.decode().count('class="action-select"') == 1
        assert "400 × 300 1.3 KB" in words(page)


@pytest.mark.parametrize(
    ("model", "make"), [("draft", draft_row), ("storedimage", image_row), ("storedimage", image_with_others)]
)
def test_the_number_of_queries_does_not_grow_with_the_rows(admin, user, model, make):
    path = f"/admin/uploads/{model}/"
    admin.get(path)
    make(somebody()), make(somebody())
    few = queries(admin, path)
    for _ in range(6):
        make(somebody())
    assert queries(admin, path) == few


@pytest.mark.parametrize("model", ["draft", "storedimage"])
def test_people_and_texts_are_searched(admin, model):
    make = {"draft": draft_row, "storedimage": image_row}[model]
    make(somebody(), title="Beach"), make(somebody(), title="Forest")
    listed = words(admin.get(f"/admin/uploads/{model}/", {"q": "beach"}))
    assert "1 result" in listed


def test_admin_pages_keep_the_policy(admin, bucket):
    confirm(stage())
    for path in ("/admin/", "/admin/uploads/storedimage/", "/admin/uploads/preset/add/"):
        answer = admin.get(path)
        assert "unsafe" not in answer["Content-Security-Policy"]


def test_the_bucket_is_asked_outside_of_the_admins_transaction(admin, bucket, monkeypatch):
    """Else a bucket that hangs would hang everybody who writes to the database."""
    image, asked = confirm(stage()), []
    store = storage.images()
    delete_keys = store.delete_keys
    monkeypatch.setattr(
        store, "delete_keys", lambda keys: asked.append(connection.in_atomic_block) or delete_keys(keys), raising=False
    )
    assert admin.post(f"/admin/uploads/storedimage/{image.pk}/delete/", {"post": "yes"}).status_code == 302
    assert asked == [False]
    assert bucket.keys() == []
