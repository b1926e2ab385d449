"""How far an upload is: a record in the cache, written while it arrives and read by one view.

A client that wants to know names its upload, by the header ``X-Progress-ID`` or the query parameter of that name, and
asks for ``/progress/ID/`` meanwhile, as with nginx's upload progress module. The record belongs to the account, or else
to the browser, known by its CSRF cookie: nobody else finds it, whatever their address.
"""

from hashlib import sha256
from time import monotonic
from typing import Any, Literal
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.core.cache import cache
from django.http import HttpRequest

State = Literal["receiving", "received", "interrupted", "refused", "done"]

NAME = "X-Progress-ID"
# So long after its last change the last question still gets an answer.
KEEP_SECONDS = 60
# Written at most ten times a second, whatever the size of the chunks: each write is a file or a round trip.
LEAST_SECONDS = 0.1


class Record:
    """The progress of one upload, as its request writes it."""

    def __init__(self, key: str, total_bytes: int) -> None:
        self._key = key
        self._written_at = float("-inf")
        self._said: dict[str, Any] = {"state": "receiving", "received": 0, "total": total_bytes, "files": []}
        self._write()

    def receive(self, count: int) -> None:
        """So many bytes of the body have arrived."""
        self._said["received"] = count
        if monotonic() - self._written_at >= LEAST_SECONDS:
            self._write()

    def begin_file(self, name: str) -> None:
        self._skip_unfinished()
        self._said["files"].append({"name": name, "received": 0, "state": "receiving"})

    def receive_of_file(self, count: int) -> None:
        """So many bytes of the file have arrived."""
        self._said["files"][-1]["received"] = count

    def end_file(self, count: int) -> None:
        self._said["files"][-1].update(received=count, state="received")

    def turn(self, state: State, **facts: Any) -> None:
        """Enter a state. Django says of an upload whose last file was skipped that it was interrupted, and goes on."""
        if self._said["state"] not in {"refused", "done"}:
            self._skip_unfinished()
            self._said.update(state=state, **facts)
            self._write()

    def _skip_unfinished(self) -> None:
        for file in self._said["files"]:
            if file["state"] == "receiving":
                file["state"] = "skipped"

    def _write(self) -> None:
        self._written_at = monotonic()
        # A body that is still taken may be silent for as long as a stalled one is borne.
        cache.set(self._key, self._said, KEEP_SECONDS + settings.UPLOADS_STALL_SECONDS)


def begin(request: HttpRequest, total_bytes: int) -> Record | None:
    """The record of a request's upload, if it names one."""
    try:
        key = _key(request, UUID(request.headers.get(NAME) or request.GET.get(NAME, "")))
    except ValueError:  # none, or not a UUID
        return None
    if key is None:
        return None
    record = vars(request)["_uploads_progress"] = Record(key, total_bytes)
    return record


def end(request: HttpRequest, status: int) -> None:
    """The request was answered, with an HTTP status."""
    record: Record | None = vars(request).get("_uploads_progress")
    if record:
        record.turn("done", status=status)


def read(request: HttpRequest, progress_id: UUID) -> dict[str, Any] | None:
    """What is known about an upload of whoever is asking."""
    key = _key(request, progress_id)
    return cache.get(key) if key else None


def _key(request: HttpRequest, progress_id: UUID) -> str | None:
    """Where the record is; nowhere for somebody who has neither an account nor the cookie."""
    user = getattr(request, "user", None)
    if isinstance(user, User):
        whose = f"user-{user.pk}"
    elif cookie := request.COOKIES.get(settings.CSRF_COOKIE_NAME):
        whose = f"browser-{sha256(cookie.encode()).hexdigest()}"
    else:
        return None
    return f"upload-progress-{whose}-{progress_id}"
