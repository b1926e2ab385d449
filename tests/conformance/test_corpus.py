"""Pictures that were not made here: all of Pillow's own test files go the real way of an upload."""

from collections import Counter
from pathlib import PurePath

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from conftest import Bucket
from tests import photographs
from uploads.models import Draft, StoredImage

# So many of the files are pictures of the offered formats; a change that refuses more is noticed.
AT_LEAST_ACCEPTED = 300


@pytest.mark.filterwarnings("ignore")  # Pillow warns about many of these; that is what they are for
def test_every_file_is_stored_or_refused_with_a_reason(visitor: Client, bucket: Bucket, draft_files) -> None:
    answers: Counter[str] = Counter()
    for name, data in photographs.all_from_pillow():
        added = visitor.post("/drafts/", {"pictures": SimpleUploadedFile(PurePath(name).name, data)})
        assert added.status_code in {303, 422}, name
        answers["accepted" if added.status_code == 303 else "refused"] += 1
        draft = Draft.objects.first()
        if draft is None:
            assert "refusal" in added.content.decode(), name
            continue
        assert draft.width * draft.height <= settings.UPLOADS_MAX_PIXELS, name
        confirmed = visitor.post(f"/drafts/{draft.pk}/confirm/")
        assert (confirmed.status_code, confirmed["Location"]) == (303, f"/images/{draft.pk}/"), name
        assert StoredImage.objects.get(pk=draft.pk).state == StoredImage.State.STORED, name
        Draft.objects.all().delete()
    assert len(bucket.keys()) == answers["accepted"] >= AT_LEAST_ACCEPTED
