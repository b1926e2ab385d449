"""Stage and replace: a file becomes a draft in the tier that its upload had."""

import os
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from uploads import errors, lifecycle, storage
from uploads.geometry import Box, Selection, Size
from uploads.lifecycle import adding
from uploads.models import Draft, DraftCrop, Owner, Preset
from uploads.tests.drafts import (
    at_once,
    confirm,
    preview_of,
    replace,
    select,
    somebody,
    stage,
    stage_upload,
    temporary_upload,
)
from uploads.tests.pictures import decoded, encoded, picture, upload

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def files_of(draft: Draft) -> dict[str, bytes]:
    """The files in a draft's folder, by the first part of their names."""
    root = settings.UPLOADS_MEMORY_DIR if draft.tier == Draft.Tier.MEMORY else settings.UPLOADS_DISK_DIR
    return {path.name.partition("-")[0]: path.read_bytes() for path in (Path(root) / str(draft.pk)).iterdir()}


def test_an_upload_in_memory_becomes_a_draft_in_the_memory_tier():
    data = encoded()
    draft = stage(data=data)
    assert (draft.tier, draft.handler) == ("memory", "MemoryFileUploadHandler")
    assert files_of(draft)["source"] == data


def test_an_upload_in_a_temporary_file_becomes_a_draft_in_the_disk_tier(draft_files):
    data = encoded()
    draft = stage_upload(temporary_upload(data))
    assert (draft.tier, draft.handler) == ("disk", "TemporaryFileUploadHandler")
    assert files_of(draft)["source"] == data
    assert len(draft_files()) == 2


def test_a_temporary_file_is_staged_by_a_rename():
    file = temporary_upload()
    incoming = Path(file.temporary_file_path())
    inode = incoming.stat().st_ino
    draft = stage_upload(file)
    with storage.local_file("drafts_disk", draft.source_name) as path:
        assert path.stat().st_ino == inode
    assert not incoming.exists()


def test_what_does_not_fit_into_the_memory_budget_goes_to_the_disk(settings):
    data = encoded()
    first = stage(data=data)
    settings.UPLOADS_MEMORY_BUDGET_BYTES = first.source_bytes + first.working_bytes + len(data)
    second = stage(data=data)
    third = stage(data=data)
    assert [first.tier, second.tier, third.tier] == ["memory", "memory", "disk"]
    assert third.handler == "MemoryFileUploadHandler"
    assert files_of(third)["source"] == data


def test_previews_count_in_the_memory_budget(settings):
    first = stage()
    taken = first.source_bytes + first.working_bytes
    preview_of(first)
    settings.UPLOADS_MEMORY_BUDGET_BYTES = taken + first.source_bytes
    assert stage().tier == "disk"


def test_the_draft_says_what_arrived():
    data = encoded(picture(400, 300), "JPEG")
    file = SimpleUploadedFile("beach.png", data, "image/png")
    before = timezone.now()
    draft = stage_upload(file)
    draft.refresh_from_db()
    assert (draft.file_name, draft.claimed_type, draft.format) == ("beach.png", "image/png", "JPEG")
    assert (draft.source_bytes, draft.source_sha256) == (len(data), sha256(data).hexdigest())
    assert (draft.size, draft.state, draft.revision) == (Size(400, 300), "open", 1)
    assert draft.expires_at - before > timezone.timedelta(hours=settings.UPLOADS_DRAFT_HOURS - 1)


def test_every_chunk_is_counted():
    file = temporary_upload(encoded(picture(400, 300), compress_level=0))
    file.DEFAULT_CHUNK_SIZE = 100_000
    assert stage_upload(file).chunk_count == 4


def test_the_working_copy_is_small_and_its_digest_is_kept():
    draft = stage(data=encoded(picture(2000, 1000), "JPEG"))
    working = files_of(draft)["working"]
    assert decoded(working).size == (1600, 800)
    assert (len(working), sha256(working).hexdigest()) == (draft.working_bytes, draft.working_sha256)
    assert decoded(working).format == draft.working_format == "JPEG"
    assert draft.size == Size(2000, 1000)


