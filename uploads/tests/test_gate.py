"""The gate: what is refused is refused before one byte of the body is read; the rest is received before the view."""

from io import BytesIO
from threading import Event

import pytest
from django.test import Client
from django.urls import reverse

from uploads import gate
from uploads.models import Draft
from uploads.tests.drafts import at_once, draft_row
from uploads.tests.people import FRAGMENT, add, begin_session, multipart, words
from uploads.tests.pictures import encoded, upload

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

FORM = multipart(("preset", None, b"free"), ("pictures", "a.png", encoded()))
HOST = {"Host": "localhost"}


class Unread(BytesIO):
    """A body that must not be read."""

    def read(self, *_: object) -> bytes:
        raise AssertionError("the body was read")


@pytest.fixture
def browser(db) -> Client:
    """A client that is checked as browsers are, with the cookie of a page that it saw."""
    client = Client(enforce_csrf_checks=True, headers=HOST)
    client.get("/")
    return client


@pytest.fixture
def send(browser):
    """Send a body that may be read, or must not be, with the token in a header."""

    def post(path="/drafts/", *, client=browser, body=FORM["data"], unread=False, token=True, **headers):
        if token:
            headers["X-CSRFToken"] = client.cookies["csrftoken"].value
        length = headers.pop("length", len(body))
        stream = Unread() if unread else BytesIO(body)
        meta = {"CONTENT_LENGTH": str(length), "wsgi.input": stream, "CONTENT_TYPE": FORM["content_type"]}
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.post(path, headers=headers, **meta)

    return post


def refused(answer, status: int, *, says: str) -> None:
    assert answer.status_code == status, words(answer)
    assert says in words(answer)
    assert not Draft.objects.exists()


NOT_YOURS = "it could not be told to be yours"


def test_a_picture_with_the_token_in_a_header_is_taken(send):
    assert send().status_code == 303
    assert Draft.objects.count() == 1


def test_a_form_without_javascript_is_taken(browser):
    token = browser.cookies["csrftoken"].value
    body = multipart(("csrfmiddlewaretoken", None, token.encode()), ("pictures", "a.png", encoded()))
    origin = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert browser.post("/drafts/", **body, headers=origin).status_code == 303


def test_a_form_with_a_wrong_token_is_refused_by_django(browser, draft_files):
    body = multipart(("csrfmiddlewaretoken", None, b"x" * 32), ("pictures", "a.png", encoded()))
    refused(browser.post("/drafts/", **body), 403, says=NOT_YOURS)
    assert draft_files() == []


@pytest.mark.parametrize("token", ["x" * 32, "x" * 64, "short", "\xfc"])
def test_a_wrong_token_in_a_header_is_refused(send, token):
    refused(send(unread=True, token=False, X_CSRFToken=token), 403, says=NOT_YOURS)


def test_somebody_who_has_not_seen_a_page_is_refused(send):
    stranger = Client(enforce_csrf_checks=True)
    refused(send(client=stranger, unread=True, token=False), 403, says=NOT_YOURS)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:8001", "http://sub.localhost"])
def test_another_origin_is_refused(send, origin):
    refused(send(unread=True, Origin=origin), 403, says=NOT_YOURS)
    refused(send(unread=True, token=False, Origin=origin), 403, says=NOT_YOURS)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_another_site_made_the_browser_send_is_refused(send, site):
    refused(send(unread=True, Sec_Fetch_Site=site), 403, says=NOT_YOURS)


def test_an_origin_that_the_settings_trust_is_taken(send, settings):
    settings.CSRF_TRUSTED_ORIGINS = ["https://pictures.example.org"]
    assert send(Origin="https://pictures.example.org", Sec_Fetch_Site="same-site").status_code == 303


@pytest.fixture
def login_required(settings):
    settings.UPLOADS_LOGIN_REQUIRED = True


def test_where_an_account_is_required_others_are_led_to_sign_in(send, login_required):
    answer = send(unread=True)
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/?next=/drafts/")
    assert not Draft.objects.exists()


def test_where_an_account_is_required_a_member_is_taken(send, login_required, user):
    client = Client(enforce_csrf_checks=True, headers=HOST)
    client.force_login(user)
    client.get("/")
    assert send(client=client).status_code == 303


@pytest.mark.parametrize("path", ["/accounts/login/", "/drafts/confirm/", "/images/"])
def test_where_no_file_belongs_none_is_received(send, path):
    refused(send(path, unread=True, length=2_700_000), 400, says="The form is larger than a form can be")


def test_an_address_that_is_none_costs_nothing(send):
    assert send("/nowhere/", unread=True).status_code == 404


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "GET"])
def test_a_body_that_comes_with_another_method_is_not_read(browser, method):
    meta = {"CONTENT_LENGTH": "1000", "wsgi.input": Unread(), "CONTENT_TYPE": FORM["content_type"]}
    assert browser.generic(method, "/drafts/", **meta).status_code in {303, 403, 405}


def test_a_request_that_claims_too_much_is_refused(send, settings):
    settings.UPLOADS_MAX_REQUEST_BYTES = 5_000_000
    refused(send(unread=True, length=5_100_000), 413, says="5.1 MB at once are over 5 MB.")


