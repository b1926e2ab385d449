"""What the site keeps in its database: presets, drafts, stored images.

A ``Draft`` and the ``StoredImage`` that it becomes have the same UUID, which also names
their files and objects. Bytes are never in the database: rows carry names, sizes, digests.
"""

from uploads.models.drafts import Draft, DraftCrop, DraftQuerySet, DraftRendition
from uploads.models.images import Rendition, StoredImage
from uploads.models.owners import Owner
from uploads.models.presets import CropSpec, Preset

__all__ = [
    "CropSpec",
    "Draft",
    "DraftCrop",
    "DraftQuerySet",
    "DraftRendition",
    "Owner",
    "Preset",
    "Rendition",
    "StoredImage",
]
