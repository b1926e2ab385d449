"""Requests over a real socket that no browser sends: no 5xx, nothing left, the worker free for the next."""

import os
import re
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from uuid import uuid4

import pytest

from tests.faults.sockets import BOUNDARY, END, Visitor, answer, incoming, part, reset, wait_until
from tests.site import Site, running_site
from uploads.tests.pictures import encoded, picture

STALL_SECONDS, AT_ONCE, WORKERS = 2, 3, 2
VARIABLES = {
    "UPLOADS_STALL_SECONDS": str(STALL_SECONDS),
    "UPLOADS_AT_ONCE": str(AT_ONCE),
    "BLOCKING_THREADS": "8",
    "FILE_UPLOAD_MAX_MEMORY_SIZE": "100000",
    "UPLOADS_MAX_DRAFTS": "1000",
}
PNG = encoded(picture(600, 500), compress_level=0)  # 900 KB: a temporary file
MUCH = PNG + bytes(5_000_000)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("site"), VARIABLES) as site:
        yield site


@pytest.fixture
def visitor(site: Site) -> Iterator[Visitor]:
    """Somebody, after whom nothing is left, no 5xx is logged, and everything works as before."""
    before = sorted(site.draft_files())
    visitor = Visitor(site)
    yield visitor
    wait_until(lambda: not incoming(site), 3 * STALL_SECONDS + 2)
    assert sorted(site.draft_files()) == before
    assert "Internal Server Error" not in (site.var_dir / "serve.log").read_text()
    # As many uploads as there are places, one after the other: none is held any more.
    for _ in range(AT_ONCE * WORKERS + 1):
        status, text = Visitor(site).upload(encoded(picture(30, 30)))
        assert status == 200, text
    for path in map(Path, site.draft_files()):  # what the check itself added
        if str(path) not in before:
            path.unlink()


