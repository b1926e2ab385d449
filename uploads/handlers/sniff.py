"""What kind of file it is: one whose first bytes are no offered format's, or speak of too many pixels, is skipped.

What the client claims about it decides nothing. Whether it really is a picture is found out by decoding it.
"""

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile

from uploads.decoding import limits
from uploads.errors import FormatNotOffered, NotAPicture, Refusal, TooManyPixels
from uploads.imaging.formats import FORMATS, offered
from uploads.imaging.signatures import SIGNATURE_BYTES, signature, size_in_head
from uploads.received import Skipped, skip

# Containers that may hold AVIF or HEIC; only the decoder tells.
OPEN_BRANDS = {b"mif1", b"msf1"}


class SniffHandler(FileUploadHandler):
    """Skips a file that cannot be a picture which is taken here."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        if start == 0 and (error := refusal_of(raw_data)):
            skip(self.request, Skipped(self.field_name or "", self.file_name or "", error))
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Nothing: other handlers keep the bytes."""


def refusal_of(head: bytes) -> Refusal | None:
    """Why a file that begins like this is not taken, if that is certain."""
    names = offered(settings.UPLOADS_FORMATS)
    labels = [FORMATS[name].label for name in names]
    name = signature(head[:SIGNATURE_BYTES])
    if name in labels or (head[4:8] == b"ftyp" and head[8:12] in OPEN_BRANDS and "AVIF" in names):
        return _refusal_of_size(head)
    if name:
        return FormatNotOffered(format=name, formats=", ".join(labels))
    return NotAPicture(formats=", ".join(labels))


def _refusal_of_size(head: bytes) -> Refusal | None:
    size = size_in_head(head)
    try:
        if size is not None:
            limits().require_size(size)
    except TooManyPixels as error:
        return error
    return None
