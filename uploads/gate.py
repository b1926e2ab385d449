"""Middleware: who may send a body at all, and how it is received.

Everything that can be known without the body is decided before one byte of it is read: a server that has read nothing
closes the connection after its answer, so that what is refused costs neither time nor room. Then the body is received,
and only then the view is called.
"""

from collections.abc import Callable
from copy import copy
from threading import BoundedSemaphore

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, QueryDict, UnreadablePostError
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.urls import Resolver404, ResolverMatch, resolve

from uploads import lifecycle, progress, storage
from uploads.errors import (
    DraftStorageFull,
    LengthMissing,
    TooManyUploads,
    UploadCut,
    UploadsError,
    UploadTooLarge,
    in_megabytes,
)
from uploads.forms import sentence
from uploads.handlers.stalled import WATCH
from uploads.received import stopped, upload_key
from uploads.views.answers import csrf_failure, problem
from uploads.views.owner import owner_of

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class GateMiddleware:
    """Last of the middleware, so that session and account are known; ``takes_files`` marks the views that do."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response
        self._csrf = CsrfViewMiddleware(get_response)
        self._login = LoginRequiredMiddleware(get_response)
        self._places = BoundedSemaphore(settings.UPLOADS_AT_ONCE)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method != "POST":
            return self._get_response(request)  # Django reads no other body
        try:
            match = resolve(request.path_info)
        except Resolver404:
            request.POST = QueryDict()  # Django's page for it would read the form, for its token
            return self._get_response(request)
        try:
            return self._refusal(request, match) or self._take(request, match)
        except UploadsError as error:
            return problem(request, sentence(error), status=error.status)

    def _refusal(self, request: HttpRequest, match: ResolverMatch) -> HttpResponseBase | None:
        """What is answered instead of reading the body, if anything.

        Raises:
            LengthMissing, UploadTooLarge, TooManyDrafts, TooManyDraftBytes, DraftStorageFull: that is why.
            RequestDataTooBig: a form without files is larger than Django reads.
        """
        if "HTTP_TRANSFER_ENCODING" in request.META and not request.META.get("CONTENT_LENGTH"):
            raise LengthMissing()
        takes_files = getattr(match.func, "takes_files", None)
        _limit_length(request, takes_files=takes_files is not None)
        if request.content_type != "multipart/form-data":
            return None
        refusal = _cross_site(request) or self._check_csrf(request, match)
        if refusal is None and settings.UPLOADS_LOGIN_REQUIRED:
            refusal = self._login.process_view(request, match.func, match.args, match.kwargs)
        if refusal is None and takes_files is not None:
            room = {"drafts": takes_files, "new_bytes": length_of(request)}
            lifecycle.require_room(owner_of(request), key=upload_key(request), **room)
            if storage.free_bytes() < length_of(request) + settings.UPLOADS_MIN_FREE_BYTES:
                raise DraftStorageFull()
        return refusal

    def _check_csrf(self, request: HttpRequest, match: ResolverMatch) -> HttpResponseBase | None:
        """Django's own check, asked of a copy that has no body.

        A token in a header decides now. One in the body is looked at later, by the same check; until then the cookie's
        own stands for it, so that only the origin decides.
        """
        early = copy(request)
        early.META = {**request.META}
        early.META.setdefault(settings.CSRF_HEADER_NAME, request.COOKIES.get(settings.CSRF_COOKIE_NAME, ""))
        early.POST = QueryDict()
        return self._csrf.process_view(early, match.func, match.args, match.kwargs)

    def _take(self, request: HttpRequest, match: ResolverMatch) -> HttpResponseBase:
        """Receive the body and call the view; uploads do so only while there is a place for them."""
        if not hasattr(match.func, "takes_files") or request.content_type != "multipart/form-data":
            _receive(request)
            return self._get_response(request)
        if not self._places.acquire(blocking=False):
            raise TooManyUploads()
        try:
            _receive(request)
            response = self._get_response(request)
        finally:
            self._places.release()
        progress.end(request, response.status_code)
        return response


def length_of(request: HttpRequest) -> int:
    """How many bytes the body has, by its header."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    return int(length) if length.isascii() and length.isdecimal() else 0


def _limit_length(request: HttpRequest, *, takes_files: bool) -> None:
    length = length_of(request)
    if not takes_files and length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        raise RequestDataTooBig("The form is larger than DATA_UPLOAD_MAX_MEMORY_SIZE.")
    if length > settings.UPLOADS_MAX_REQUEST_BYTES:
        raise UploadTooLarge(**in_megabytes(length, settings.UPLOADS_MAX_REQUEST_BYTES))


def _cross_site(request: HttpRequest) -> HttpResponseBase | None:
    """Refuse what a browser says another site made it send; where it names the origin, that is Django's to judge."""
    site = request.headers.get("Sec-Fetch-Site", "none")
    if "Origin" in request.headers or site in {"none", "same-origin"}:
        return None
    return csrf_failure(request, "Sec-Fetch-Site")


def _receive(request: HttpRequest) -> None:
    """Read the body, by the upload handlers where it has files.

    Raises:
        UploadsError: nothing of it is taken, and why.
    """
    try:
        if request.content_type == "multipart/form-data":
            _ = request.POST
        else:
            WATCH.read(lambda: request.body)
    except UnreadablePostError as error:
        raise UploadCut() from error
    if reason := stopped(request):
        raise reason
