"""Fixtures of the unit tests."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.http import HttpRequest
from django.test import RequestFactory
from hypothesis import configuration
from hypothesis import settings as hypothesis_settings
from pytest_django import Settings

from uploads import storage
from uploads.tests.people import multipart

# What hypothesis remembers is no part of the checkout, and nothing here measures time.
configuration.set_hypothesis_home_dir(settings.VAR_DIR / "hypothesis")
hypothesis_settings.register_profile("site", deadline=None)
hypothesis_settings.register_profile("long", deadline=None, max_examples=50_000, derandomize=False)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "site"))


@pytest.fixture(autouse=True)
def _clean_draft_storages() -> Iterator[None]:
    """A test finds no files of the tests before it."""
    yield
    for root in (settings.UPLOADS_MEMORY_DIR, settings.UPLOADS_DISK_DIR, settings.FILE_UPLOAD_TEMP_DIR):
        for path in Path(root).iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


@pytest.fixture
def receive() -> Iterator[Callable[..., HttpRequest]]:
    """Receive a form by the upload handlers; its files are closed at the end."""
    requests = []

    def make(*parts: tuple[str, str | None, bytes], headers: dict[str, str] | None = None, **named: str) -> HttpRequest:
        request = RequestFactory(headers=headers).post("/", **multipart(*parts, **named))
        requests.append(request)
        _ = request.POST
        return request

    yield make
    for request in requests:
        request.close()


@pytest.fixture
def without_store(monkeypatch: pytest.MonkeyPatch) -> Callable[[], AbstractContextManager[None]]:
    """A block in which the bucket does not answer."""

    @contextmanager
    def cut_off() -> Iterator[None]:
        images = storage.images()
        options = {**settings.STORAGES["default"]["OPTIONS"], "endpoint_url": "http://127.0.0.1:1"}
        with monkeypatch.context() as patch:
            patch.setattr(images, "client", storage.ImageStorage(**options).client)
            yield

    return cut_off


@pytest.fixture(autouse=True)
def _quick(settings: Settings) -> None:
    """Hardly a test is about static files or the strength of passwords, and both take their time."""
    settings.WHITENOISE_AUTOREFRESH = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
