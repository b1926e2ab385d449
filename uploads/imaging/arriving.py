"""Read a file that is still being written, as an upload that arrives: reading waits for bytes that are not there yet.

The writer takes its own right to write away when the file is whole (``finish``), and removes the file if that will
never be.
These functions run in the sandbox's children, but for ``finish``.
"""

import os
import stat
import time
from io import SEEK_CUR, SEEK_END, RawIOBase
from pathlib import Path

POLL_SECONDS = 0.002
# Without a byte for so long it is given up: the writer may have died.
PATIENCE_SECONDS = 5
START_OF_IMAGE, START_OF_SCAN = b"\xff\xd8", b"\xff\xda"


class DecodeWhole(OSError):
    """Whether the file is taken is known only when it is whole."""


class NothingMoreComes(OSError):
    """The file was removed, or nothing was written for too long."""


def finish(path: Path) -> None:
    """Tell whoever reads the file that it is whole."""
    path.chmod(stat.S_IRUSR)


class Arriving(RawIOBase):
    """A file to read whose end is not there yet.

    ``read`` returns less than it was asked for only at the real end, as of any file: parsers need to know nothing.
    A JPEG that may have more scans than ``max_jpeg_scans`` is one to decode when it is whole.
    """

    def __init__(self, path: Path, max_jpeg_scans: int) -> None:
        self._file = path.open("rb", buffering=0)
        self._place = 0
        self._scans_left = max_jpeg_scans
        self._counted = 0

    def read(self, size: int = -1) -> bytes:
        wanted = None if size is None or size < 0 else self._place + size
        length = self._wait_for(wanted)
        count = (length if wanted is None else min(wanted, length)) - self._place
        data = os.pread(self._file.fileno(), max(0, count), self._place)
        self._count_scans(data)
        self._place += len(data)
        return data

    def _count_scans(self, data: bytes) -> None:
        """Count what may be scans in the part that is read for the first time: those of a thumbnail count as well."""
        new = data[max(0, self._counted - self._place) :]
        self._counted = max(self._counted, self._place + len(data))
        if os.pread(self._file.fileno(), 2, 0) != START_OF_IMAGE:
            return
        # With the byte before, which may be the first of a marker's two.
        before = os.pread(self._file.fileno(), 1, max(0, self._counted - len(new) - 1))
        self._scans_left -= (before + new).count(START_OF_SCAN)
        if self._scans_left < 0:
            raise DecodeWhole("there may be too many scans")

    def seek(self, offset: int, whence: int = 0) -> int:
        start = {SEEK_CUR: self._place, SEEK_END: 0}.get(whence, 0)
        if whence == SEEK_END:
            start = self._wait_for(None)
        self._place = start + offset
        return self._place

    def tell(self) -> int:
        return self._place

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        self._file.close()
        super().close()

    def _wait_for(self, length: int | None) -> int:
        """Wait until the file is so long, or whole; return how long it is.

        Raises:
            NothingMoreComes: it will not be.
        """
        last, give_up_at = -1, 0.0
        while True:
            state = os.fstat(self._file.fileno())
            # In this order: what was written before the mark is in the size that is read with it.
            if not state.st_mode & stat.S_IWUSR or (length is not None and state.st_size >= length):
                return state.st_size
            now = time.monotonic()
            if state.st_size > last:
                last, give_up_at = state.st_size, now + PATIENCE_SECONDS
            if state.st_nlink == 0 or now > give_up_at:
                raise NothingMoreComes("the rest of the upload did not come")
            time.sleep(POLL_SECONDS)
