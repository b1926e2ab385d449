"""The database keeps what must hold, whoever writes; presets judge selections."""

from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from PIL import Image

from uploads.errors import BelowMinimum, OutsidePicture, WrongRatio
from uploads.geometry import Box, Selection, Size
from uploads.imaging.formats import decodes
from uploads.models import CropSpec, Draft, DraftCrop, DraftRendition, Owner, Preset, Rendition, StoredImage
from uploads.models.presets import validate_extra_formats, validate_widths
from uploads.tests.drafts import draft_row, image_row, other_row, somebody

pytestmark = pytest.mark.django_db


def spec(slug: str = "free", **changed: object) -> CropSpec:
    """A crop of the seeded preset of the same name, with other rules."""
    found = CropSpec.objects.get(preset__slug=slug, slug=slug)
    for name, value in changed.items():
        setattr(found, name, value)
    return found


# --- Presets --------------------------------------------------------------------------------


def test_a_new_site_begins_with_its_presets():
    names = Preset.objects.filter(is_offered=True).values_list("slug", flat=True)
    assert list(names) == ["free", "profile", "banner", "card", "profile-set"]
    profile = spec("profile")
    assert (profile.ratio_text, profile.min_width, profile.min_height, profile.output_width) == ("1:1", 256, 256, 512)
    assert [spec(slug).ratio_text for slug in ("free", "banner", "card")] == ["", "3:1", "16:9"]
    both = Preset.objects.get(slug="profile-set").specs.all()
    assert [each.slug for each in both] == ["profile", "banner"]


@pytest.mark.parametrize(
    ("slug", "changed", "box", "size"),
    [
        ("free", {}, (0, 0, 123, 45), (123, 45)),
        ("free", {"output_width": 60}, (0, 0, 120, 45), (60, 22)),
        ("free", {"output_width": 1}, (0, 0, 1000, 3), (1, 1)),
        ("profile", {}, (0, 0, 300, 301), (512, 512)),
        ("banner", {"output_width": 900}, (0, 0, 301, 100), (900, 300)),
        ("card", {}, (0, 0, 160, 90), (160, 90)),
    ],
)
def test_the_output_has_the_width_and_the_ratio_that_the_spec_asks_for(slug, changed, box, size):
    assert spec(slug, **changed).output_size(Box(*box)) == Size(*size)


OTHERS = {
    "nothing more": ("free", [], [], (400, 300), []),
    "smaller widths": ("free", [100, 200], [], (400, 300), [(100, 75, "JPEG"), (200, 150, "JPEG")]),
    "none is enlarged": ("free", [200, 399, 400, 401], [], (400, 300), [(200, 150, "JPEG"), (399, 299, "JPEG")]),
    "formats alone": ("free", [], ["WEBP", "AVIF"], (400, 300), [(400, 300, "WEBP"), (400, 300, "AVIF")]),
    "both": ("free", [200], ["PNG"], (400, 300), [(200, 150, "JPEG"), (200, 150, "PNG"), (400, 300, "PNG")]),
    "the main format again": ("free", [200], ["JPEG"], (400, 300), [(200, 150, "JPEG")]),
    "an output width": ("profile", [256, 512, 600], [], (900, 900), [(256, 256, "JPEG")]),
    "the spec's ratio": ("banner", [50], [], (301, 100), [(50, 17, "JPEG")]),
    "a thin one": ("free", [10], [], (400, 2), [(10, 1, "JPEG")]),
}


@pytest.mark.parametrize(("slug", "widths", "formats", "box", "outputs"), OTHERS.values(), ids=OTHERS)
def test_the_other_files_of_a_crop(slug, widths, formats, box, outputs):
    asked = spec(slug, widths=widths, extra_formats=formats)
    found = asked.other_outputs(Box(7, 9, *box), "JPEG")
    assert [(size.width, size.height, format_name) for size, format_name in found] == outputs


def test_a_format_that_this_machine_cannot_write_is_left_out(monkeypatch):
    Image.init()
    decodes.cache_clear()
    with monkeypatch.context() as patch:
        patch.delitem(Image.SAVE, "AVIF")
        assert spec(extra_formats=["AVIF"]).other_outputs(Box(0, 0, 40, 30), "JPEG") == []
    decodes.cache_clear()