def test_a_request_that_does_not_say_how_long_it_is_is_refused(send):
    refused(send(unread=True, length="", Transfer_Encoding="chunked"), 411, says="does not say how long it is")


@pytest.mark.parametrize("length", ["-1", "x", "1e3", "٣"])
def test_a_length_that_is_none_is_no_server_error(send, length):
    assert send(length=length).status_code in {400, 422}


def test_a_disk_that_is_nearly_full_is_not_filled(send, settings):
    settings.UPLOADS_MIN_FREE_BYTES = 10**18
    refused(send(unread=True), 507, says="There is no room left")


@pytest.fixture
def mine(browser):
    """Drafts of the browser's; some number of them."""
    owner = begin_session(browser)

    def make(count: int, **columns: object) -> None:
        for _ in range(count):
            draft_row(owner, **columns)

    return make


def test_as_many_drafts_as_are_kept_are_enough(send, mine, settings):
    settings.UPLOADS_MAX_DRAFTS = 2
    mine(2)
    answer = send(unread=True)
    assert answer.status_code == 422
    assert "You have 2 open pictures, as many as are kept." in words(answer)
    other = Client(enforce_csrf_checks=True, headers=HOST)
    other.get("/")
    assert send(client=other).status_code == 303


def test_one_of_as_many_as_are_kept_can_still_be_replaced(send, mine, settings, browser):
    settings.UPLOADS_MAX_DRAFTS = 1
    mine(1)
    body = multipart(("picture", "a.png", encoded()))["data"]
    path = reverse("uploads:replace", args=[Draft.objects.get().pk])
    assert send(path, body=body).status_code == 303


def test_as_many_bytes_as_are_kept_are_enough(send, mine, settings):
    settings.UPLOADS_MAX_DRAFT_BYTES = 2_000_000
    mine(1, source_bytes=1_500_000, working_bytes=400_000)
    answer = send(unread=True, length=200_000)
    assert answer.status_code == 422
    assert "Your open pictures would have 2.1 MB, over the 2 MB that are kept." in words(answer)


def test_a_refusal_is_a_fragment_for_the_pages_script(send, settings):
    settings.UPLOADS_MIN_FREE_BYTES = 10**18
    answer = send(unread=True, **FRAGMENT)
    assert answer.status_code == 507
    assert "<html" not in answer.content.decode()
    assert 'class="problem"' in answer.content.decode()


def test_only_so_many_uploads_are_received_at_once(settings, monkeypatch, visitor):
    settings.UPLOADS_AT_ONCE = 1
    begun, go_on = Event(), Event()
    receive = gate._receive

    def slow(request):
        if request.headers.get("X-Slow"):
            begun.set()
            assert go_on.wait(20)
        receive(request)

    monkeypatch.setattr(gate, "_receive", slow)
    # One handler for both, as in one process.
    client = Client()
    client.handler.load_middleware()

    def first():
        return client.post("/drafts/", {"pictures": upload()}, headers={"X-Slow": "1"})

    def second():
        assert begun.wait(20)
        try:
            answers = [
                client.post("/drafts/", {"pictures": upload()}),
                client.get("/"),
                client.post("/drafts/confirm/"),
            ]
        finally:
            go_on.set()
        return answers

    added, (turned_away, page, form) = at_once(first, second)
    assert added.status_code == 303
    assert (turned_away.status_code, page.status_code, form.status_code) == (429, 200, 422)
    assert int(turned_away["Retry-After"]) > 0
    assert "Many pictures are being received just now." in words(turned_away)
    assert client.post("/drafts/", {"pictures": upload(), "may_repeat": True}).status_code == 303


def test_a_place_is_given_back_whatever_happens(settings, visitor):
    settings.UPLOADS_AT_ONCE = 1
    client = Client(raise_request_exception=False)
    client.handler.load_middleware()
    for body in (b"no form at all", FORM["data"][:300], FORM["data"].replace(b"free", b"none")):
        assert client.post("/drafts/", body, content_type=FORM["content_type"]).status_code in {400, 422}
    assert add(client)


ENCODED = FORM["data"].replace(b"Content-Type: image/png", b"Content-Transfer-Encoding: base64")
BAD = {
    "cut short": (FORM["data"][:-30], 400, "The upload was cut short"),
    "encoded": (ENCODED, 400, "A part of the upload is encoded as base64, which no browser does."),
}


@pytest.mark.parametrize("headers", [{}, FRAGMENT], ids=["page", "fragment"])
@pytest.mark.parametrize(("body", "status", "says"), BAD.values(), ids=BAD)
def test_what_stopped_an_upload_is_said(send, body, status, says, headers, draft_files):
    refused(send(body=body, **headers), status, says=says)
    assert draft_files() == []


class Lost(BytesIO):
    def read(self, *_: object) -> bytes:
        raise ConnectionResetError("reset")


def test_a_connection_that_is_lost_is_no_server_error(browser, draft_files):
    token = {"X-CSRFToken": browser.cookies["csrftoken"].value}
    for content_type in (FORM["content_type"], "application/x-www-form-urlencoded"):
        meta = {"CONTENT_LENGTH": "5000", "wsgi.input": Lost(), "CONTENT_TYPE": content_type}
        assert browser.post("/drafts/", headers=token, **meta).status_code == 400
    assert draft_files() == []
