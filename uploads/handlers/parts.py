"""What the raw body of a form says about its parts, seen before Django's parser takes it apart."""

# Django reads no longer headers of a part (MAX_TOTAL_HEADER_SIZE).
MAX_HEADER_BYTES = 1024
# They leave a part as it is (RFC 2045, section 6.2).
IDENTITY = {b"7bit", b"8bit", b"binary"}


class Parts:
    """Watches a multipart body go by, in pieces of any size."""

    def __init__(self, boundary: bytes) -> None:
        self._mark = b"--" + boundary
        self._kept = b""
        self._fed = 0
        self._file_start: int | None = None
        self.file_sizes: list[int] = []  # bytes of each file that has ended, in the order of the body
        self.is_closed = False  # whether the last boundary has been seen (RFC 2046, section 5.1.1)
        self.encoding = b""  # of the first part that is encoded

    def feed(self, data: bytes) -> None:
        """Look at the next piece of the body."""
        self._fed += len(data)
        overlap = len(self._mark) - 1
        # Nearly all pieces have no boundary, and searching from the end is the quickest way to know.
        if len(self._kept) <= overlap < len(data) and data.rfind(self._mark) < 0:
            seam = self._kept + data[:overlap]
            if self._mark not in seam:
                self._kept = data[-overlap:]
                return
        window = self._kept + data
        offset, position = self._fed - len(window), 0
        while (at := window.find(self._mark, position)) >= 0:
            head = at + len(self._mark)
            end = window.find(b"\r\n\r\n", head, head + MAX_HEADER_BYTES + 4)
            is_last = window[head : head + 2] == b"--"
            if end < 0 and not is_last and len(window) - head < MAX_HEADER_BYTES + 4:
                self._kept = window[at:]  # its headers are still to come
                return
            self._end_file(offset + at)
            self.is_closed = self.is_closed or is_last
            if end >= 0 and not is_last:
                self._look_at(window[head:end], offset + end + 4)
            position = head if end < 0 or is_last else end
        self._kept = window[max(position, len(window) - len(self._mark) + 1) :]

    def _end_file(self, at: int) -> None:
        if self._file_start is not None:
            self.file_sizes.append(max(at - 2 - self._file_start, 0))  # a line break belongs to the boundary
            self._file_start = None

    def _look_at(self, headers: bytes, body_start: int) -> None:
        lines = [line.partition(b":") for line in headers.split(b"\r\n")]
        values = {name.strip().lower(): value.strip() for name, _, value in lines}
        disposition = values.get(b"content-disposition", b"")
        if b"filename" in disposition and b'filename=""' not in disposition:
            self._file_start = body_start
        encoding = values.get(b"content-transfer-encoding", b"").lower()
        if encoding and encoding not in IDENTITY:
            self.encoding = self.encoding or encoding
