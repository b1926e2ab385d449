"""Pictures that are not confirmed."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import F, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from uploads.geometry import Box, Selection, Size
from uploads.imaging.formats import FORMAT_CHOICES
from uploads.models.owners import Owned, OwnedQuerySet, kinds_text, one_owner, owner_indexes
from uploads.models.presets import CropSpec


class DraftQuerySet(OwnedQuerySet):
    def bytes_in(self, tier: str) -> int:
        """How many bytes of a tier are taken: uploads, working copies and what was rendered."""
        drafts = self.filter(tier=tier)
        previews = drafts.aggregate(total=Sum("crops__preview_bytes"))["total"] or 0
        others = drafts.aggregate(total=Sum("crops__renditions__bytes"))["total"] or 0
        return drafts.total_bytes() + int(previews) + int(others)

    def adopt(self, token: UUID, user: User) -> int:
        """Move a session's drafts to an account, whose own may have the same upload keys."""
        return self.filter(owner=None, session_token=token).update(owner=user, session_token=None, upload_key=None)

    def total_bytes(self) -> int:
        """How many bytes these drafts take, without their previews, which can be made again."""
        return int(self.aggregate(total=Sum(F("source_bytes") + F("working_bytes")))["total"] or 0)

    def expired(self, now: datetime) -> Self:
        return self.filter(state=Draft.State.OPEN, expires_at__lt=now)

    def stalled(self, now: datetime) -> Self:
        """Drafts whose confirmation stopped half-way."""
        return self.filter(state=Draft.State.CONFIRMING, confirm_deadline__lt=now)


def _expiry() -> datetime:
    return timezone.now() + timedelta(hours=settings.UPLOADS_DRAFT_HOURS)


