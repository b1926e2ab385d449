"""Delete: a stored image and its objects go, now or when the bucket answers again."""

from functools import partial

import pytest

from uploads import lifecycle
from uploads.models import Rendition, StoredImage
from uploads.tests.drafts import at_once, confirm, stage

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def test_a_deleted_image_takes_all_its_objects_along(bucket):
    kept = confirm(stage())
    image = confirm(stage(preset="profile-set"))
    assert len(bucket.keys()) == 3
    lifecycle.delete(image)
    assert bucket.keys() == [kept.renditions.get().key]
    assert list(StoredImage.objects.all()) == [kept]
    assert Rendition.objects.count() == 1


def test_with_the_store_down_it_is_out_of_sight_and_goes_later(bucket, without_store):
    image = confirm(stage())
    with without_store():
        lifecycle.delete(image)
        assert lifecycle.sweep().deleted == 0
    assert not StoredImage.objects.visible().exists()
    assert len(bucket.keys()) == 1
    assert lifecycle.sweep().deleted == 1
    assert not StoredImage.objects.exists()
    assert bucket.keys() == []


def test_deleting_what_is_being_deleted_is_fine(bucket):
    pk = confirm(stage()).pk
    answers = at_once(*[partial(lifecycle.delete, StoredImage.objects.get(pk=pk)) for _ in range(3)])
    assert answers == [None, None, None]
    assert not StoredImage.objects.exists()
    assert bucket.keys() == []
