"""Measure what the upload handlers cost, beside Django's own and a plain read and write of the same body.

python -m benchmarks.receiving

In one process and without a network: bodies are read from a file in memory, and files are written there.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from uuid import uuid4

import django
from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler
from django.core.handlers.wsgi import WSGIRequest

BOUNDARY = "----WebKitFormBoundary7MA4YWxkTrZu0gW7"  # as browsers make them
PNG = b"\x89PNG\r\n\x1a\n"
DJANGO = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
SIZES_MB = (1, 20, 200)
CHUNKS_KB = (64, 128, 256)
BLOCK = os.urandom(1_000_000)


class NoDigest:
    """What takes no digest."""

    def update(self, data: bytes) -> None: ...

    def hexdigest(self) -> str:
        return ""


def write_body(path: Path, megabytes: int) -> None:
    """A form with one file of so many megabytes."""
    with path.open("wb") as file:
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="pictures"; filename="a.png"\r\n\r\n'
        file.write(head.encode() + PNG)
        for _ in range(megabytes):
            file.write(BLOCK)
        file.write(f"\r\n--{BOUNDARY}--\r\n".encode())


def plain(body: Path) -> None:
    """Read the body and write it, in pieces of 64 KB."""
    with body.open("rb") as source, tempfile.NamedTemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR) as target:
        while data := source.read(65_536):
            target.write(data)


def receive(body: Path, handlers: list[str], query: str = "") -> None:
    """Receive the body as Django does."""
    with body.open("rb") as source:
        request = WSGIRequest(
            {
                "REQUEST_METHOD": "POST",
                "PATH_INFO": "/drafts/",
                "QUERY_STRING": query,
                "HTTP_COOKIE": "csrftoken=" + "x" * 32,
                "CONTENT_TYPE": f"multipart/form-data; boundary={BOUNDARY}",
                "CONTENT_LENGTH": str(body.stat().st_size),
                "wsgi.input": source,
            }
        )
        settings.FILE_UPLOAD_HANDLERS = handlers
        assert request.FILES["pictures"].size > 10**6
        request.close()


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def peak_memory_mb() -> float:
    """The most memory that this process has had."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from uploads.handlers import tiers

    ours, take_digest = settings.FILE_UPLOAD_HANDLERS, tiers.sha256

    def without_digest(body: Path) -> None:
        tiers.sha256 = NoDigest
        try:
            receive(body, ours, f"X-Progress-ID={uuid4()}")
        finally:
            tiers.sha256 = take_digest

    ways: dict[str, Callable[[Path], None]] = {
        "plain read and write": plain,
        "Django's handlers": lambda body: receive(body, DJANGO),
        "ours without progress": lambda body: receive(body, ours),
        "ours with progress": lambda body: receive(body, ours, f"X-Progress-ID={uuid4()}"),
        "ours with progress, without SHA-256": without_digest,
    }
    shm = Path("/dev/shm")  # noqa: S108 - the directory made in it is private
    with tempfile.TemporaryDirectory(dir=shm if shm.is_dir() else None) as folder:
        settings.FILE_UPLOAD_TEMP_DIR = folder
        settings.UPLOADS_MAX_BYTES = settings.UPLOADS_MAX_REQUEST_BYTES = 10**9
        print("| body | way | MB a second | × plain | × Django's | peak memory |\n|" + " --- |" * 6)
        for megabytes in SIZES_MB:
            body = Path(folder) / "body"
            write_body(body, megabytes)
            times: dict[str, list[float]] = {name: [] for name in ways}
            for _ in range(rounds * (10 if megabytes == 1 else 1)):
                for name, way in ways.items():
                    times[name].append(seconds(lambda way=way, body=body: way(body)))
            for name, each in times.items():
                beside = [
                    median(mine / theirs for mine, theirs in zip(each, times[other], strict=True))
                    for other in ("plain read and write", "Django's handlers")
                ]
                speed, memory = megabytes / median(each), peak_memory_mb()
                ratios = " | ".join(f"{ratio:.2f}" for ratio in beside)
                print(f"| {megabytes} MB | {name} | {speed:.0f} | {ratios} | {memory:.0f} MB |")
        print("\n| 20 MB, in chunks of | MB a second | × 64 KB |\n|" + " --- |" * 3)
        write_body(body, 20)
        base = 0.0
        for kilobytes in CHUNKS_KB:
            FileUploadHandler.chunk_size = kilobytes * 1024
            each = median(seconds(lambda: receive(body, ours)) for _ in range(rounds))
            base = base or each
            print(f"| {kilobytes} KB | {20 / each:.0f} | {each / base:.2f} |")


if __name__ == "__main__":
    main()