@pytest.mark.parametrize("widths", [[], [1], [320, 640, 1280], [16384]], ids=str)
def test_widths_are_ascending_pixels(widths):
    validate_widths(widths)


@pytest.mark.parametrize(
    "widths",
    ["320", None, {}, [320.0], [True], ["320"], [0], [-1], [16385], [640, 320], [320, 320], [*range(1, 10)]],
    ids=str,
)
def test_anything_else_is_not(widths):
    with pytest.raises(ValidationError):
        validate_widths(widths)


@pytest.mark.parametrize("formats", ["JPEG", None, ["GIF"], ["auto"], ["jpeg"], [None], [[]]], ids=str)
def test_extra_formats_are_formats_of_results(formats):
    validate_extra_formats(["JPEG", "PNG", "WEBP", "AVIF"])
    with pytest.raises(ValidationError):
        validate_extra_formats(formats)


def test_a_selection_that_keeps_the_rules_is_accepted_as_it_is():
    selection = Selection(Box(10, 20, 300, 300), 90, -1)
    assert spec("profile").accept(selection, Size(400, 320)) == selection


def test_a_selection_that_is_a_pixel_outside_is_moved_inside():
    accepted = spec("free").accept(Selection(Box(-1, 1, 400, 300)), Size(400, 300))
    assert accepted.box == Box(0, 0, 400, 300)


@pytest.mark.parametrize(
    ("slug", "box", "reason"),
    [
        ("free", (0, 0, 402, 300), OutsidePicture),
        ("free", (-2, 0, 300, 300), OutsidePicture),
        ("profile", (0, 0, 300, 298), WrongRatio),
        ("profile", (0, 0, 255, 255), BelowMinimum),
        ("banner", (0, 0, 300, 103), WrongRatio),
    ],
)
def test_a_selection_against_the_rules_is_not_accepted(slug, box, reason):
    with pytest.raises(reason):
        spec(slug).accept(Selection(Box(*box)), Size(400, 300))


# --- What the database refuses ----------------------------------------------------------------


@pytest.mark.parametrize(
    "columns",
    [
        {"ratio_width": 1, "ratio_height": None},
        {"ratio_width": None, "ratio_height": 1},
        {"ratio_width": 0, "ratio_height": 1},
        {"ratio_width": 1, "ratio_height": 0},
        {"min_width": 0},
        {"min_height": 0},
        {"output_width": 0},
        {"quality": 0},
        {"quality": 101},
        {"slug": "banner"},
    ],
    ids=str,
)
def test_a_crop_spec_that_makes_no_sense(columns):
    preset = Preset.objects.get(slug="profile-set")
    with pytest.raises(IntegrityError):
        preset.specs.filter(slug="profile").update(**columns)


@pytest.mark.parametrize(
    "columns",
    [
        {"session_token": None},
        {"state": "confirming"},
        {"confirm_deadline": "2100-01-01T00:00Z"},
        {"width": 0},
        {"height": 0},
    ],
    ids=str,
)
def test_a_draft_that_makes_no_sense(columns):
    draft_row(somebody())
    with pytest.raises(IntegrityError):
        Draft.objects.update(**columns)


@pytest.mark.parametrize("make", [draft_row, image_row])
def test_a_picture_has_one_owner(make, user):
    with pytest.raises(IntegrityError), transaction.atomic():
        make(Owner())
    row = make(somebody())
    with pytest.raises(IntegrityError):
        type(row).objects.update(owner=user)


@pytest.mark.parametrize(
    "columns", [{"width": 0}, {"height": 0}, {"rotate": 360}, {"scale_x": 0}, {"scale_y": 2}, {"x": -1}], ids=str
)
def test_a_crop_that_is_no_selection(columns):
    draft_row(somebody())
    with pytest.raises(IntegrityError):
        DraftCrop.objects.update(**columns)


def test_a_second_crop_for_the_same_spec():
    crop = draft_row(somebody()).crops.get()
    with pytest.raises(IntegrityError):
        DraftCrop.objects.create(draft=crop.draft, spec=crop.spec, **DraftCrop.columns(crop.selection))


