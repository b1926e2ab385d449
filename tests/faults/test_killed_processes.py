"""Processes are killed: the site answers again, and nothing of it outlives it."""

import os
import signal
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit

from config import embedded
from tests.site import running_site


def children(pid: int) -> dict[int, str]:
    """The processes that a process has started, and how they were called."""
    pids = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {int(each): Path(f"/proc/{each}/cmdline").read_text().replace("\0", " ") for each in pids}


def web_server_of(pid: int) -> int:
    return next(child for child, command in children(pid).items() if "granian" in command)


def wait_until(true: Callable[[], bool], seconds: float = 30) -> None:
    give_up_at = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < give_up_at
        time.sleep(0.1)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as page:
            return bool(page.status == 200)
    except (URLError, OSError):
        return False


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_killed_web_server_is_started_anew_and_its_workers_do_not_stay(tmp_path: Path) -> None:
    with running_site(tmp_path) as site:
        killed = web_server_of(site.process.pid)
        workers = list(children(killed))
        assert len(workers) >= 2
        # Sooner than this it counts as one that cannot start.
        time.sleep(5)
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: all(map(is_gone, workers)))
        wait_until(lambda: answers(site.url))
        assert web_server_of(site.process.pid) != killed
    assert embedded.is_free(int(urlsplit(site.url).port or 0))


def test_a_killed_worker_is_replaced(tmp_path: Path) -> None:
    with running_site(tmp_path) as site:
        server = web_server_of(site.process.pid)
        killed = set(children(server))
        for worker in killed:
            os.kill(worker, signal.SIGKILL)
        wait_until(lambda: answers(site.url))
        wait_until(lambda: len(set(children(server)) - killed) >= 2)
