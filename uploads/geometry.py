"""Where a crop lies: pure mathematics, the same in ``frontend/src/geometry.ts``.

All lengths are natural pixels: those of the upright picture, after its EXIF orientation
was applied, which is the size that browsers report. A selection has the vocabulary of
Cropper.js's ``getData()`` and is applied in this order:

1. mirror: ``scale_x`` −1 swaps left and right, ``scale_y`` −1 swaps top and bottom;
2. rotate clockwise by ``rotate`` degrees; the *frame* is the turned picture's rectangle;
3. take the box ``x, y, width, height`` of the frame, origin upper left, y downwards.

Golden vectors in ``uploads/tests/geometry_vectors.json`` are read by both test suites.
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, cos, floor, isfinite, radians, sin
from typing import Literal

from uploads.errors import NotASelection, OutsidePicture

# Lengths that differ by less come from the same numbers by another rounding of sine and cosine.
EPSILON_PX = 1e-6

Axis = Literal["horizontal", "vertical"]


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height in pixels."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width} × {self.height}"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of whole pixels within a frame."""

    x: int
    y: int
    width: int
    height: int

    @property
    def corners(self) -> tuple[int, int, int, int]:
        """Pillow's box: (left, upper, right, lower), half-open."""
        return self.x, self.y, self.x + self.width, self.y + self.height


@dataclass(frozen=True, slots=True)
class Selection:
    """A crop as the editor's fields carry it.

    ``rotate`` is clockwise degrees, 0 ≤ ``rotate`` < 360; ``scale_x`` and ``scale_y`` are 1 or −1.

    Raises:
        NotASelection: a side is below one pixel, or a turn or mirror is none of the above.
    """

    box: Box
    rotate: float = 0
    scale_x: int = 1
    scale_y: int = 1

    def __post_init__(self) -> None:
        if (
            self.box.width < 1
            or self.box.height < 1
            or not isfinite(self.rotate)
            or not 0 <= self.rotate < 360
            or abs(self.scale_x) != 1
            or abs(self.scale_y) != 1
        ):
            raise NotASelection()

    @property
    def is_quarter_turn(self) -> bool:
        """Whether its pixels are pixels of the picture: nothing is resampled for the turn."""
        return self.rotate % 90 == 0


def normalized(degrees: float) -> float:
    """An angle as a selection has it: 0 ≤ result < 360, in hundredths of a degree.

    >>> normalized(-90), normalized(360.001), normalized(7.4999)
    (270.0, 0.0, 7.5)
    """
    return floor(degrees * 100 + 0.5) % 36_000 / 100


def frame_size(source: Size, rotate: float) -> Size:
    """The size of the smallest frame of whole pixels that holds the turned picture, about the same centre.

    >>> frame_size(Size(400, 300), 90)
    Size(width=300, height=400)
    >>> frame_size(Size(400, 300), 30)
    Size(width=497, height=460)
    """
    if rotate % 180 == 0:
        return source
    if rotate % 90 == 0:
        return Size(source.height, source.width)
    across, along = _turned_extent(source.width, source.height, rotate)
    return Size(ceil(across - EPSILON_PX), ceil(along - EPSILON_PX))


