"""The whole path once, through Django's test client: from a chosen picture to a stored crop."""

from hashlib import sha256

from django.test import Client

from conftest import Bucket
from uploads.models import Draft, StoredImage
from uploads.tests.pictures import decoded, encoded, picture, upload


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
