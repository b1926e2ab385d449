"""Who is asking, and what is theirs."""

from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest

from uploads import lifecycle
from uploads.models import Draft, DraftQuerySet, Owner, StoredImage
from uploads.models.images import StoredImageQuerySet

SESSION_KEY = "uploads_token"
ADOPTED_KEY = "uploads_adopted_token"


def owner_of(request: HttpRequest, *, create: bool = False) -> Owner:
    """The account, or the anonymous session; ``create`` gives a session its token, for its first picture."""
    if isinstance(request.user, User):
        return Owner(user=request.user)
    if create:
        request.session.setdefault(SESSION_KEY, str(uuid4()))
        request.session.set_expiry(settings.UPLOADS_VISITOR_DAYS * 24 * 3600)
    token = request.session.get(SESSION_KEY)
    return Owner(token=UUID(token) if token else None)


def adopt_session(request: HttpRequest, user: User) -> None:
    """Move what this session has to the account that it signed in to.

    The session remembers its token as adopted: an upload that was under way at that moment comes after it.
    """
    if SESSION_KEY in request.session:
        request.session[ADOPTED_KEY] = request.session.pop(SESSION_KEY)
        request.session.set_expiry(None)
    token = request.session.get(ADOPTED_KEY)
    if token:
        lifecycle.adopt(UUID(token), user)


def drafts_of(request: HttpRequest) -> DraftQuerySet:
    """The drafts of whoever is asking."""
    return Draft.objects.owned_by(owner_of(request)).select_related("preset")


def images_of(request: HttpRequest) -> StoredImageQuerySet:
    """The stored images of whoever is asking, without those that are being deleted."""
    return (
        StoredImage.objects.owned_by(owner_of(request))
        .visible()
        .select_related("preset")
        .prefetch_related("renditions")
    )
