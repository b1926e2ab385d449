"""A crop's other files: made when it is confirmed, stored with the main one or not at all."""

import logging
from datetime import timedelta
from functools import partial
from hashlib import sha256
from types import SimpleNamespace

import pytest
from django.utils import timezone

from uploads import lifecycle, storage
from uploads.errors import BrokenPicture, DecoderBusy, DraftConflict, DraftFileLost, StoreUnavailable
from uploads.lifecycle import renditions, storing
from uploads.models import CropSpec, Draft, DraftRendition, Rendition, StoredImage
from uploads.tests.drafts import ask_for, at_once, confirm, preview_of, replace, select, stage, temporary_upload
from uploads.tests.pictures import decoded, encoded, picture

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


class Killed(BaseException):
    """The worker ends at once: nothing of it that catches exceptions runs."""


@pytest.fixture
def die_at_put(monkeypatch):
    """Let the worker die instead of its n-th put; undo with the function that is returned."""

    def die(count):
        put, done = storage.ImageStorage.put_if_absent, []

        def put_or_die(self, *args, **named):
            done.append(1)
            if len(done) == count:
                raise Killed
            put(self, *args, **named)

        monkeypatch.setattr(storage.ImageStorage, "put_if_absent", put_or_die)
        return partial(monkeypatch.setattr, storage.ImageStorage, "put_if_absent", put)

    return die


@pytest.fixture
def sandbox(monkeypatch):
    """What is rendered beside previews; a function in ``before`` is called first, with the recipe."""
    real, seen = renditions.decoders(), SimpleNamespace(recipes=[], before=lambda recipe: None)

    def run(function, *args):
        seen.recipes.append(args[-1])
        seen.before(args[-1])
        return real.run(function, *args)

    monkeypatch.setattr(renditions, "decoders", lambda: SimpleNamespace(run=run))
    return seen


def end_leases():
    """Time passes: whoever was confirming should have been done."""
    Draft.objects.filter(state="confirming").update(confirm_deadline=timezone.now() - timedelta(seconds=1))


def assert_stored_once(bucket, draft, *names):
    """The draft is one stored image with exactly these objects; rows and objects agree; nothing else is left."""
    image = StoredImage.objects.get()
    assert (image.pk, image.state) == (draft.pk, StoredImage.State.STORED)
    assert sorted(bucket.keys()) == sorted(f"images/{draft.pk}/{name}" for name in names)
    assert sorted(bucket.keys()) == sorted(each.key for each in image.renditions.all())
    for each in image.renditions.all():
        data = bucket.read(each.key)
        assert (each.sha256, each.bytes) == (sha256(data).hexdigest(), len(data))
        assert (decoded(data).format, decoded(data).size) == (each.format, (each.width, each.height))
    assert not Draft.objects.exists()


def assert_open(bucket, draft):
    """The draft is as it was, and nothing of it is stored."""
    assert Draft.objects.get(pk=draft.pk).state == Draft.State.OPEN
    assert not StoredImage.objects.visible().exists()
    assert bucket.keys() == []


ALL = ["free.jpg", "free/100.jpg", "free/200.jpg", "free/100.webp", "free/200.webp", "free/400.webp"]


@pytest.fixture
def draft(db):
    """A draft of 400 × 300 pixels whose crop asks for two more widths and one more format."""
    ask_for(100, 200, 5000, formats=("WEBP",))
    return stage()


# --- What is stored -------------------------------------------------------------------------


def test_each_width_in_each_format_becomes_an_object(bucket, draft, draft_files):
    preview = preview_of(draft)
    image = confirm(draft)
    assert_stored_once(bucket, draft, *ALL)
    assert image.cover.sha256 == preview.preview_sha256
    assert bucket.head(f"images/{draft.pk}/free/200.webp")["ContentType"] == "image/webp"
    assert draft_files() == []


def test_until_it_is_confirmed_nothing_but_the_preview_is_made(bucket, draft, draft_files, sandbox):
    preview_of(draft)
    assert len(draft_files()) == 3
    assert sandbox.recipes == []


def test_they_show_what_the_preview_shows(bucket):
    """The same selection, turned and mirrored, at its own ratio."""
    ask_for(50)
    draft = stage()
    select(draft, 40, 30, 100, 200, rotate=90, scale_x=-1)
    confirm(draft)
    assert_stored_once(bucket, draft, "free.jpg", "free/50.jpg")
    small, main = (decoded(bucket.read(f"images/{draft.pk}/free{name}.jpg")) for name in ("/50", ""))
    for x, y in ((5, 5), (45, 5), (5, 95), (45, 95)):
        pairs = zip(small.getpixel((x, y)), main.getpixel((2 * x, 2 * y)), strict=True)
        assert max(abs(one - other) for one, other in pairs) <= 8


def test_the_format_of_the_main_file_is_theirs_too(bucket):
    """Automatic: a transparent picture is PNG at every width, also where the small one happens to be opaque."""
    ask_for(100)
    clear = picture().convert("RGBA")
    clear.putpixel((0, 0), (0, 0, 0, 254))
    draft = stage(data=encoded(clear))
    confirm(draft)
    assert_stored_once(bucket, draft, "free.png", "free/100.png")