class Draft(Owned):
    """A picture that is not confirmed. Its files are in the tier that Django's upload had."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        CONFIRMING = "confirming", _("being stored")

    class Tier(models.TextChoices):
        MEMORY = "memory", pgettext_lazy("where a draft lives", "memory")
        DISK = "disk", pgettext_lazy("where a draft lives", "disk")

    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    # Counts every change, so that what is confirmed is what was looked at.
    revision = models.PositiveIntegerField(default=1)
    confirm_deadline = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(_("added"), auto_now_add=True)
    expires_at = models.DateTimeField(_("kept until"), default=_expiry, db_index=True)

    # How it came; the key is the client's name for one chosen file, so that a repeated request adds it once
    upload_key = models.UUIDField(null=True, blank=True, editable=False)
    tier = models.CharField(_("tier"), max_length=6, choices=Tier.choices)
    handler = models.CharField(_("upload handler"), max_length=60)
    chunk_count = models.PositiveIntegerField(_("chunks"))
    claimed_type = models.CharField(_("claimed type"), max_length=255, blank=True)

    # What it is: the upload, and the picture no side of which is over 1600 px that the editor shows
    source_name = models.CharField(max_length=200)
    source_bytes = models.PositiveBigIntegerField(_("bytes"))
    source_sha256 = models.CharField(max_length=64)
    format = models.CharField(_("format"), max_length=10, choices=FORMAT_CHOICES)
    width = models.PositiveIntegerField(_("width (px)"))
    height = models.PositiveIntegerField(_("height (px)"))
    frames = models.PositiveIntegerField(_("frames"), default=1)
    carries = models.JSONField(_("besides its pixels"), default=list, blank=True)
    working_name = models.CharField(max_length=200)
    working_bytes = models.PositiveBigIntegerField()
    working_format = models.CharField(max_length=10, choices=FORMAT_CHOICES)
    working_sha256 = models.CharField(max_length=64)

    objects = DraftQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "id"]
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        constraints = [
            one_owner("draft"),
            models.CheckConstraint(
                name="draft_deadline_while_confirming",
                condition=Q(state="open", confirm_deadline=None)
                | Q(state="confirming", confirm_deadline__isnull=False),
            ),
            models.UniqueConstraint(fields=["owner", "upload_key"], name="draft_added_once_by_account"),
            models.UniqueConstraint(fields=["session_token", "upload_key"], name="draft_added_once_in_session"),
            models.CheckConstraint(name="draft_has_pixels", condition=Q(width__gte=1, height__gte=1)),
        ]
        indexes = [
            *owner_indexes("draft", "created_at"),
            models.Index(fields=["confirm_deadline"], name="draft_confirming", condition=Q(state="confirming")),
            models.Index(fields=["tier"], name="draft_in_memory", condition=Q(tier="memory")),
        ]

    @property
    def size(self) -> Size:
        """The natural size: upright, in pixels."""
        return Size(self.width, self.height)

    @property
    def carries_text(self) -> str:
        """What the file has besides its pixels, as people say it; empty if nothing."""
        return kinds_text(self.carries)

    @property
    def storage_alias(self) -> str:
        """Which of ``STORAGES`` has the files."""
        return f"drafts_{self.tier}"


class DraftCrop(models.Model):
    """The selection for one crop of a draft, and the file that was rendered from it, if one was."""

    draft = models.ForeignKey(Draft, models.CASCADE, related_name="crops")
    spec = models.ForeignKey(CropSpec, models.PROTECT, related_name="+")
    x = models.PositiveIntegerField()
    y = models.PositiveIntegerField()
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    rotate = models.FloatField(default=0)  # degrees, clockwise
    scale_x = models.SmallIntegerField(default=1)
    scale_y = models.SmallIntegerField(default=1)

    # The preview: the very bytes that confirming stores. preview_recipe tells whether they are still right.
    preview_name = models.CharField(max_length=200, blank=True)
    preview_recipe = models.CharField(max_length=64, blank=True)
    preview_sha256 = models.CharField(max_length=64, blank=True)
    preview_bytes = models.PositiveBigIntegerField(null=True, blank=True)
    preview_format = models.CharField(max_length=10, blank=True)
    preview_frames = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["spec__position", "spec__name"]
        verbose_name = _("crop of a draft")
        verbose_name_plural = _("crops of drafts")
        constraints = [
            models.UniqueConstraint(fields=["draft", "spec"], name="draftcrop_one_for_each_spec"),
            models.CheckConstraint(
                name="draftcrop_is_a_selection",
                condition=Q(width__gte=1, height__gte=1, rotate__gte=0, rotate__lt=360)
                & Q(scale_x__in=[-1, 1], scale_y__in=[-1, 1]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.spec}: {self.width} × {self.height}"

    @property
    def selection(self) -> Selection:
        return Selection(Box(self.x, self.y, self.width, self.height), self.rotate, self.scale_x, self.scale_y)

    @property
    def stamp(self) -> str:
        """What tells this selection, of this very picture, from any other; a picture that is replaced has new crops."""
        return " ".join(str(value) for value in (self.pk, *self.columns(self.selection).values()))

    @property
    def output_size(self) -> Size:
        return self.spec.output_size(self.selection.box)

    def file_names(self) -> list[str]:
        """All files that were rendered from the selection."""
        return [self.preview_name, *self.renditions.values_list("name", flat=True)]

    @staticmethod
    def columns(selection: Selection) -> Mapping[str, float]:
        """A selection as this model's columns."""
        box = selection.box
        return {
            "x": box.x,
            "y": box.y,
            "width": box.width,
            "height": box.height,
            "rotate": selection.rotate,
            "scale_x": selection.scale_x,
            "scale_y": selection.scale_y,
        }


class DraftRendition(models.Model):
    """A file of a crop beside its preview: another width, another format or both. Confirming makes and stores it."""

    crop = models.ForeignKey(DraftCrop, models.CASCADE, related_name="renditions")
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    format = models.CharField(max_length=10)
    name = models.CharField(max_length=200)
    recipe = models.CharField(max_length=64)  # tells whether the file is still right
    sha256 = models.CharField(max_length=64)
    bytes = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["crop", "width", "format"], name="draftrendition_unique_in_crop"),
        ]

    def __str__(self) -> str:
        return self.name
