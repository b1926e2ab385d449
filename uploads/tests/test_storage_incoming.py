"""Temporary files of uploads: a worker's stay while it lives, and go when it was killed."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.utils import timezone

from uploads import lifecycle, storage
from uploads.lifecycle import Swept

HOLD = """
import sys, time
from tempfile import NamedTemporaryFile
from uploads import storage
file = NamedTemporaryFile(dir=sys.argv[1], suffix=".upload")
file.write(b"x" * 1000)
file.flush()
storage.claim(file.fileno())
print(file.name, flush=True)
time.sleep(60)
"""


@pytest.fixture
def worker():
    """Another process that is receiving an upload."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "-c", HOLD, str(settings.FILE_UPLOAD_TEMP_DIR)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, cwd=settings.BASE_DIR)
    yield process, Path(process.stdout.readline().strip())
    process.kill()
    process.wait()


def make_old(path: Path) -> None:
    os.utime(path, (0, 0))


def test_the_files_of_a_worker_that_was_killed_go_and_those_of_a_live_one_stay(worker):
    process, path = worker
    make_old(path)
    assert storage.delete_abandoned(older_than=timezone.now()) == 0
    assert path.stat().st_size == 1000
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert path.exists()
    assert storage.delete_abandoned(older_than=timezone.now()) == 1
    assert not path.exists()


def test_a_file_of_this_process_stays():
    file = TemporaryUploadedFile("picture", "image/png", 0, None)
    storage.claim(file.fileno())
    make_old(Path(file.temporary_file_path()))
    assert storage.delete_abandoned(older_than=timezone.now()) == 0
    file.close()


def test_a_file_that_was_made_this_moment_stays():
    path = Path(settings.FILE_UPLOAD_TEMP_DIR) / "tmp.upload"
    path.write_bytes(b"x")
    assert storage.delete_abandoned(older_than=timezone.now() - timedelta(minutes=1)) == 0
    assert path.exists()


def test_what_is_no_file_stays(tmp_path):
    folder = Path(settings.FILE_UPLOAD_TEMP_DIR) / "lost+found"
    folder.mkdir()
    target = tmp_path / "elsewhere"
    target.write_bytes(b"x")
    make_old(target)
    link = Path(settings.FILE_UPLOAD_TEMP_DIR) / "link"
    link.symlink_to(target)
    assert storage.delete_abandoned(older_than=timezone.now() + timedelta(hours=1)) == 0
    assert target.exists()
    assert folder.exists()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_sweep_removes_them():
    path = Path(settings.FILE_UPLOAD_TEMP_DIR) / "tmp.upload"
    path.write_bytes(b"x")
    make_old(path)
    assert lifecycle.sweep() == Swept(stray_uploads=1)
    assert not path.exists()
