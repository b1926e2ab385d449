"""Forms: what the pages offer is what the settings say."""

import pytest
from django.test import RequestFactory

from uploads import forms
from uploads.models import Draft, Preset
from uploads.tests.drafts import draft_row, somebody
from uploads.tests.people import crop

pytestmark = pytest.mark.django_db


def test_pages_say_what_may_be_sent(settings):
    settings.UPLOADS_MAX_BYTES, settings.UPLOADS_FORMATS = 2_500_000, ["JPEG", "PNG", "WEBP"]
    limits = forms.limits(RequestFactory().get("/"))["limits"]
    assert limits["accept"] == "image/jpeg,image/png,image/webp"
    assert limits["format_names"] == "JPEG, PNG and WebP"
    assert (limits["max_upload_bytes"], limits["max_upload_mb"]) == (2_500_000, "2.5")
    assert (limits["max_megapixels"], limits["max_files"], limits["draft_hours"]) == (50, 20, 168)


@pytest.mark.parametrize("field", [forms.AddForm, forms.ReplaceForm])
def test_file_inputs_accept_what_is_offered(field, settings):
    settings.UPLOADS_FORMATS = ["PNG", "GIF"]
    assert 'accept="image/png,image/gif"' in str(field())
    assert ("multiple" in str(field())) is (field is forms.AddForm)


def test_the_first_preset_is_chosen():
    assert forms.AddForm().initial["preset"] == "free"
    Preset.objects.filter(slug="free").update(position=99)
    assert forms.AddForm().initial["preset"] == "profile"


def bound(draft: Draft, *box: int, **changed: object) -> forms.EditForm:
    return forms.EditForm(crop(draft, *box, **changed), draft=draft, crop=draft.crops.get())


def test_the_editors_form_says_where_an_error_belongs():
    draft = draft_row(somebody(), preset="profile", width=600, height=600)
    form = bound(draft, 0, 0, 100, 100, spec="profile")
    assert set(form.errors) == {"width"}
    form = bound(draft, 500, 0, 300, 300, spec="profile")
    assert set(form.errors) == {"__all__"}


def test_a_turn_is_judged_as_it_comes_out():
    draft = draft_row(somebody(), preset="banner", width=900, height=300)
    form = bound(draft, 0, 0, 900, 300, spec="banner", adjust="turn-right")
    assert form.is_valid()
    box = form.cleaned_data["selection"].box
    assert (box.width, box.height) == (300, 100)


def test_the_largest_follows_the_ratio_and_the_turn():
    draft = draft_row(somebody(), preset="card", width=400, height=300)
    form = bound(draft, 0, 0, 16, 9, spec="card", rotate=90, adjust="largest")
    assert form.is_valid()
    box = form.cleaned_data["selection"].box
    assert (box.x, box.y, box.width, box.height) == (0, 115, 300, 169)
