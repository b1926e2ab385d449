"""The sheet: open drafts with their texts, and what is done to several at once."""

from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from uploads import lifecycle, received
from uploads.errors import DraftConflict, UploadsError
from uploads.forms import AddForm, TextsForm, sentence
from uploads.models import Draft, DraftCrop, Owner, StoredImage
from uploads.views.answers import SeeOther, answers, explains_errors, takes_files, wants_fragment
from uploads.views.owner import adopt_session, drafts_of, images_of, owner_of

REFUSALS_KEY = "uploads_refusals"
REVISION_DIGITS = 10


@dataclass(frozen=True, slots=True)
class Card:
    """A draft as the sheet shows it."""

    draft: Draft
    form: TextsForm

    @property
    def crops(self) -> list[DraftCrop]:
        return list(self.draft.crops.all())


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that was not taken: its name, the reason as a sentence, the HTTP status of that reason.

    ``twin`` is the draft that has the same bytes, if that is the reason.
    """

    name: str
    reason: str
    status: int
    twin: str = ""

    @classmethod
    def by(cls, error: UploadsError, name: str) -> "Refused":
        return cls(name, sentence(error), error.status, str(error.evidence.get("draft", "")))


@answers("GET")
def sheet(request: HttpRequest) -> HttpResponse:
    if isinstance(request.user, User):
        adopt_session(request, request.user)
    if wants_fragment(request):
        # The cards alone, for another tab: what was refused, and messages, are for the page that is to come.
        return render(request, "uploads/partials/cards.html", _cards_context(_cards(request)))
    refusals = [Refused(**each) for each in request.session.pop(REFUSALS_KEY, [])]
    return render_sheet(request, refusals=refusals)


@answers("POST", instead="sheet")
def begin(request: HttpRequest) -> HttpResponse:
    """Give a visitor a session before several uploads begin at once, each of which would make one of its own."""
    owner_of(request, create=True)
    return HttpResponse(status=204)


@answers("POST", instead="sheet")
@explains_errors
def cancel(request: HttpRequest) -> HttpResponse:
    key = received.upload_key(request)
    if key is None:
        return HttpResponse(status=400)
    lifecycle.cancel(owner_of(request), key)
    return HttpResponse(status=204)


@takes_files(drafts=1)
@answers("POST", instead="sheet")
@explains_errors
def add(request: HttpRequest) -> HttpResponse:
    skipped = received.skipped(request, "pictures")
    form = AddForm(request.POST, request.FILES, skipped=skipped)
    if not form.is_valid():
        if wants_fragment(request):
            return render(request, "uploads/partials/form_errors.html", {"form": form}, status=422)
        return render_sheet(request, add_form=form, status=422)
    owner = owner_of(request, create=True)
    added, refusals = _stage_each(request, form, owner)
    refusals = [Refused.by(each.error, each.file_name) for each in skipped] + refusals
    status = 200 if added else refusals[0].status
    if wants_fragment(request):
        cards = _cards(request, only={draft.pk for draft in added})
        context = {"cards": cards, "refusals": refusals}
        return render(request, "uploads/partials/added.html", context, status=status)
    if not added:
        return render_sheet(request, refusals=refusals, status=status)
    if refusals:
        request.session[REFUSALS_KEY] = [asdict(each) for each in refusals]
    return SeeOther(reverse("uploads:sheet"))


@answers("POST", instead="sheet")
@explains_errors
def add_again(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    draft = get_object_or_404(drafts_of(request), pk=draft_id)
    again = lifecycle.stage_again(draft, file_name=request.POST.get("file_name", ""))
    if wants_fragment(request):
        return render(request, "uploads/partials/added.html", {"cards": _cards(request, only={again.pk})})
    return SeeOther(f"{reverse('uploads:sheet')}#draft-{again.pk}")


@answers("POST", instead="sheet")
@explains_errors
def texts(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    draft = get_object_or_404(drafts_of(request), pk=draft_id)
    invalid = save_texts(request)
    if wants_fragment(request):
        if draft.pk in invalid:
            return render(request, "uploads/partials/form_errors.html", {"form": invalid[draft.pk]}, status=422)
        return render(request, "uploads/partials/texts_saved.html", {"draft": draft})
    if invalid:
        return render_sheet(request, invalid=invalid, status=422)
    return SeeOther(f"{reverse('uploads:sheet')}#draft-{draft.pk}")


@answers("POST", instead="sheet")
@explains_errors
def discard(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    draft = get_object_or_404(drafts_of(request), pk=draft_id)
    invalid = save_texts(request, but=draft_id)
    if invalid:
        return render_sheet(request, invalid=invalid, status=422)
    lifecycle.discard(draft)
    messages.success(request, _("“%(name)s” was deleted.") % {"name": draft})
    return SeeOther(reverse("uploads:sheet"))


@answers("POST", instead="sheet")
@explains_errors
def confirm(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    invalid = save_texts(request)
    if invalid:
        return render_sheet(request, invalid=invalid, status=422)
    try:
        image = lifecycle.confirm(owner_of(request), draft_id, seen=_seen(request, draft_id))
    except Draft.DoesNotExist:
        raise Http404 from None
    if image.state == StoredImage.State.STORED:
        messages.success(request, _("Stored. The picture is in your library."))
    return SeeOther(reverse("uploads:image", args=[image.pk]))


@answers("POST", instead="sheet")
@explains_errors
def confirm_many(request: HttpRequest) -> HttpResponse:
    chosen = _uuids(request.POST.getlist("draft"))
    if not chosen:
        messages.error(request, _("No picture is selected. Tick those that you want to confirm."))
        return render_sheet(request, invalid=save_texts(request), status=422)
    invalid = save_texts(request)
    if invalid:
        return render_sheet(request, invalid=invalid, status=422)
    owner = owner_of(request)
    mine = [*drafts_of(request).filter(pk__in=chosen), *images_of(request).filter(pk__in=chosen)]
    known = {picture.pk: str(picture) for picture in mine}
    gone = set(chosen) - set(known)
    # One that was deleted in another tab keeps nobody from storing the others; somebody else's is never a mistake.
    if not known or any(rows.objects.filter(pk__in=gone).exists() for rows in (Draft, StoredImage)):
        raise Http404
    stored = sum(_confirm_one(request, owner, draft_id, known[draft_id]) for draft_id in chosen if draft_id in known)
    if gone:
        text = ngettext(
            "%d picture is no longer on your sheet: it was deleted, perhaps in another tab.",
            "%d pictures are no longer on your sheet: they were deleted, perhaps in another tab.",
            len(gone),
        )
        messages.error(request, text % len(gone))
    if stored:
        text = ngettext("Stored: %d picture is in your library.", "Stored: %d pictures are in your library.", stored)
        messages.success(request, text % stored)
    return SeeOther(reverse("uploads:library" if stored == len(chosen) else "uploads:sheet"))


def _confirm_one(request: HttpRequest, owner: Owner, draft_id: UUID, name: str) -> bool:
    """Store one of several drafts; say, with its name, why it was not stored, and let the others go on."""
    try:
        image = lifecycle.confirm(owner, draft_id, seen=_seen(request, draft_id))
    except (UploadsError, Draft.DoesNotExist) as error:
        if isinstance(error, UploadsError) and error.status >= 500:
            raise
        reason = sentence(error if isinstance(error, UploadsError) else DraftConflict())
        messages.error(request, f"“{name}”: {reason}")
        return False
    return bool(image.state == StoredImage.State.STORED)


def render_sheet(
    request: HttpRequest,
    *,
    add_form: AddForm | None = None,
    refusals: list[Refused] | None = None,
    invalid: dict[UUID, TextsForm] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page of the sheet, with whatever was wrong beside what it belongs to."""
    context = {"add_form": add_form or AddForm(), "refusals": refusals or []}
    context |= _cards_context(_cards(request, invalid=invalid))
    return render(request, "uploads/sheet.html", context, status=status)


