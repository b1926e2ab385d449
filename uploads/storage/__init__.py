"""Which storage holds what: drafts in memory or on disk, confirmed pictures in the bucket.

Drafts are in the storages ``drafts_memory`` and ``drafts_disk``; each draft has a folder
named by its UUID. Objects are in the default storage under ``images/UUID/SPEC.EXT``, and
``images/UUID/SPEC/WIDTH.EXT`` for a crop's other files.
"""

from uploads.storage.bucket import ImageStorage, images, object_key
from uploads.storage.drafts import (
    delete_draft_files,
    delete_draft_folder,
    draft_file_name,
    draft_folders,
    local_file,
    memory_room,
    new_file,
    open_draft_file,
    save_upload,
)
from uploads.storage.incoming import claim, delete_abandoned, free_bytes

__all__ = [
    "ImageStorage",
    "claim",
    "delete_abandoned",
    "delete_draft_files",
    "delete_draft_folder",
    "draft_file_name",
    "draft_folders",
    "free_bytes",
    "images",
    "local_file",
    "memory_room",
    "new_file",
    "object_key",
    "open_draft_file",
    "save_upload",
]
