"""How far an upload is, told to whoever sent it; see ``uploads.progress``."""

from typing import Any

from django.core.files.uploadhandler import FileUploadHandler

from uploads import progress
from uploads.handlers.body import Body
from uploads.received import stopped


class ProgressHandler(FileUploadHandler):
    """Writes the progress record of a request that has an ``X-Progress-ID``; takes nothing away from the chain."""

    _record: progress.Record | None = None

    def handle_raw_input(
        self, input_data: Any, META: dict[str, Any], content_length: int, boundary: Any, encoding: Any = None
    ) -> None:
        self._record = progress.begin(self.request, content_length) if self.request else None
        if self._record and isinstance(input_data, Body):
            input_data.on_read = self._record.receive

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        if self._record:
            self._record.begin_file(self.file_name or "")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        if self._record:
            self._record.receive_of_file(start + len(raw_data))
        return raw_data

    def file_complete(self, file_size: int) -> None:
        if self._record:
            self._record.end_file(file_size)

    def upload_complete(self) -> None:
        if self._record:
            self._record.turn("refused" if stopped(self.request) else "received")

    def upload_interrupted(self) -> None:
        if self._record:
            self._record.turn("refused" if stopped(self.request) else "interrupted")