@pytest.mark.parametrize(
    ("preset", "boxes"),
    [
        ("free", {"free": (0, 0, 600, 400)}),
        ("profile", {"profile": (100, 0, 400, 400)}),
        ("card", {"card": (0, 31, 600, 338)}),
        ("profile-set", {"profile": (100, 0, 400, 400), "banner": (0, 100, 600, 200)}),
    ],
)
def test_each_crop_begins_as_the_largest_that_there_is(preset, boxes):
    draft = stage(data=encoded(picture(600, 400)), preset=preset)
    crops = draft.crops.select_related("spec")
    assert {crop.spec.slug: (crop.x, crop.y, crop.width, crop.height) for crop in crops} == boxes
    assert all(crop.selection.rotate == 0 for crop in crops)


def test_files_are_readable_by_the_site_alone():
    draft = stage()
    with storage.local_file("drafts_memory", draft.source_name) as path:
        assert oct(path.stat().st_mode & 0o777) == "0o400"
        assert oct(path.parent.stat().st_mode & 0o777) == "0o700"


REFUSED = {
    "an empty file": (b"", errors.EmptyFile, "empty"),
    "text": (b"no picture at all", errors.NotAPicture, "not a picture"),
    "half a JPEG": (encoded(format_name="JPEG")[:2000], errors.BrokenPicture, "damaged"),
    "a PDF": (b"%PDF-1.7 and so on", errors.FormatNotOffered, "PDF"),
    "too few pixels": (encoded(picture(200, 300)), errors.TooSmall, "“Profile” needs at least 256 × 256"),
}


