"""The editor: one crop of one draft, its working copy and its preview."""

from typing import Any
from uuid import UUID

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from uploads import lifecycle, received, storage
from uploads.errors import CropChanged, Refusal
from uploads.forms import EditForm, ReplaceForm, sentence
from uploads.geometry import frame_size
from uploads.imaging.formats import FORMATS
from uploads.models import Draft, DraftCrop
from uploads.views.answers import SeeOther, answers, explains_errors, picture_file, takes_files, wants_fragment
from uploads.views.owner import drafts_of


@answers("GET", "POST")
@explains_errors
def draft(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    found = get_object_or_404(drafts_of(request), pk=draft_id)
    if request.method == "POST":
        return _edit(request, found)
    return _render_editor(request, found, _crop(found, request.GET.get("spec", "")))


@takes_files(drafts=0)
@answers("POST", instead="draft")
@explains_errors
def replace(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    found = get_object_or_404(drafts_of(request), pk=draft_id)
    form = ReplaceForm(request.POST, request.FILES, skipped=received.skipped(request, "picture"))
    if form.is_valid():
        try:
            lifecycle.replace(found, form.cleaned_data["picture"])
            return SeeOther(_editor_url(found))
        except Refusal as error:
            form.add_error("picture", sentence(error))
    found = get_object_or_404(drafts_of(request), pk=draft_id)
    return _render_editor(request, found, _crop(found, ""), replace_form=form, status=422)


@answers("GET")
@explains_errors
def working_copy(request: HttpRequest, draft_id: UUID) -> FileResponse:
    found = get_object_or_404(drafts_of(request), pk=draft_id)
    file = storage.open_draft_file(found.storage_alias, found.working_name)
    kind = FORMATS[found.working_format]
    name = f"working-copy.{kind.extension}"
    return picture_file(file, name, content_type=kind.content_type, sha256=found.working_sha256)


@answers("GET")
@explains_errors
def preview(request: HttpRequest, draft_id: UUID) -> FileResponse:
    found = get_object_or_404(drafts_of(request), pk=draft_id)
    crop = lifecycle.preview(_crop(found, request.GET.get("spec", "")))
    file = storage.open_draft_file(found.storage_alias, crop.preview_name)
    kind = FORMATS[crop.preview_format]
    name = f"{crop.spec.slug}.{kind.extension}"
    return picture_file(file, name, content_type=kind.content_type, sha256=crop.preview_sha256)


def _edit(request: HttpRequest, found: Draft) -> HttpResponse:
    crop = _crop(found, request.POST.get("spec", ""))
    form = EditForm(request.POST, draft=found, crop=crop)
    if not form.is_valid():
        if wants_fragment(request):
            return render(request, "uploads/partials/form_errors.html", {"form": form}, status=422)
        return _render_editor(request, found, crop, form=form, status=422)
    try:
        lifecycle.edit(found, crop.spec, form.cleaned_data["selection"], shown=form.replaces)
    except CropChanged as error:
        return _explain_change(request, crop, form, error)
    if wants_fragment(request):
        found = get_object_or_404(drafts_of(request), pk=found.pk)
        crop = lifecycle.preview(_crop(found, crop.spec.slug))
        return render(request, "uploads/partials/preview.html", _preview_context(crop))
    if request.POST.get("next") == "sheet":
        return SeeOther(f"{reverse('uploads:sheet')}#draft-{found.pk}")
    return SeeOther(f"{_editor_url(found)}?spec={crop.spec.slug}")


def _explain_change(request: HttpRequest, crop: DraftCrop, form: EditForm, error: CropChanged) -> HttpResponse:
    """Offer the newer crop, or to put the one that was sent in its place."""
    found = get_object_or_404(drafts_of(request), pk=crop.draft_id)
    crop = _crop(found, crop.spec.slug)
    if wants_fragment(request):
        context = {"draft": found, "crop": crop, "changed": sentence(error)}
        return render(request, "uploads/partials/crop_changed.html", context, status=error.status)
    return _render_editor(request, found, crop, form=form, changed=sentence(error), status=error.status)


def _render_editor(
    request: HttpRequest,
    found: Draft,
    crop: DraftCrop,
    *,
    form: EditForm | None = None,
    replace_form: ReplaceForm | None = None,
    changed: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        **_preview_context(crop),
        "draft": found,
        "specs": [each.spec for each in found.crops.select_related("spec")],
        "frame": frame_size(found.size, crop.rotate),
        "form": form or EditForm(draft=found, crop=crop),
        "replace_form": replace_form or ReplaceForm(),
        "changed": changed,
    }
    return render(request, "uploads/editor.html", context, status=status)


def _preview_context(crop: DraftCrop) -> dict[str, Any]:
    return {"draft": crop.draft, "crop": crop, "spec": crop.spec, "kept_frames": lifecycle.kept_frames(crop)}


def _crop(found: Draft, slug: str) -> DraftCrop:
    """The draft's crop for a spec, or the first where none is named.

    Raises:
        Http404: there is no such crop.
    """
    crops = list(found.crops.select_related("draft", "spec"))
    crop = next((each for each in crops if slug in {"", each.spec.slug}), None)
    if crop is None:
        raise Http404
    return crop


def _editor_url(found: Draft) -> str:
    return reverse("uploads:draft", args=[found.pk])
