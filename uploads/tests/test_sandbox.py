"""Sandbox: whatever a decoder does, one picture is refused and the next one is worked on."""

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep

import pytest
from pebble import ProcessExpired

from uploads.errors import BrokenPicture, DecoderBusy, DraftStorageFull, TooManyScans
from uploads.imaging import render
from uploads.imaging import sandbox as module
from uploads.imaging.probe import Limits
from uploads.imaging.sandbox import Sandbox
from uploads.tests import decoders
from uploads.tests.pictures import encoded, picture

LIMITS = Limits(("JPEG", "PNG"), 50_000_000, 16_384, 100, 100)


@pytest.fixture(scope="module")
def sandbox():
    return Sandbox(workers=2, seconds=20)


@pytest.fixture(scope="module")
def impatient():
    return Sandbox(workers=1, seconds=1)


def test_a_result_comes_back(sandbox):
    assert sandbox.run(decoders.add, 1, second=2) == 3


def test_it_runs_in_another_process(sandbox):
    assert sandbox.run(decoders.process) != os.getpid()


def test_the_child_does_not_know_django(sandbox):
    assert sandbox.run(decoders.has_django) is False


def test_the_child_has_none_of_the_files_of_its_parent(sandbox, tmp_path):
    with (tmp_path / "open in the parent").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        fresh = Sandbox(workers=1, seconds=20)
        assert not [name for name in fresh.run(decoders.inherited) if name.startswith(str(tmp_path))]


def test_a_reason_comes_back_whole(sandbox):
    with pytest.raises(TooManyScans, match="more than 7 scans") as refused:
        sandbox.run(decoders.refuse)
    assert refused.value.evidence == {"limit": 7}


def test_any_other_error_is_a_broken_picture(sandbox):
    with pytest.raises(BrokenPicture) as refused:
        sandbox.run(decoders.fail)
    assert "ZeroDivisionError" in refused.value.evidence["cause"]
    assert "ZeroDivision" not in str(refused.value)


@pytest.mark.parametrize("end", [decoders.crash, decoders.be_killed])
def test_a_crash_refuses_one_picture_and_the_next_is_worked_on(sandbox, end):
    with pytest.raises(BrokenPicture):
        sandbox.run(end)
    assert sandbox.run(decoders.add, 1, second=2) == 3


def test_memory_is_limited(sandbox):
    assert sandbox.run(decoders.hog, 100) == 100 * 1024 * 1024
    with pytest.raises(BrokenPicture) as refused:
        sandbox.run(decoders.hog, 4000)
    assert "MemoryError" in refused.value.evidence["cause"]
    assert sandbox.run(decoders.add, 1, second=2) == 3


def test_open_files_are_limited(sandbox):
    with pytest.raises(BrokenPicture) as refused:
        sandbox.run(decoders.open_files, 64)
    assert os.strerror(errno.EMFILE) in refused.value.evidence["cause"]


def test_time_is_limited_and_the_next_is_worked_on(impatient):
    with pytest.raises(BrokenPicture):
        impatient.run(decoders.sleep, 8)
    assert impatient.run(decoders.add, 1, second=2) == 3


def test_processor_time_is_limited():
    patient = Sandbox(workers=1, seconds=600)
    with pytest.raises(BrokenPicture) as caught:
        patient.run(decoders.burn)
    assert isinstance(caught.value.__cause__, ProcessExpired), "it was not the clock that ended it"
    assert patient.run(decoders.add, 1, second=2) == 3


def test_a_hog_does_not_hurt_the_others(sandbox, tmp_path):
    start, end = str(tmp_path / "started"), str(tmp_path / "end")
    with ThreadPoolExecutor(1) as threads:
        other = threads.submit(sandbox.run, decoders.wait_for, start, end)
        for hostile in (decoders.crash, decoders.be_killed, decoders.fail):
            with pytest.raises(BrokenPicture):
                sandbox.run(hostile)
        with pytest.raises(BrokenPicture):
            sandbox.run(decoders.hog, 4000)
        Path(end).touch()
        assert other.result() == end


def test_who_comes_when_the_queue_is_full_is_told_to_come_again(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "MAX_WAITING", 1)
    small = Sandbox(workers=1, seconds=60)
    start, end = tmp_path / "started", tmp_path / "end"
    with ThreadPoolExecutor(2) as threads:
        working = threads.submit(small.run, decoders.wait_for, str(start), str(end))
        waiting = threads.submit(small.run, decoders.add, 1, second=2)
        try:
            while small._places._value:  # both have their places
                sleep(0.01)
            with pytest.raises(DecoderBusy):
                small.run(decoders.add, 3, second=4)
        finally:
            end.touch()
        assert working.result() == str(end)
        assert waiting.result() == 3
    assert small.run(decoders.add, 3, second=4) == 7


def test_a_place_is_given_back_after_every_kind_of_end(monkeypatch):
    monkeypatch.setattr(module, "MAX_WAITING", 0)
    small = Sandbox(workers=1, seconds=20)
    for hostile in (decoders.fail, decoders.refuse, decoders.crash, decoders.be_killed):
        with pytest.raises((BrokenPicture, TooManyScans)):
            small.run(hostile)
    assert small.run(decoders.add, 1, second=2) == 3


def test_a_full_disk_is_not_the_pictures_fault(sandbox, tmp_path):
    source = tmp_path / "source"
    source.write_bytes(encoded(picture(400, 300)))
    with pytest.raises(DraftStorageFull):
        sandbox.run(render.stage, source, Path("/dev/full"), LIMITS)


def test_a_jpeg_that_is_cut_short_is_broken(sandbox, tmp_path):
    source = tmp_path / "source"
    data = encoded(picture(400, 300), "JPEG")
    source.write_bytes(data[: len(data) // 2])
    with pytest.raises(BrokenPicture):
        sandbox.run(render.stage, source, tmp_path / "target", LIMITS)


def test_when_the_processes_are_gone_they_are_started_anew(tmp_path):
    sandbox = Sandbox(workers=1, seconds=20)
    assert sandbox.run(os.path.basename, "/a") == "a"
    sandbox._pool.close()  # as the pool is when the process that starts its children was killed
    with pytest.raises(DecoderBusy):
        sandbox.run(os.path.basename, "/b")
    assert sandbox.run(os.path.basename, "/c") == "c"


def test_children_do_not_have_the_sites_environment(sandbox):
    assert sandbox.run(dict, ()) == {}
    assert sandbox.run(os.getenv, "PATH") is None
