"""The body as a whole: all of it or nothing, however the parser or the connection fails."""

from io import BytesIO

import pytest
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import UnreadablePostError
from django.http.multipartparser import MultiPartParserError

from uploads.errors import PartIsEncoded, UploadTooSlow
from uploads.handlers import body as body_module
from uploads.handlers.parts import Parts
from uploads.received import stopped
from uploads.tests.people import multipart
from uploads.tests.receiving import with_second

LARGE = b"\x89PNG\r\n\x1a\n" + bytes(300_000)
FORM = multipart(("preset", None, b"free"), ("pictures", "a.png", LARGE), ("pictures", "b.png", LARGE))
END = b"------boundary--\r\n"


@pytest.fixture(autouse=True)
def _everything_on_disk(settings):
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 0


@pytest.fixture
def posted(rf):
    """A request with this body, not yet read."""

    def make(data: bytes, length: int | None = None, stream=None):
        request = rf.post("/", data, content_type=FORM["content_type"])
        request.META["CONTENT_LENGTH"] = str(len(data) if length is None else length)
        if stream is not None:
            request._stream = stream
        return request

    return make


def test_a_whole_form_arrives(posted):
    request = posted(FORM["data"])
    assert request.POST["preset"] == "free"
    assert [file.read() for file in request.FILES.getlist("pictures")] == [LARGE, LARGE]
    request.close()


@pytest.mark.parametrize(
    "data",
    [
        FORM["data"].removesuffix(END),
        FORM["data"].removesuffix(END) + b"------boundary",
        FORM["data"][: len(LARGE)],
        FORM["data"][: len(LARGE) + 400],
        FORM["data"][:100],
        b"no form at all",
    ],
    ids=["no last boundary", "half a boundary", "in the first file", "in a header", "in a field", "nothing"],
)
def test_a_body_without_its_end_is_refused_and_leaves_nothing(posted, draft_files, data):
    with pytest.raises(MultiPartParserError):
        _ = posted(data).POST
    assert draft_files() == []


def test_a_body_that_is_shorter_than_it_says_is_refused(posted, draft_files):
    with pytest.raises(MultiPartParserError):
        _ = posted(FORM["data"], length=len(FORM["data"]) + 10).POST
    assert draft_files() == []


class Reset(BytesIO):
    """A connection that is lost after so many bytes."""

    left = 200_000

    def read(self, size: int = -1) -> bytes:
        if self.tell() >= self.left:
            raise ConnectionResetError("reset")
        return super().read(size)


@pytest.mark.parametrize("left", [0, 200_000, 400_000])
def test_a_connection_that_is_lost_leaves_nothing(posted, draft_files, left):
    stream = Reset(FORM["data"])
    stream.left = left
    request = posted(FORM["data"], stream=stream)
    with pytest.raises(UnreadablePostError):
        _ = request.POST
    assert draft_files() == []


LONG_HEADER = b"\r\n".join(
    [b"------boundary", b"Content-Disposition: form-data; name=x", b"X-Long: " + b"x" * 8000, b"", b"x", b""]
)


def test_a_header_that_is_too_long_leaves_nothing_of_the_file_before_it(posted, draft_files):
    with pytest.raises(MultiPartParserError):
        _ = posted(FORM["data"].removesuffix(END) + LONG_HEADER + END).POST
    assert draft_files() == []


class Told(FileUploadHandler):
    """Remembers what it was told."""

    told: list[str] = []

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        if start > 100_000 and self.file_name == "b.png":
            raise RuntimeError("a handler fails")
        return raw_data

    def file_complete(self, file_size: int) -> None:
        self.told.append("complete")

    def upload_interrupted(self) -> None:
        self.told.append("interrupted")


def test_a_handler_that_fails_interrupts_the_others_and_leaves_nothing(posted, settings, draft_files):
    settings.FILE_UPLOAD_HANDLERS = with_second(f"{__name__}.Told", settings)
    Told.told.clear()
    with pytest.raises(RuntimeError):
        _ = posted(FORM["data"]).POST
    assert Told.told == ["complete", "interrupted"]
    assert draft_files() == []


