"""Edit, preview, describe, discard: a draft changes until it is confirmed."""

from datetime import timedelta
from functools import partial
from hashlib import sha256

import pytest
from django.utils import timezone

from uploads import lifecycle, storage
from uploads.errors import DraftConflict, DraftFileLost
from uploads.geometry import Box, Selection
from uploads.models import CropSpec, Draft, DraftCrop, StoredImage
from uploads.tests.drafts import at_once, confirm, preview_of, select, stage
from uploads.tests.pictures import decoded

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def read(draft: Draft, name: str) -> bytes:
    with storage.open_draft_file(draft.storage_alias, name) as file:
        return file.read()


def test_a_selection_is_kept_whole():
    draft = stage()
    crop = select(draft, 10, 20, 30, 40, rotate=270, scale_x=-1, scale_y=-1)
    assert crop.selection == Selection(Box(10, 20, 30, 40), 270, -1, -1)


def test_each_change_is_counted_and_keeps_the_draft_for_longer():
    draft = stage()
    Draft.objects.update(expires_at=timezone.now() + timedelta(minutes=1))
    select(draft, 10, 20, 30, 40)
    select(draft, 10, 20, 30, 41)
    draft.refresh_from_db()
    assert draft.revision == 3
    assert draft.expires_at > timezone.now() + timedelta(hours=1)


def test_the_same_selection_again_is_no_change(draft_files):
    draft = stage()
    select(draft, 10, 20, 30, 40)
    preview_of(draft)
    before = draft_files()
    crop = select(draft, 10, 20, 30, 40)
    assert Draft.objects.get().revision == 2
    assert crop.preview_name
    assert draft_files() == before


def test_an_edit_removes_the_preview_of_the_selection_before(draft_files):
    draft = stage()
    preview_of(draft)
    assert len(draft_files()) == 3
    crop = select(draft, 10, 20, 30, 40)
    assert (crop.preview_name, crop.preview_sha256, crop.preview_bytes) == ("", "", None)
    assert len(draft_files()) == 2


def test_an_edit_of_one_crop_leaves_the_others(draft_files):
    draft = stage(preset="profile-set")
    profile, banner = draft.crops.select_related("draft", "spec")
    lifecycle.preview(profile)
    lifecycle.preview(banner)
    lifecycle.edit(draft, banner.spec, Selection(Box(0, 0, 300, 100)))
    profile.refresh_from_db()
    assert profile.selection == Selection(Box(50, 0, 300, 300))
    assert read(draft, profile.preview_name)
    assert len(draft_files()) == 3


def test_a_preview_is_named_with_the_digest_of_its_bytes():
    draft = stage()
    select(draft, 10, 20, 30, 40)
    crop = preview_of(draft)
    data = read(draft, crop.preview_name)
    assert (crop.preview_sha256, crop.preview_bytes) == (sha256(data).hexdigest(), len(data))
    assert decoded(data).format == crop.preview_format == "JPEG"
    assert decoded(data).size == (30, 40)


def test_a_preview_is_made_once(draft_files):
    draft = stage()
    first, second = preview_of(draft), preview_of(draft)
    assert first.preview_name == second.preview_name
    assert len(draft_files()) == 3


def test_a_preview_is_made_anew_for_the_same_bytes_after_a_change_and_back():
    draft = stage()
    first = select(draft, 10, 20, 30, 40)
    first = preview_of(draft)
    select(draft, 0, 0, 100, 100)
    assert preview_of(draft).preview_sha256 != first.preview_sha256
    select(draft, 10, 20, 30, 40)
    assert preview_of(draft).preview_sha256 == first.preview_sha256


def test_looking_is_no_change():
    draft = stage()
    preview_of(draft)
    draft.refresh_from_db()
    assert draft.revision == 1


def test_a_preview_follows_the_rules_of_its_spec(draft_files):
    draft = stage()
    preview_of(draft)
    CropSpec.objects.filter(slug="free").update(ratio_width=4, ratio_height=3, output_width=80, output_format="WEBP")
    crop = preview_of(draft)
    image = decoded(read(draft, crop.preview_name))
    assert (image.format, image.size, crop.preview_format) == ("WEBP", (80, 60), "WEBP")
    assert len(draft_files()) == 3


