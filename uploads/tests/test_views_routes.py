"""What holds for every route: who may, by which method, with which identifier, with which headers."""

import re
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import get_resolver, reverse

from uploads.models import Draft, StoredImage
from uploads.tests.drafts import draft_row, image_row, other_row
from uploads.tests.people import FRAGMENT, begin_session, words


class Progress:
    """No model: a record of the cache."""


pytestmark = pytest.mark.django_db

# Name, methods besides HEAD and OPTIONS, what its identifier is of.
ROUTES = [
    ("sheet", "GET", None),
    ("add", "POST", None),
    ("begin", "POST", None),
    ("cancel", "POST", None),
    ("confirm-many", "POST", None),
    ("draft", "GET POST", Draft),
    ("replace", "POST", Draft),
    ("discard", "POST", Draft),
    ("texts", "POST", Draft),
    ("add-again", "POST", Draft),
    ("progress", "GET", Progress),
    ("confirm", "POST", Draft),
    ("working-copy", "GET", Draft),
    ("preview", "GET", Draft),
    ("library", "GET", None),
    ("image", "GET POST", StoredImage),
    ("rendition", "GET", StoredImage),
    ("rendition-at", "GET", StoredImage),
    ("delete-image", "POST", StoredImage),
]
CALLS = [(name, method, model) for name, methods, model in ROUTES for method in methods.split()]
OWNED = [call for call in CALLS if call[2]]
POSTS = [call for call in CALLS if call[1] == "POST"]
OPEN = ["login", "signup", "password_reset", "password_reset_done", "password_reset_complete"]
PAGES = ["sheet", "draft", "library", "image"]


def names(calls) -> list[str]:
    return [f"{method} {name}" for name, method, _ in calls]


@pytest.fixture
def path(visitor):
    """The path of a route to what the visitor has, or to another identifier."""
    owner = begin_session(visitor)
    image = image_row(owner)
    other_row(image, 200, "WEBP")
    mine = {Draft: draft_row(owner).pk, StoredImage: image.pk, Progress: uuid4()}
    more = {"rendition": ["free"], "rendition-at": ["free", 200, "webp"]}

    def make(name: str, model: type | None, identifier: object = None) -> str:
        arguments = [] if model is None else [identifier or mine[model]]
        return reverse(f"uploads:{name}", args=[*arguments, *more.get(name, [])])

    return make


@pytest.fixture
def sent(visitor):
    """What is sent by each route's form, for the visitor's pictures."""

    def fields(name: str) -> dict:
        draft = Draft.objects.get()
        return {
            "confirm-many": {"draft": str(draft.pk)},
            "draft": {"spec": "free", "x": 0, "y": 0, "width": 400, "height": 300, "rotate": 0, "scaleX": 1,
                      "scaleY": 1, "sourceWidth": 400, "sourceHeight": 300},
            "image": {"title": "Title", "alt_text": ""},
        }.get(name, {})  # fmt: skip

    return fields


def test_the_list_is_complete():
    routes = get_resolver("uploads.urls").url_patterns
    assert {route.name for route in routes} == {name for name, _, _ in ROUTES}


@pytest.mark.parametrize(("name", "method", "model"), OWNED, ids=names(OWNED))
def test_what_is_somebody_elses_is_not_there(path, sent, other_visitor, member, name, method, model):
    begin_session(other_visitor)
    rows = list(Draft.objects.values()), list(StoredImage.objects.values())
    for stranger in (Client(), other_visitor, member):
        assert stranger.generic(method, path(name, model)).status_code == 404
        answer = stranger.get(path(name, model)) if method == "GET" else stranger.post(path(name, model), sent(name))
        assert answer.status_code == 404
    assert rows == (list(Draft.objects.values()), list(StoredImage.objects.values()))


def test_several_none_of_which_is_mine_are_not_there(visitor, other_visitor):
    begin_session(visitor)
    theirs = draft_row(begin_session(other_visitor))
    answer = visitor.post("/drafts/confirm/", {"draft": [str(theirs.pk), str(uuid4())]})
    assert answer.status_code == 404
    assert Draft.objects.get().state == "open"
    assert not StoredImage.objects.exists()


@pytest.mark.parametrize(("name", "methods", "model"), ROUTES, ids=[name for name, _, _ in ROUTES])
def test_other_methods_are_refused(path, visitor, name, methods, model):
    allowed = {*methods.split(), *(["HEAD"] if "GET" in methods else [])}
    for method in {"POST", "PUT", "PATCH", "DELETE", "OPTIONS"} - allowed:
        answer = visitor.generic(method, path(name, model))
        assert answer.status_code == 405, method
        assert {each.strip() for each in answer["Allow"].split(",")} == allowed
        assert "This address cannot be used like that. Nothing was changed." in words(answer)


FORMS = [(name, model) for name, methods, model in ROUTES if "GET" not in methods]


@pytest.mark.parametrize(("name", "model"), FORMS, ids=[name for name, _ in FORMS])
def test_who_opens_the_address_of_a_form_gets_the_page_that_the_form_is_on(path, visitor, name, model):
    page = {"replace": "draft", "delete-image": "image"}.get(name, "sheet")
    for answer in (visitor.get(path(name, model)), visitor.head(path(name, model))):
        assert (answer.status_code, answer["Location"]) == (303, path(page, None if page == "sheet" else model))
    assert visitor.get(answer["Location"]).status_code == 200


