"""What a decoder may do to its child process. The sandbox imports these functions there."""

import os
import signal
import sys
import time
from pathlib import Path

from uploads.errors import TooManyScans


def add(first: int, *, second: int) -> int:
    return first + second


def process() -> int:
    return os.getpid()


def fail() -> None:
    raise ZeroDivisionError("an internal of the library")


def refuse() -> None:
    raise TooManyScans(limit=7)


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def be_killed() -> None:
    """What the kernel does when the machine runs out of memory."""
    os.kill(os.getpid(), signal.SIGKILL)


def sleep(seconds: float) -> None:
    time.sleep(seconds)


def burn() -> None:
    """Work, and never end."""
    while True:
        pass


def hog(megabytes: int) -> int:
    """Take memory and touch it."""
    return len(bytes(megabytes * 1024 * 1024))


def open_files(count: int) -> int:
    return len([open(os.devnull) for _ in range(count)])  # noqa: PTH123


def wait_for(started: str, end: str) -> str:
    """Say that it began, and end when told."""
    Path(started).touch()
    while not Path(end).exists():
        time.sleep(0.01)
    return end


def has_django() -> bool:
    return "django" in sys.modules


def inherited() -> list[str]:
    """What the child's open descriptors are."""
    names = []
    for path in Path("/proc/self/fd").iterdir():
        try:
            names.append(str(path.readlink()))
        except OSError:
            continue
    return names
