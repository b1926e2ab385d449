"""Fixtures of all tests: the real S3 server, an empty bucket, visitors with and without an account."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from config import embedded
from uploads import storage


@pytest.fixture(scope="session", autouse=True)
def _static_files() -> None:
    """Pages name their static files by the manifest that ``collectstatic`` writes."""
    call_command("collectstatic", interactive=False, verbosity=0)


@pytest.fixture(scope="session", autouse=True)
def _store() -> Iterator[None]:
    """The embedded S3 server, on the port that settings name."""
    with embedded.run(settings.S3_EMBEDDED_DIR):
        yield


class Bucket:
    """What a test looks at and changes in the bucket."""

    def keys(self) -> list[str]:
        """The keys of all objects."""
        client = storage.images().client
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=settings.S3_BUCKET)
        return [each["Key"] for page in pages for each in page.get("Contents", [])]

    def read(self, key: str) -> bytes:
        with storage.images().open_object(key) as body:
            return body.read()

    def head(self, key: str) -> dict[str, object]:
        return dict(storage.images().client.head_object(Bucket=settings.S3_BUCKET, Key=key))

    def put(self, key: str, data: bytes) -> None:
        storage.images().client.put_object(Bucket=settings.S3_BUCKET, Key=key, Body=data)

    def clear(self) -> None:
        if keys := self.keys():
            storage.images().delete_keys(keys)


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    """The bucket, empty before and after."""
    bucket = Bucket()
    bucket.clear()
    yield bucket
    bucket.clear()


@pytest.fixture
def store_is_down(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Cut the site off from the bucket; the function returned connects it again."""
    images = storage.images()
    unreachable = type(images)(**{**settings.STORAGES["default"]["OPTIONS"], "endpoint_url": "http://127.0.0.1:1"})
    images_client = images.client
    monkeypatch.setattr(images, "client", unreachable.client)
    return lambda: monkeypatch.setattr(images, "client", images_client)


@pytest.fixture
def visitor(db: None) -> Client:
    """Somebody without an account."""
    return Client()


@pytest.fixture
def other_visitor(db: None) -> Client:
    """Somebody else."""
    return Client()


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create_user("ada", "ada@example.org", "correct horse battery")


@pytest.fixture
def member(user: User) -> Client:
    """Somebody who is signed in as ``user``."""
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def draft_files() -> Callable[[], list[str]]:
    """The names of all files that drafts and uploads have on this machine."""

    def list_files() -> list[str]:
        roots = (settings.UPLOADS_MEMORY_DIR, settings.UPLOADS_DISK_DIR, settings.FILE_UPLOAD_TEMP_DIR)
        return sorted(str(path) for root in roots for path in Path(root).rglob("*") if path.is_file())

    return list_files
