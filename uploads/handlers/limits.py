"""How much is taken: bytes of a request, by its claim, before the body is read, and of a file, as they arrive.

How many files is Django's own ``DATA_UPLOAD_MAX_NUMBER_FILES``.
"""

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile, StopUpload

from uploads.errors import TooManyBytes, UploadTooLarge, in_megabytes
from uploads.handlers.body import Body
from uploads.received import Skipped, skip, stop


class LimitsHandler(FileUploadHandler):
    """Skips a file that is too large, and stops a request that is."""

    _body: Body | None = None
    _is_too_large = False

    def handle_raw_input(
        self, input_data: Any, META: dict[str, Any], content_length: int, boundary: Any, encoding: Any = None
    ) -> None:
        self._body = input_data if isinstance(input_data, Body) else None
        self._is_too_large = content_length > settings.UPLOADS_MAX_REQUEST_BYTES
        self._content_length = content_length
        self._file_count = 0
        self._over: list[tuple[int, str, str, int]] = []

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._file_count += 1
        if self._is_too_large:
            stop(self.request, UploadTooLarge(**in_megabytes(self._content_length, settings.UPLOADS_MAX_REQUEST_BYTES)))
            raise StopUpload(connection_reset=True)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        arrived = start + len(raw_data)
        if arrived > settings.UPLOADS_MAX_BYTES:
            self._over.append((self._file_count, self.field_name or "", self.file_name or "", arrived))
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Nothing: other handlers keep the bytes."""

    def upload_complete(self) -> None:
        """Give the reasons now that the sizes are known: the rest of a file is read, and kept nowhere."""
        sizes = self._body.parts.file_sizes if self._body else []
        for number, field_name, file_name, arrived in self._over:
            size = sizes[number - 1] if number <= len(sizes) else arrived
            error = TooManyBytes(**in_megabytes(max(size, arrived), settings.UPLOADS_MAX_BYTES))
            skip(self.request, Skipped(field_name, file_name, error))