def test_four_previews_at_once_leave_one_file_and_one_answer(draft_files):
    draft = stage()
    answers = at_once(*[partial(preview_of, draft)] * 4)
    assert len({each.preview_name for each in answers}) == 1
    assert read(draft, answers[0].preview_name)
    assert len(draft_files()) == 3


def test_a_preview_of_a_selection_that_changes_meanwhile_is_thrown_away(draft_files):
    draft = stage()
    stale = draft.crops.select_related("draft", "spec").get()
    select(draft, 10, 20, 30, 40)
    with pytest.raises(DraftConflict):
        lifecycle.preview(stale)
    assert DraftCrop.objects.get().preview_name == ""
    assert len(draft_files()) == 2


def test_a_preview_without_the_file_says_that_it_is_lost(draft_files):
    draft = stage()
    storage.delete_draft_files(draft.storage_alias, [draft.source_name])
    with pytest.raises(DraftFileLost):
        preview_of(draft)
    assert len(draft_files()) == 1


def test_texts_are_no_change_of_the_picture():
    draft = stage()
    preview_name = preview_of(draft).preview_name
    lifecycle.describe(draft, title="Title", alt_text="Text")
    draft = Draft.objects.get()
    assert (draft.title, draft.alt_text, draft.revision) == ("Title", "Text", 1)
    assert preview_of(draft).preview_name == preview_name


def test_texts_of_a_stored_image_can_be_changed(bucket):
    lifecycle.describe(confirm(stage()), title="Title", alt_text="Text")
    assert StoredImage.objects.values_list("title", "alt_text").get() == ("Title", "Text")


def test_a_discarded_draft_leaves_nothing(draft_files):
    other, draft = stage(), stage()
    preview_of(draft)
    lifecycle.discard(draft)
    assert list(Draft.objects.all()) == [other]
    assert len(draft_files()) == 2


@pytest.mark.parametrize("round_", range(3))
def test_of_two_discards_at_once_one_wins(round_, draft_files):
    pk = stage().pk
    mine, yours = Draft.objects.get(pk=pk), Draft.objects.get(pk=pk)
    answers = at_once(partial(lifecycle.discard, mine), partial(lifecycle.discard, yours))
    assert sorted(type(each).__name__ for each in answers) == ["DraftConflict", "NoneType"]
    assert draft_files() == []


GONE = {
    "edit": lambda draft, spec: lifecycle.edit(draft, spec, Selection(Box(0, 0, 50, 50))),
    "discard": lambda draft, spec: lifecycle.discard(draft),
}


@pytest.mark.parametrize("change", GONE.values(), ids=GONE)
@pytest.mark.parametrize("end", [confirm, lifecycle.discard])
def test_a_change_that_comes_too_late_is_told_so(change, end, bucket):
    pk = stage().pk
    late, spec = Draft.objects.get(pk=pk), CropSpec.objects.get(preset__slug="free")
    end(Draft.objects.get(pk=pk))
    with pytest.raises(DraftConflict):
        change(late, spec)


def test_texts_that_come_too_late_go_to_the_stored_image(bucket):
    pk = stage().pk
    late = Draft.objects.get(pk=pk)
    image = confirm(late)
    lifecycle.describe(late, title="Late", alt_text="But not lost")
    image.refresh_from_db()
    assert (image.title, image.alt_text) == ("Late", "But not lost")


def test_texts_of_a_picture_that_is_gone_are_told_so():
    pk = stage().pk
    late = Draft.objects.get(pk=pk)
    lifecycle.discard(Draft.objects.get(pk=pk))
    with pytest.raises(DraftConflict):
        lifecycle.describe(late, title="Late", alt_text="")


def test_a_preview_that_comes_too_late_is_told_so(bucket):
    draft = stage()
    crop = draft.crops.select_related("draft", "spec").get()
    confirm(draft)
    with pytest.raises((DraftConflict, DraftFileLost)):
        lifecycle.preview(crop)
