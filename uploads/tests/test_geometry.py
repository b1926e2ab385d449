"""Geometry: the golden vectors, the laws, and Pillow as an independent witness."""

import json
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from uploads.errors import NotASelection, OutsidePicture
from uploads.geometry import (
    Box,
    Selection,
    Size,
    affine,
    clamp_inside,
    frame_size,
    has_ratio,
    largest,
    mirror,
    require_inside,
    source_region,
    turn,
)

VECTORS = json.loads(Path(__file__).with_name("geometry_vectors.json").read_text())


def vectors(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("vector", VECTORS[name], ids=json.dumps)


def ratio_of(numbers: list[int] | None) -> Fraction | None:
    return None if numbers is None else Fraction(*numbers)


def selection_of(numbers: list[int]) -> Selection:
    return Selection(Box(*numbers[:4]), *numbers[4:])


# --- The golden vectors -------------------------------------------------------------------


@vectors("frame_size")
def test_frame_size(vector):
    assert frame_size(Size(*vector["source"]), vector["rotate"]) == Size(*vector["frame"])


@vectors("largest")
def test_largest(vector):
    assert largest(Size(*vector["frame"]), 0, ratio_of(vector["ratio"])) == Box(*vector["box"])


@vectors("clamp_inside")
def test_clamp_inside(vector):
    assert clamp_inside(Box(*vector["box"]), Size(*vector["frame"]), 0) == Box(*vector["clamped"])


@vectors("turn")
def test_turn(vector):
    selection, source = selection_of(vector["selection"]), Size(*vector["source"])
    turned = turn(selection, source, vector["degrees"], ratio_of(vector["ratio"]))
    assert turned == selection_of(vector["turned"])


@vectors("mirror")
def test_mirror(vector):
    selection, source = selection_of(vector["selection"]), Size(*vector["source"])
    assert mirror(selection, source, vector["axis"]) == selection_of(vector["mirrored"])


@vectors("has_ratio")
def test_has_ratio(vector):
    assert has_ratio(Box(*vector["box"]), ratio_of(vector["ratio"])) is vector["ok"]


# --- Laws -----------------------------------------------------------------------------------

sides = st.integers(1, 500)
sizes = st.builds(Size, sides, sides)
ratios = st.builds(Fraction, st.integers(1, 40), st.integers(1, 40))
places = st.integers(-800, 800)
boxes = st.builds(Box, places, places, sides, sides)
axes = st.sampled_from(["horizontal", "vertical"])
quarters = st.sampled_from([90, -90])


@st.composite
def pictures_and_selections(draw, largest_side: int = 500) -> tuple[Size, Selection]:
    """A picture's size and a selection that lies inside it."""
    lengths = st.integers(1, largest_side)
    source, rotate = Size(draw(lengths), draw(lengths)), draw(st.sampled_from([0, 90, 180, 270]))
    frame = frame_size(source, rotate)
    x, y = draw(st.integers(0, frame.width - 1)), draw(st.integers(0, frame.height - 1))
    width, height = draw(st.integers(1, frame.width - x)), draw(st.integers(1, frame.height - y))
    signs = st.sampled_from([1, -1])
    return source, Selection(Box(x, y, width, height), rotate, draw(signs), draw(signs))


def is_inside(box: Box, frame: Size) -> bool:
    left, upper, right, lower = box.corners
    return 0 <= left < right <= frame.width and 0 <= upper < lower <= frame.height


@given(pictures_and_selections(), quarters)
def test_turning_four_times_changes_nothing(case, degrees):
    source, selection = case
    turned = selection
    for _ in range(4):
        turned = turn(turned, source, degrees, None)
    assert turned == selection


@given(pictures_and_selections(), quarters)
def test_turning_there_and_back_changes_nothing(case, degrees):
    source, selection = case
    assert turn(turn(selection, source, degrees, None), source, -degrees, None) == selection


@given(pictures_and_selections(), axes)
def test_mirroring_twice_changes_nothing(case, axis):
    source, selection = case
    assert mirror(mirror(selection, source, axis), source, axis) == selection


@given(pictures_and_selections())
def test_mirroring_both_ways_is_a_half_turn(case):
    source, selection = case
    both = mirror(mirror(selection, source, "horizontal"), source, "vertical")
    half = turn(turn(selection, source, 90, None), source, 90, None)
    assert both.box == half.box
    assert source_region(both, source) == source_region(half, source)


@given(pictures_and_selections(), quarters, axes)
def test_turning_and_mirroring_show_the_same_part(case, degrees, axis):
    source, selection = case
    region = source_region(selection, source)
    assert source_region(turn(selection, source, degrees, None), source) == region
    assert source_region(mirror(selection, source, axis), source) == region


@given(pictures_and_selections(), quarters, ratios)
def test_a_turned_selection_stays_inside_also_with_a_ratio(case, degrees, ratio):
    source, selection = case
    turned = turn(selection, source, degrees, ratio)
    assert is_inside(turned.box, frame_size(source, turned.rotate))


@given(sizes, quarters, ratios)
def test_a_selection_in_a_ratio_keeps_it_when_turned(source, degrees, ratio):
    selection = Selection(largest(source, 0, ratio))
    assume(has_ratio(selection.box, ratio))
    assert has_ratio(turn(selection, source, degrees, ratio).box, ratio)


@given(pictures_and_selections(), quarters, ratios)
def test_a_selection_that_still_fits_keeps_its_size_when_turned_in_a_ratio(case, degrees, ratio):
    source, selection = case
    box, frame = selection.box, frame_size(source, selection.rotate + degrees)
    assume(box.width <= frame.width and box.height <= frame.height)
    turned = turn(selection, source, degrees, ratio)
    assert (turned.box.width, turned.box.height) == (box.width, box.height)


@given(boxes, sizes)
def test_a_clamped_box_lies_inside(box, frame):
    assert is_inside(clamp_inside(box, frame, 0), frame)


@given(boxes, sizes)
def test_a_box_that_lies_inside_is_not_moved(box, frame):
    clamped = clamp_inside(box, frame, 0)
    assert clamp_inside(clamped, frame, 0) == clamped
    assert (clamped == box) is is_inside(box, frame)


@given(sizes, ratios)
def test_the_largest_box_lies_inside_centred(frame, ratio):
    box = largest(frame, 0, ratio)
    assert is_inside(box, frame)
    right, lower = frame.width - box.x - box.width, frame.height - box.y - box.height
    assert 0 <= right - box.x <= 1
    assert 0 <= lower - box.y <= 1


@given(sizes, ratios)
def test_the_largest_box_has_the_ratio_and_cannot_grow(frame, ratio):
    box = largest(frame, 0, ratio)
    # A sliver thinner than half a pixel still gets one pixel.
    assume(frame.height * ratio >= 1 and frame.width / ratio >= 1)
    assert has_ratio(box, ratio)
    assert box.width == frame.width or box.height == frame.height


@given(sizes)
def test_without_a_ratio_the_largest_box_is_all(frame):
    assert largest(frame, 0, None) == Box(0, 0, frame.width, frame.height)


@pytest.mark.parametrize("box", [(-1, 0, 10, 10), (0, -1, 10, 10), (391, 0, 10, 10), (0, 291, 10, 10)], ids=str)
def test_one_pixel_outside_is_forgiven_and_two_are_not(box):
    frame, (x, y, width, height) = Size(400, 300), box
    assert is_inside(require_inside(Box(*box), frame, 0), frame)
    further = Box(x + (x > 0) - (x < 0), y + (y > 0) - (y < 0), width, height)
    with pytest.raises(OutsidePicture):
        require_inside(further, frame, 0)


@given(boxes, sizes)
def test_a_box_is_forgiven_one_pixel_and_no_more(box, frame):
    left, upper, right, lower = box.corners
    overhang = max(-left, -upper, right - frame.width, lower - frame.height)
    if overhang > 1:
        with pytest.raises(OutsidePicture) as refused:
            require_inside(box, frame, 0)
        assert refused.value.evidence == {"frame_width": frame.width, "frame_height": frame.height}
    else:
        assert is_inside(require_inside(box, frame, 0), frame)


# --- Pillow as a witness ------------------------------------------------------------------


def numbered(size: Size) -> Image.Image:
    """A picture in which each pixel is different."""
    image = Image.new("I", (size.width, size.height))
    image.putdata(range(size.width * size.height))
    return image


def seen(image: Image.Image, selection: Selection) -> Image.Image:
    """The picture as the page shows it: mirrored, then turned clockwise."""
    image = ImageOps.mirror(image) if selection.scale_x == -1 else image
    image = ImageOps.flip(image) if selection.scale_y == -1 else image
    return image.rotate(-selection.rotate, expand=True)


@given(pictures_and_selections(largest_side=9))
def test_the_source_region_holds_the_pixels_that_the_selection_shows(case):
    source, selection = case
    image = numbered(source)
    shown = seen(image, selection).crop(selection.box.corners)
    assert seen(image.crop(source_region(selection, source).corners), selection).tobytes() == shown.tobytes()


@given(pictures_and_selections(largest_side=9), quarters)
def test_a_turn_turns_what_is_seen(case, degrees):
    source, selection = case
    image, turned = numbered(source), turn(selection, source, degrees, None)
    before, after = seen(image, selection), seen(image, turned)
    assert after.tobytes() == before.rotate(-degrees, expand=True).tobytes()
    crop = before.crop(selection.box.corners).rotate(-degrees, expand=True)
    assert after.crop(turned.box.corners).tobytes() == crop.tobytes()


@given(pictures_and_selections(largest_side=9), axes)
def test_a_mirror_mirrors_what_is_seen_also_on_a_turned_picture(case, axis):
    source, selection = case
    flip = ImageOps.mirror if axis == "horizontal" else ImageOps.flip
    image, mirrored = numbered(source), mirror(selection, source, axis)
    before, after = seen(image, selection), seen(image, mirrored)
    assert after.tobytes() == flip(before).tobytes()
    crop = flip(before.crop(selection.box.corners))
    assert after.crop(mirrored.box.corners).tobytes() == crop.tobytes()


# --- Refusals -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "numbers",
    [
        (0, 0, 0, 10),
        (0, 0, 10, 0),
        (0, 0, -5, 10),
        (0, 0, 10, 10, 360),
        (0, 0, 10, 10, -90),
        (0, 0, 10, 10, 0, 0),
        (0, 0, 10, 10, 0, 2),
        (0, 0, 10, 10, 0, 1, 0),
        (0, 0, 10, 10, 0, 1, -2),
    ],
    ids=str,
)
def test_a_selection_refuses_nonsense(numbers):
    with pytest.raises(NotASelection):
        selection_of(list(numbers))