class Stops(FileUploadHandler):
    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        if self.file_name == "b.png":
            body_module.stop(self.request, UploadTooSlow())
            raise StopUpload(connection_reset=self.reset)
        return raw_data

    def file_complete(self, file_size: int) -> None: ...


@pytest.mark.parametrize("reset", [True, False])
def test_an_upload_that_is_stopped_has_its_fields_its_reason_and_no_file(posted, settings, draft_files, reset):
    settings.FILE_UPLOAD_HANDLERS = with_second(f"{__name__}.Stops", settings)
    Stops.reset = reset
    request = posted(FORM["data"])
    assert not request.FILES
    assert isinstance(stopped(request), UploadTooSlow)
    assert draft_files() == []


class Strange(FileUploadHandler):
    """A handler that knows nothing of ours, as in Django's documentation."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        raise StopUpload(connection_reset=True)

    def file_complete(self, file_size: int) -> None: ...


def test_another_handler_may_stop_an_upload_without_a_reason(posted, settings, draft_files):
    settings.FILE_UPLOAD_HANDLERS = with_second(f"{__name__}.Strange", settings)
    request = posted(FORM["data"])
    assert request.POST["preset"] == "free"
    assert not request.FILES
    assert draft_files() == []


@pytest.mark.parametrize("encoding", [b"base64", b"Quoted-Printable", b"x-anything"])
def test_a_part_that_is_encoded_is_refused(posted, draft_files, encoding):
    field = b"------boundary\r\nContent-Disposition: form-data; name=x; filename=x\r\n"
    part = field + b"content-transfer-encoding : " + encoding + b"\r\n\r\niVBORw0K\r\n"
    request = posted(FORM["data"].removesuffix(END) + part + END)
    assert not request.FILES
    assert isinstance(stopped(request), PartIsEncoded)
    assert draft_files() == []


def test_an_encoding_that_changes_nothing_is_taken(posted):
    field = b"------boundary\r\nContent-Disposition: form-data; name=x\r\n"
    request = posted(field + b"Content-Transfer-Encoding: 8bit\r\n\r\nvalue\r\n" + END)
    assert request.POST["x"] == "value"


def test_a_body_that_crawls_is_ended(posted, settings, monkeypatch, draft_files):
    settings.UPLOADS_STALL_SECONDS = 10
    seconds = iter([1.0, 9.9, 10.1])
    monkeypatch.setattr(body_module.WATCH, "read", lambda read: (read(), next(seconds)))
    request = posted(FORM["data"])
    assert not request.FILES
    assert isinstance(stopped(request), UploadTooSlow)
    assert draft_files() == []


# --- Parts ----------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [1, 2, 3, 7, 50, 1000, 100_000])
def test_parts_are_seen_whatever_the_pieces_are(step):
    files = [b"x" * 10, b"", b"\r\n" * 20, b"--" * 300, bytes(range(256)) * 3]
    data = multipart(("f", None, b"field"), *[("p", "a.png", file) for file in files])["data"]
    parts = Parts(b"----boundary")
    for at in range(0, len(data), step):
        assert not parts.is_closed or at > len(data) - len("--\r\n")
        parts.feed(data[at : at + step])
    assert parts.is_closed
    assert parts.file_sizes == [len(file) for file in files]
    assert parts.encoding == b""


@pytest.mark.parametrize("step", [1, 5, 64, 1000])
def test_an_encoded_part_is_seen_whatever_the_pieces_are(step):
    headers = b"Content-Disposition: form-data; name=x\r\nContent-Transfer-Encoding: base64"
    data = b"--b\r\nX: y\r\n\r\nContent-Transfer-Encoding: gzip\r\n--b\r\n" + headers + b"\r\n\r\nAAAA\r\n--b--"
    parts = Parts(b"b")
    for at in range(0, len(data), step):
        parts.feed(data[at : at + step])
    assert (parts.encoding, parts.is_closed) == (b"base64", True)


def test_little_is_kept_of_a_body_that_goes_by():
    parts = Parts(b"b")
    for _ in range(1000):
        parts.feed(b"--b\r\n" + b"x" * 995)
        assert len(parts._kept) < 5000
