"""Decoding while a file arrives: the working copy is there with the last byte, and nothing is left if it never is."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.http import HttpRequest

from uploads import decoding, lifecycle
from uploads.errors import BrokenPicture, TooManyPixels
from uploads.geometry import Size
from uploads.handlers.decode import DecodingUploadHandler
from uploads.imaging import render
from uploads.imaging.signatures import size_in_head
from uploads.models import Preset
from uploads.received import skipped
from uploads.tests import decoders
from uploads.tests.drafts import somebody
from uploads.tests.pictures import HEIC, encoded, huge_png, picture

PHOTO = encoded(picture(2000, 1500), "JPEG", quality=95)


@pytest.fixture(autouse=True)
def _on_disk(settings):
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 10_000


@pytest.fixture
def received(receive) -> Callable[[bytes], TemporaryUploadedFile]:
    def make(data: bytes) -> TemporaryUploadedFile:
        (file,) = receive(("pictures", "a.jpg", data)).FILES.getlist("pictures")
        return file

    return make


@pytest.fixture
def ran(monkeypatch) -> list[object]:
    """What the sandbox was asked to do with whole files."""
    calls: list[object] = []
    sandbox = decoding.decoders()
    run = sandbox.run
    monkeypatch.setattr(
        sandbox, "run", lambda function, *args, **named: calls.append(function) or run(function, *args, **named)
    )
    return calls


@pytest.fixture
def with_time(ran, monkeypatch) -> None:
    """Let the last byte come later than the others, as over a network: else the file is moved before it is opened."""
    decoding.decoders().run(decoders.add, 1, second=2)  # the children take a moment to start
    finished = DecodingUploadHandler._finished
    monkeypatch.setattr(
        DecodingUploadHandler, "_finished", lambda handler, size: time.sleep(1) or finished(handler, size)
    )


def stage(file: TemporaryUploadedFile):
    return lifecycle.stage(file, owner=somebody(), preset=Preset.objects.get(slug="free"))


def wait_until(true: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + 5
    while not true():
        assert time.monotonic() < give_up_at
        time.sleep(0.01)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_what_was_decoded_while_it_came_is_not_decoded_again(received, ran, with_time, draft_files):
    ran.clear()
    draft = stage(received(PHOTO))
    assert ran == []
    assert (draft.format, draft.width, draft.height, draft.handler) == ("JPEG", 2000, 1500, "DecodingUploadHandler")
    assert len(draft_files()) == 2


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_file_that_was_moved_before_a_child_opened_it_is_decoded_afterwards(received, monkeypatch):
    monkeypatch.setattr(decoding.arriving, "finish", Path.unlink)  # gone: the child finds nothing to open, or no end
    file = received(PHOTO)
    begun = decoding.decoding_of(file)
    assert begun.take(Path(os.devnull)) is None


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_when_no_child_is_free_it_is_decoded_afterwards(received, ran, monkeypatch):
    monkeypatch.setattr(decoding.decoders(), "begin", lambda *args, **named: None)
    assert stage(received(PHOTO)).format == "JPEG"
    assert ran == [render.stage]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_slow_upload_keeps_no_child_waiting(received, ran, settings):
    settings.UPLOADS_DECODE_SECONDS = 0
    assert decoding.decoding_of(received(PHOTO)) is None


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_small_file_is_left_alone(received, settings):
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 10_000_000
    assert decoding.decoding_of(received(PHOTO)) is None


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_picture_that_is_cut_short_is_looked_at_as_a_whole_and_refused(received, ran, draft_files):
    file = received(PHOTO[:-5000])
    with pytest.raises(BrokenPicture):
        stage(file)
    assert ran == [render.stage]
    file.close()
    assert draft_files() == []


def test_a_file_that_nobody_stages_leaves_no_working_copy(received, draft_files):
    received(PHOTO).close()
    assert draft_files() == []


def test_an_upload_that_ends_early_frees_its_child_and_leaves_nothing(settings, draft_files):
    """As the handler lives it: two chunks, then the client is gone."""
    handler = DecodingUploadHandler(HttpRequest())
    handler.handle_raw_input(None, {}, len(PHOTO), b"")
    handler._comes_soon = lambda: True
    handler.new_file("pictures", "a.jpg", "image/jpeg", len(PHOTO))
    handler.receive_data_chunk(PHOTO[:60_000], 0)
    handler.receive_data_chunk(PHOTO[60_000:100_000], 60_000)
    assert decoding.Decoding.begin(Path(os.devnull)) is None, "the one child for arriving files is taken"
    handler.upload_interrupted()
    assert draft_files() == []
    wait_until(lambda: decoding.decoders()._patient._value == 1)


@pytest.mark.parametrize(
    "data",
    [huge_png(20_000, 20_000), encoded(picture(400, 300), "JPEG"), encoded(picture(400, 300), "GIF")],
    ids=["PNG", "JPEG", "GIF"],
)
def test_too_many_pixels_are_refused_at_the_first_chunk(receive, settings, monkeypatch, data):
    settings.UPLOADS_MAX_PIXELS = 100_000
    monkeypatch.setattr(DecodingUploadHandler, "receive_data_chunk", None)
    request = receive(("pictures", "a.png", data))
    (each,) = skipped(request, "pictures")
    assert type(each.error) is TooManyPixels


@pytest.mark.parametrize("name", ["JPEG", "PNG", "GIF", "WEBP"])
def test_the_head_speaks_of_the_size(name):
    options = {"lossless": True, "xmp": b"<x/>"} if name == "WEBP" else {}
    data = encoded(picture(400, 300, "RGBA" if name == "WEBP" else "RGB"), name, **options)
    assert size_in_head(data[:64_000]) == Size(400, 300)
    for length in range(0, 60, 3):
        assert size_in_head(data[:length]) in {None, Size(400, 300)}


def test_of_other_formats_the_head_says_nothing():
    for data in (HEIC.read_bytes(), encoded(picture(), "AVIF"), b"", b"\xff\xd8" + bytes(100), b"words"):
        assert size_in_head(data) is None