def largest(source: Size, rotate: float, ratio: Fraction | None) -> Box:
    """The largest centred box of a ratio (width / height) in the turned picture; of any ratio for none.

    >>> largest(Size(400, 300), 0, Fraction(1))
    Box(x=50, y=0, width=300, height=300)
    """
    frame = frame_size(source, rotate)
    if rotate % 90 == 0:
        width, height = _largest_upright(frame, ratio)
    elif ratio is None:
        width, height = _largest_of_any_ratio(source, rotate)
    else:
        # Turned back, the box must fit: both of its extents are linear in its width.
        across, along = _turned_extent(1, 1 / float(ratio), rotate)
        widest = min(source.width / across, source.height / along)
        width, height = floor(widest + EPSILON_PX), floor(widest / float(ratio) + EPSILON_PX)
    width, height = max(1, width), max(1, height)
    return Box((frame.width - width) // 2, (frame.height - height) // 2, width, height)


def clamp_inside(box: Box, source: Size, rotate: float) -> Box:
    """The box moved into the turned picture; what is larger is cut to it, or shrunk where the picture lies askew."""
    frame = frame_size(source, rotate)
    if rotate % 90 == 0:
        width, height = min(box.width, frame.width), min(box.height, frame.height)
        x, y = min(max(box.x, 0), frame.width - width), min(max(box.y, 0), frame.height - height)
        return Box(x, y, width, height)
    width, height = _shrunk(box, source, rotate)
    # The centre may be anywhere in a rectangle that is turned like the picture.
    across, along = _turned_extent(width, height, rotate)
    room_x, room_y = max(0, (source.width - across) / 2), max(0, (source.height - along) / 2)
    centre_x, centre_y = box.x + box.width / 2 - frame.width / 2, box.y + box.height / 2 - frame.height / 2
    back_x, back_y = _rotated(centre_x, centre_y, -rotate)
    to_x, to_y = _rotated(min(max(back_x, -room_x), room_x), min(max(back_y, -room_y), room_y), rotate)
    left, upper = to_x + frame.width / 2 - width / 2, to_y + frame.height / 2 - height / 2
    return Box(floor(left + 0.5), floor(upper + 0.5), width, height)


def require_inside(box: Box, source: Size, rotate: float) -> Box:
    """The box, with an overhang of one pixel, which rounding explains, forgiven.

    Raises:
        OutsidePicture: it reaches further outside.
    """
    clamped = clamp_inside(box, source, rotate)
    moved = (abs(a - b) for a, b in zip(box.corners, clamped.corners, strict=True))
    if max(moved) > 1:
        frame = frame_size(source, rotate)
        raise OutsidePicture(frame_width=frame.width, frame_height=frame.height)
    return clamped


def has_ratio(box: Box, ratio: Fraction) -> bool:
    """Whether the box has the ratio, as nearly as whole pixels can.

    One side, computed from the other, may be off by at most a pixel.
    """
    return abs(box.width - box.height * ratio) <= 1 or abs(box.height - box.width / ratio) <= 1


def turn(selection: Selection, source: Size, degrees: Literal[90, -90], ratio: Fraction | None) -> Selection:
    """Turn what is seen by a quarter, clockwise for 90; the box goes along.

    With a ratio the box keeps its size around its turned centre, is shrunk to fit the new frame, and moved inside.
    """
    frame = frame_size(source, selection.rotate)
    box = selection.box
    if degrees == 90:
        turned = Box(frame.height - box.y - box.height, box.x, box.height, box.width)
    else:
        turned = Box(box.y, frame.width - box.x - box.width, box.height, box.width)
    rotate = normalized(selection.rotate + degrees)
    if ratio is not None:
        turned = _with_size(turned, box, source, rotate, ratio)
    return replace(selection, box=turned, rotate=rotate)


def mirror(selection: Selection, source: Size, axis: Axis) -> Selection:
    """Mirror what is seen: ``horizontal`` swaps left and right, also on a turned picture.

    A mirror after a turn is the mirror before the opposite turn: M·R(θ) = R(−θ)·M.
    """
    frame = frame_size(source, selection.rotate)
    box = selection.box
    rotate = normalized(-selection.rotate)
    if axis == "horizontal":
        mirrored = replace(box, x=frame.width - box.x - box.width)
        return replace(selection, box=mirrored, rotate=rotate, scale_x=-selection.scale_x)
    mirrored = replace(box, y=frame.height - box.y - box.height)
    return replace(selection, box=mirrored, rotate=rotate, scale_y=-selection.scale_y)


def source_region(selection: Selection, source: Size) -> Box:
    """The part of the upright picture that a selection turned by quarters shows: turned and mirrored back.

    Cropping this first and then mirroring and turning the small result gives the same pixels
    as mirroring and turning the whole picture.

    >>> source_region(Selection(Box(0, 0, 100, 50), rotate=90), Size(400, 300))
    Box(x=0, y=200, width=50, height=100)
    """
    while selection.rotate:
        selection = turn(selection, source, -90, None)
    box = selection.box
    return Box(
        box.x if selection.scale_x == 1 else source.width - box.x - box.width,
        box.y if selection.scale_y == 1 else source.height - box.y - box.height,
        box.width,
        box.height,
    )


def affine(selection: Selection, source: Size) -> tuple[float, float, float, float, float, float]:
    """How a point (x, y) of the selection's box, from its upper left corner, lies in the upright picture.

    The result (a, b, c, d, e, f) means (a·x + b·y + c, d·x + e·y + f), as in Pillow's ``Image.transform``.

    >>> affine(Selection(Box(10, 20, 100, 50)), Size(400, 300))
    (1.0, 0.0, 10.0, 0.0, 1.0, 20.0)
    """
    frame, box = frame_size(source, selection.rotate), selection.box
    cosine, sine = _cos_sin(selection.rotate)
    # Back by the turn about the common centre, then back by the mirror.
    a, b = selection.scale_x * cosine, selection.scale_x * sine
    d, e = 0.0 - selection.scale_y * sine, selection.scale_y * cosine
    from_x, from_y = box.x - frame.width / 2, box.y - frame.height / 2
    return a, b, a * from_x + b * from_y + source.width / 2, d, e, d * from_x + e * from_y + source.height / 2


def _with_size(around: Box, wanted: Box, source: Size, rotate: float, ratio: Fraction) -> Box:
    """A box of the wanted size and ratio about another's centre, shrunk to fit and moved inside."""
    across, along = _turned_extent(wanted.width, wanted.height, rotate)
    size = wanted if across <= source.width and along <= source.height else largest(source, rotate, ratio)
    # Doubled, so that a centre between two pixels stays whole.
    x = (2 * around.x + around.width - size.width) // 2
    y = (2 * around.y + around.height - size.height) // 2
    return clamp_inside(Box(x, y, size.width, size.height), source, rotate)


def _shrunk(box: Box, source: Size, rotate: float) -> tuple[int, int]:
    """The sides of a box, made smaller alike until it fits in a picture that lies askew.

    A side that would be less than a pixel stays one, and the other side makes room for it.
    """
    across, along = _turned_extent(box.width, box.height, rotate)
    fit = min(1, source.width / across, source.height / along)
    width, height = floor(box.width * fit + EPSILON_PX), max(1, floor(box.height * fit + EPSILON_PX))
    width = max(1, min(width, _longest_beside(height, source, rotate)))
    return width, min(height, _longest_beside(width, Size(source.height, source.width), rotate))


def _longest_beside(height: int, source: Size, rotate: float) -> int:
    """The largest width, at least a pixel, with which a box of a height fits in a picture that lies askew."""
    cosine, sine = (abs(each) for each in _cos_sin(rotate))
    widest = min((source.width - height * sine) / cosine, (source.height - height * cosine) / sine)
    return max(1, floor(widest + EPSILON_PX))


def _largest_upright(frame: Size, ratio: Fraction | None) -> tuple[int, int]:
    if ratio is None:
        return frame.width, frame.height
    if frame.width > frame.height * ratio:
        return _round(frame.height * ratio), frame.height
    return frame.width, _round(frame.width / ratio)


def _largest_of_any_ratio(source: Size, rotate: float) -> tuple[int, int]:
    """The largest area that a box can have in a picture that lies askew.

    Either two corners of the box touch the picture's two long sides, or all four touch a side each.
    """
    cosine, sine = (abs(each) for each in _cos_sin(rotate))
    long, short = max(source.width, source.height), min(source.width, source.height)
    if short <= 2 * sine * cosine * long + EPSILON_PX:
        half = short / 2
        width, height = (half / sine, half / cosine) if source.width >= source.height else (half / cosine, half / sine)
    else:
        double = cosine * cosine - sine * sine
        width = (source.width * cosine - source.height * sine) / double
        height = (source.height * cosine - source.width * sine) / double
    return floor(width + EPSILON_PX), floor(height + EPSILON_PX)


def _turned_extent(width: float, height: float, rotate: float) -> tuple[float, float]:
    """The width and height of the upright rectangle around one that is turned."""
    cosine, sine = (abs(each) for each in _cos_sin(rotate))
    return width * cosine + height * sine, width * sine + height * cosine


def _rotated(x: float, y: float, degrees: float) -> tuple[float, float]:
    """A point turned clockwise about the origin; y grows downwards."""
    cosine, sine = _cos_sin(degrees)
    return x * cosine - y * sine, x * sine + y * cosine


def _cos_sin(degrees: float) -> tuple[float, float]:
    """Cosine and sine, exact for quarter turns."""
    exact: dict[float, tuple[float, float]] = {0: (1.0, 0.0), 90: (0.0, 1.0), 180: (-1.0, 0.0), 270: (0.0, -1.0)}
    turned = degrees % 360
    return exact.get(turned) or (cos(radians(turned)), sin(radians(turned)))


def _round(value: Fraction) -> int:
    """Round half up, as JavaScript's ``Math.round`` does."""
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)
