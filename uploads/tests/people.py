"""What people, and their browsers, send to the site."""

from html import unescape
from re import sub
from typing import Any
from uuid import UUID, uuid4

from django.http import HttpResponse
from django.test import Client

from uploads.models import Draft, Owner
from uploads.tests.pictures import upload
from uploads.views.owner import SESSION_KEY

FRAGMENT = {"Accept": "text/fragment+html"}


def begin_session(client: Client) -> Owner:
    """Give a visitor a session, as the first picture does; return whose pictures it has."""
    owner, session = Owner(token=uuid4()), client.session
    session[SESSION_KEY] = str(owner.token)
    session.save()
    return owner


def add(client: Client, data: bytes | None = None, *, preset: str = "free", **named: str) -> Draft:
    """Add a picture on the sheet; return its draft."""
    before = set(Draft.objects.values_list("pk", flat=True))
    answer = client.post("/drafts/", {"pictures": upload(data, **named), "preset": preset, "may_repeat": True})
    assert answer.status_code == 303, words(answer)
    return Draft.objects.exclude(pk__in=before).get()


def crop(draft: Draft, *box: object, **changed: object) -> dict[str, object]:
    """The fields of the editor's form."""
    fields = dict(zip(("x", "y", "width", "height"), box or (0, 0, draft.width, draft.height), strict=True))
    turned = {"rotate": 0, "scaleX": 1, "scaleY": 1}
    source = {"sourceWidth": draft.width, "sourceHeight": draft.height}
    return {"spec": "free", **fields, **turned, **source, **changed}


def words(answer: HttpResponse) -> str:
    """What a person reads on a page, in one line."""
    return " ".join(unescape(sub(r"<[^>]*>", " ", answer.content.decode())).split())


def multipart(*parts: tuple[str, str | None, bytes], content_type: str = "image/png") -> dict[str, Any]:
    """A form's body with file names exactly as given, where Django's test client would change them.

    Each part is a field's name, a file's name as it stands between quotes or ``None`` for a plain field, and bytes.
    """
    boundary, lines = b"----boundary", []
    for name, file_name, data in parts:
        header = f'Content-Disposition: form-data; name="{name}"'
        if file_name is not None:
            header += f'; filename="{file_name}"\r\nContent-Type: {content_type}'
        lines += [b"--" + boundary, header.encode(), b"", data]
    body = b"\r\n".join([*lines, b"--" + boundary + b"--", b""])
    return {"data": body, "content_type": f"multipart/form-data; boundary={boundary.decode()}"}


def ids(page: HttpResponse) -> list[UUID]:
    """The identifiers of the drafts on a sheet, or in a fragment of it."""
    return [card.draft.pk for card in page.context["cards"]]