# --- Askew: any angle ---------------------------------------------------------------------


@vectors("frame_size_askew")
def test_frame_size_askew(vector):
    assert frame_size(Size(*vector["source"]), vector["rotate"]) == Size(*vector["frame"])


@vectors("largest_askew")
def test_largest_askew(vector):
    box = largest(Size(*vector["source"]), vector["rotate"], ratio_of(vector["ratio"]))
    assert box == Box(*vector["box"])


@vectors("clamp_askew")
def test_clamp_askew(vector):
    box = clamp_inside(Box(*vector["box"]), Size(*vector["source"]), vector["rotate"])
    assert box == Box(*vector["clamped"])


@vectors("affine")
def test_affine(vector):
    assert affine(selection_of(vector["selection"]), Size(*vector["source"])) == pytest.approx(vector["affine"])


angles = st.integers(0, 35_999).map(lambda hundredths: hundredths / 100)
roomy_sizes = st.builds(Size, st.integers(20, 5000), st.integers(20, 5000))


def corners_in_picture(selection: Selection, source: Size) -> list[tuple[float, float]]:
    a, b, c, d, e, f = affine(selection, source)
    box = selection.box
    return [(a * x + b * y + c, d * x + e * y + f) for x in (0, box.width) for y in (0, box.height)]


