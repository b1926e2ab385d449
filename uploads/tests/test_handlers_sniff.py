"""Sniff: what cannot be a picture that is taken is not kept anywhere, not even for a moment."""

import pytest

from uploads.errors import FormatNotOffered, NotAPicture
from uploads.handlers import tiers
from uploads.handlers.sniff import refusal_of
from uploads.received import skipped
from uploads.tests.pictures import encoded, picture

OFFERED = ["JPEG", "PNG", "WEBP", "GIF", "AVIF"]
REFUSED = {
    "text": (b"Dear Sir or Madam" * 10_000, NotAPicture),
    "a program": (b"\x7fELF" + bytes(500_000), NotAPicture),
    "SVG": (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', FormatNotOffered),
    "BMP": (encoded(picture(), "BMP"), FormatNotOffered),
    "one byte": (b"\xff", NotAPicture),
}


@pytest.fixture(autouse=True)
def _everything_on_disk(settings):
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 0


@pytest.mark.parametrize("name", OFFERED)
def test_every_offered_format_is_taken(receive, name):
    data = encoded(picture(), name)
    assert receive(("pictures", "a", data)).FILES["pictures"].read() == data


@pytest.mark.parametrize(("data", "reason"), REFUSED.values(), ids=REFUSED)
def test_anything_else_is_skipped_and_never_written(receive, monkeypatch, data, reason):
    monkeypatch.setattr(tiers.TieredUploadHandler, "_roll_over", None)
    request = receive(("pictures", "a.jpg", data), content_type="image/jpeg")
    assert not request.FILES
    (each,) = skipped(request, "pictures")
    assert (each.file_name, type(each.error)) == ("a.jpg", reason)


def test_the_files_beside_it_go_on(receive):
    good = encoded()
    files = [("pictures", "1.png", b"text"), ("pictures", "2.png", good), ("other", "3.png", b"text")]
    request = receive(*files, ("pictures", "4.png", good))
    assert [file.name for file in request.FILES.getlist("pictures")] == ["2.png", "4.png"]
    assert [each.file_name for each in skipped(request, "pictures")] == ["1.png"]
    assert [each.file_name for each in skipped(request, "other")] == ["3.png"]


def test_a_format_that_is_not_offered_any_more_is_named(settings):
    settings.UPLOADS_FORMATS = ["PNG"]
    assert refusal_of(encoded(picture(), "JPEG")).evidence == {"format": "JPEG", "formats": "PNG"}
    assert refusal_of(encoded(picture(), "PNG")) is None


@pytest.mark.parametrize("brand", [b"mif1", b"msf1"])
def test_a_container_that_may_hold_avif_is_left_to_the_decoder(settings, brand):
    head = b"\0\0\0\x20ftyp" + brand + bytes(20)
    assert refusal_of(head) is None
    settings.UPLOADS_FORMATS = ["PNG"]
    assert refusal_of(head) is not None


def test_what_was_claimed_is_kept_and_decides_nothing(receive):
    request = receive(("pictures", "a.txt", encoded()), content_type="text/plain; charset=latin-1; x=y")
    file = request.FILES["pictures"]
    assert (file.content_type, file.charset) == ("text/plain", b"latin-1")
    assert file.content_type_extra == {"charset": b"latin-1", "x": b"y"}
