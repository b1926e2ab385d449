"""The library: stored pictures, their bytes, their texts, their end."""

from base64 import b64encode
from hashlib import sha256
from urllib.request import urlopen

import pytest
from django.db import connection
from django.template.defaultfilters import filesizeformat
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from uploads.models import Rendition, StoredImage
from uploads.tests.drafts import ask_for, confirm, draft_row, image_row, other_row
from uploads.tests.people import add, begin_session, words
from uploads.tests.pictures import decoded, encoded, picture
from uploads.views import library

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture
def image(visitor, bucket) -> StoredImage:
    return confirm(add(visitor, name="beach.png"))


# --- The pages ------------------------------------------------------------------------------


def test_an_empty_library_says_so(visitor):
    assert "Nothing is stored yet" in words(visitor.get("/images/"))


def test_the_newest_picture_is_first(visitor):
    owner = begin_session(visitor)
    old, new, middle = (
        image_row(owner, stored_at=timezone.now() - timezone.timedelta(days=days)) for days in (3, 1, 2)
    )
    assert list(visitor.get("/images/").context["page_obj"]) == [new, middle, old]


def test_each_page_has_as_many_as_fit(visitor, monkeypatch):
    monkeypatch.setattr(library, "IMAGES_PER_PAGE", 2)
    owner = begin_session(visitor)
    for _ in range(5):
        image_row(owner)
    pages = [list(visitor.get("/images/", {"page": number}).context["page_obj"]) for number in (1, 2, 3)]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert len({image.pk for page in pages for image in page}) == 5
    assert "?page=2" in visitor.get("/images/").content.decode()


@pytest.mark.parametrize(("page", "shown"), [("0", 3), ("4", 3), ("-1", 3), ("x", 1), ("", 1), ("9" * 5000, 1)])
def test_a_page_that_does_not_exist_is_answered_by_one_that_does(visitor, monkeypatch, page, shown):
    monkeypatch.setattr(library, "IMAGES_PER_PAGE", 2)
    owner = begin_session(visitor)
    for _ in range(5):
        image_row(owner)
    answer = visitor.get("/images/", {"page": page})
    assert (answer.status_code, answer.context["page_obj"].number) == (200, shown)


def test_the_number_of_queries_does_not_grow_with_the_pictures(visitor):
    owner = begin_session(visitor)
    image_row(owner)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert visitor.get("/images/").status_code == 200
        return len(queries)

    one = count()
    for _ in range(5):
        image = image_row(owner)
        for width in (100, 200):
            other_row(image, width, "WEBP")
    assert count() == one


def test_somebody_elses_pictures_are_not_in_the_library(other_visitor, visitor, image):
    assert list(other_visitor.get("/images/").context["page_obj"]) == []
    assert list(visitor.get("/images/").context["page_obj"]) == [image]


def test_a_picture_that_is_being_deleted_is_out_of_sight(visitor):
    gone = image_row(begin_session(visitor), state="deleting")
    assert list(visitor.get("/images/").context["page_obj"]) == []
    for path in (f"/images/{gone.pk}/", f"/images/{gone.pk}/free"):
        assert visitor.get(path).status_code == 404


def test_a_picture_that_is_being_stored_says_so(visitor):
    storing = image_row(begin_session(visitor), state="storing")
    assert visitor.get("/images/").status_code == 200
    assert "still being stored" in words(visitor.get(f"/images/{storing.pk}/"))
    assert visitor.get(f"/images/{storing.pk}/free").status_code == 404


def test_a_pictures_page_names_its_facts(visitor, image):
    rendition = image.renditions.get()
    said = words(visitor.get(f"/images/{image.pk}/"))
    for fact in ("beach.png", "JPEG", "400 × 300"):
        assert fact in said
    assert f"/images/{image.pk}/free?download" in visitor.get(f"/images/{image.pk}/").content.decode()
    assert rendition.sha256[:8] in visitor.get(f"/images/{image.pk}/").content.decode()


