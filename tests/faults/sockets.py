"""Requests byte by byte, as no browser sends them."""

import json
import socket
import struct
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPResponse
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlsplit

from tests.site import Site

BOUNDARY = "----boundary"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"
END = f"--{BOUNDARY}--\r\n".encode()
TIMEOUT_SECONDS = 30


def part(data: bytes, name: str = "pictures", file_name: str | None = "a.png", *headers: str) -> bytes:
    """One part of a form, with the line break behind it."""
    disposition = f'Content-Disposition: form-data; name="{name}"'
    if file_name is not None:
        disposition += f'; filename="{file_name}"'
    lines = [f"--{BOUNDARY}", disposition, *headers]
    return "\r\n".join([*lines, "", ""]).encode() + data + b"\r\n"


class Visitor:
    """Somebody who has seen a page of the site, and then sends what they like."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.address = urlsplit(site.url)
        jar = CookieJar()
        urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar)).open(site.url).close()
        self.cookies = {cookie.name: cookie.value or "" for cookie in jar}

    def head(self, length: int | None, path: str = "/drafts/", **headers: str) -> bytes:
        """The head of an upload; ``headers`` change it."""
        lines = {
            "Host": self.address.netloc,
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "X-CSRFToken": self.cookies["csrftoken"],
            "Content-Type": CONTENT_TYPE,
            "Accept": "text/fragment+html",
            **({} if length is None else {"Content-Length": str(length)}),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        return (
            f"POST {path} HTTP/1.1\r\n".encode()
            + b"".join(f"{name}: {value}\r\n".encode() for name, value in lines.items())
            + b"\r\n"
        )

    def connect(self) -> socket.socket:
        assert self.address.hostname
        assert self.address.port
        return socket.create_connection((self.address.hostname, self.address.port), TIMEOUT_SECONDS)

    def send(self, body: bytes, *, length: int | None = -1, path: str = "/drafts/", **headers: str) -> tuple[int, str]:
        """Send a body whole; return the answer's status and text."""
        with self.connect() as connection:
            with suppress(ConnectionError):  # refused before it was sent: the answer is there all the same
                connection.sendall(self.head(len(body) if length == -1 else length, path, **headers) + body)
            return answer(connection)

    def upload(self, data: bytes, **headers: str) -> tuple[int, str]:
        """Send one picture as the page does."""
        return self.send(part(data) + part(b"on", "may_repeat", None) + END, **headers)

    def progress(self, name: str) -> dict[str, object]:
        request = urllib.request.Request(f"{self.site.url}/progress/{name}/", headers={"Cookie": self._cookie()})
        with urllib.request.urlopen(request) as found:
            said: dict[str, object] = json.load(found)
            return said

    def _cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())


def answer(connection: socket.socket) -> tuple[int, str]:
    """The status and the text that the server answers."""
    response = HTTPResponse(connection)
    response.begin()
    return response.status, response.read().decode()


def reset(connection: socket.socket) -> None:
    """Close a connection with RST instead of FIN, as a machine does that lost its network or a killed program."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def incoming(site: Site) -> list[Path]:
    """The temporary files of uploads."""
    return list((site.var_dir / "incoming").iterdir())


def wait_until(true: Callable[[], object], seconds: float = 10) -> float:
    """Wait until something is so; return how many seconds that took."""
    begun_at = time.monotonic()
    while not true():
        assert time.monotonic() - begun_at < seconds, f"not so within {seconds} s"
        time.sleep(0.02)
    return time.monotonic() - begun_at