@pytest.mark.parametrize("make", [upload, temporary_upload])
@pytest.mark.parametrize(("data", "reason", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_leaves_nothing(data, reason, words, make, draft_files):
    with pytest.raises(reason, match=words):
        stage_upload(make(data), preset="profile")
    assert not Draft.objects.exists()
    assert draft_files() == []


def test_a_file_over_the_limit_is_refused_before_it_is_read(settings):
    settings.UPLOADS_MAX_BYTES = 100_000
    file = upload(b"x" * 210_000)
    with pytest.raises(errors.TooManyBytes, match=r"^0\.2 MB is over 0\.1 MB"):
        lifecycle.stage(file, owner=somebody(), preset=Preset.objects.get(slug="free"))
    assert file.tell() == 0


def test_the_limit_of_open_pictures_is_each_owners_own(settings):
    settings.UPLOADS_MAX_DRAFTS = 2
    owner = somebody()
    stage(owner)
    stage(owner)
    with pytest.raises(errors.TooManyDrafts, match="2 open pictures"):
        stage(owner)
    stage(somebody())
    assert Draft.objects.owned_by(owner).count() == 2


def test_a_full_disk_is_said_and_nothing_is_left(monkeypatch, draft_files):
    other = stage()
    before = draft_files()
    open_file = os.open

    def open_full(path, *args, **named):
        descriptor = open_file(path, *args, **named)
        if str(path).startswith((str(settings.UPLOADS_MEMORY_DIR), str(settings.UPLOADS_DISK_DIR))):
            full = open_file("/dev/full", os.O_WRONLY)
            os.dup2(full, descriptor)  # the file is there, and what is written to it finds no room
            os.close(full)
        return descriptor

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", open_full)
        with pytest.raises(errors.DraftStorageFull):
            stage()
    assert draft_files() == before
    assert list(Draft.objects.all()) == [other]


def test_where_memory_is_full_the_disk_is_taken(monkeypatch):
    def full_name(draft_id, kind):
        name = f"{draft_id}/{kind}"
        if kind == "working":
            path = Path(settings.UPLOADS_MEMORY_DIR) / name
            path.parent.mkdir()
            path.symlink_to("/dev/full")
        return name

    monkeypatch.setattr(storage, "draft_file_name", full_name)
    draft = stage()
    assert draft.tier == Draft.Tier.DISK
    assert sorted(files_of(draft)) == ["source", "working"]
    assert list(Path(settings.UPLOADS_MEMORY_DIR).iterdir()) == []


def test_a_disk_that_is_full_for_the_working_copy_is_said_too(monkeypatch, draft_files):
    def full_name(draft_id, kind):
        name = f"{draft_id}/{kind}"
        if kind == "working":
            for directory in (settings.UPLOADS_MEMORY_DIR, settings.UPLOADS_DISK_DIR):
                path = Path(directory) / name
                path.parent.mkdir(exist_ok=True)
                path.unlink(missing_ok=True)
                path.symlink_to("/dev/full")
        return name

    monkeypatch.setattr(storage, "draft_file_name", full_name)
    with pytest.raises(errors.DraftStorageFull):
        stage()
    assert draft_files() == []
    assert list(Path(settings.UPLOADS_MEMORY_DIR).iterdir()) == []
    assert not Draft.objects.exists()


# --- Replace ------------------------------------------------------------------------------


def test_a_replaced_picture_keeps_its_texts_and_begins_its_crops_anew(user):
    draft = stage(Owner(user=user))
    lifecycle.describe(draft, title="Title", alt_text="Text")
    select(draft, 10, 20, 30, 40)
    preview_of(draft)
    data = encoded(picture(200, 100))
    replace(draft, upload(data, "other.png"))
    draft = Draft.objects.get(pk=draft.pk)
    assert (draft.title, draft.alt_text, draft.owner) == ("Title", "Text", user)
    assert (draft.file_name, draft.size, draft.source_sha256) == ("other.png", Size(200, 100), sha256(data).hexdigest())
    crop = draft.crops.get()
    assert crop.selection == Selection(Box(0, 0, 200, 100))
    assert crop.preview_name == crop.preview_recipe == ""
    assert sorted(files_of(draft)) == ["source", "working"]
    assert files_of(draft)["source"] == data


def test_a_replaced_picture_counts_as_a_change():
    draft = stage()
    replace(draft, upload(encoded(picture(200, 100))))
    with pytest.raises(errors.DraftConflict):
        confirm(draft, seen=1)


def test_a_replacement_may_live_in_another_tier(draft_files):
    draft = stage()
    replace(draft, temporary_upload())
    draft.refresh_from_db()
    assert draft.tier == "disk"
    assert sorted(files_of(draft)) == ["source", "working"]
    assert len(draft_files()) == 2
    assert preview_of(draft).preview_bytes


@pytest.mark.parametrize("make", [upload, temporary_upload])
@pytest.mark.parametrize(("data", "reason", "words"), REFUSED.values(), ids=REFUSED)
def test_a_refused_replacement_changes_nothing(data, reason, words, make, draft_files):
    draft = stage(preset="profile")
    preview_of(draft)
    row, crops = Draft.objects.values().get(), list(DraftCrop.objects.values())
    files = {path: Path(path).read_bytes() for path in draft_files()}
    with pytest.raises(reason, match=words):
        replace(draft, make(data))
    assert Draft.objects.values().get() == row
    assert list(DraftCrop.objects.values()) == crops
    assert {path: Path(path).read_bytes() for path in draft_files()} == files


def test_a_picture_that_was_confirmed_meanwhile_is_not_replaced(bucket, draft_files):
    draft = stage()
    confirm(draft)
    with pytest.raises(errors.DraftConflict):
        replace(draft, upload())
    assert draft_files() == []


def test_a_preview_that_is_made_while_its_picture_is_replaced_goes_too(monkeypatch, draft_files):
    draft = stage()
    make_working_copy = adding._make_working_copy

    def look_and_make(*mine):
        preview_of(draft)
        return make_working_copy(*mine)

    monkeypatch.setattr(adding, "_make_working_copy", look_and_make)
    replace(draft, upload(encoded(picture(200, 100))))
    assert len(draft_files()) == 2


def test_of_replace_and_confirm_at_once_one_wins_and_both_answers_are_true(bucket, draft_files):
    draft = stage()
    mine = Draft.objects.select_related("preset").get(pk=draft.pk)
    replacement = upload(encoded(picture(200, 100)))
    confirmed, replaced = at_once(partial(confirm, draft, seen=1), partial(replace, mine, replacement))
    if replaced is None:
        assert isinstance(confirmed, errors.DraftConflict), repr(confirmed)
        assert Draft.objects.get().size == Size(200, 100)
        assert len(draft_files()) == 2
        assert bucket.keys() == []
    else:
        assert isinstance(replaced, errors.DraftConflict | errors.DraftFileLost), repr(replaced)
        assert confirmed.renditions.get().width == 400
        assert draft_files() == []


def test_the_limits_of_the_settings_reach_the_sandbox(settings):
    settings.UPLOADS_MAX_PIXELS = 100_000
    with pytest.raises(errors.TooManyPixels, match="400 × 300"):
        stage()
    settings.UPLOADS_MAX_PIXELS = 10_000_000
    settings.UPLOADS_MAX_SIDE_PX = 399
    with pytest.raises(errors.TooManyPixels):
        stage()
    settings.UPLOADS_FORMATS = ["JPEG"]
    with pytest.raises(errors.FormatNotOffered, match=r"PNG pictures are not taken here\. Choose one of: JPEG\."):
        stage()
    assert adding.limits().formats == ("JPEG",)
