"""Limits: a request by what it claims, a file by what arrives; the other files go on."""

import pytest

from uploads.errors import TooManyBytes, UploadTooLarge
from uploads.received import skipped, stopped
from uploads.tests.pictures import encoded, picture

SMALL = encoded(picture(20, 20))
LARGE = SMALL + bytes(1_500_000)


@pytest.fixture(autouse=True)
def _limit(settings):
    settings.UPLOADS_MAX_BYTES = 1_000_000
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 100_000


def test_a_file_at_the_limit_is_taken(receive):
    request = receive(("pictures", "a.png", SMALL + bytes(1_000_000 - len(SMALL))))
    assert request.FILES["pictures"].size == 1_000_000
    assert skipped(request, "pictures") == []


@pytest.mark.parametrize("extra", [1, 600_000])
def test_a_file_over_the_limit_is_skipped_with_its_size(receive, draft_files, extra):
    request = receive(("pictures", "large.png", SMALL + bytes(1_000_000 - len(SMALL) + extra)))
    (reason,) = skipped(request, "pictures")
    assert (reason.field_name, reason.file_name) == ("pictures", "large.png")
    assert isinstance(reason.error, TooManyBytes)
    assert reason.error.evidence == {"size_mb": f"{(1_000_000 + extra) / 1e6:.1f}", "limit_mb": "1"}
    assert not request.FILES
    assert draft_files() == []


def test_the_files_beside_it_go_on(receive, draft_files):
    names = ["a.png", "large.png", "b.png", "larger.png"]
    files = [SMALL, LARGE, SMALL, LARGE + bytes(700_000)]
    request = receive(*[("pictures", name, data) for name, data in zip(names, files, strict=True)])
    assert [(file.name, file.read()) for file in request.FILES.getlist("pictures")] == [
        ("a.png", SMALL),
        ("b.png", SMALL),
    ]
    assert [(each.file_name, each.error.evidence["size_mb"]) for each in skipped(request, "pictures")] == [
        ("large.png", "1.5"),
        ("larger.png", "2.2"),
    ]
    assert draft_files() == []


def test_a_request_that_claims_too_much_is_stopped_at_its_first_file(receive, settings, draft_files):
    settings.UPLOADS_MAX_REQUEST_BYTES = 1_000_000
    request = receive(("preset", None, b"free"), ("pictures", "a.png", SMALL), ("pictures", "large.png", LARGE))
    assert isinstance(stopped(request), UploadTooLarge)
    assert request.POST["preset"] == "free"
    assert not request.FILES
    assert draft_files() == []


def test_without_the_rest_of_the_chain_a_file_is_skipped_with_what_had_arrived(receive, settings):
    settings.FILE_UPLOAD_HANDLERS = [
        "uploads.handlers.limits.LimitsHandler",
        "django.core.files.uploadhandler.TemporaryFileUploadHandler",
    ]
    request = receive(("pictures", "a.png", SMALL), ("pictures", "large.png", LARGE))
    assert [file.name for file in request.FILES.getlist("pictures")] == ["a.png"]
    assert skipped(request, "pictures")[0].error.evidence["size_mb"] == "1.0"
