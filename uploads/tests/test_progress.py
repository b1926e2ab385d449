"""Progress: what a person sees of their own upload, and nobody else of it."""

from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import Client

from uploads import progress
from uploads.handlers.body import Body
from uploads.tests.people import multipart
from uploads.tests.pictures import encoded, picture

pytestmark = pytest.mark.django_db

DATA = encoded(picture(300, 200), compress_level=0)


@pytest.fixture(autouse=True)
def _empty_cache():
    cache.clear()


@pytest.fixture
def browser(db) -> Client:
    client = Client()
    client.get("/")
    return client


@pytest.fixture
def name() -> str:
    return str(uuid4())


def send(client: Client, name: str, *files: bytes, query: bool = False, data: bytes | None = None, **headers: str):
    body = multipart(*[("pictures", f"{number}.png", file) for number, file in enumerate(files)])
    body["data"] = data or body["data"]
    if query:
        return client.post(f"/drafts/?X-Progress-ID={name}", **body)
    return client.post("/drafts/", **body, headers={"X-Progress-ID": name, **headers})


def ask(client: Client, name: str) -> dict:
    answer = client.get(f"/progress/{name}/")
    assert "no-store" in answer["Cache-Control"]
    return answer.json()


@pytest.mark.parametrize("query", [True, False], ids=["query", "header"])
def test_the_last_question_still_sees_the_end(browser, name, query):
    length = len(multipart(("pictures", "0.png", DATA), ("pictures", "1.png", b"text"))["data"])
    assert send(browser, name, DATA, b"text", query=query).status_code == 303
    assert ask(browser, name) == {
        "state": "done",
        "status": 303,
        "received": length,
        "total": length,
        "files": [
            {"name": "0.png", "received": len(DATA), "state": "received"},
            {"name": "1.png", "received": 0, "state": "skipped"},
        ],
    }


def test_it_is_seen_while_it_arrives(browser, name, monkeypatch):
    seen, read = [], Body.read

    def read_and_ask(self, size):
        data = read(self, size)
        seen.append(ask(browser, name))
        return data

    monkeypatch.setattr(Body, "read", read_and_ask)
    monkeypatch.setattr(progress, "LEAST_SECONDS", 0)
    assert send(browser, name, DATA).status_code == 303
    received = [each["received"] for each in seen]
    assert received == sorted(received)
    assert 0 < received[0] < received[-1] == seen[-1]["total"]
    assert seen[1]["state"] == "receiving"
    assert seen[2]["files"][0]["state"] in {"receiving", "received"}


def test_nobody_else_sees_it(browser, name, member):
    send(browser, name, DATA)
    stranger = Client()
    stranger.get("/")
    for client in (Client(), stranger, member):
        answer = client.get(f"/progress/{name}/")
        assert (answer.status_code, answer.json()) == (404, {"state": "unknown"})


def test_an_account_sees_it_from_anywhere(member, user, name):
    send(member, name, DATA)
    elsewhere = Client()
    elsewhere.force_login(user)
    assert ask(elsewhere, name)["state"] == "done"


def test_one_that_was_interrupted_says_so(browser, name, draft_files):
    body = multipart(("pictures", "0.png", DATA))["data"]
    assert send(browser, name, data=body[: len(body) // 2]).status_code == 400
    said = ask(browser, name)
    assert (said["state"], said["files"][0]["state"]) == ("interrupted", "skipped")
    assert draft_files() == []


def test_one_that_was_stopped_says_so(browser, name):
    body = multipart(("pictures", "0.png", DATA))["data"]
    data = body.replace(b"Content-Type: image/png", b"Content-Transfer-Encoding: base64")
    assert send(browser, name, data=data).status_code == 400
    assert ask(browser, name)["state"] == "refused"


@pytest.mark.parametrize("bad", ["", "x", "../../etc", "\0", "x" * 10_000])
def test_a_name_that_is_no_uuid_is_as_none(browser, bad):
    assert send(browser, bad, DATA).status_code == 303
    assert browser.get("/progress/not-a-uuid/").status_code == 404


def test_it_is_written_at_most_ten_times_a_second(monkeypatch):
    writes, now = [], 0.0
    monkeypatch.setattr(progress, "monotonic", lambda: now)
    monkeypatch.setattr(cache, "set", lambda *args: writes.append(now))
    record = progress.Record("key", 10_000)
    record.begin_file("a.png")
    for count in range(1000):
        now = count / 1000
        record.receive(count)
        record.receive_of_file(count)
    record.turn("received")
    assert len(writes) <= 12
    assert writes[-1] == now


def test_it_is_forgotten_a_while_after_its_last_change(browser, name, monkeypatch):
    expiries, keep = [], cache.set
    monkeypatch.setattr(cache, "set", lambda key, value, timeout: (expiries.append(timeout), keep(key, value, timeout)))
    send(browser, name, DATA)
    assert set(expiries) == {120}
