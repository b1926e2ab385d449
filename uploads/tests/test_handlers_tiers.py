"""Tiers: each file is kept in memory while it is small, in a temporary file from then on, and nowhere if it fails."""

import errno
import os
from hashlib import sha256
from pathlib import Path

import pytest
from django.core.files import temp
from django.core.files.uploadedfile import InMemoryUploadedFile, TemporaryUploadedFile

from uploads.errors import DraftStorageFull
from uploads.handlers import tiers
from uploads.received import facts_of, stopped
from uploads.tests.drafts import at_once
from uploads.tests.people import multipart
from uploads.tests.receiving import with_second

SMALL, LARGE = b"small", bytes(range(256)) * 1000


@pytest.fixture(autouse=True)
def _tiers_alone(settings):
    settings.FILE_UPLOAD_HANDLERS = [
        "uploads.handlers.body.WholeBodyHandler",
        "uploads.handlers.tiers.TieredUploadHandler",
    ]
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 1000
    before = tiers.BUDGET.taken_bytes
    yield
    assert tiers.BUDGET.taken_bytes == before


@pytest.fixture
def files(receive):
    """The files of a form of these bytes."""

    def make(*contents: bytes, name: str = "a.png") -> list:
        return receive(*[("pictures", name, data) for data in contents]).FILES.getlist("pictures")

    return make


def test_a_small_file_stays_in_memory(files, draft_files):
    (file,) = files(SMALL)
    assert type(file) is InMemoryUploadedFile
    assert (file.read(), file.size, file.name, file.content_type) == (SMALL, len(SMALL), "a.png", "image/png")
    assert draft_files() == []


def test_a_large_file_goes_to_a_temporary_file(files, settings):
    (file,) = files(LARGE)
    assert type(file) is TemporaryUploadedFile
    assert (file.name, file.size, file.content_type) == ("a.png", len(LARGE), "image/png")
    assert Path(file.temporary_file_path()).parent == settings.FILE_UPLOAD_TEMP_DIR
    assert Path(file.temporary_file_path()).read_bytes() == file.read() == LARGE


@pytest.mark.parametrize(("size", "kind"), [(1000, InMemoryUploadedFile), (1001, TemporaryUploadedFile)])
def test_the_size_alone_decides(files, size, kind):
    assert type(files(bytes(size))[0]) is kind


def test_a_large_file_leaves_the_small_ones_beside_it_in_memory(files):
    contents = [SMALL, LARGE, SMALL + b"er", LARGE[::-1]]
    received = files(*contents)
    assert [type(each) for each in received] == [InMemoryUploadedFile, TemporaryUploadedFile] * 2
    assert [each.read() for each in received] == contents


@pytest.mark.parametrize("data", [SMALL, LARGE, b""], ids=["memory", "disk", "empty"])
def test_the_digest_is_taken_on_the_way(files, data, monkeypatch):
    (file,) = files(data)
    monkeypatch.setattr(file, "chunks", None)  # it is not read again
    facts = facts_of(file)
    assert (facts.sha256, facts.handler) == (sha256(data).hexdigest(), "TieredUploadHandler")
    assert facts.chunk_count == -(-len(data) // 65536) or facts.chunk_count == -(-len(data) // 65536) + 1


def test_a_file_that_another_handler_received_is_read_for_its_facts(files, settings):
    settings.FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
    (file,) = files(LARGE)
    file.DEFAULT_CHUNK_SIZE = 100_000
    facts = facts_of(file)
    assert facts.sha256 == sha256(LARGE).hexdigest()
    assert (facts.chunk_count, facts.handler) == (3, "TemporaryFileUploadHandler")
    assert facts_of(file) is facts


@pytest.mark.parametrize("name", ["a." + "x" * 250, "a." + "ü" * 250, "x" * 300, "a./../b"])
def test_the_name_of_the_temporary_file_has_nothing_of_the_clients(files, name):
    (file,) = files(LARGE, name=name)
    assert Path(file.temporary_file_path()).suffix == ".upload"
    assert "x" * 10 not in file.temporary_file_path()


def test_a_temporary_file_is_gone_with_its_request(files, draft_files):
    (file,) = files(LARGE)
    assert draft_files() == [file.temporary_file_path()]
    file.close()
    assert draft_files() == []


def test_beyond_the_memory_of_all_uploads_files_go_to_the_disk(files, settings):
    settings.UPLOADS_RECEIVING_MEMORY_BYTES = tiers.BUDGET.taken_bytes + 1500
    first, second, third = files(bytes(800), bytes(800), bytes(700))
    assert [type(each) for each in (first, second, third)] == [
        InMemoryUploadedFile,
        TemporaryUploadedFile,
        InMemoryUploadedFile,
    ]
    first.close()
    assert type(files(bytes(800))[0]) is InMemoryUploadedFile


@pytest.fixture
def full_disk(monkeypatch):
    """A disk on which temporary files can be made and find no room."""
    make = temp.NamedTemporaryFile

    def make_full(*args, **named):
        file = make(*args, **named)
        full = os.open("/dev/full", os.O_WRONLY)
        os.dup2(full, file.fileno())
        os.close(full)
        return file

    monkeypatch.setattr(temp, "NamedTemporaryFile", make_full)


@pytest.mark.parametrize("size", [1500, 300_000], ids=["found out at the end", "found out on the way"])
def test_a_full_disk_stops_the_upload_and_leaves_nothing(receive, full_disk, draft_files, size):
    request = receive(("pictures", "a.png", SMALL), ("pictures", "b.png", bytes(size)), ("pictures", "c.png", SMALL))
    assert isinstance(stopped(request), DraftStorageFull)
    assert not request.FILES
    assert draft_files() == []


def test_any_other_failure_leaves_nothing_either(receive, monkeypatch, draft_files):
    def fail(*_):
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(tiers.storage, "claim", fail)
    with pytest.raises(OSError, match="broken"):
        receive(("pictures", "a.png", SMALL), ("pictures", "b.png", LARGE))
    assert draft_files() == []


def test_an_upload_that_is_interrupted_leaves_nothing(rf, draft_files):
    body = multipart(("pictures", "a.png", SMALL), ("pictures", "b.png", LARGE))
    for length in range(0, len(body["data"]) - 1, 9000):
        request = rf.post("/", body["data"][:length], content_type=body["content_type"])
        try:
            assert not request.FILES
        except Exception as error:
            assert type(error).__name__ == "MultiPartParserError"  # noqa: PT017 - either is right
        assert draft_files() == []


def test_a_file_that_is_skipped_leaves_the_one_before_it_open(receive, settings):
    settings.FILE_UPLOAD_HANDLERS = with_second("uploads.handlers.limits.LimitsHandler", settings)
    settings.UPLOADS_MAX_BYTES = 100_000
    request = receive(("pictures", "a.png", SMALL), ("pictures", "b.png", LARGE), ("pictures", "c.png", b"last"))
    assert [each.read() for each in request.FILES.getlist("pictures")] == [SMALL, b"last"]


def test_threads_share_the_budget_without_losing_a_byte(settings):
    settings.UPLOADS_RECEIVING_MEMORY_BYTES = 10_000
    budget = tiers.MemoryBudget()

    def take_and_give():
        took = sum(budget.take(7) for _ in range(500))
        for _ in range(took):
            budget.give_back(7)
        return took

    assert all(isinstance(each, int) for each in at_once(*[take_and_give] * 8))
    assert budget.taken_bytes == 0
