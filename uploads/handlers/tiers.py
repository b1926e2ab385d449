"""Where a file is kept: in memory while it is small, in a temporary file from then on.

Django decides by the length of the request, so that one large picture sends all others of its form to the disk. Here
each file decides by what really arrives. The results are Django's own classes.
"""

from contextlib import suppress
from hashlib import sha256
from io import BytesIO
from threading import Lock
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import InMemoryUploadedFile, TemporaryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload

from uploads import storage
from uploads.errors import FULL, DraftStorageFull
from uploads.received import Facts, attach, stop


class MemoryBudget:
    """How much all uploads of this process may hold in memory at once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.taken_bytes = 0

    def take(self, count: int) -> bool:
        """Take so many bytes, if they are there."""
        with self._lock:
            if self.taken_bytes + count > settings.UPLOADS_RECEIVING_MEMORY_BYTES:
                return False
            self.taken_bytes += count
            return True

    def give_back(self, count: int) -> None:
        with self._lock:
            self.taken_bytes -= count


# One for each process, as its memory is.
BUDGET = MemoryBudget()


class MemoryFile(BytesIO):
    """A file in memory that gives its room back when it is closed, or collected unclosed."""

    taken_bytes = 0

    def write_if_fits(self, data: bytes) -> bool:
        """Write at the end, unless the file gets too large for memory, or all of them together."""
        fits = self.taken_bytes + len(data) <= settings.FILE_UPLOAD_MAX_MEMORY_SIZE and BUDGET.take(len(data))
        if fits:
            self.taken_bytes += len(data)
            self.write(data)
        return fits

    def close(self) -> None:
        count, self.taken_bytes = self.taken_bytes, 0
        if count:
            BUDGET.give_back(count)
        super().close()


class TieredUploadHandler(FileUploadHandler):
    """Last of a chain: keeps the bytes, takes their digest on the way, and leaves none when the upload fails."""

    file: MemoryFile | TemporaryUploadedFile

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._drop()
        self.file = MemoryFile()
        self._digest, self._chunk_count = sha256(), 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._digest.update(raw_data)
        self._chunk_count += 1
        try:
            self._write(raw_data)
        except OSError as error:
            self._fail(error)

    def file_complete(self, file_size: int) -> UploadedFile:
        try:
            upload = self._finished(file_size)
        except OSError as error:
            self._fail(error)
        attach(upload, Facts(self._digest.hexdigest(), self._chunk_count, type(self).__name__))
        del self.file  # it is the form's now; Django closes what a handler has when a later file is skipped
        return upload

    def upload_interrupted(self) -> None:
        self._drop()

    def _write(self, data: bytes) -> None:
        if isinstance(self.file, MemoryFile):
            if self.file.write_if_fits(data):
                return
            self._roll_over(self.file)
        self.file.write(data)

    def _roll_over(self, memory: MemoryFile) -> None:
        """Go on in a temporary file; unlike that of Django's handler, its name has nothing of the client's."""
        disk = TemporaryUploadedFile("picture", self.content_type or "", 0, self.charset, self.content_type_extra)
        self.file = disk
        disk.name = self.file_name
        storage.claim(disk.fileno())
        with memory:
            disk.write(memory.getbuffer())

    def _finished(self, size: int) -> UploadedFile:
        if isinstance(self.file, TemporaryUploadedFile):
            self.file.flush()
            self.file.seek(0)
            self.file.size = size
            return self.file
        self.file.seek(0)
        about = (self.file_name, self.content_type, size, self.charset, self.content_type_extra)
        return InMemoryUploadedFile(self.file, self.field_name, *about)

    def _fail(self, error: OSError) -> None:
        """Leave nothing of the file, and stop the upload if what failed was the room for it."""
        self._drop()
        if error.errno in FULL:
            stop(self.request, DraftStorageFull())
            raise StopUpload(connection_reset=True) from error
        raise error

    def _drop(self) -> None:
        file = vars(self).pop("file", None)
        if file is not None:
            with suppress(OSError):  # what was not written yet finds no room again; the file goes all the same
                file.close()