def test_a_pictures_page_lists_every_file_of_a_crop_under_the_main_one(visitor, bucket):
    ask_for(100, formats=("WEBP",))
    image = confirm(add(visitor, name="beach.png"))
    answer = visitor.get(f"/images/{image.pk}/")
    page = answer.content.decode()
    assert page.count('<figure class="rendition">') == page.count("<picture>") == 1
    table = page[page.index("<table") : page.index("</table>")]
    for each in image.renditions.filter(is_main=False):
        size = filesizeformat(each.bytes).replace("\xa0", " ")
        assert f"{each.width} × {each.height} {each.get_format_display()} {size} Download" in words(answer)
        assert f'href="{each.url}?download"' in table
    assert table.count("?download") == 3
    assert f"/images/{image.pk}/free?download" in page.replace(table, "")


def test_the_number_of_queries_does_not_grow_with_the_files(visitor):
    image = image_row(begin_session(visitor))

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert visitor.get(f"/images/{image.pk}/").status_code == 200
        return len(queries)

    one = count()
    for width in (100, 200, 300):
        other_row(image, width, "WEBP")
    assert count() == one


def test_a_picture_with_one_file_has_no_table(visitor, image):
    assert "<table" not in visitor.get(f"/images/{image.pk}/").content.decode()


def test_the_library_shows_one_picture_for_each_image_and_counts_crops(visitor):
    image = image_row(begin_session(visitor))
    for width in (100, 200):
        other_row(image, width, "WEBP")
    page = visitor.get("/images/")
    assert page.content.decode().count("<img") == 1
    assert f'srcset="/images/{image.pk}/free/100.webp 100w, /images/{image.pk}/free/200.webp 200w"' in (
        page.content.decode()
    )
    assert "crops" not in words(page)


def test_texts_can_be_changed(visitor, image):
    answer = visitor.post(f"/images/{image.pk}/", {"title": "Title", "alt_text": "Text"})
    assert (answer.status_code, answer["Location"]) == (303, f"/images/{image.pk}/")
    assert "The texts were saved." in words(visitor.get(f"/images/{image.pk}/"))
    assert StoredImage.objects.values_list("title", "alt_text").get() == ("Title", "Text")


def test_texts_that_are_too_long_are_kept_on_the_page(visitor, image):
    answer = visitor.post(f"/images/{image.pk}/", {"title": "x" * 201, "alt_text": "Text"})
    assert answer.status_code == 422
    assert "at most 200 characters" in words(answer)
    assert "x" * 201 in answer.content.decode()
    assert StoredImage.objects.values_list("title", "alt_text").get() == ("", "")


# --- The bytes ------------------------------------------------------------------------------


def test_the_bytes_are_those_of_the_preview(visitor, bucket):
    draft = add(visitor)
    seen = visitor.get(f"/drafts/{draft.pk}/preview/").getvalue()
    confirm(draft)
    answer = visitor.get(f"/images/{draft.pk}/free")
    assert answer.getvalue() == seen == bucket.read(Rendition.objects.get().key)
    assert int(answer["Content-Length"]) == len(seen)


@pytest.fixture(params=["working-copy/", "preview/", "free", "free/100.jpg"])
def file(request, visitor, bucket):
    """The path of one of the files that the site sends."""
    ask_for(100)
    draft = add(visitor)
    if not request.param.startswith("free"):
        return f"/drafts/{draft.pk}/{request.param}"
    confirm(draft)
    return f"/images/{draft.pk}/{request.param}"


def test_a_file_says_its_digest(visitor, file):
    answer = visitor.get(file)
    digest = sha256(answer.getvalue()).digest()
    assert answer["Repr-Digest"] == f"sha-256=:{b64encode(digest).decode()}:"
    assert answer["ETag"] == f'"{digest.hex()}"'