def save_texts(request: HttpRequest, *, but: UUID | None = None) -> dict[UUID, TextsForm]:
    """Save the texts of all cards that were sent along; return the forms that cannot be saved.

    Each button of the sheet sends all of them, so that nothing typed is lost.
    """
    invalid = {}
    for draft in drafts_of(request):
        if f"{draft.pk}-title" not in request.POST or draft.pk == but:
            continue
        form = TextsForm(request.POST, prefix=str(draft.pk))
        if not form.is_valid():
            invalid[draft.pk] = form
            continue
        typed = {
            name: text
            for name, text in form.cleaned_data.items()
            if text != getattr(draft, name) and _was_typed(request, form, name)
        }
        if typed:
            lifecycle.describe(draft, **typed)
    return invalid


def _was_typed(request: HttpRequest, form: TextsForm, name: str) -> bool:
    """Whether a text differs from what its page showed: another tab may have saved a newer one since."""
    shown = request.POST.get(form.add_initial_prefix(name))
    return shown is None or shown.split() != request.POST[form.add_prefix(name)].split()


def _stage_each(request: HttpRequest, form: AddForm, owner: Owner) -> tuple[list[Draft], list[Refused]]:
    """Stage every file; one that is refused does not keep the others."""
    added, refusals = [], []
    chosen = {name: form.cleaned_data[name] for name in ("preset", "may_repeat", "chosen_at")}
    for number, upload in enumerate(form.cleaned_data["pictures"]):
        try:
            added.append(lifecycle.stage(upload, owner=owner, key=received.upload_key(request, number), **chosen))
        except UploadsError as error:
            refusals.append(Refused.by(error, upload.name or ""))
    return added, refusals


def _cards(
    request: HttpRequest, *, only: set[UUID] | None = None, invalid: dict[UUID, TextsForm] | None = None
) -> list[Card]:
    drafts = drafts_of(request).prefetch_related("crops__spec")
    if only is not None:
        drafts = drafts.filter(pk__in=only)
    return [Card(draft, (invalid or {}).get(draft.pk) or _texts_form(draft)) for draft in drafts]


def _cards_context(cards: list[Card]) -> dict[str, Any]:
    return {"cards": cards, "open_count": sum(card.draft.state == Draft.State.OPEN for card in cards)}


def _texts_form(draft: Draft) -> TextsForm:
    return TextsForm(initial={"title": draft.title, "alt_text": draft.alt_text}, prefix=str(draft.pk))


def _seen(request: HttpRequest, draft_id: UUID) -> int | None:
    """The revision of a draft that the page showed, where it says so."""
    revision = request.POST.get(f"revision-{draft_id}")
    if revision is None:
        return None
    # What the page never showed is no revision of the draft either.
    return int(revision) if revision.isascii() and revision.isdecimal() and len(revision) <= REVISION_DIGITS else 0


def _uuids(values: list[str]) -> list[UUID]:
    """The identifiers among the values, without repetition.

    Raises:
        Http404: one is none.
    """
    try:
        return list(dict.fromkeys(UUID(value) for value in values))
    except ValueError as error:
        raise Http404 from error
