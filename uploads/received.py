"""What is known about an upload besides its bytes: facts of each file, and why files or all of it were not taken.

Handlers write it while the body arrives, and the form, the views and the lifecycle read it. Django has no place for
either: a handler that stops an upload or skips a file leaves a form that says "This field is required".
"""

from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID, uuid5

from django.core.files.uploadedfile import InMemoryUploadedFile, UploadedFile
from django.http import HttpRequest

from uploads.errors import UploadsError


@dataclass(frozen=True, slots=True)
class Facts:
    """How a file came: the digest of its bytes in hexadecimal, in how many chunks, by which handler."""

    sha256: str
    chunk_count: int
    handler: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was not taken while it arrived, and why; the files beside it were."""

    field_name: str
    file_name: str
    error: UploadsError


@dataclass(slots=True)
class _Reasons:
    """What a request keeps of its upload."""

    skipped: list[Skipped]
    stopped: UploadsError | None = None


def attach(upload: UploadedFile, facts: Facts) -> None:
    """Keep a file's facts with it."""
    vars(upload)["facts"] = facts


def facts_of(upload: UploadedFile) -> Facts:
    """How a file came; one that another handler received is read once for it."""
    facts: Facts | None = vars(upload).get("facts")
    if facts is None:
        digest, chunk_count = sha256(), 0
        for chunk in upload.chunks():
            digest.update(chunk)
            chunk_count += 1
        in_memory = isinstance(upload, InMemoryUploadedFile)
        handler = "MemoryFileUploadHandler" if in_memory else "TemporaryFileUploadHandler"
        facts = Facts(digest.hexdigest(), chunk_count, handler)
        attach(upload, facts)
    return facts


def upload_key(request: HttpRequest, number: int = 0) -> UUID | None:
    """What the client calls the file that it has chosen, so that a repeated request adds it once.

    A request with several files has one key, from which those of its second and later files are made.
    Source: draft-ietf-httpapi-idempotency-key-header; a structured field, so that quotes may be around it.
    """
    try:
        key = UUID(request.headers.get("Idempotency-Key", "").strip('"'))
    except ValueError:
        return None
    return uuid5(key, str(number)) if number else key


def skip(request: HttpRequest | None, skipped: Skipped) -> None:
    """Record why a file is not taken; the handler goes on to raise ``SkipFile``."""
    _reasons(request).skipped.append(skipped)


def stop(request: HttpRequest | None, error: UploadsError) -> None:
    """Record why nothing of the upload is taken, unless a reason is known; the handler then raises ``StopUpload``."""
    reasons = _reasons(request)
    reasons.stopped = reasons.stopped or error


def skipped(request: HttpRequest, field_name: str) -> list[Skipped]:
    """The files of a field that were not taken while they arrived."""
    return [each for each in _reasons(request).skipped if each.field_name == field_name]


def stopped(request: HttpRequest | None) -> UploadsError | None:
    """Why nothing of the upload is taken, if so."""
    return _reasons(request).stopped


def _reasons(request: HttpRequest | None) -> _Reasons:
    # Django lets a handler be made without a request; what it records is then for nobody.
    if request is None:
        return _Reasons([])
    reasons: _Reasons | None = vars(request).get("_uploads_reasons")
    if reasons is None:
        reasons = vars(request)["_uploads_reasons"] = _Reasons([])
    return reasons
