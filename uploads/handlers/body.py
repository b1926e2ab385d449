"""The body as a whole: what arrives is counted and watched, and an upload that ends early leaves nothing."""

from collections.abc import Callable
from functools import partial
from itertools import chain
from typing import IO, Any, cast

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest, QueryDict
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.utils.datastructures import MultiValueDict

from uploads.errors import PartIsEncoded, UploadTooSlow
from uploads.handlers.parts import Parts
from uploads.handlers.stalled import WATCH
from uploads.received import stop, stopped


class Body:
    """The input of a request as the parser reads it. ``on_read`` is called with the bytes that have arrived."""

    def __init__(self, stream: IO[bytes], parts: Parts, request: HttpRequest | None) -> None:
        self._stream, self._request = stream, request
        self.parts = parts
        self.received_bytes = 0
        self.has_ended = False
        self.on_read: Callable[[int], None] = lambda _: None

    def read(self, size: int) -> bytes:
        """Read on.

        Raises:
            StopUpload: it crawled, or has a part that is encoded; the reason is with the request.
            OSError: the connection was lost.
        """
        data, seconds = WATCH.read(partial(self._stream.read, size))
        if seconds > settings.UPLOADS_STALL_SECONDS:
            stop(self._request, UploadTooSlow())
        self.received_bytes += len(data)
        self.has_ended = not data
        self.parts.feed(data)
        if self.parts.encoding:
            stop(self._request, PartIsEncoded(encoding=self.parts.encoding.decode("ascii", "replace")))
        if stopped(self._request):
            raise StopUpload(connection_reset=True)
        self.on_read(self.received_bytes)
        return data


class WholeBodyHandler(FileUploadHandler):
    """First of a chain: parses the body with the other handlers, and takes all of it or nothing.

    Django tells handlers that an upload was interrupted only where a boundary is missing in the middle of a file. Where
    the connection is reset, a part's headers cannot be read or a handler fails, files stay open until Python collects
    them; and a body without its end gives a form without its files, which looks as if none had been chosen.
    """

    def handle_raw_input(
        self, input_data: Any, META: dict[str, Any], content_length: int, boundary: Any, encoding: Any = None
    ) -> tuple[QueryDict, MultiValueDict[str, Any]]:
        request = self.request
        body = Body(input_data, Parts(boundary), request)
        others = [handler for handler in request.upload_handlers if handler is not self] if request else []
        try:
            post, files = MultiPartParser(META, cast(Any, body), others, encoding).parse()
        except StopUpload:  # while the rest was read, where Django's parser does not expect it
            post, files = QueryDict(encoding=encoding), MultiValueDict()
        except BaseException:
            _give_up(others, MultiValueDict())
            raise
        if stopped(request):
            _give_up(others, files)
            return post, MultiValueDict()
        # A body that another handler stopped was not read to its end.
        if body.has_ended and (body.received_bytes < content_length or not body.parts.is_closed):
            _give_up(others, files)
            raise MultiPartParserError("The body ended before its last boundary.")
        return post, files


def _give_up(handlers: list[FileUploadHandler], files: MultiValueDict[str, Any]) -> None:
    """Leave nothing: handlers drop the file that they are at; those that were whole are closed, which deletes them."""
    for handler in handlers:
        handler.upload_interrupted()
    for file in chain.from_iterable(each for _, each in files.lists()):
        file.close()