def overhang(selection: Selection, source: Size) -> float:
    """By how many pixels a corner lies outside of the picture; negative if all lie inside."""
    places = corners_in_picture(selection, source)
    return max(max(-x, -y, x - source.width, y - source.height) for x, y in places)


@given(roomy_sizes, angles, boxes, st.sampled_from([1, -1]), st.sampled_from([1, -1]))
def test_askew_a_clamped_box_lies_inside_within_a_pixel(source, rotate, box, scale_x, scale_y):
    clamped = clamp_inside(box, source, rotate)
    assert overhang(Selection(clamped, rotate, scale_x, scale_y), source) <= 1
    require_inside(clamped, source, rotate)


@given(roomy_sizes, angles, ratios)
def test_askew_the_largest_box_lies_inside_and_cannot_grow(source, rotate, ratio):
    box = largest(source, rotate, ratio)
    assert overhang(Selection(box, rotate), source) <= 1
    assume(min(box.width, box.height) > 4)
    assert has_ratio(box, ratio)
    grown = Box(box.x - 2, box.y - 2, box.width + 4, box.height + 4)
    assert overhang(Selection(grown, rotate), source) > 0


@given(roomy_sizes, angles)
def test_askew_no_ratio_has_a_larger_area(source, rotate):
    """The box of any ratio against boxes of many ratios."""
    any_ratio = largest(source, rotate, None)
    assert overhang(Selection(any_ratio, rotate), source) <= 1
    others = (largest(source, rotate, Fraction(*sides)) for sides in ((1, 1), (3, 2), (2, 3), (16, 9), (1, 3), (5, 1)))
    # Whole pixels: a row and a column less at most.
    least = (any_ratio.width + 1) * (any_ratio.height + 1)
    assert all(other.width * other.height <= least for other in others)


