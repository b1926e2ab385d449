"""Upload handlers: small uploads stay in memory, large ones go to a temporary file of our own name."""

from pathlib import Path

import pytest
from django.core.files.uploadedfile import InMemoryUploadedFile, TemporaryUploadedFile
from django.test import RequestFactory

from uploads.tests.people import multipart


@pytest.fixture
def receive():
    """Receive a form as Django does; return its files. They are closed at the end."""
    requests = []

    def files(*parts, **named):
        request = RequestFactory().post("/", **multipart(*parts, **named))
        requests.append(request)
        return request.FILES.getlist("pictures")

    yield files
    for request in requests:
        request.close()


def test_a_small_upload_stays_in_memory(receive, draft_files):
    (file,) = receive(("pictures", "a.png", b"x" * 1000))
    assert isinstance(file, InMemoryUploadedFile)
    assert file.read() == b"x" * 1000
    assert draft_files() == []


def test_a_large_upload_goes_to_a_temporary_file(receive, settings):
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 1000
    data = bytes(range(256)) * 1000
    (file,) = receive(("pictures", "beach.png", data), content_type="image/png")
    assert isinstance(file, TemporaryUploadedFile)
    assert (file.name, file.size, file.content_type) == ("beach.png", len(data), "image/png")
    assert Path(file.temporary_file_path()).parent == settings.FILE_UPLOAD_TEMP_DIR
    assert Path(file.temporary_file_path()).read_bytes() == file.read() == data


@pytest.mark.parametrize("name", ["a." + "x" * 250, "a." + "ü" * 250, "x" * 300, "a./../b"])
def test_the_name_of_the_temporary_file_has_nothing_of_the_clients(receive, settings, name):
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 0
    (file,) = receive(("pictures", name, b"picture"))
    assert len(Path(file.temporary_file_path()).name) < 40
    assert "x" * 10 not in file.temporary_file_path()


def test_a_temporary_file_is_gone_with_its_request(receive, settings, draft_files):
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 0
    (file,) = receive(("pictures", "a.png", b"picture"))
    assert draft_files() == [file.temporary_file_path()]
    file.close()
    assert draft_files() == []


def test_several_large_files_come_whole(receive, settings):
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 0
    files = receive(*[("pictures", f"{number}.png", bytes([number]) * 100_000) for number in range(3)])
    assert [file.read() for file in files] == [bytes([number]) * 100_000 for number in range(3)]
