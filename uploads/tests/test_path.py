"""The whole path once, through Django's test client: from a chosen picture to a stored crop."""

from hashlib import sha256
from io import BytesIO

from django.test import Client
from PIL import Image

from conftest import Bucket
from uploads.models import Draft, StoredImage
from uploads.tests.people import add, words
from uploads.tests.pictures import HEIC, decoded, encoded, picture, upload


def test_a_picture_is_added_cropped_and_stored(
    visitor: Client, bucket: Bucket, draft_files, django_capture_on_commit_callbacks
):
    added = visitor.post("/drafts/", {"pictures": upload(encoded(picture(400, 300))), "preset": "free"})
    assert (added.status_code, added["Location"]) == (303, "/")
    draft = Draft.objects.get()
    assert str(draft.pk) in visitor.get("/").content.decode()

    fields = {"spec": "free", "x": 10, "y": 20, "width": 200, "height": 100, "rotate": 0, "scaleX": 1, "scaleY": 1}
    edited = visitor.post(f"/drafts/{draft.pk}/", {**fields, "sourceWidth": 400, "sourceHeight": 300})
    assert edited.status_code == 303
    preview = visitor.get(f"/drafts/{draft.pk}/preview/?spec=free")
    data = preview.getvalue()
    assert decoded(data).size == (200, 100)
    assert bucket.keys() == []

    with django_capture_on_commit_callbacks(execute=True):
        confirmed = visitor.post(f"/drafts/{draft.pk}/confirm/")
    assert (confirmed.status_code, confirmed["Location"]) == (303, f"/images/{draft.pk}/")
    assert bucket.keys() == [f"images/{draft.pk}/free.jpg"]
    assert bucket.read(f"images/{draft.pk}/free.jpg") == data
    rendition = StoredImage.objects.get().renditions.get()
    assert rendition.sha256 == sha256(data).hexdigest()
    assert visitor.get(f"/images/{draft.pk}/free").getvalue() == data
    assert visitor.get("/images/").status_code == visitor.get(f"/images/{draft.pk}/").status_code == 200
    assert draft_files() == []
    assert not Draft.objects.exists()


def moving_gif() -> bytes:
    shades = [Image.new("RGB", (320, 320), (shade * 80, 0, 90)) for shade in range(3)]
    return encoded(shades[0], "GIF", save_all=True, append_images=shades[1:], duration=[70, 200, 1330], loop=0)


def test_a_picture_that_moves_stays_moving_where_its_crop_says_so(visitor, bucket):
    draft = add(visitor, moving_gif())
    assert "The picture moves: all 3 frames are kept." in words(visitor.get(f"/drafts/{draft.pk}/"))
    preview = visitor.get(f"/drafts/{draft.pk}/preview/?spec=free").getvalue()
    visitor.post(f"/drafts/{draft.pk}/confirm/")
    (key,) = bucket.keys()
    assert key == f"images/{draft.pk}/free.webp"
    assert bucket.read(key) == preview
    assert Image.open(BytesIO(preview)).n_frames == 3
    assert "3 frames" in words(visitor.get(f"/images/{draft.pk}/"))
    assert "There was nothing else in the file." in words(visitor.get(f"/images/{draft.pk}/"))


def test_of_a_picture_that_moves_the_first_frame_is_stored_elsewhere_and_told(visitor, bucket):
    draft = add(visitor, moving_gif(), preset="profile")
    assert "Of its 3 frames this crop stores the first." in words(visitor.get(f"/drafts/{draft.pk}/"))
    visitor.post(f"/drafts/{draft.pk}/confirm/")
    (key,) = bucket.keys()
    assert key.endswith("/profile.jpg")
    assert "Removed from the file: the animation." in words(visitor.get(f"/images/{draft.pk}/"))


def test_too_many_frames_are_told_before_anything_is_stored(visitor, settings):
    settings.UPLOADS_MAX_FRAMES = 2
    draft = add(visitor, moving_gif())
    assert "its 3 frames are too many to be kept: the first is stored" in words(visitor.get(f"/drafts/{draft.pk}/"))


def test_heic_goes_the_whole_way_where_it_is_offered(visitor, bucket, settings):
    settings.UPLOADS_FORMATS = ["JPEG", "HEIF"]
    page = visitor.get("/")
    assert 'accept="image/jpeg,image/heic"' in page.content.decode()
    assert "JPEG and HEIC" in words(page)
    draft = add(visitor, HEIC.read_bytes(), name="IMG_1.HEIC", content_type="image/heic")
    visitor.post(f"/drafts/{draft.pk}/confirm/")
    assert bucket.keys() == [f"images/{draft.pk}/free.jpg"]
    assert "where it was taken, camera or program" in words(visitor.get(f"/images/{draft.pk}/"))
