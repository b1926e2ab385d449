"""What pictures are for, and which crops that asks for."""

from dataclasses import replace
from fractions import Fraction
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from uploads.errors import BelowMinimum, WrongRatio
from uploads.geometry import Box, Selection, Size, has_ratio, largest, require_inside
from uploads.imaging.formats import offered

# As JPEG has it, and every format that is offered can be.
MAX_OUTPUT_PX = 16_384
# Each is rendered while a person waits for the confirmation, once for each format.
MAX_WIDTHS = 8


def validate_widths(widths: object) -> None:
    """Refuse what is no ascending list of whole pixels."""
    if not isinstance(widths, list) or not all(type(width) is int for width in widths):
        raise ValidationError(_("Widths are whole numbers of pixels."))
    if not all(1 <= width <= MAX_OUTPUT_PX for width in widths):
        raise ValidationError(_("Each width is between 1 and %(most)d pixels."), params={"most": MAX_OUTPUT_PX})
    if widths != sorted(set(widths)):
        raise ValidationError(_("Widths are in ascending order, each once."))
    if len(widths) > MAX_WIDTHS:
        raise ValidationError(_("Ask for at most %(most)d widths."), params={"most": MAX_WIDTHS})


def validate_extra_formats(formats: object) -> None:
    """Refuse what is no list of formats of results."""
    if not isinstance(formats, list) or not all(each in CropSpec.written_formats() for each in formats):
        known = ", ".join(CropSpec.written_formats())
        raise ValidationError(_("Formats are among %(formats)s."), params={"formats": known})


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
    keeps_animation = models.BooleanField(
        _("keeps animation"),
        default=False,
        help_text=_("Pictures that move stay so, as WebP or PNG. Else their first frame is stored."),
    )
    quality = models.PositiveSmallIntegerField(
        _("quality"), default=85, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    # Beside the main file, for pages whose pictures have several sources.
    widths = models.JSONField(_("more widths (px)"), default=list, blank=True, validators=[validate_widths])
    extra_formats = models.JSONField(_("more formats"), default=list, blank=True, validators=[validate_extra_formats])

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
            models.CheckConstraint(
                name="cropspec_animation_has_format",
                condition=Q(keeps_animation=False) | Q(output_format__in=["auto", "PNG", "WEBP"]),
                violation_error_message=_(
                    "Animation is kept in PNG and WebP files only: choose one, or the first format."
                ),
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

    def output_size(self, box: Box, *, width: int | None = None) -> Size:
        """The size in pixels of the picture that a box of natural pixels becomes, or that it has at another width."""
        # Of its own where no pixel is resized: that may be off the spec's by what rounding explains.
        ratio = (self.output_width and self.ratio) or Fraction(box.width, box.height)
        width = width or self.output_width or box.width
        return Size(width, max(1, round(width / ratio)))

    def other_outputs(self, box: Box, main_format: str) -> list[tuple[Size, str]]:
        """Sizes and formats of the files beside the main one: none is wider, and this machine writes each."""
        main = (self.output_size(box), main_format)
        widths = [*(width for width in self.widths if width < main[0].width), main[0].width]
        formats = dict.fromkeys([main_format, *offered(self.extra_formats)])
        outputs = [(self.output_size(box, width=width), each) for each in formats for width in widths]
        return [output for output in outputs if output != main]

    @classmethod
    def written_formats(cls) -> list[str]:
        """The formats of results that a crop can name."""
        return [name for name in cls.OutputFormat.values if name != cls.OutputFormat.AUTO]
