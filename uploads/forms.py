"""What people send, checked: files and a preset, a selection, texts, an account."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.forms import BaseUserCreationForm
from django.contrib.auth.models import User
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.utils import timezone
from django.utils.text import get_text_list
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from uploads.errors import NotASelection, OtherPicture, SelectionError, UploadsError
from uploads.geometry import Box, Selection, largest, mirror, normalized, turn
from uploads.imaging.formats import FORMATS, offered
from uploads.models import CropSpec, Draft, DraftCrop, Preset
from uploads.models.owners import ALT_TEXT_LENGTH, TITLE_LENGTH
from uploads.received import Skipped

# Far beyond any picture or turn, and small enough that no sum or product of such numbers is infinite.
LARGEST_NUMBER = 1e9
LONGEST_QUEUE_MS = 24 * 3600 * 1000


def sentence(error: UploadsError) -> str:
    """What a person reads about an error, in their language."""
    return gettext(error.message) % error.evidence


def limits(_request: HttpRequest) -> dict[str, Any]:
    """Template context: what may be sent, stated before it is chosen."""
    formats = [FORMATS[name] for name in offered(settings.UPLOADS_FORMATS)]
    return {
        "limits": {
            "accept": ",".join(each.content_type for each in formats),
            "format_names": get_text_list([each.label for each in formats], gettext("and")),
            "max_upload_bytes": settings.UPLOADS_MAX_BYTES,
            "max_upload_mb": f"{settings.UPLOADS_MAX_BYTES / 1e6:g}",
            "max_megapixels": settings.UPLOADS_MAX_PIXELS // 1_000_000,
            "max_files": settings.UPLOADS_MAX_FILES,
            "draft_hours": settings.UPLOADS_DRAFT_HOURS,
        }
    }


class PictureInput(forms.FileInput):
    """A file input that opens the camera or gallery on phones and accepts what really decodes."""

    def build_attrs(self, base_attrs: dict[str, Any], extra_attrs: dict[str, Any] | None = None) -> dict[str, Any]:
        formats = offered(settings.UPLOADS_FORMATS)
        accept = ",".join(FORMATS[name].content_type for name in formats)
        return {**super().build_attrs(base_attrs, extra_attrs), "accept": accept}


class PicturesInput(PictureInput):
    allow_multiple_selected = True


class PicturesField(forms.FileField):
    """One file or several. What is in them is not looked at here: each gets its own answer in staging."""

    widget = PicturesInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        if not data and self.required:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return list(data or [])


class AddForm(forms.Form):
    """``skipped`` are the files that upload handlers did not take: with them, a form without files is complete."""

    preset = forms.ModelChoiceField(
        Preset.objects.filter(is_offered=True).prefetch_related("specs"),
        label=_("What are they for?"),
        widget=forms.RadioSelect,
        to_field_name="slug",
        empty_label=None,
        required=False,
    )
    may_repeat = forms.BooleanField(required=False)
    # By the clock of the browser, in milliseconds: several files that are sent at once arrive in any order.
    chosen_at = forms.IntegerField(required=False, min_value=0, max_value=2**53)
    pictures = PicturesField(
        label=_("Pictures"), error_messages={"required": _("No picture arrived. Choose at least one.")}
    )

    def __init__(self, *args: Any, skipped: list[Skipped] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["pictures"].required = not skipped
        self.first_preset = Preset.objects.filter(is_offered=True).first()
        self.initial.setdefault("preset", self.first_preset and self.first_preset.slug)

    def clean_preset(self) -> Preset:
        """The chosen preset, or the first where a request names none."""
        preset: Preset | None = self.cleaned_data["preset"] or self.first_preset
        if preset is None:
            raise forms.ValidationError(_("Nothing can be added: an admin has to offer a preset first."))
        return preset

    def clean_chosen_at(self) -> datetime | None:
        """When the file was chosen; now at the latest, and nobody chooses long before sending."""
        chosen_ms, now = self.cleaned_data["chosen_at"], timezone.now()
        if chosen_ms is None:
            return None
        ago_ms = now.timestamp() * 1000 - chosen_ms
        return now - timedelta(milliseconds=min(max(ago_ms, 0), LONGEST_QUEUE_MS))


class ReplaceForm(forms.Form):
    picture = forms.FileField(
        label=_("Another picture"),
        widget=PictureInput,
        allow_empty_file=True,  # staging says so, in its own words
        max_length=None,
        error_messages={"required": _("No picture arrived. Choose one.")},
    )

    def __init__(self, *args: Any, skipped: list[Skipped] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if skipped:
            self.fields["picture"].error_messages["required"] = sentence(skipped[0].error)


class TextsForm(forms.Form):
    """What a person writes about a picture. The blank placeholder lets print.css leave out what is empty."""

    title = forms.CharField(
        label=_("Title"),
        max_length=TITLE_LENGTH,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": " "}),
    )
    alt_text = forms.CharField(
        label=_("Alternative text"),
        max_length=ALT_TEXT_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": " "}),
        help_text=_("What the picture shows, for those who cannot see it."),
    )


class EditForm(forms.Form):
    """A selection in the vocabulary of Cropper.js's ``getData()``, in natural pixels.

    ``cleaned_data["selection"]`` is one that the crop's rules accept. ``adjust`` is a change that
    the page's buttons make at once, and that the server makes for those who have no JavaScript.
    """

    ADJUSTMENTS = ("turn-left", "turn-right", "mirror-horizontal", "mirror-vertical", "largest")

    spec = forms.CharField(widget=forms.HiddenInput)
    x = forms.FloatField(label=_("From the left"))
    y = forms.FloatField(label=_("From the top"))
    width = forms.FloatField(label=_("Width"))
    height = forms.FloatField(label=_("Height"))
    rotate = forms.FloatField(widget=forms.HiddenInput)
    scaleX = forms.FloatField(widget=forms.HiddenInput)
    scaleY = forms.FloatField(widget=forms.HiddenInput)
    sourceWidth = forms.IntegerField(widget=forms.HiddenInput)
    sourceHeight = forms.IntegerField(widget=forms.HiddenInput)
    # The stamp of the crop that the page showed, and of the newer one that is replaced all the same.
    shown = forms.CharField(widget=forms.HiddenInput, required=False)
    keep = forms.CharField(required=False)
    adjust = forms.ChoiceField(choices=[(name, name) for name in ADJUSTMENTS], required=False)

    def __init__(self, data: Any = None, *, draft: Draft, crop: DraftCrop) -> None:
        self.draft, self.crop_spec = draft, crop.spec
        super().__init__(data, initial=_fields_of(draft, crop))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.errors:
            return data
        try:
            data["selection"] = self.crop_spec.accept(self._selection(data), self.draft.size)
        except SelectionError as error:
            self.add_error(error.field, sentence(error))
        return data

    @property
    def replaces(self) -> str:
        """The stamp of the crop that this one may replace."""
        return str(self.cleaned_data["keep"] or self.cleaned_data["shown"])

    def _selection(self, data: dict[str, Any]) -> Selection:
        draft, ratio = self.draft, self.crop_spec.ratio
        if (data["sourceWidth"], data["sourceHeight"]) != (draft.width, draft.height):
            raise OtherPicture()
        if max(abs(data[name]) for name in ("x", "y", "width", "height", "rotate")) > LARGEST_NUMBER:
            raise NotASelection()
        rotate, scale_x, scale_y = normalized(data["rotate"]), data["scaleX"], data["scaleY"]
        if not {scale_x, scale_y} <= {1, -1}:
            raise NotASelection()
        box = Box(*(round(data[name]) for name in ("x", "y", "width", "height")))
        selection = Selection(box, rotate, int(scale_x), int(scale_y))
        match data["adjust"]:
            case "turn-left":
                return turn(selection, draft.size, -90, ratio)
            case "turn-right":
                return turn(selection, draft.size, 90, ratio)
            case "mirror-horizontal":
                return mirror(selection, draft.size, "horizontal")
            case "mirror-vertical":
                return mirror(selection, draft.size, "vertical")
            case "largest":
                return replace(selection, box=largest(draft.size, selection.rotate, ratio))
        return selection


def _fields_of(draft: Draft, crop: DraftCrop) -> dict[str, Any]:
    return {
        "spec": crop.spec.slug,
        **{name: getattr(crop, name) for name in ("x", "y", "width", "height", "rotate")},
        "scaleX": crop.scale_x,
        "scaleY": crop.scale_y,
        "sourceWidth": draft.width,
        "sourceHeight": draft.height,
        "shown": crop.stamp,
    }


class SignUpForm(BaseUserCreationForm):
    """Django's form, and an address to which a forgotten password's link can go."""

    email = forms.EmailField(label=_("Email address"))

    class Meta(BaseUserCreationForm.Meta):
        model = User
        fields = ("username", "email")


class WidthsField(forms.CharField):
    """Widths in pixels as people write them, ``320, 640, 1280``; the value is the ascending list."""

    def to_python(self, value: Any) -> Any:
        words = re.findall(r"[^\s,;]+", value or "")
        for word in words:
            # Nine digits are more than any width has, and few enough to be read.
            if not re.fullmatch(r"[0-9]{1,9}", word):
                message = _("“%(word)s” is not a whole number of pixels. Write widths like this: 320, 640, 1280.")
                raise forms.ValidationError(message, code="invalid", params={"word": word[:20]})
        return sorted({int(word) for word in words})

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(map(str, value)) if isinstance(value, list) else value


def _written_here() -> list[tuple[str, str]]:
    return [(name, FORMATS[name].label) for name in offered(CropSpec.written_formats())]


class CropSpecForm(forms.ModelForm):
    """A crop of a preset, in the admin."""

    widths = WidthsField(
        label=_("more widths (px)"),
        required=False,
        help_text=_("Like 320, 640, 1280: the same crop is stored at each that is smaller than the main file."),
    )
    extra_formats = forms.MultipleChoiceField(
        label=_("more formats"),
        choices=_written_here,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("Beside the main file's own. Each width is stored in each format."),
    )

    class Meta:
        model = CropSpec
        exclude: list[str] = []
