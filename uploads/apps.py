"""The app, and the one hook into Django that it needs."""

from typing import TYPE_CHECKING, Any

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class UploadsConfig(AppConfig):
    name = "uploads"
    verbose_name = "Proofsheet"

    def ready(self) -> None:
        # A signal, because people sign in on several pages: ours, the sign-up, the admin's.
        user_logged_in.connect(_adopt_session, dispatch_uid="uploads.adopt")


def _adopt_session(*, request: HttpRequest, user: "User", **_: Any) -> None:
    # Models can be imported only when the apps are ready.
    from uploads.views.owner import adopt_session

    adopt_session(request, user)
