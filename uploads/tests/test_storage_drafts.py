"""Files of drafts: kept in their tier, and nothing is left of what failed."""

import os
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.files.storage import InMemoryStorage, storages
from django.utils import timezone

from uploads import storage
from uploads.errors import DraftFileLost, DraftStorageFull
from uploads.tests.drafts import temporary_upload
from uploads.tests.pictures import upload

ALIASES = ("drafts_memory", "drafts_disk")


@pytest.fixture
def elsewhere(monkeypatch):
    """Drafts on a storage that has no paths on this machine, as a shared bucket has none."""
    memory = InMemoryStorage()
    monkeypatch.setitem(storages._storages, "drafts_disk", memory)
    return memory


def new_name(kind: str = "source") -> str:
    return storage.draft_file_name(uuid4(), kind)


def test_a_name_never_comes_twice():
    draft_id = uuid4()
    names = {storage.draft_file_name(draft_id, "source") for _ in range(100)}
    assert len(names) == 100
    assert all(name.startswith(f"{draft_id}/source-") for name in names)


@pytest.mark.parametrize("alias", ALIASES)
def test_an_upload_is_kept_whole(alias):
    name, data = new_name(), os.urandom(200_000)
    storage.save_upload(alias, name, upload(data))
    with storage.open_draft_file(alias, name) as file:
        assert file.read() == data


def test_a_temporary_file_is_moved_not_copied():
    file, name = temporary_upload(b"picture"), new_name()
    inode = Path(file.temporary_file_path()).stat().st_ino
    storage.save_upload("drafts_disk", name, file)
    file.close()
    with storage.local_file("drafts_disk", name) as path:
        assert path.stat().st_ino == inode
        assert path.read_bytes() == b"picture"
        assert oct(path.stat().st_mode & 0o777) == "0o400"


def test_an_upload_that_fails_half_way_leaves_nothing(draft_files):
    def chunks(chunk_size=None):
        yield b"half a pict"
        raise OSError("the other disk broke")

    file = upload(b"half a picture")
    file.chunks = chunks
    with pytest.raises(OSError, match="broke"):
        storage.save_upload("drafts_disk", new_name(), file)
    assert draft_files() == []


def test_a_path_for_the_sandbox(draft_files):
    name = new_name()
    storage.save_upload("drafts_disk", name, upload(b"picture"))
    with storage.local_file("drafts_disk", name) as path:
        assert [str(path)] == draft_files()


@pytest.mark.parametrize("alias", ALIASES)
def test_a_file_that_is_not_there_is_lost(alias):
    with pytest.raises(DraftFileLost), storage.local_file(alias, new_name()):
        pass
    with pytest.raises(DraftFileLost):
        storage.open_draft_file(alias, new_name())


def test_a_new_file_stays(draft_files):
    name = new_name()
    with storage.new_file("drafts_disk", name) as path:
        path.write_bytes(b"made")
    with storage.open_draft_file("drafts_disk", name) as file:
        assert file.read() == b"made"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_new_file_that_fails_leaves_nothing(error, draft_files):
    def fail(path):
        path.write_bytes(b"half")
        raise error

    with pytest.raises(error), storage.new_file("drafts_disk", new_name()) as path:
        fail(path)
    assert draft_files() == []
    assert storages["drafts_disk"].listdir("") == ([], [])


def test_a_new_file_that_finds_no_room_says_so(draft_files):
    def fill(path):
        path.symlink_to("/dev/full")
        path.write_bytes(b"picture")

    with pytest.raises(DraftStorageFull), storage.new_file("drafts_disk", new_name()) as path:
        fill(path)
    assert draft_files() == []


def test_the_folder_goes_with_its_last_file():
    draft_id = uuid4()
    names = [storage.draft_file_name(draft_id, kind) for kind in ("source", "working")]
    for name in names:
        storage.save_upload("drafts_disk", name, upload())
    storage.delete_draft_files("drafts_disk", names[:1])
    assert storages["drafts_disk"].listdir("")[0] == [str(draft_id)]
    storage.delete_draft_files("drafts_disk", [*names, ""])
    assert storages["drafts_disk"].listdir("")[0] == []


def test_a_draft_goes_from_both_tiers(draft_files):
    draft_id = uuid4()
    for alias in ALIASES:
        storage.save_upload(alias, storage.draft_file_name(draft_id, "source"), upload())
    kept = new_name()
    storage.save_upload("drafts_disk", kept, upload())
    storage.delete_draft_folder(draft_id)
    storage.delete_draft_folder(draft_id)
    assert [path[-len(kept) :] for path in draft_files()] == [kept]


@pytest.mark.parametrize("alias", ALIASES)
def test_folders_are_found_by_age(alias):
    draft_id = uuid4()
    storage.save_upload(alias, storage.draft_file_name(draft_id, "source"), upload())
    now = timezone.now()
    assert list(storage.draft_folders(older_than=now + timedelta(minutes=1))) == [draft_id]
    assert list(storage.draft_folders(older_than=now - timedelta(minutes=1))) == []


def test_a_storage_without_paths_serves_as_well(elsewhere):
    name, made = new_name(), new_name("working")
    storage.save_upload("drafts_disk", name, upload(b"picture"))
    with storage.local_file("drafts_disk", name) as path:
        assert path.read_bytes() == b"picture"
    assert not path.exists()
    with storage.new_file("drafts_disk", made) as path:
        path.write_bytes(b"made")
    assert not path.exists()
    with storage.open_draft_file("drafts_disk", made) as file:
        assert file.read() == b"made"
    with pytest.raises(DraftFileLost), storage.local_file("drafts_disk", new_name()):
        pass
    storage.delete_draft_files("drafts_disk", [name, made])
    assert not elsewhere.exists(name)