@given(roomy_sizes, angles)
def test_the_frame_holds_the_turned_picture_and_no_more(source, rotate):
    frame = frame_size(source, rotate)
    whole = Selection(Box(0, 0, frame.width, frame.height), rotate)
    places = corners_in_picture(whole, source)
    # Every corner of the picture is in the frame: its own corners, seen from the picture, lie outside or on it.
    assert overhang(whole, source) >= -1e-6
    assert frame_size(source, (rotate + 180) % 360) == frame
    if rotate % 90:
        assert any(x < 0.5 or x > source.width - 0.5 for x, _ in places)


@given(roomy_sizes, angles, quarters, axes)
def test_askew_four_turns_and_two_mirrors_change_nothing(source, rotate, degrees, axis):
    selection = Selection(largest(source, rotate, None), rotate)
    turned = selection
    for _ in range(4):
        turned = turn(turned, source, degrees, None)
    assert turned.box == selection.box
    assert turned.rotate == rotate
    mirrored = mirror(mirror(selection, source, axis), source, axis)
    assert mirrored.box == selection.box


@given(roomy_sizes, angles, axes)
def test_askew_a_mirror_shows_the_same_part(source, rotate, axis):
    selection = Selection(largest(source, rotate, Fraction(3, 2)), rotate)
    before = corners_in_picture(selection, source)
    after = corners_in_picture(mirror(selection, source, axis), source)
    assert all(any(abs(x - u) < 0.01 and abs(y - v) < 0.01 for u, v in after) for x, y in before)


@given(pictures_and_selections())
def test_affine_agrees_with_the_region_of_quarter_turns(case):
    source, selection = case
    region = source_region(selection, source)
    places = corners_in_picture(selection, source)
    left, upper, right, lower = region.corners
    assert {(round(x), round(y)) for x, y in places} == {(x, y) for x in (left, right) for y in (upper, lower)}


@pytest.mark.parametrize("rotate", [float("nan"), float("inf"), -1, 360])
def test_an_angle_that_is_none_is_refused(rotate):
    with pytest.raises(NotASelection):
        Selection(Box(0, 0, 10, 10), rotate)
