"""A file that is still being written: reading waits, parsers notice nothing."""

import time
from collections.abc import Callable, Iterator
from io import SEEK_END
from pathlib import Path
from threading import Thread

import pytest
from PIL import Image, ImageChops

from uploads.errors import BrokenPicture, TooManyPixels
from uploads.imaging import arriving
from uploads.imaging.arriving import Arriving, NothingMoreComes, finish
from uploads.imaging.probe import Limits
from uploads.imaging.render import stage
from uploads.imaging.sandbox import Sandbox
from uploads.tests import decoders
from uploads.tests.pictures import encoded, jpeg_of_scans, picture

Writer = Callable[..., Path]


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    """Write a file bit by bit, in another thread; return its path at once."""
    threads: list[Thread] = []

    def write(data: bytes, pieces: int = 20, *, pause: float = 0.003, end: Callable[[Path], None] = finish) -> Path:
        path = tmp_path / "upload"
        path.touch(mode=0o600)

        def work() -> None:
            step = max(1, len(data) // pieces)
            with path.open("ab", buffering=0) as file:
                for start in range(0, len(data), step):
                    time.sleep(pause)
                    file.write(data[start : start + step])
            end(path)

        threads.append(Thread(target=work))
        threads[0].start()
        return path

    yield write
    for thread in threads:
        thread.join()


def test_reading_waits_for_what_comes(writer):
    with Arriving(writer(bytes(range(200))), 100) as file:
        assert file.read(50) == bytes(range(50))
        assert file.read(100) == bytes(range(50, 150))
        assert file.tell() == 150
        assert file.read(100) == bytes(range(150, 200))
        assert file.read(100) == b""


@pytest.mark.parametrize("size", [-1, None, 1000])
def test_reading_all_waits_for_the_end(writer, size):
    with Arriving(writer(bytes(200)), 100) as file:
        assert file.read(size) == bytes(200)


def test_seeking_goes_ahead_of_what_has_come_and_to_the_end(writer):
    with Arriving(writer(bytes(range(200))), 100) as file:
        assert file.seek(190) == 190
        assert file.read(5) == bytes(range(190, 195))
        assert file.seek(-10, SEEK_END) == 190
        assert file.seek(2, 1) == 192
        assert file.read() == bytes(range(192, 200))


def test_a_file_that_is_removed_ends_the_wait(writer):
    path = writer(bytes(100), end=Path.unlink)
    with Arriving(path, 100) as file, pytest.raises(NothingMoreComes):
        file.read(200)


def test_a_writer_that_is_silent_for_too_long_ends_the_wait(writer, monkeypatch):
    monkeypatch.setattr(arriving, "PATIENCE_SECONDS", 0.1)
    with Arriving(writer(bytes(100), end=lambda path: None), 100) as file, pytest.raises(NothingMoreComes):
        file.read(200)


def test_a_slow_writer_is_waited_for(writer, monkeypatch):
    monkeypatch.setattr(arriving, "PATIENCE_SECONDS", 0.1)
    with Arriving(writer(bytes(100), 10, pause=0.04), 100) as file:
        assert len(file.read()) == 100


@pytest.mark.parametrize(
    ("name", "options"),
    [("JPEG", {}), ("JPEG", {"progressive": True}), ("PNG", {}), ("WEBP", {}), ("GIF", {}), ("AVIF", {})],
)
def test_pillow_decodes_what_arrives_as_what_is_there(writer, tmp_path, name, options):
    data = encoded(picture(600, 400), name, **options)
    (tmp_path / "whole").write_bytes(data)
    whole = Image.open(tmp_path / "whole").convert("RGB")
    with Arriving(writer(data), 100) as file, Image.open(file) as image:
        image.decodermaxblock = 4096
        assert ImageChops.difference(image.convert("RGB"), whole).getbbox() is None


# --- The whole way, in the sandbox's child --------------------------------------------------

LIMITS = Limits(("JPEG", "PNG"), 50_000_000, 16_384, 100, 1)


@pytest.fixture(scope="module")
def children() -> Sandbox:
    return Sandbox(workers=2, seconds=10)


@pytest.mark.parametrize("name", ["JPEG", "PNG"])
def test_staging_what_arrives_gives_what_staging_the_whole_gives(children, writer, tmp_path, name):
    data = encoded(picture(2000, 1500), name)
    (tmp_path / "whole").write_bytes(data)
    expected = stage(tmp_path / "whole", tmp_path / "expected", LIMITS)
    begun = children.begin(stage, writer(data), tmp_path / "working", LIMITS, arriving=True)
    assert begun is not None
    assert begun.result() == expected
    assert (tmp_path / "working").read_bytes() == (tmp_path / "expected").read_bytes()


def test_a_picture_with_too_many_pixels_is_refused_while_it_comes(children, writer, tmp_path):
    limits = Limits(("JPEG",), 1000, 16_384, 100, 1)
    path = writer(encoded(picture(2000, 1500), "JPEG"), 50, pause=0.05)
    begun = children.begin(stage, path, tmp_path / "working", limits, arriving=True)
    with pytest.raises(TooManyPixels):
        begun.result()
    assert path.stat().st_mode & 0o200, "it had not come to its end"


@pytest.mark.parametrize(
    ("data", "limits"),
    [
        (jpeg_of_scans(9), Limits(("JPEG",), 50_000_000, 16_384, 8, 1)),
        (encoded(picture(600, 400), "JPEG")[:-3000], LIMITS),
    ],
    ids=["many scans", "cut short"],
)
def test_what_is_doubtful_is_left_to_a_look_at_the_whole(children, writer, tmp_path, data, limits):
    begun = children.begin(stage, writer(data), tmp_path / "working", limits, arriving=True)
    with pytest.raises(BrokenPicture):
        begun.result()


def test_the_child_is_free_again_when_the_client_goes_away(children, writer, tmp_path):
    path = writer(encoded(picture(2000, 1500), "JPEG")[:50_000], end=Path.unlink)
    begun = children.begin(stage, path, tmp_path / "working", LIMITS, arriving=True)
    with pytest.raises(BrokenPicture):
        begun.result()
    assert not (tmp_path / "working").exists()


def test_uploads_that_arrive_leave_a_child_for_everybody_else(children, writer, tmp_path):
    path = writer(encoded(picture(2000, 1500), "JPEG"), 20, pause=0.05)
    begun = children.begin(stage, path, tmp_path / "working", LIMITS, arriving=True)
    assert begun is not None
    assert children.begin(decoders.add, 1, second=2) is None
    assert children.run(decoders.add, 1, second=2) == 3
    assert not begun.is_done
    begun.result()
    # The place is given back by another thread, just after the result is there.
    give_up_at = time.monotonic() + 5
    while (again := children.begin(decoders.add, 1, second=2)) is None and time.monotonic() < give_up_at:
        time.sleep(0.01)
    assert again is not None
    assert again.result() == 3
    assert Sandbox(workers=1, seconds=10).begin(decoders.add, 1, second=2) is None
