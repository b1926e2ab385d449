"""Temporary files of uploads that are arriving, and what workers leave of them that were killed."""

import fcntl
import os
import shutil
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from django.conf import settings


def claim(descriptor: int) -> None:
    """Mark an open temporary file as in use for as long as its process lives: the lock goes with the process."""
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def free_bytes() -> int:
    """The room that is left where temporary files go."""
    return shutil.disk_usage(settings.FILE_UPLOAD_TEMP_DIR).free


def delete_abandoned(*, older_than: datetime) -> int:
    """Delete the temporary files that no process holds, last changed before an instant; return how many.

    The instant only spares a file that was made a moment ago and has no lock yet.
    """
    return sum(_delete_if_abandoned(path, older_than) for path in Path(settings.FILE_UPLOAD_TEMP_DIR).iterdir())


def _delete_if_abandoned(path: Path, older_than: datetime) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    with suppress(FileNotFoundError, BlockingIOError):  # gone meanwhile, or held by its worker
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            if os.fstat(descriptor).st_mtime >= older_than.timestamp():
                return False
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
            return True
        finally:
            os.close(descriptor)
    return False
