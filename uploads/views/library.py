"""The library: stored images, their bytes, their texts."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from uploads import lifecycle, storage
from uploads.forms import TextsForm
from uploads.imaging.formats import FORMATS
from uploads.models import Rendition, StoredImage
from uploads.storage.bucket import CACHE_CONTROL
from uploads.views.answers import PICTURE_POLICY, SeeOther, answers, explains_errors, picture_file
from uploads.views.owner import images_of

IMAGES_PER_PAGE = 24
# Shorter than a presigned address is good for.
REDIRECT_SECONDS = 300


@answers("GET")
def library(request: HttpRequest) -> HttpResponse:
    page = Paginator(images_of(request), IMAGES_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "uploads/library.html", {"page_obj": page})


@answers("GET", "POST")
@explains_errors
def image(request: HttpRequest, image_id: UUID) -> HttpResponse:
    found = get_object_or_404(images_of(request), pk=image_id)
    form = TextsForm(request.POST or None, initial={"title": found.title, "alt_text": found.alt_text})
    if request.method == "POST" and form.is_valid():
        lifecycle.describe(found, **form.cleaned_data)
        messages.success(request, _("The texts were saved."))
        return SeeOther(reverse("uploads:image", args=[found.pk]))
    context = {"image": found, "texts_form": form}
    return render(request, "uploads/image.html", context, status=422 if request.method == "POST" else 200)


@answers("GET")
@explains_errors
def rendition(request: HttpRequest, image_id: UUID, spec: str) -> HttpResponseBase:
    """A crop's main file."""
    return _send_one_of(request, image_id, slug=spec, is_main=True)


@answers("GET")
@explains_errors
def rendition_at(request: HttpRequest, image_id: UUID, spec: str, width: int, extension: str) -> HttpResponseBase:
    """Another file of a crop, named by its width and format."""
    format_name = next((name for name, facts in FORMATS.items() if facts.extension == extension), None)
    return _send_one_of(request, image_id, slug=spec, is_main=False, width=width, format=format_name)


@answers("POST", instead="image")
@explains_errors
def delete_image(request: HttpRequest, image_id: UUID) -> HttpResponse:
    found = get_object_or_404(images_of(request), pk=image_id)
    lifecycle.delete(found)
    messages.success(request, _("“%(name)s” was deleted.") % {"name": found})
    return SeeOther(reverse("uploads:library"))


def _send_one_of(request: HttpRequest, image_id: UUID, **columns: Any) -> HttpResponseBase:
    """The rendition with these columns of a stored image of whoever is asking.

    Raises:
        Http404: there is none.
    """
    found = get_object_or_404(images_of(request), pk=image_id, state=StoredImage.State.STORED)
    chosen = get_object_or_404(found.renditions.select_related("image"), **columns)
    return send_rendition(request, chosen, as_attachment="download" in request.GET)


def send_rendition(request: HttpRequest, chosen: Rendition, *, as_attachment: bool) -> HttpResponseBase:
    """The bytes of an object, through Django or by an address of the bucket's; who may ask was checked before.

    Raises:
        StoreUnavailable: the bucket did not answer.
    """
    if settings.UPLOADS_SERVE_THROUGH_DJANGO:
        etag = f'"{chosen.sha256}"'
        known = get_conditional_response(
            request, etag=etag, response=HttpResponse(headers={"ETag": etag, "Cache-Control": CACHE_CONTROL})
        )
        if known is not None and known.status_code == HTTPStatus.NOT_MODIFIED:
            known["Content-Security-Policy"] = PICTURE_POLICY
            return known  # the browser has it: the bucket need not be asked
        body = storage.images().open_object(chosen.key)
        about: Any = {"content_type": chosen.content_type, "sha256": chosen.sha256, "as_attachment": as_attachment}
        answer = picture_file(body, chosen.download_name, **about)
        answer["Content-Length"] = str(chosen.bytes)
        answer["Cache-Control"] = CACHE_CONTROL
        return answer
    disposition = content_disposition_header(as_attachment, chosen.download_name) or "inline"
    url = storage.images().presigned_url(chosen.key, content_type=chosen.content_type, disposition=disposition)
    redirect = HttpResponseRedirect(url)
    redirect["Cache-Control"] = f"private, max-age={REDIRECT_SECONDS}"
    return redirect