FORM = part(b"free", "preset", None) + part(PNG)
BODIES = {
    "no last boundary": (FORM, 400),
    "half a boundary": (FORM + b"--" + BOUNDARY.encode(), 400),
    "cut in a file": (FORM[: len(FORM) // 2], 400),
    "cut in a header": (FORM + b"--" + BOUNDARY.encode() + b"\r\nContent-Disp", 400),
    "1,000 files": (part(PNG[:200]) * 1000 + END, 400),
    "1,000 fields": (part(b"x", "x", None) * 1000 + END, 422),
    "10,000 fields": (part(b"x", "x", None) * 10_000 + END, 400),
    "1,000 boundaries": (f"--{BOUNDARY}\r\n".encode() * 1000 + END, 400),
    "8 KB of headers": (FORM + part(b"x", "x", None, "X-Long: " + "x" * 8192) + END, 400),
    "a base64 part": (part(PNG, "pictures", "a.png", "Content-Transfer-Encoding: base64") + END, 400),
    "a base64 field": (FORM + part(b"x", "x", None, "Content-Transfer-Encoding: base64") + END, 400),
    "a part without a name": (f"--{BOUNDARY}\r\n\r\nx\r\n".encode() + END, 422),
    "a form in the form": (part((FORM + END).replace(b"boundary", b"another"), "pictures", "a.png") + END, 422),
    "no form": (os.urandom(300_000), 400),
    "zeros": (bytes(3_000_000), 400),
    "nothing": (b"", 422),
    "a field of 3 MB": (part(b"x" * 3_000_000, "preset", None) + END, 400),
    "text": (part(b"Dear Sir or Madam" * 100_000) + END, 422),
    "over the limit": (part(PNG + bytes(20_000_000)) + END, 422),
    "line feeds alone": ((FORM + END).replace(b"\r\n", b"\n"), 400),
}


@pytest.mark.parametrize(("body", "status"), BODIES.values(), ids=BODIES)
def test_a_body_that_is_no_good_form_is_answered(visitor: Visitor, body: bytes, status: int) -> None:
    assert visitor.send(body)[0] == status


HEADS: dict[str, tuple[dict[str, str], int]] = {
    "no boundary": ({"Content_Type": "multipart/form-data"}, 400),
    "another boundary": ({"Content_Type": "multipart/form-data; boundary=other"}, 400),
    "a boundary of 300 bytes": ({"Content_Type": "multipart/form-data; boundary=" + "x" * 300}, 400),
    "another origin": ({"Origin": "https://evil.example"}, 403),
    "another site": ({"Sec_Fetch_Site": "cross-site"}, 403),
    "no token": ({"X_CSRFToken": "x" * 32}, 403),
    "no cookie": ({"Cookie": "a=b"}, 403),
    "40 KB of headers": ({"X_Long": "x" * 40_000}, 200),
}


@pytest.mark.parametrize(("headers", "status"), HEADS.values(), ids=HEADS)
def test_a_head_that_is_no_good_is_answered(visitor: Visitor, headers: dict[str, str], status: int) -> None:
    data = part(encoded(picture(30, 30))) + part(b"on", "may_repeat", None) + END
    before = visitor.site.draft_files()
    assert visitor.send(data, **headers)[0] == status
    if status == 200:
        for path in set(visitor.site.draft_files()) - set(before):
            Path(path).unlink()


REFUSED: dict[str, tuple[int, dict[str, str], int]] = {
    "too much": (500_000_000, {}, 413),
    "another origin": (300_000_000, {"Origin": "https://evil.example"}, 403),
    "no cookie": (300_000_000, {"Cookie": "a=b"}, 403),
}


@pytest.mark.parametrize(("length", "headers", "status"), REFUSED.values(), ids=REFUSED)
def test_a_refused_body_is_not_read(visitor: Visitor, length: int, headers: dict[str, str], status: int) -> None:
    sent = 0
    with visitor.connect() as connection:
        connection.sendall(visitor.head(length, **headers))
        with suppress(ConnectionError):
            while sent < 100_000_000:
                sent += connection.send(bytes(65_536))
        assert answer(connection)[0] == status
    assert sent < 20_000_000


def test_a_refused_head_is_answered_before_the_body_is_sent(visitor: Visitor) -> None:
    with visitor.connect() as connection:
        connection.sendall(visitor.head(300_000_000, Origin="https://evil.example", Expect="100-continue"))
        assert answer(connection)[0] == 403


def test_a_length_that_is_too_long_waits_for_no_more_than_a_stalled_body(visitor: Visitor) -> None:
    begun_at = time.monotonic()
    status, text = visitor.send(FORM + END, length=len(FORM + END) + 1000)
    assert status == 408
    assert "stopped arriving" in text
    assert time.monotonic() - begun_at < 2 * STALL_SECONDS + 4


def test_a_length_that_is_too_short_cuts_the_body(visitor: Visitor) -> None:
    assert visitor.send(FORM + END, length=len(FORM) // 2)[0] == 400


def test_a_body_without_a_length_is_refused(visitor: Visitor) -> None:
    chunk = part(PNG) + END
    body = f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n0\r\n\r\n"
    assert visitor.send(body, length=None, Transfer_Encoding="chunked")[0] == 411


@pytest.mark.parametrize("length", ["-1", "x", "1e9", "99999999999999999999", "5, 5"])
def test_a_length_that_is_none_is_refused(visitor: Visitor, length: str) -> None:
    with visitor.connect() as connection:
        with suppress(ConnectionError):  # it may be closed before all of that is sent
            connection.sendall(visitor.head(None, Content_Length=length) + FORM)
        with suppress(ConnectionError):
            assert 400 <= answer(connection)[0] < 500


BODY = FORM + part(MUCH) + END
PHASES = {
    "after the head": 0,
    "in a field": 60,
    "in a part's header": len(part(b"free", "preset", None)) + 30,
    "in a file": len(FORM) // 2,
    "between files": len(FORM),
    "in the second file": len(FORM) + 2_000_000,
    "before the last boundary": len(BODY) - len(END),
    "in the last boundary": len(BODY) - 5,
}


@pytest.mark.parametrize("close", [socket.socket.close, reset], ids=["FIN", "RST"])
@pytest.mark.parametrize("sent", PHASES.values(), ids=PHASES)
def test_a_client_that_vanishes_leaves_nothing_within_a_second(visitor: Visitor, sent: int, close) -> None:
    connections = [visitor.connect() for _ in range(AT_ONCE)]
    for connection in connections:
        connection.sendall(visitor.head(len(BODY)) + BODY[:sent])
    time.sleep(0.3)  # the server is in the middle of it
    for connection in connections:
        close(connection)
    assert wait_until(lambda: not incoming(visitor.site)) < 1


def test_a_client_that_vanishes_before_the_answer_may_have_added_its_picture(visitor: Visitor) -> None:
    before = set(visitor.site.draft_files())
    with visitor.connect() as connection:
        connection.sendall(visitor.head(len(FORM + END)) + FORM + END)
        reset(connection)
    time.sleep(1)
    for path in set(visitor.site.draft_files()) - before:
        Path(path).unlink()


@pytest.mark.parametrize("sent", PHASES.values(), ids=PHASES)
def test_a_body_that_stops_is_ended(visitor: Visitor, sent: int) -> None:
    begun_at = time.monotonic()
    with visitor.connect() as connection:
        connection.sendall(visitor.head(len(BODY)) + BODY[:sent])
        status, text = answer(connection)
        assert (status, "stopped arriving" in text) == (408, True)
        assert connection.recv(1) == b""
    assert time.monotonic() - begun_at < 2 * STALL_SECONDS + 3


def test_a_body_that_crawls_is_ended(visitor: Visitor) -> None:
    begun_at = time.monotonic()
    with visitor.connect() as connection:
        connection.sendall(visitor.head(len(BODY)) + BODY[:2000])
        with suppress(ConnectionError):
            while time.monotonic() - begun_at < 20:
                connection.sendall(b"x" * 50)
                time.sleep(0.05)
    assert time.monotonic() - begun_at < 2 * STALL_SECONDS + 4


def test_a_form_without_files_that_stops_is_ended(visitor: Visitor) -> None:
    with visitor.connect() as connection:
        head = visitor.head(5000, "/accounts/login/", Content_Type="application/x-www-form-urlencoded")
        connection.sendall(head + b"username=")
        assert answer(connection)[0] in {200, 400}
        assert connection.recv(1) == b""


def test_a_slow_body_that_goes_on_is_taken(visitor: Visitor) -> None:
    body = part(PNG) + part(b"on", "may_repeat", None) + END
    before = set(visitor.site.draft_files())
    with visitor.connect() as connection:
        connection.sendall(visitor.head(len(body)))
        for at in range(0, len(body), 20_000):  # 100 KB a second, for longer than a stalled body is borne
            connection.sendall(body[at : at + 20_000])
            time.sleep(0.2)
        assert answer(connection)[0] == 200
    for path in set(visitor.site.draft_files()) - before:
        Path(path).unlink()


def test_uploads_hold_a_share_of_the_threads_and_pages_answer(visitor: Visitor) -> None:
    with ExitStack() as stack:
        held = [stack.enter_context(visitor.connect()) for _ in range(AT_ONCE * WORKERS * 3)]
        for connection in held:
            connection.sendall(visitor.head(len(BODY)) + BODY[:200_000])
        time.sleep(0.5)
        begun_at = time.monotonic()
        for _ in range(20):
            urllib.request.urlopen(visitor.site.url, timeout=5).close()
        assert time.monotonic() - begun_at < 5
        statuses = []
        for connection in held:
            statuses.append(answer(connection)[0])
    assert set(statuses) == {408, 429}
    assert statuses.count(408) <= AT_ONCE * WORKERS


def test_one_that_is_turned_away_is_told_when_to_come_again(visitor: Visitor) -> None:
    with ExitStack() as stack:
        for _ in range(AT_ONCE * WORKERS * 3):
            stack.enter_context(visitor.connect()).sendall(visitor.head(len(BODY)) + BODY[:1000])
        time.sleep(0.3)
        connection = stack.enter_context(visitor.connect())
        connection.sendall(visitor.head(len(FORM + END)) + FORM[:5000])
        raw = connection.recv(65_536).decode()
    assert raw.startswith("HTTP/1.1 429 ")
    assert re.search(r"(?i)retry-after: \d+", raw)


def test_progress_is_seen_while_it_arrives_and_after_it_broke(visitor: Visitor) -> None:
    name = str(uuid4())
    with visitor.connect() as connection:
        connection.sendall(visitor.head(len(BODY), X_Progress_ID=name) + BODY[:1_000_000])
        time.sleep(0.2)  # longer than between two writes of the record
        connection.sendall(BODY[1_000_000:1_200_000])
        wait_until(lambda: int(str(visitor.progress(name)["received"])) > 1_000_000, STALL_SECONDS)
        assert visitor.progress(name)["state"] == "receiving"
        reset(connection)
    wait_until(lambda: visitor.progress(name)["state"] == "interrupted")


def test_a_connection_goes_on_after_a_small_refusal(visitor: Visitor) -> None:
    with visitor.connect() as connection:
        for _ in range(3):
            body = part(b"text") + END
            connection.sendall(visitor.head(len(body)) + body)
            assert answer(connection)[0] == 422


# --- Alone on a site of their own --------------------------------------------------------------


def uploads(site: Site) -> list[Path]:
    """The temporary files of uploads, without the working copies that wait beside them."""
    return [path for path in incoming(site) if path.suffix == ".upload"]


def test_what_a_killed_worker_was_receiving_goes_with_the_next_sweep(tmp_path: Path) -> None:
    with running_site(tmp_path, VARIABLES | {"UPLOADS_STALL_SECONDS": "60"}) as site:
        visitor = Visitor(site)
        with visitor.connect() as killed:
            killed.sendall(visitor.head(len(BODY)) + BODY[: len(BODY) // 2])
            wait_until(lambda: len(uploads(site)) == 2)
            left = set(uploads(site))
            os.kill(_holder(uploads(site)[0]), signal.SIGKILL)
        time.sleep(0.5)
        assert set(uploads(site)) == left
        with visitor.connect() as live:
            live.sendall(visitor.head(len(BODY)) + BODY[: len(BODY) // 2])
            wait_until(lambda: len(uploads(site)) == 4)
            for path in incoming(site):
                os.utime(path, (0, 0))
            site.manage("sweep")
            assert len(set(uploads(site)) - left) == len(uploads(site)) == 2
            live.sendall(BODY[len(BODY) // 2 :])
            assert answer(live)[0] in {200, 409}
        wait_until(lambda: not incoming(site))


def _holder(path: Path) -> int:
    """The process that has a file open."""
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):
            if link.resolve() == path:
                return int(link.parts[2])
    pytest.fail(f"Nobody has {path} open.")


def test_a_disk_of_4_mb_takes_what_fits_after_50_that_did_not(tmp_path: Path) -> None:
    var_dir = tmp_path / "site"
    (var_dir / "incoming").mkdir(parents=True)
    script = f'mount -t tmpfs -o size=4m tmpfs "{var_dir}/incoming" && exec "$@"'
    within = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"]
    if subprocess.run([*within, "true"], capture_output=True, check=False).returncode:
        pytest.fail("A file system of 4 MB cannot be mounted: unprivileged user namespaces are off on this machine.")
    variables = VARIABLES | {"UPLOADS_MIN_FREE_BYTES": "1", "UPLOADS_AT_ONCE": "8", "BLOCKING_THREADS": "16"}
    with running_site(var_dir, variables, within=within) as site:
        disk = Path(f"/proc/{site.process.pid}/root{var_dir}/incoming")
        visitor = Visitor(site)
        fits = part(PNG + bytes(2_500_000)) + part(b"on", "may_repeat", None) + END
        too_large = part(PNG + bytes(6_000_000)) + END

        def at_the_same_time(_: int) -> int:
            with visitor.connect() as connection:
                connection.sendall(visitor.head(len(fits)) + fits[:200_000])
                time.sleep(1)
                with suppress(ConnectionError):
                    connection.sendall(fits[200_000:])
                return answer(connection)[0]

        for _ in range(20):
            assert visitor.send(too_large)[0] == 507
        with ThreadPoolExecutor(6) as threads:
            statuses = [status for _ in range(5) for status in threads.map(at_the_same_time, range(6))]
        assert set(statuses) <= {200, 507}
        assert statuses.count(507) >= 10
        assert visitor.upload(PNG)[0] == 200
        wait_until(lambda: not list(disk.iterdir()))
        assert os.statvfs(disk).f_bfree == os.statvfs(disk).f_blocks


def test_200_uploads_at_once_with_a_quota_of_100_add_100(tmp_path: Path) -> None:
    variables = VARIABLES | {"UPLOADS_MAX_DRAFTS": "100", "UPLOADS_AT_ONCE": "8", "BLOCKING_THREADS": "16"}
    with running_site(tmp_path, variables) as site:
        visitor = Visitor(site)
        with visitor.connect() as connection:  # the session of the first picture is everybody's
            body = part(encoded(picture(20, 20))) + END
            connection.sendall(visitor.head(len(body)) + body)
            raw = connection.recv(65_536).decode()
            visitor.cookies["sessionid"] = re.findall(r"sessionid=([^;]+)", raw)[0]

        def until_answered(number: int) -> int:
            while True:
                status, _ = visitor.upload(encoded(picture(21 + number, 20)))
                if status not in {429, 503}:
                    return status
                time.sleep(0.2)

        with ThreadPoolExecutor(200) as threads:
            statuses = list(threads.map(until_answered, range(200)))
        assert statuses.count(200) == 99
        assert set(statuses) == {200, 422}
        request = urllib.request.Request(site.url, headers={"Cookie": visitor._cookie()})
        with urllib.request.urlopen(request) as page:
            assert page.read().decode().count('<li class="card"') == 100