def test_a_file_that_the_browser_has_is_not_sent_again(visitor, file):
    first = visitor.get(file)
    first.getvalue()
    again = visitor.get(file, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again["ETag"] == first["ETag"]
    other = visitor.get(file, headers={"If-None-Match": '"another"'})
    assert other.status_code == 200
    other.close()


def test_a_file_is_a_picture_and_never_a_page(visitor, file):
    answer = visitor.get(file)
    answer.getvalue()
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["X-Content-Type-Options"] == "nosniff"
    policies = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policies
    assert "sandbox" in policies
    assert "unsafe" not in policies
    assert answer["Cache-Control"].startswith("private")


def test_a_draft_is_asked_for_again_and_a_stored_picture_never(visitor, image):
    draft = add(visitor)
    for path, policy in ((f"/drafts/{draft.pk}/preview/", "no-cache"), (f"/images/{image.pk}/free", "immutable")):
        answer = visitor.get(path)
        answer.getvalue()
        assert policy in answer["Cache-Control"]


def test_head_of_a_file_is_answered(visitor, file):
    assert visitor.head(file).status_code == 200


NAMES = {
    "beach.png": 'attachment; filename="beach-free.jpg"',
    'a "quoted" name.png': 'attachment; filename="a \\"quoted\\" name-free.jpg"',
    "back\\slash.png": 'attachment; filename="back\\\\slash-free.jpg"',
    "grüße.png": "attachment; filename*=utf-8''gr%C3%BC%C3%9Fe-free.jpg",
    "\u202egnp.exe": "attachment; filename*=utf-8''%E2%80%AEgnp-free.jpg",
    "x.tar.gz": 'attachment; filename="x.tar-free.jpg"',
    ".png": 'attachment; filename=".png-free.jpg"',
    "none": 'attachment; filename="none-free.jpg"',
}


@pytest.mark.parametrize(("name", "disposition"), NAMES.items(), ids=NAMES)
def test_a_download_is_named_as_its_person_named_it(visitor, image, name, disposition):
    StoredImage.objects.update(file_name=name)
    answer = visitor.get(f"/images/{image.pk}/free?download")
    answer.getvalue()
    assert answer["Content-Disposition"] == disposition


@pytest.mark.parametrize("name", ["a\r\nSet-Cookie: b=c.png", "a\nb.png", 'a";\r\n\r\n<script>.png'])
def test_a_name_cannot_add_headers(visitor, image, name):
    StoredImage.objects.update(file_name=name)
    answer = visitor.get(f"/images/{image.pk}/free?download")
    answer.getvalue()
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer
    assert not {"\r", "\n", "\0"} & set(answer["Content-Disposition"])


@pytest.mark.parametrize("through_django", [True, False])
def test_a_long_name_makes_a_download_too(visitor, image, settings, through_django):
    settings.UPLOADS_SERVE_THROUGH_DJANGO = through_django
    StoredImage.objects.update(file_name="ü" * 251 + ".png")
    answer = visitor.get(f"/images/{image.pk}/free?download")
    if through_django:
        assert decoded(answer.getvalue()).size == (400, 300)
    else:
        with urlopen(answer["Location"]) as delivered:
            assert decoded(delivered.read()).size == (400, 300)


def test_a_crop_that_the_picture_does_not_have_is_not_there(visitor, image):
    assert visitor.get(f"/images/{image.pk}/banner").status_code == 404


def test_another_file_of_a_crop_has_its_own_bytes(visitor, other_visitor, bucket):
    ask_for(100, formats=("WEBP",))
    image = confirm(add(visitor, name="beach.png"))
    for each in image.renditions.filter(is_main=False):
        answer = visitor.get(each.url, {"download": ""})
        assert answer.getvalue() == bucket.read(each.key)
        assert answer["Content-Type"] == each.content_type
        assert answer["Content-Disposition"] == f'attachment; filename="{each.download_name}"'
        assert other_visitor.get(each.url).status_code == 404


NOWHERE = [
    "free/101.webp", "free/100.avif", "free/100.exe", "free/100.", "free/100", "free/100.tar.webp", "banner/100.webp",
    "free/400.jpg", "free/-100.webp", f"free/{10**30}.webp", f"free/{'9' * 5000}.webp",
]  # fmt: skip


@pytest.mark.parametrize("name", NOWHERE, ids=lambda name: name[:20])
def test_a_file_that_the_picture_does_not_have_is_not_there(visitor, name):
    image = image_row(begin_session(visitor))
    other_row(image, 100, "WEBP")
    assert visitor.get(f"/images/{image.pk}/{name}").status_code == 404


@pytest.mark.parametrize("state", ["storing", "deleting"])
def test_another_file_is_not_there_before_nor_after(visitor, state):
    image = image_row(begin_session(visitor), state=state)
    assert visitor.get(other_row(image, 100, "WEBP").url).status_code == 404


def test_with_the_store_down_the_page_says_so(visitor, image, without_store):
    with without_store():
        answer = visitor.get(f"/images/{image.pk}/free")
    assert answer.status_code == 503
    assert "The picture storage does not answer" in words(answer)


@pytest.mark.parametrize(("query", "kind"), [("", "inline"), ("?download", "attachment")])
@pytest.mark.parametrize("name", ["free", "free/100.jpg"])
def test_where_the_bucket_sends_itself_a_short_lived_address_delivers(visitor, bucket, settings, query, kind, name):
    ask_for(100)
    image = confirm(add(visitor))
    settings.UPLOADS_SERVE_THROUGH_DJANGO = False
    answer = visitor.get(f"/images/{image.pk}/{name}{query}")
    assert answer.status_code == 302
    assert answer["Location"].startswith(settings.S3_ENDPOINT_URL)
    assert answer["Cache-Control"] == "private, max-age=300"
    with urlopen(answer["Location"]) as delivered:
        assert delivered.read() == bucket.read(f"images/{image.pk}/{name.removesuffix('.jpg')}.jpg")
        assert delivered.headers["Content-Type"] == "image/jpeg"
        assert delivered.headers["Content-Disposition"].startswith(kind)
        assert "immutable" in delivered.headers["Cache-Control"]


def test_an_address_of_the_bucket_is_given_to_the_owner_only(image, other_visitor, settings):
    settings.UPLOADS_SERVE_THROUGH_DJANGO = False
    assert other_visitor.get(f"/images/{image.pk}/free").status_code == 404


# --- Delete ---------------------------------------------------------------------------------


def test_a_deleted_picture_is_gone_from_the_library_and_the_bucket(visitor, image, bucket):
    answer = visitor.post(f"/images/{image.pk}/delete/")
    assert (answer.status_code, answer["Location"]) == (303, "/images/")
    assert "“beach.png” was deleted." in words(visitor.get("/images/"))
    assert bucket.keys() == []
    assert visitor.get(f"/images/{image.pk}/").status_code == 404
    assert visitor.post(f"/images/{image.pk}/delete/").status_code == 404


def test_with_the_store_down_a_deleted_picture_is_out_of_sight_at_once(visitor, image, without_store):
    with without_store():
        assert visitor.post(f"/images/{image.pk}/delete/").status_code == 303
    assert visitor.get(f"/images/{image.pk}/").status_code == 404
    assert StoredImage.objects.get().state == "deleting"


def test_a_picture_that_is_being_stored_is_not_deleted(visitor):
    storing = image_row(begin_session(visitor), state="storing")
    answer = visitor.post(f"/images/{storing.pk}/delete/")
    assert answer.status_code == 409
    assert StoredImage.objects.get().state == "storing"


def test_transparent_pictures_are_stored_as_png(visitor, bucket):
    clear = picture(40, 30).convert("RGBA")
    clear.putalpha(100)
    image = confirm(add(visitor, encoded(clear)))
    answer = visitor.get(f"/images/{image.pk}/free?download")
    assert decoded(answer.getvalue()).mode == "RGBA"
    assert answer["Content-Type"] == "image/png"
    assert bucket.keys() == [f"images/{image.pk}/free.png"]


def test_drafts_are_not_in_the_library(visitor):
    draft = draft_row(begin_session(visitor))
    assert visitor.get(f"/images/{draft.pk}/").status_code == 404
