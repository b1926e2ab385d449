"""The ways in which views answer: see other, a fragment, a file, a problem that says what to do."""

from base64 import b64encode
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig, TooManyFilesSent
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.defaults import page_not_found, permission_denied

from uploads.errors import UploadCut, UploadsError
from uploads.forms import sentence

FRAGMENT = "text/fragment+html"
RETRY_AFTER_SECONDS = 5
TRY_AGAIN = (429, 503)
# Nothing in a picture runs, or loads anything.
PICTURE_POLICY = "default-src 'none'; sandbox"

View = Callable[..., HttpResponseBase]


class SeeOther(HttpResponseRedirect):
    """The answer to a POST that was taken: look there (RFC 9110, section 15.4.4)."""

    status_code = 303


def wants_fragment(request: HttpRequest) -> bool:
    """Whether the page's script asks for the part that changes instead of a page."""
    return FRAGMENT in request.headers.get("Accept", "")


def answers(*methods: str, instead: str = "") -> Callable[[View], View]:
    """Answer only these methods, ``HEAD`` as ``GET``; any other gets a page that says so.

    ``instead`` is the route, of the same or of no arguments, of the page on which a form is: who opens the form's own
    address, as out of the history or after signing in, is sent there.
    """
    allowed = [*methods, *(["HEAD"] if "GET" in methods else [])]

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method in allowed:
                return view(request, *args, **kwargs)
            if instead and request.method in {"GET", "HEAD"}:
                return SeeOther(_page(instead, kwargs))
            return not_allowed(request, allowed)

        return wrapper

    return decorate


def _page(route: str, arguments: dict[str, Any]) -> str:
    try:
        return reverse(f"uploads:{route}", kwargs=arguments)
    except NoReverseMatch:
        return reverse(f"uploads:{route}")


def takes_files(*, drafts: int) -> Callable[[View], View]:
    """Mark a view as one that takes files, so many new drafts at least; the gate lets no other have any."""

    def mark(view: View) -> View:
        vars(view)["takes_files"] = drafts
        return view

    return mark


def explains_errors(view: View) -> View:
    """Answer each of the site's own errors with a page, or a fragment, that says what happened."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except UploadsError as error:
            return problem(request, sentence(error), status=error.status)

    return wrapper


def problem(request: HttpRequest, message: str, *, status: int, title: str = "", advice: str = "") -> HttpResponse:
    """A page, or a fragment, about what went wrong, with a way back."""
    titles = {409: _("This picture has changed"), 507: _("No room left")}
    titles |= dict.fromkeys(TRY_AGAIN, _("Not just now"))
    context = {
        "problem": {
            "title": title or titles.get(status, _("This did not work")),
            "sentence": message,
            "advice": advice,
            "back_url": reverse("uploads:sheet"),
            "back_label": _("Back to your sheet"),
        }
    }
    template = "uploads/partials/problem.html" if wants_fragment(request) else "uploads/problem.html"
    response = render(request, template, context, status=status)
    if status in TRY_AGAIN:
        response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def not_allowed(request: HttpRequest, allowed: list[str]) -> HttpResponse:
    """The answer to a method that an address does not have (RFC 9110, section 15.5.6)."""
    message = _("This address cannot be used like that. Nothing was changed.")
    response = problem(request, message, status=405, title=_("Not like that"))
    response["Allow"] = ", ".join(allowed)
    return response


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's view for what is not there; a draft that is gone says what may have become of it."""
    match = request.resolver_match
    if match is not None and "draft_id" in match.kwargs:
        message = _("This picture is no longer on your sheet: it was stored or deleted, perhaps in another tab.")
        return problem(request, message, status=404, title=_("No longer on your sheet"))
    if wants_fragment(request):
        message = _("There is nothing at this address, or it belongs to somebody else.")
        return problem(request, message, status=404, title=_("Not found"))
    return page_not_found(request, exception)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's view for what an account may not do."""
    if wants_fragment(request):
        message = _("You may not do this with the account that you are signed in with.")
        return problem(request, message, status=403, title=_("Not allowed"))
    return permission_denied(request, exception)


def picture_file(file: Any, name: str, *, content_type: str, sha256: str, as_attachment: bool = False) -> FileResponse:
    """A picture's bytes, read from ``file``: a browser shows but never runs them, or saves them under their name."""
    response = FileResponse(file, content_type=content_type, as_attachment=as_attachment, filename=name)
    response["ETag"] = f'"{sha256}"'
    response["Repr-Digest"] = f"sha-256=:{b64encode(bytes.fromhex(sha256)).decode()}:"
    response["Cache-Control"] = "private, no-cache"
    response["Content-Security-Policy"] = PICTURE_POLICY
    return response


def keep_private(get_response: View) -> View:
    """Middleware: a page is for one person, and is asked for again each time, also by the back button."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if "Cache-Control" not in response and response.headers.get("Content-Type", "").startswith("text/html"):
            response["Cache-Control"] = "private, no-store"
        return response

    return middleware


@login_not_required
def favicon(_request: HttpRequest) -> HttpResponse:
    """For browsers that ask for the icon of a page, the admin's, that names none."""
    return HttpResponseRedirect(static("img/favicon.svg"))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's view for a form without a valid token; its ``reason`` is for developers."""
    return problem(
        request,
        _("This form was open for too long, or cookies are blocked, so that it could not be told to be yours."),
        status=403,
        title=_("Please try once more"),
        advice=_("Nothing was changed. Go back, reload the page and send it again."),
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's view for requests that cannot be read."""
    message = _("The request could not be read. Nothing was changed.")
    if isinstance(exception, TooManyFilesSent):
        limit = settings.UPLOADS_MAX_FILES
        text = ngettext("At most %d file can be sent at once.", "At most %d files can be sent at once.", limit)
        message = text % limit
    elif isinstance(exception, RequestDataTooBig):
        message = _("The form is larger than a form can be. Nothing was changed.")
    elif isinstance(exception, MultiPartParserError):
        message = sentence(UploadCut())
    return problem(request, message, status=400, advice=_("Go back and try again."))
