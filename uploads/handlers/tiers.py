"""Large uploads go to a temporary file; Django's own handler keeps small ones in memory."""

from typing import Any

from django.core.files.uploadedfile import TemporaryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, TemporaryFileUploadHandler


class TemporaryFileHandler(TemporaryFileUploadHandler):
    """Django's handler with a file name of our own.

    Django's takes the temporary file's suffix from the client's file name, and fails on an
    extension that is longer than a file name may be (255 bytes on Linux).
    """

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        FileUploadHandler.new_file(self, *args, **kwargs)
        assert self.content_type is not None  # set by new_file
        self.file = TemporaryUploadedFile("picture", self.content_type, 0, self.charset, self.content_type_extra)
        self.file.name = self.file_name
