"""Bodies that crawl or have stopped are ended, so that none holds a thread for ever.

A read from the server's input cannot be given up: it returns when the bytes are there or the connection has ended. What
can be ended is the connection. The server does not say which one a request has, so those are ended on which, for as
long as a read was waiting, nothing was sent and next to nothing came; Linux keeps the numbers (``TCP_INFO``, tcp(7)). A
request that is worked on in silence for so long loses its answer then, as it does behind a proxy. Elsewhere, and where
the server's sockets are another process's, nothing is ended: a proxy in front has to do it.
"""

import os
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, Thread, get_ident
from time import monotonic, sleep

from django.conf import settings

# What one read asks for: less than this in UPLOADS_STALL_SECONDS is a stalled body.
READ_BYTES = 64 * 1024
LOOK_SECONDS = 1
DESCRIPTORS = Path("/proc/self/fd")
# Offsets into struct tcp_info (linux/tcp.h), and how much of it is read.
BYTES_ACKED, BYTES_RECEIVED, INFO_BYTES = 120, 128, 136


@dataclass(frozen=True, slots=True)
class Traffic:
    """How much a connection has moved since it began, in bytes."""

    sent: int
    received: int


class StallWatch:
    """Knows which threads of this process wait for a body, and ends connections on which nothing moves."""

    def __init__(self) -> None:
        self._waiting: dict[int, float] = {}
        self._starting = Lock()
        self._thread: Thread | None = None

    def read(self, read: Callable[[], bytes]) -> tuple[bytes, float]:
        """Call something that waits for a body; return what it read, and how many seconds that took."""
        if self._thread is None:
            self._start()
        thread, begun_at = get_ident(), monotonic()
        self._waiting[thread] = begun_at
        try:
            return read(), monotonic() - begun_at
        finally:
            del self._waiting[thread]

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = Thread(target=self._run, name="stalled", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        seen: dict[object, Traffic] = {}
        seen_at: float | None = None
        while True:
            sleep(LOOK_SECONDS)
            now = monotonic()
            longest = max((now - since for since in list(self._waiting.values())), default=0)
            if longest < LOOK_SECONDS:
                seen_at = None
                continue
            if seen_at is not None and now - seen_at < settings.UPLOADS_STALL_SECONDS:
                continue
            if seen_at is not None and longest >= settings.UPLOADS_STALL_SECONDS:
                _end_stalled(seen)
            seen, seen_at = {peer: traffic for _, peer, traffic in _connections()}, now


# One for each process, as the threads and connections are.
WATCH = StallWatch()


def _end_stalled(before: dict[object, Traffic]) -> None:
    for connection, peer, traffic in _connections():
        then = before.get(peer)
        if then and traffic.sent == then.sent and traffic.received - then.received < READ_BYTES:
            # Only what comes in: the answer that says why can still go out.
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RD)


def _connections() -> Iterator[tuple[socket.socket, object, Traffic]]:
    """The connections that this process has accepted, each with its peer and its traffic."""
    sockets = list(_tcp_sockets())
    try:
        ports = {each.getsockname()[1] for each in sockets if _listens(each)}
        for each in sockets:
            with suppress(OSError, struct.error):
                if each.getsockname()[1] in ports and not _listens(each):
                    yield each, each.getpeername(), _traffic(each)
    finally:
        for each in sockets:
            each.close()


def _tcp_sockets() -> Iterator[socket.socket]:
    """A copy of every TCP socket of this process; closing a copy leaves the connection alone."""
    names = os.listdir(DESCRIPTORS) if DESCRIPTORS.is_dir() else []  # noqa: PTH208 - names are numbers here
    for name in names:
        with suppress(OSError):  # closed meanwhile, or no socket
            descriptor = os.dup(int(name))
            try:
                copy = socket.socket(fileno=descriptor)
            except OSError:
                os.close(descriptor)
                raise
            if copy.family in {socket.AF_INET, socket.AF_INET6} and copy.type == socket.SOCK_STREAM:
                yield copy
            else:
                copy.close()


def _listens(each: socket.socket) -> bool:
    return bool(each.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))


def _traffic(each: socket.socket) -> Traffic:
    info = each.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, INFO_BYTES)
    sent, received = (struct.unpack_from("Q", info, offset)[0] for offset in (BYTES_ACKED, BYTES_RECEIVED))
    return Traffic(sent, received)
