"""Whose a picture is."""

from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from uploads.models.presets import Preset

TITLE_LENGTH = 200
ALT_TEXT_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a picture is: an account's, or an anonymous session's, known by a random token.

    An owner without either, a visitor who has added nothing yet, owns nothing.
    """

    user: User | None = None
    token: UUID | None = None

    def as_filter(self) -> dict[str, Any]:
        """The condition, and the values, by which a row belongs to this owner."""
        return {"owner": self.user} if self.user else {"owner": None, "session_token": self.token}


class OwnedQuerySet(models.QuerySet[Any]):
    """Rows that belong to somebody."""

    def owned_by(self, owner: Owner) -> Self:
        """Those of one owner; none for a visitor who has added nothing."""
        if owner.user is None and owner.token is None:
            return self.none()
        return self.filter(**owner.as_filter())

    def adopt(self, token: UUID, user: User) -> int:
        """Move a session's rows to an account; return how many."""
        return self.filter(owner=None, session_token=token).update(owner=user, session_token=None)


class Owned(models.Model):
    """A picture and its texts, of exactly one owner: an account or an anonymous session."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("owner")
    )
    session_token = models.UUIDField(null=True, blank=True, editable=False)
    preset = models.ForeignKey(Preset, models.PROTECT, related_name="+", verbose_name=_("preset"))
    file_name = models.CharField(_("file name"), max_length=255)
    title = models.CharField(_("title"), max_length=TITLE_LENGTH, blank=True)
    alt_text = models.CharField(_("alternative text"), max_length=ALT_TEXT_LENGTH, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.title or self.file_name


# Words for imaging.receipt.KINDS.
_KINDS = {
    "location": _("where it was taken"),
    "camera": _("camera or program"),
    "date": _("date"),
    "author": _("author"),
    "description": _("descriptions and comments"),
    "thumbnail": _("a hidden thumbnail"),
    "second_picture": _("a second picture"),
    "profile": _("a colour profile"),
    "trailing_data": _("data behind the picture"),
    # Not of the receipt: what a crop that keeps one frame leaves out.
    "animation": _("the animation"),
}


def kinds_text(kinds: list[str]) -> str:
    """Kinds of data that a file carries besides its pixels, as people say them."""
    return ", ".join(str(_KINDS[kind]) for kind in kinds)


def one_owner(name: str) -> models.CheckConstraint:
    """The constraint of every model of this kind."""
    account = Q(owner__isnull=False, session_token__isnull=True)
    session = Q(owner__isnull=True, session_token__isnull=False)
    return models.CheckConstraint(name=f"{name}_has_one_owner", condition=account | session)


def owner_indexes(name: str, moment: str) -> list[models.Index]:
    """For the one list that people see: an owner's rows by time."""
    return [
        models.Index(fields=["owner", moment], name=f"{name}_of_owner"),
        models.Index(fields=["session_token", moment], name=f"{name}_of_session"),
    ]
