"""Confirmed pictures."""

from datetime import datetime
from typing import Self
from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from uploads.imaging.formats import FORMAT_CHOICES, FORMATS
from uploads.models.owners import Owned, OwnedQuerySet, kinds_text, one_owner, owner_indexes
from uploads.models.presets import CropSpec


class StoredImageQuerySet(OwnedQuerySet):
    def to_delete(self, now: datetime) -> Self:
        """Those that are to be deleted and that nobody is deleting just now."""
        return self.filter(state=StoredImage.State.DELETING).filter(Q(deleting_until=None) | Q(deleting_until__lt=now))

    def visible(self) -> Self:
        """Not those that are being deleted."""
        return self.exclude(state=StoredImage.State.DELETING)


class StoredImage(Owned):
    """A confirmed picture. ``storing`` and ``deleting`` are intents that ``sweep`` takes forward."""

    class State(models.TextChoices):
        STORING = "storing", _("being stored")
        STORED = "stored", _("stored")
        DELETING = "deleting", _("being deleted")

    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.STORING)
    # While somebody deletes the objects: nobody else does, nor stores others under their keys.
    deleting_until = models.DateTimeField(null=True, blank=True, editable=False)
    # The kinds of data that the upload carried besides its pixels, without their values.
    removed = models.JSONField(_("removed"), default=list, blank=True)
    stored_at = models.DateTimeField(_("stored"), default=timezone.now, db_index=True)

    objects = StoredImageQuerySet.as_manager()

    class Meta:
        ordering = ["-stored_at", "id"]
        verbose_name = _("stored image")
        verbose_name_plural = _("stored images")
        constraints = [one_owner("storedimage")]
        indexes = [
            *owner_indexes("storedimage", "-stored_at"),
            models.Index(fields=["state"], name="storedimage_unfinished", condition=~Q(state="stored")),
        ]

    @property
    def removed_text(self) -> str:
        """The privacy receipt: what was found in the upload and not stored, as people say it; empty if nothing."""
        return kinds_text(self.removed)

    @property
    def cover(self) -> "Rendition | None":
        """The first crop's main rendition."""
        return next(iter(self.main_renditions), None)

    @property
    def main_renditions(self) -> "list[Rendition]":
        """The file of each crop that its person looked at, from the prefetched renditions where there are any."""
        return [each for each in self.renditions.all() if each.is_main]


class Rendition(models.Model):
    """One object of the bucket. The row is written before the object and deleted after it.

    Each crop has one main rendition, the file that its person looked at; the others are the same crop at
    smaller widths and in more formats.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    image = models.ForeignKey(StoredImage, models.CASCADE, related_name="renditions")
    spec = models.ForeignKey(CropSpec, models.SET_NULL, null=True, related_name="+")
    # The spec's as they were: a preset may change after a picture was stored.
    slug = models.SlugField()
    name = models.CharField(max_length=60)
    position = models.PositiveSmallIntegerField(default=0)
    is_main = models.BooleanField(_("main file"), default=True)
    key = models.CharField(max_length=200, unique=True)
    format = models.CharField(max_length=10, choices=FORMAT_CHOICES)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    frames = models.PositiveIntegerField(_("frames"), default=1)

    class Meta:
        ordering = ["position", "slug", "-is_main", "format", "width"]
        verbose_name = _("rendition")
        verbose_name_plural = _("renditions")
        constraints = [
            models.UniqueConstraint(fields=["image", "slug", "width", "format"], name="rendition_unique_in_image"),
            models.UniqueConstraint(fields=["image", "slug"], name="rendition_one_is_main", condition=Q(is_main=True)),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def content_type(self) -> str:
        return FORMATS[self.format].content_type

    @property
    def extension(self) -> str:
        return FORMATS[self.format].extension

    @property
    def url(self) -> str:
        """Where the site has it, for its owner."""
        if self.is_main:
            return reverse("uploads:rendition", args=[self.image_id, self.slug])
        return reverse("uploads:rendition-at", args=[self.image_id, self.slug, self.width, self.extension])

    @property
    def download_name(self) -> str:
        """What a person's computer should call the file: their own name for it, with the real extension."""
        stem = self.image.file_name.rpartition(".")[0] or self.image.file_name
        width = "" if self.is_main else f"-{self.width}"
        return f"{stem}-{self.slug}{width}.{self.extension}"

    @property
    def others(self) -> "list[Rendition]":
        """The same crop's other files, from the prefetched renditions where there are any."""
        return [each for each in self.image.renditions.all() if each.slug == self.slug and not each.is_main]
