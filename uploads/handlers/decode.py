"""Decode a picture while it arrives: when its last byte is there, so is its working copy.

A file that goes to the disk can be read by a child of the sandbox while it grows. Of a slow upload only the end is: a
child that waits for a client decodes nothing meanwhile. Behind a proxy that buffers requests all is there at once, and
this costs nothing.
"""

from pathlib import Path
from time import monotonic
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.core.files.uploadhandler import SkipFile

from uploads import decoding
from uploads.handlers.body import Body
from uploads.handlers.tiers import TieredUploadHandler
from uploads.received import Skipped, skip


class DecodingUploadHandler(TieredUploadHandler):
    """Keeps the bytes as its base does, and has those on the disk decoded as they come."""

    _body: Body | None = None
    _decoding: decoding.Decoding | None = None

    def handle_raw_input(
        self, input_data: Any, META: dict[str, Any], content_length: int, boundary: Any, encoding: Any = None
    ) -> None:
        self._body = input_data if isinstance(input_data, Body) else None
        self._length, self._begun_at = content_length, monotonic()

    def _write(self, data: bytes) -> None:
        super()._write(data)
        if not isinstance(self.file, TemporaryUploadedFile):
            return
        if self._decoding is None and self._comes_soon():
            self.file.flush()
            self._decoding = decoding.Decoding.begin(Path(self.file.temporary_file_path()))
        elif self._decoding and (refusal := self._decoding.early_refusal()):
            self._drop()
            skip(self.request, Skipped(self.field_name or "", self.file_name or "", refusal))
            raise SkipFile

    def _comes_soon(self) -> bool:
        """Whether the rest will be there in half of the time that a child may take, if it comes as fast as so far."""
        if self._body is None:
            return False
        received = self._body.received_bytes
        seconds_left = (self._length - received) * (monotonic() - self._begun_at) / max(1, received)
        return seconds_left < settings.UPLOADS_DECODE_SECONDS / 2

    def _finished(self, size: int) -> UploadedFile:
        upload = super()._finished(size)
        if self._decoding:
            self._decoding.finish()
            decoding.attach(upload, self._decoding)
            self._decoding = None
        return upload

    def upload_complete(self) -> None:
        """Leave nothing of a last file that another handler skipped; Django has closed it."""
        self._drop()

    def _drop(self) -> None:
        super()._drop()  # the file goes, and the child notices
        if self._decoding:
            self._decoding.discard()
            self._decoding = None