def test_of_a_picture_that_moves_all_files_move(bucket):
    """None in a format that cannot: a browser would show it instead."""
    ask_for(100, formats=("AVIF", "PNG"))
    CropSpec.objects.filter(slug="free").update(keeps_animation=True)
    shades = [picture(200, 200).point(lambda value, shade=shade: value // shade) for shade in (1, 2, 3)]
    moving = encoded(shades[0], "GIF", save_all=True, append_images=shades[1:], duration=100, loop=0)
    draft = stage(data=moving, name="wave.gif")
    image = confirm(draft)
    assert_stored_once(bucket, draft, "free.webp", "free/100.webp", "free/100.png", "free/200.png")
    for each in image.renditions.all():
        assert decoded(bucket.read(each.key)).n_frames == each.frames == 3


def test_each_crop_of_a_preset_has_its_own(bucket):
    ask_for(100, slug="profile")
    ask_for(300, formats=("AVIF",), slug="banner")
    draft = stage(data=encoded(picture(600, 600)), preset="profile-set")
    confirm(draft)
    names = ["profile.jpg", "profile/100.jpg", "banner.jpg", "banner/300.jpg", "banner/300.avif", "banner/600.avif"]
    assert_stored_once(bucket, draft, *names)


def test_deleting_the_picture_deletes_them(bucket, draft):
    lifecycle.delete(confirm(draft))
    assert bucket.keys() == []
    assert not Rendition.objects.exists()


def test_a_file_that_the_sandbox_refuses_is_left_out_and_logged(bucket, draft, sandbox, caplog):
    def refuse(recipe):
        if (recipe.format, recipe.output.width) == ("WEBP", 400):
            raise BrokenPicture()

    sandbox.before = refuse
    with caplog.at_level(logging.WARNING, logger="uploads"):
        confirm(draft)
    assert_stored_once(bucket, draft, *ALL[:-1])
    assert "WEBP of 400 × 300" in caplog.text


# --- What is kept with the draft --------------------------------------------------------------


def test_what_is_made_counts_and_is_used_again(bucket, draft, sandbox, without_store, draft_files):
    with without_store(), pytest.raises(StoreUnavailable):
        confirm(draft)
    assert_open(bucket, draft)
    made = DraftRendition.objects.values_list("name", "bytes")
    crop = draft.crops.get()
    used = crop.preview_bytes + sum(size for _, size in made)
    assert Draft.objects.bytes_in("memory") == draft.source_bytes + draft.working_bytes + used
    assert len(draft_files()) == 3 + 5
    assert len(sandbox.recipes) == 5
    confirm(draft)
    assert len(sandbox.recipes) == 5
    assert_stored_once(bucket, draft, *ALL)
    assert draft_files() == []


def test_what_new_rules_make_outdated_is_made_anew(bucket, draft, sandbox, without_store, draft_files):
    with without_store(), pytest.raises(StoreUnavailable):
        confirm(draft)
    stale = set(DraftRendition.objects.values_list("name", "sha256"))
    CropSpec.objects.update(quality=20)
    with pytest.raises(DraftConflict):
        confirm(draft)  # the preview is shown first
    with without_store(), pytest.raises(StoreUnavailable):
        confirm(draft)
    assert not stale & set(DraftRendition.objects.values_list("name", "sha256"))
    assert len(draft_files()) == 3 + 5
    confirm(draft)
    assert len(sandbox.recipes) == 10
    assert_stored_once(bucket, draft, *ALL)


def test_a_width_that_is_not_asked_for_any_more_is_not_stored(bucket, draft, without_store, draft_files):
    with without_store(), pytest.raises(StoreUnavailable):
        confirm(draft)
    ask_for(200)
    confirm(draft)
    assert_stored_once(bucket, draft, "free.jpg", "free/200.jpg")
    assert draft_files() == []


CHANGES = {
    "edit": (lambda draft: select(draft, 0, 0, 50, 50), 2),
    "replace": (lambda draft: replace(draft, temporary_upload()), 2),
    "discard": (lifecycle.discard, 0),
}


@pytest.mark.parametrize(("change", "left"), CHANGES.values(), ids=CHANGES)
def test_a_change_of_the_draft_removes_them(bucket, draft, without_store, draft_files, change, left):
    with without_store(), pytest.raises(StoreUnavailable):
        confirm(draft)
    change(Draft.objects.get())
    assert not DraftRendition.objects.exists()
    assert len(draft_files()) == left


def test_a_request_that_is_told_to_come_again_keeps_what_it_made(bucket, draft, sandbox):
    def be_busy(recipe):
        if len(sandbox.recipes) == 3:
            raise DecoderBusy()

    sandbox.before = be_busy
    with pytest.raises(DecoderBusy):
        confirm(draft)
    assert_open(bucket, draft)
    assert DraftRendition.objects.count() == 2
    confirm(draft)
    assert len(sandbox.recipes) == 3 + 3
    assert_stored_once(bucket, draft, *ALL)


def test_a_lost_file_is_said_and_the_draft_stays(bucket, draft, without_store):
    with without_store(), pytest.raises(StoreUnavailable):
        confirm(draft)
    lost = DraftRendition.objects.get(width=200, format="WEBP")
    storage.delete_draft_files(draft.storage_alias, [lost.name])
    with pytest.raises(DraftFileLost):
        confirm(draft)
    assert_open(bucket, draft)


# --- Several at once --------------------------------------------------------------------------


def test_eight_at_once_store_all_of_it_once(bucket, draft, draft_files):
    answers = at_once(*[partial(confirm, draft)] * 8)
    assert [getattr(each, "pk", each) for each in answers] == [draft.pk] * 8
    assert_stored_once(bucket, draft, *ALL)
    assert draft_files() == []


def test_of_two_requests_that_make_a_file_the_first_ones_stays(draft, draft_files):
    crop = preview_of(draft)
    first, second = at_once(*[partial(renditions.render_others, draft, crop)] * 2)
    assert {row.pk for row in first} == {row.pk for row in second} == {row.pk for row in crop.renditions.all()}
    assert len(draft_files()) == 3 + 5


@pytest.mark.parametrize("change", [change for change, _ in CHANGES.values()], ids=CHANGES)
def test_a_change_while_they_are_made_is_not_stored_and_leaves_no_file(bucket, draft, sandbox, draft_files, change):
    def change_once(recipe):
        sandbox.before = lambda recipe: None
        change(Draft.objects.get())

    sandbox.before = change_once
    with pytest.raises(DraftConflict):
        confirm(draft)
    assert bucket.keys() == []
    assert not StoredImage.objects.exists()
    assert not DraftRendition.objects.exists()
    assert len(draft_files()) == 2 * Draft.objects.count()


def test_a_request_whose_files_another_takes_away_gives_the_others_answer(bucket, draft, sandbox, draft_files):
    def confirm_by_another(recipe):
        sandbox.before = lambda recipe: None
        confirm(draft)

    sandbox.before = confirm_by_another
    assert confirm(draft).state == StoredImage.State.STORED
    assert_stored_once(bucket, draft, *ALL)
    assert draft_files() == []


# --- The store is lost, the worker dies ---------------------------------------------------------


@pytest.mark.parametrize("count", range(1, 7))
def test_with_the_store_lost_before_any_object_none_is_left(bucket, draft, monkeypatch, count):
    put, done = storage.ImageStorage.put_if_absent, []

    def put_or_fail(self, *args, **named):
        done.append(1)
        if len(done) == count:
            raise StoreUnavailable()
        put(self, *args, **named)

    with monkeypatch.context() as patch:
        patch.setattr(storage.ImageStorage, "put_if_absent", put_or_fail)
        with pytest.raises(StoreUnavailable):
            confirm(draft)
    assert len(done) == count
    assert_open(bucket, draft)
    confirm(draft)
    assert_stored_once(bucket, draft, *ALL)


@pytest.mark.parametrize("take_forward", [lambda draft: lifecycle.sweep(), confirm], ids=["sweep", "confirm"])
@pytest.mark.parametrize("count", range(1, 7))
def test_a_worker_that_dies_before_any_object_is_overtaken(bucket, draft, draft_files, die_at_put, count, take_forward):
    undo = die_at_put(count)
    with pytest.raises(Killed):
        confirm(draft)
    assert len(bucket.keys()) == count - 1
    assert Rendition.objects.count() == 6
    undo()
    end_leases()
    take_forward(draft)
    assert_stored_once(bucket, draft, *ALL)
    assert draft_files() == []


def test_a_worker_that_dies_while_it_makes_them_leaves_an_open_draft(bucket, draft, sandbox, draft_files):
    def die(recipe):
        if len(sandbox.recipes) == 3:
            raise Killed

    sandbox.before = die
    with pytest.raises(Killed):
        confirm(draft)
    assert_open(bucket, draft)
    confirm(draft)
    assert_stored_once(bucket, draft, *ALL)
    assert draft_files() == []


def test_rules_that_change_while_it_is_being_stored_keep_nobody_from_taking_over(bucket, draft, die_at_put):
    undo = die_at_put(4)
    with pytest.raises(Killed):
        confirm(draft)
    undo()
    end_leases()
    ask_for(300, formats=("AVIF",))
    assert lifecycle.sweep().stored == 1
    assert_stored_once(bucket, draft, *ALL)


def test_a_preview_that_is_made_anew_while_it_is_being_stored_is_never_stored_unseen(bucket, draft, die_at_put):
    undo = die_at_put(4)
    with pytest.raises(Killed):
        confirm(draft)
    undo()
    end_leases()
    CropSpec.objects.update(quality=20)
    shown = preview_of(draft)  # somebody looks at the page
    with pytest.raises(DraftConflict):
        storing.confirm(storing.Owner(token=draft.session_token), draft.pk)
    assert_open(bucket, draft)
    assert confirm(draft).cover.sha256 == shown.preview_sha256
    assert_stored_once(bucket, draft, *ALL)