@pytest.mark.parametrize(("name", "method", "model"), OWNED, ids=names(OWNED))
def test_a_fragment_of_what_is_not_there_is_no_page(path, visitor, name, method, model):
    answer = visitor.generic(method, path(name, model, uuid4()), headers=FRAGMENT)
    assert answer.status_code == 404
    if model is Progress:
        return
    assert "<html" not in answer.content.decode()
    gone = "This picture is no longer on your sheet: it was stored or deleted, perhaps in another tab."
    assert (gone in words(answer)) == (model is Draft)


def test_a_fragment_that_is_not_allowed_is_no_page(path, visitor):
    for answer in (
        visitor.put(path("texts", Draft), headers=FRAGMENT),
        Client(enforce_csrf_checks=True).post(path("texts", Draft), headers=FRAGMENT),
    ):
        assert answer.status_code in {403, 405}
        assert 'class="problem"' in answer.content.decode()
        assert "<html" not in answer.content.decode()


@pytest.mark.parametrize(("name", "method", "model"), OWNED, ids=names(OWNED))
def test_an_unknown_identifier_is_not_there(path, visitor, name, method, model):
    assert visitor.generic(method, path(name, model, uuid4())).status_code == 404


@pytest.mark.parametrize(("name", "method", "model"), OWNED, ids=names(OWNED))
@pytest.mark.parametrize("garbage", ["7", "x", "..%2F..%2Fetc%2Fpasswd", "%00", "00000000-0000-0000-0000-00000000000G"])
def test_what_is_no_identifier_is_not_there(path, visitor, name, method, model, garbage):
    known = uuid4()
    broken = path(name, model, known).replace(str(known), garbage)
    assert visitor.generic(method, broken).status_code == 404


@pytest.mark.parametrize("garbage", ["7", "x", "", "\0", "a" * 5000])
def test_what_is_no_identifier_cannot_be_confirmed(visitor, garbage):
    begin_session(visitor)
    assert visitor.post("/drafts/confirm/", {"draft": garbage}).status_code == 404


@pytest.mark.parametrize(("name", "method", "model"), POSTS, ids=names(POSTS))
def test_without_a_csrf_token_nothing_happens(path, sent, visitor, name, method, model):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = visitor.cookies
    rows = list(Draft.objects.values()), list(StoredImage.objects.values())
    answer = strict.post(path(name, model), sent(name))
    assert answer.status_code == 403
    assert "could not be told to be yours" in answer.content.decode()
    assert rows == (list(Draft.objects.values()), list(StoredImage.objects.values()))


def test_with_the_csrf_token_of_its_page_a_form_is_taken(path, sent, visitor):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = visitor.cookies
    page = strict.get(path("image", StoredImage)).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
    answer = strict.post(path("image", StoredImage), sent("image") | {"csrfmiddlewaretoken": token})
    assert answer.status_code == 303


@pytest.fixture
def login_required(settings):
    """The site as settings make it where ``UPLOADS_LOGIN_REQUIRED`` is set."""
    middleware = list(settings.MIDDLEWARE)
    place = middleware.index("django.contrib.messages.middleware.MessageMiddleware")
    middleware.insert(place, "django.contrib.auth.middleware.LoginRequiredMiddleware")
    settings.MIDDLEWARE = middleware


@pytest.mark.parametrize(("name", "method", "model"), CALLS, ids=names(CALLS))
def test_signed_out_people_are_asked_to_sign_in_where_that_is_required(
    path, sent, visitor, login_required, name, method, model
):
    rows = list(Draft.objects.values()), list(StoredImage.objects.values())
    wanted = path(name, model)
    fresh = Client()
    fresh.cookies = visitor.cookies
    answer = fresh.get(wanted) if method == "GET" else fresh.post(wanted, sent(name))
    assert (answer.status_code, answer["Location"]) == (302, f"/accounts/login/?next={wanted}")
    assert rows == (list(Draft.objects.values()), list(StoredImage.objects.values()))


@pytest.mark.parametrize(
    "name", ["login", "signup", "password_reset", "password_reset_done", "password_reset_complete"]
)
def test_the_ways_in_are_open_where_signing_in_is_required(login_required, name):
    assert Client().get(reverse(name)).status_code == 200


def test_signed_in_people_work_where_that_is_required(login_required, user):
    client = Client()
    client.force_login(user)
    assert client.get("/").status_code == client.get("/images/").status_code == 200


# --- Headers --------------------------------------------------------------------------------


@pytest.fixture(params=[*PAGES, "login", "signup", "not there", "problem"])
def page(request, path, visitor):
    """One of the site's pages."""
    if request.param in PAGES:
        model = {"draft": Draft, "image": StoredImage}.get(request.param)
        return visitor.get(path(request.param, model))
    if request.param == "problem":
        return visitor.get(path("working-copy", Draft))
    return visitor.get("/nowhere/" if request.param == "not there" else reverse(request.param))


def test_pages_allow_nothing_that_is_not_the_sites_own(page):
    policy = dict(each.split(None, 1) for each in page["Content-Security-Policy"].split("; "))
    assert "unsafe" not in page["Content-Security-Policy"]
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert set(policy["img-src"].split()) == {"'self'", "blob:"}
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["form-action"] == "'self'"


def test_pages_keep_their_own_rules(page):
    text = page.content.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", text)


def test_pages_are_what_they_say_and_stay_in_their_window(page):
    assert page["X-Content-Type-Options"] == "nosniff"
    assert page["X-Frame-Options"] == "DENY"
    assert page["Referrer-Policy"] == "same-origin"
    assert page["Cross-Origin-Opener-Policy"] == "same-origin"
    assert page["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("name", PAGES)
def test_head_is_answered_without_a_body(path, visitor, name):
    model = {"draft": Draft, "image": StoredImage}.get(name)
    answer = visitor.head(path(name, model))
    assert (answer.status_code, answer.content) == (200, b"")