def test_a_second_object_under_one_key():
    first, second = image_row(somebody()), image_row(somebody())
    with pytest.raises(IntegrityError):
        second.renditions.update(key=first.renditions.get().key)


@pytest.mark.parametrize("changed", [{"is_main": False}, {"width": 200}, {"format": "PNG"}], ids=str)
def test_a_second_rendition_of_one_name_that_is_the_main_one_or_no_other(changed):
    image_row(somebody())
    columns = Rendition.objects.values().get() | {"id": uuid4(), "key": "another"} | changed
    with pytest.raises(IntegrityError):
        Rendition.objects.create(**columns)


def test_a_second_file_of_a_crop_at_one_width_in_one_format():
    crop = draft_row(somebody()).crops.get()
    columns = {"crop": crop, "width": 20, "height": 15, "format": "WEBP", "bytes": 1}
    DraftRendition.objects.create(**columns)
    with pytest.raises(IntegrityError):
        DraftRendition.objects.create(**columns)


def test_an_account_with_pictures_is_not_deleted(user):
    draft_row(Owner(user=user))
    with pytest.raises(ProtectedError):
        user.delete()


# --- Whose ------------------------------------------------------------------------------------


def test_each_owner_has_their_own(user):
    session, other = somebody(), somebody()
    for owner in (session, other, Owner(user=user)):
        draft, image = draft_row(owner), image_row(owner)
        assert list(Draft.objects.owned_by(owner)) == [draft]
        assert list(StoredImage.objects.owned_by(owner)) == [image]


def test_who_has_nothing_owns_nothing(user):
    draft_row(Owner(user=user)), draft_row(somebody())
    assert not Draft.objects.owned_by(Owner()).exists()


def test_who_is_signed_in_does_not_own_what_a_session_has(user):
    session = somebody()
    draft_row(session)
    assert not Draft.objects.owned_by(Owner(user=user, token=session.token)).exists()


def test_bytes_of_a_tier_are_counted_once_for_each_file():
    draft = draft_row(somebody(), preset="profile-set", tier="memory", source_bytes=1000, working_bytes=200)
    draft.crops.update(preview_bytes=30)
    for crop in draft.crops.all():
        for width in (10, 20):
            crop.renditions.create(width=width, height=1, format="WEBP", bytes=5)
    draft_row(somebody(), tier="memory", source_bytes=4, working_bytes=0)
    draft_row(somebody(), tier="disk")
    assert Draft.objects.bytes_in("memory") == 1000 + 200 + 2 * 30 + 2 * 2 * 5 + 4
    assert Draft.objects.bytes_in("nowhere") == 0


DOWNLOADS = [
    ("beach.png", "beach-free.jpg"),
    ("beach", "beach-free.jpg"),
    (".png", ".png-free.jpg"),
    ("a.b.c", "a.b-free.jpg"),
]


@pytest.mark.parametrize(("file_name", "download_name"), DOWNLOADS)
def test_a_download_is_named_after_the_file_and_its_crop(file_name, download_name):
    assert image_row(somebody(), file_name=file_name).renditions.get().download_name == download_name


def test_another_file_has_its_own_address_and_name():
    image = image_row(somebody(), file_name="beach.png")
    main, other = image.renditions.get(), other_row(image, 200, "WEBP")
    assert (main.url, main.download_name) == (f"/images/{image.pk}/free", "beach-free.jpg")
    assert (other.url, other.download_name) == (f"/images/{image.pk}/free/200.webp", "beach-free-200.webp")


def test_the_cover_is_the_first_main_file():
    image = image_row(somebody())
    other_row(image, 200, "AVIF")
    image.renditions.update(slug="z", position=1)
    other_row(image, 100, "AVIF", slug="a")  # as if its main file were gone
    assert image.cover == image.renditions.get(is_main=True)
    assert image.main_renditions == [image.cover]
    assert [each.width for each in image.cover.others] == [200]


def test_a_picture_is_called_by_its_title_or_its_file():
    assert str(draft_row(somebody(), title="Beach", file_name="a.png")) == "Beach"
    assert str(draft_row(somebody(), file_name="a.png")) == "a.png"
