"""What pictures are for, and which crops that asks for."""

from dataclasses import replace
from fractions import Fraction
from uuid import uuid4

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from uploads.errors import BelowMinimum, WrongRatio
from uploads.geometry import Box, Selection, Size, has_ratio, largest, require_inside

# As JPEG has it, and every format that is offered can be.
MAX_OUTPUT_PX = 16_384


class PresetQuerySet(models.QuerySet["Preset"]):
    def one_at_a_time(self) -> None:
        """Let the transactions that call this follow each other: what they count stays so until they end.

        SQLite's write transactions do so anyway; elsewhere they queue for one row, which each has to itself.
        """
        self.select_for_update(no_key=True).order_by("pk").first()


class Preset(models.Model):
    """What a picture is for: it asks for one crop or several."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    slug = models.SlugField(unique=True)
    name = models.CharField(_("name"), max_length=60)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_offered = models.BooleanField(_("offered"), default=True, help_text=_("Whether new pictures can choose it."))

    objects = PresetQuerySet.as_manager()

    class Meta:
        ordering = ["position", "name"]
        verbose_name = _("preset")
        verbose_name_plural = _("presets")

    def __str__(self) -> str:
        return self.name


class CropSpec(models.Model):
    """One crop that a preset asks for: its ratio, smallest and output size in pixels, its format."""

    class OutputFormat(models.TextChoices):
        AUTO = "auto", _("JPEG, or PNG for transparent pictures")
        JPEG = "JPEG", "JPEG"
        PNG = "PNG", "PNG"
        WEBP = "WEBP", "WebP"
        AVIF = "AVIF", "AVIF"

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    preset = models.ForeignKey(Preset, models.CASCADE, related_name="specs")
    slug = models.SlugField()
    name = models.CharField(_("name"), max_length=60)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    ratio_width = models.PositiveSmallIntegerField(_("ratio: width"), null=True, blank=True)
    ratio_height = models.PositiveSmallIntegerField(_("ratio: height"), null=True, blank=True)
    min_width = models.PositiveIntegerField(_("smallest width (px)"), default=1, validators=[MinValueValidator(1)])
    min_height = models.PositiveIntegerField(_("smallest height (px)"), default=1, validators=[MinValueValidator(1)])
    output_width = models.PositiveIntegerField(
        _("output width (px)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_OUTPUT_PX)],
        help_text=_("Empty: as many pixels as were selected."),
    )
    output_format = models.CharField(_("format"), max_length=4, choices=OutputFormat.choices, default=OutputFormat.AUTO)
    quality = models.PositiveSmallIntegerField(
        _("quality"), default=85, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )

    class Meta:
        ordering = ["position", "name"]
        verbose_name = _("crop")
        verbose_name_plural = _("crops")
        constraints = [
            models.UniqueConstraint(fields=["preset", "slug"], name="cropspec_slug_unique_in_preset"),
            models.CheckConstraint(
                name="cropspec_ratio_whole_or_absent",
                condition=Q(ratio_width=None, ratio_height=None)
                # A comparison with NULL is not false: a check constraint lets it pass.
                | Q(ratio_width__isnull=False, ratio_height__isnull=False, ratio_width__gte=1, ratio_height__gte=1),
                violation_error_message=_("Give both numbers of the ratio, or none."),
            ),
            models.CheckConstraint(
                name="cropspec_sizes_positive",
                condition=Q(min_width__gte=1, min_height__gte=1) & (Q(output_width=None) | Q(output_width__gte=1)),
            ),
            models.CheckConstraint(
                name="cropspec_output_has_ratio",
                condition=Q(output_width=None) | Q(ratio_width__isnull=False),
                violation_error_message=_("An output width needs a ratio, or its height could be anything."),
            ),
            models.CheckConstraint(name="cropspec_quality_in_range", condition=Q(quality__gte=1, quality__lte=100)),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def ratio(self) -> Fraction | None:
        """Width divided by height, or None where any will do."""
        if self.ratio_width is None or self.ratio_height is None:
            return None
        return Fraction(self.ratio_width, self.ratio_height)

    @property
    def ratio_text(self) -> str:
        """The ratio as people write it, ``16:9``; empty where any will do."""
        return "" if self.ratio is None else f"{self.ratio_width}:{self.ratio_height}"

    def first_selection(self, source: Size) -> Selection:
        """The largest centred selection, with which a crop begins."""
        return Selection(largest(source, 0, self.ratio))

    def is_reached_by(self, box: Box) -> bool:
        """Whether a box has at least the smallest size."""
        return box.width >= self.min_width and box.height >= self.min_height

    def accept(self, selection: Selection, source: Size) -> Selection:
        """The selection, moved by at most the pixel that rounding explains, if it keeps the rules.

        Raises:
            OutsidePicture, WrongRatio, BelowMinimum: it does not.
        """
        box = require_inside(selection.box, source, selection.rotate)
        evidence = {"width": box.width, "height": box.height, "spec": self.name}
        if self.ratio is not None and not has_ratio(box, self.ratio):
            raise WrongRatio(ratio=self.ratio_text, **evidence)
        if not self.is_reached_by(box):
            raise BelowMinimum(min_width=self.min_width, min_height=self.min_height, **evidence)
        return replace(selection, box=box)

    def output_size(self, box: Box) -> Size:
        """The size in pixels of the picture that a box of natural pixels becomes."""
        if self.output_width is None:
            return Size(box.width, box.height)
        ratio = self.ratio or Fraction(box.width, box.height)
        return Size(self.output_width, max(1, round(self.output_width / ratio)))
