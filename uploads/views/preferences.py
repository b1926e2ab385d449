"""What a browser remembers of its person's wishes: the site's appearance."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from uploads.views.answers import SeeOther, answers

THEME_COOKIE = "theme"
THEMES = ("light", "dark")
COOKIE_SECONDS = 365 * 24 * 3600


@answers("POST", instead="sheet")
@login_not_required
def appearance(request: HttpRequest) -> HttpResponse:
    """Remember whether pages are light or dark; anything else leaves it to the device again."""
    theme, target = request.POST.get("theme", ""), request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    response = SeeOther(target if is_ours else reverse("uploads:sheet"))
    if theme in THEMES:
        response.set_cookie(
            THEME_COOKIE, theme, COOKIE_SECONDS, secure=request.is_secure(), httponly=True, samesite="Lax"
        )
    else:
        response.delete_cookie(THEME_COOKIE, samesite="Lax")
    return response


def theme(request: HttpRequest) -> dict[str, str]:
    """Template context: ``light`` or ``dark`` where the person chose, else nothing."""
    chosen = request.COOKIES.get(THEME_COOKIE, "")
    return {"theme": chosen if chosen in THEMES else ""}
