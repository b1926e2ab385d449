"""Forms: what the pages offer is what the settings say."""

import random

import pytest
from django.test import RequestFactory

from uploads import forms
from uploads.geometry import clamp_inside, normalized
from uploads.models import CropSpec, Draft, DraftCrop, Preset
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


# What a field may hold: numbers that fit, numbers that nobody would mean, and what is no number.
ODD = ["", "NaN", "inf", "-inf", "1e309", "-1", "0", "0.4", "1e-320", "99999999999999999999", "7,5", "x", "٣", None]


def test_a_hundred_thousand_selections_are_taken_or_refused_and_never_raise():
    chance = random.Random(4)
    specs = [
        CropSpec(slug="any", name="Any", ratio_width=ratio and ratio[0], ratio_height=ratio and ratio[1], **least)
        for ratio in (None, (1, 1), (3, 1), (9, 16), (32_767, 1))
        for least in ({}, {"min_width": 64, "min_height": 32})
    ]
    taken = 0
    for _ in range(100_000):
        width, height = (chance.choice([1, 2, 97, 600, 16_384]) for _ in range(2))
        draft = Draft(width=width, height=height)
        spec = chance.choice(specs)
        values = {
            "spec": spec.slug,
            **{name: chance.randint(-20, width) for name in ("x", "y")},
            **{name: chance.randint(1, width) for name in ("width", "height")},
            "rotate": chance.choice([0, 90, 180, 270, 360, -7.5, 12.34, chance.uniform(-1000, 1000)]),
            **{name: chance.choice([1, -1]) for name in ("scaleX", "scaleY")},
            "sourceWidth": width,
            "sourceHeight": height,
            "adjust": chance.choice(["", "", *forms.EditForm.ADJUSTMENTS]),
        }
        if chance.random() < 0.2:
            values[chance.choice(list(values))] = chance.choice(ODD)
        form = forms.EditForm(values, draft=draft, crop=DraftCrop(spec=spec, x=0, y=0, width=1, height=1))
        if form.is_valid():
            taken += 1
            selection = form.cleaned_data["selection"]
            assert clamp_inside(selection.box, draft.size, selection.rotate) == selection.box
            assert selection.rotate == normalized(selection.rotate)
    assert 5_000 < taken < 95_000
