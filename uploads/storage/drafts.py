"""Files of drafts, in the tier that Django's upload handlers chose."""

import errno
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from secrets import token_hex
from tempfile import NamedTemporaryFile
from typing import IO
from uuid import UUID

from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage, storages

from uploads.errors import FULL, DraftFileLost, DraftStorageFull

DRAFT_STORAGES = ("drafts_memory", "drafts_disk")


def memory_room() -> int:
    """The bytes that are free where the memory tier is; as many as anybody wants where that is no file system."""
    storage = storages["drafts_memory"]
    return shutil.disk_usage(storage.path("")).free if isinstance(storage, FileSystemStorage) else sys.maxsize


def draft_file_name(draft_id: UUID, kind: str) -> str:
    """A new name for a file of a draft: what is replaced stays until its row has changed."""
    return f"{draft_id}/{kind}-{token_hex(8)}"


def save_upload(alias: str, name: str, upload: File) -> None:
    """Keep an upload: one in memory is read through ``chunks()``, a temporary file is renamed.

    Raises:
        DraftStorageFull: it did not fit; nothing is left of it.
    """
    storage = storages[alias]
    try:
        saved = storage.save(name, upload)
    except OSError as error:
        delete_draft_files(alias, [name])
        if error.errno in FULL:
            raise DraftStorageFull() from error
        raise
    assert saved == name, "draft_file_name() never repeats itself"


@contextmanager
def local_file(alias: str, name: str) -> Iterator[Path]:
    """A path by which the sandbox can read a draft's file.

    Raises:
        DraftFileLost: it is not there.
    """
    storage = storages[alias]
    try:
        if isinstance(storage, FileSystemStorage):
            path = Path(storage.path(name))
            if not path.is_file():
                raise FileNotFoundError(name)
            yield path
        else:
            with storage.open(name) as source, NamedTemporaryFile() as copy:
                shutil.copyfileobj(source, copy)
                copy.flush()
                yield Path(copy.name)
    except FileNotFoundError as error:
        raise DraftFileLost() from error


@contextmanager
def new_file(alias: str, name: str) -> Iterator[Path]:
    """A path to write a draft's file to; if the block fails, nothing is left of it.

    Raises:
        DraftStorageFull: the block raised an ``OSError`` for want of room.
    """
    storage = storages[alias]
    try:
        if isinstance(storage, FileSystemStorage):
            path = Path(storage.path(name))
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            yield path
        else:
            with NamedTemporaryFile() as made:
                yield Path(made.name)
                storage.save(name, File(made))
    except BaseException as error:
        delete_draft_files(alias, [name])
        if isinstance(error, OSError) and error.errno in FULL:
            raise DraftStorageFull() from error
        raise


def open_draft_file(alias: str, name: str) -> IO[bytes]:
    """Open a draft's file for sending.

    Raises:
        DraftFileLost: it is not there.
    """
    try:
        return storages[alias].open(name)
    except FileNotFoundError as error:
        raise DraftFileLost() from error


def delete_draft_files(alias: str, names: list[str]) -> None:
    """Delete files of one draft, and its folder once that is empty; absent ones count as deleted."""
    storage = storages[alias]
    for name in filter(None, names):
        storage.delete(name)
    for folder in {name.partition("/")[0] for name in names if name}:
        _delete_folder_if_empty(storage, folder)


def draft_folders(*, older_than: datetime) -> Iterator[UUID]:
    """The drafts that have a folder which was last changed before an instant."""
    for alias in DRAFT_STORAGES:
        storage = storages[alias]
        for folder in storage.listdir("")[0]:
            with suppress(ValueError, FileNotFoundError):  # not ours, or gone meanwhile
                draft_id = UUID(folder)
                if storage.get_modified_time(folder) < older_than:
                    yield draft_id


def delete_draft_folder(draft_id: UUID) -> None:
    """Delete all files of a draft, in whichever tier they are."""
    for alias in DRAFT_STORAGES:
        with suppress(FileNotFoundError):
            delete_draft_files(alias, [f"{draft_id}/{name}" for name in storages[alias].listdir(str(draft_id))[1]])
            _delete_folder_if_empty(storages[alias], str(draft_id))


def _delete_folder_if_empty(storage: Storage, folder: str) -> None:
    try:
        storage.delete(folder)
    except OSError as error:
        if error.errno != errno.ENOTEMPTY:
            raise
