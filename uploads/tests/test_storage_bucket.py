"""The bucket: objects are written once, whole, and told from others of the same key."""

from functools import partial
from hashlib import sha256
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen
from uuid import UUID, uuid4

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from uploads import storage
from uploads.errors import KeyTaken, StoreUnavailable
from uploads.storage.bucket import CACHE_CONTROL
from uploads.tests.drafts import at_once

KEY = "images/of-a-test/free.jpg"


@pytest.fixture
def file(tmp_path):
    """Write a file; return what ``put_if_absent`` takes for it."""

    def write(data: bytes, name: str = "file") -> dict:
        path = tmp_path / name
        path.write_bytes(data)
        return {"path": path, "content_type": "image/jpeg", "sha256_hex": sha256(data).hexdigest()}

    return write


def test_the_rule_for_keys():
    image_id = UUID(int=7)
    assert storage.object_key(image_id, "banner", "webp") == f"images/{image_id}/banner.webp"


def test_an_object_is_what_was_put(bucket, file):
    storage.images().put_if_absent(KEY, **file(b"pixels"))
    assert bucket.keys() == [KEY]
    assert bucket.read(KEY) == b"pixels"


def test_an_object_says_its_type_and_that_it_never_changes(bucket, file):
    storage.images().put_if_absent(KEY, **file(b"pixels"))
    head = bucket.head(KEY)
    assert (head["ContentType"], head["CacheControl"]) == ("image/jpeg", CACHE_CONTROL)
    assert "immutable" in CACHE_CONTROL
    assert "private" in CACHE_CONTROL


def test_putting_it_again_changes_nothing(bucket, file):
    answers = []

    def listen(http_response, **_):
        answers.append(http_response.status_code)

    events = storage.images().client.meta.events
    events.register("after-call.s3.PutObject", listen)
    for _ in range(2):
        storage.images().put_if_absent(KEY, **file(b"pixels"))
    events.unregister("after-call.s3.PutObject", listen)
    assert answers == [200, 412]
    assert bucket.keys() == [KEY]


def test_other_bytes_under_the_key_are_left_alone(bucket, file):
    bucket.put(KEY, b"somebody else's")
    with pytest.raises(KeyTaken):
        storage.images().put_if_absent(KEY, **file(b"pixels"))
    assert bucket.read(KEY) == b"somebody else's"


def test_eight_at_once_make_one_object(bucket, file):
    answers = at_once(*[partial(storage.images().put_if_absent, KEY, **file(b"pixels"))] * 8)
    assert answers == [None] * 8
    assert bucket.read(KEY) == b"pixels"


def test_bytes_that_are_not_those_of_the_digest_are_not_stored(bucket, file):
    wrong = file(b"pixels") | {"sha256_hex": sha256(b"others").hexdigest()}
    with pytest.raises(StoreUnavailable):
        storage.images().put_if_absent(KEY, **wrong)
    assert bucket.keys() == []


def test_large_objects_are_whole(bucket, file):
    data = bytes(range(256)) * 40_000
    storage.images().put_if_absent(KEY, **file(data))
    storage.images().put_if_absent(KEY, **file(data))
    assert bucket.read(KEY) == data


def test_absent_objects_count_as_deleted(bucket, file):
    storage.images().put_if_absent(KEY, **file(b"pixels"))
    storage.images().delete_keys([KEY, "images/was-never/there.jpg"])
    assert bucket.keys() == []
    storage.images().delete_keys([KEY])


def test_an_object_that_is_not_there_cannot_be_opened(bucket):
    with pytest.raises(StoreUnavailable) as refused:
        storage.images().open_object(KEY)
    assert isinstance(refused.value.__cause__, ClientError)


def test_with_the_store_down_each_step_says_so(bucket, file, without_store):
    images = storage.images()
    with without_store():
        for step in (
            partial(images.put_if_absent, KEY, **file(b"pixels")),
            partial(images.open_object, KEY),
            partial(images.delete_keys, [KEY]),
        ):
            with pytest.raises(StoreUnavailable) as refused:
                step()
            assert isinstance(refused.value.__cause__, EndpointConnectionError)
    assert bucket.keys() == []


def test_wrong_keys_are_refused_as_a_store_that_does_not_answer(bucket, file, settings):
    options = settings.STORAGES["default"]["OPTIONS"] | {"secret_key": "wrong"}
    with pytest.raises(StoreUnavailable):
        storage.ImageStorage(**options).put_if_absent(KEY, **file(b"pixels"))
    assert bucket.keys() == []


def test_a_presigned_address_delivers_the_object(bucket, file):
    storage.images().put_if_absent(KEY, **file(b"pixels"))
    url = storage.images().presigned_url(KEY, content_type="image/jpeg", disposition='attachment; filename="a b.jpg"')
    assert parse_qs(urlsplit(url).query)["X-Amz-Expires"] == ["600"]
    with urlopen(url) as answer:
        assert answer.read() == b"pixels"
        assert answer.headers["Content-Type"] == "image/jpeg"
        assert answer.headers["Content-Disposition"] == 'attachment; filename="a b.jpg"'


def test_a_presigned_address_is_good_for_one_object_only(bucket, file):
    storage.images().put_if_absent(KEY, **file(b"pixels"))
    other = f"images/{uuid4()}/free.jpg"
    storage.images().put_if_absent(other, **file(b"private"))
    url = storage.images().presigned_url(KEY, content_type="image/jpeg", disposition="inline")
    with pytest.raises(OSError, match="403"):
        urlopen(url.replace(KEY, other))


def test_without_a_signature_nobody_reads(bucket, file):
    storage.images().put_if_absent(KEY, **file(b"pixels"))
    url = storage.images().presigned_url(KEY, content_type="image/jpeg", disposition="inline")
    with pytest.raises(OSError, match="403"):
        urlopen(url.partition("?")[0])
