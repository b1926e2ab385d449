"""The editor's own tools: straighten, take back, buttons for what can be dragged, keys."""

from collections.abc import Callable
from io import BytesIO

import pytest
from PIL import Image, ImageOps
from playwright.sync_api import Page, expect

from tests import photographs
from tests.browser.steps import assert_looks_like, await_server_preview, card_of, photo, set_number

Open = Callable[..., Page]


@pytest.fixture
def edit(visit) -> Open:
    """Open the editor on the photograph of a church, 500 × 667 px."""

    def open_editor(preset: str = "Free", **options: object) -> Page:
        page = visit(**options)
        page.get_by_label(preset, exact=False).first.check()
        page.locator("input[name=pictures]").set_input_files(photo("church.jpg", photographs.church_on_its_side()))
        card_of(page, "church.jpg").get_by_role("link", name="Edit").click()
        expect(page.locator("[data-stage]")).to_have_attribute("data-drawn", "")
        return page

    return open_editor


def numbers(page: Page) -> tuple[float, ...]:
    """The crop in the fields: x, y, width, height, and the turn."""
    return tuple(
        float(page.locator(f"input[name={name}]").input_value()) for name in ("x", "y", "width", "height", "rotate")
    )


def slide(page: Page, degrees: float) -> None:
    slider = page.get_by_label("Straighten")
    slider.evaluate(
        "(slider, value) => { slider.value = value; for (const kind of ['input', 'change']) "
        "slider.dispatchEvent(new Event(kind, { bubbles: true })); }",
        str(degrees),
    )


def test_straightening_keeps_the_crop_in_the_picture_and_its_ratio(edit) -> None:
    page = edit("Card")
    slide(page, 5)
    made = Image.open(BytesIO(await_server_preview(page)))
    _, _, width, height, rotate = numbers(page)
    assert rotate == 5
    assert width < 500
    assert abs(width / height - 16 / 9) < 0.01
    assert made.size == (width, height)
    # Back to straight the slider finds the picture as it was taken hold of, and the crop in its middle.
    slide(page, 0)
    await_server_preview(page)
    assert numbers(page)[4] == 0


def test_the_angle_can_be_typed(edit) -> None:
    page = edit()
    set_number(page, "Turn (degrees)", 187)
    await_server_preview(page)
    assert numbers(page)[4] == 187
    assert float(page.get_by_label("Straighten").input_value()) == 7


def test_the_slider_straightens_what_was_turned_by_a_quarter(edit) -> None:
    page = edit()
    page.get_by_role("button", name="Turn right").click()
    slide(page, -4.5)
    await_server_preview(page)
    assert numbers(page)[4] == 85.5
    page.get_by_role("button", name="Turn right").click()
    assert numbers(page)[4] == 175.5
    assert float(page.get_by_label("Straighten").input_value()) == -4.5


def test_every_change_can_be_taken_back_and_brought_again_also_after_a_reload(edit) -> None:
    page = edit()
    undo, redo = page.get_by_role("button", name="Undo"), page.get_by_role("button", name="Redo")
    expect(undo).to_be_disabled()
    states = [numbers(page)]
    for change in (
        lambda: set_number(page, "Width", 300),
        lambda: page.get_by_role("button", name="Turn left").click(),
        lambda: slide(page, 12),
        lambda: page.get_by_role("button", name="Swap left and right").click(),
    ):
        change()
        states.append(numbers(page))
    assert len(set(states)) == len(states)
    await_server_preview(page)
    page.reload()
    expect(page.locator("[data-stage]")).to_have_attribute("data-drawn", "")
    assert numbers(page) == states[-1]
    for state in reversed(states[:-1]):
        undo.click()
        assert numbers(page) == state
    expect(undo).to_be_disabled()
    for state in states[1:]:
        redo.click()
        assert numbers(page) == state
    expect(redo).to_be_disabled()
    page.locator("cropper-selection").focus()
    page.keyboard.press("Control+z")
    assert numbers(page) == states[-2]
    page.keyboard.press("Control+Shift+z")
    assert numbers(page) == states[-1]
    # What is seen at last is what the server has.
    upright = ImageOps.exif_transpose(Image.open(BytesIO(photographs.church_on_its_side())))
    for _ in range(4):
        undo.click()
    assert_looks_like(await_server_preview(page), upright)


def test_undo_in_a_number_field_takes_back_the_crop_not_the_digits(edit) -> None:
    page = edit()
    page.get_by_role("button", name="Turn left").click()
    set_number(page, "Width", 300)
    page.get_by_label("Height", exact=True).focus()
    page.keyboard.press("Control+z")
    assert numbers(page) == (0, 0, 667, 500, 270)


def test_the_crop_can_be_moved_and_sized_by_taps_alone(edit) -> None:
    page = edit("Profile")
    press = lambda name: page.get_by_role("button", name=name, exact=True).click()  # noqa: E731
    assert numbers(page)[:4] == (0, 83, 500, 500)
    # A fiftieth of 667 pixels.
    press("Down")
    assert numbers(page)[:4] == (0, 96, 500, 500)
    press("Up")
    press("Smaller")
    assert numbers(page)[:4] == (7, 90, 487, 487)
    press("To the left")
    assert numbers(page)[:4] == (0, 90, 487, 487)
    press("Up")
    press("Into the middle")
    assert numbers(page)[:4] == (7, 90, 487, 487)
    press("To the right")
    press("Larger")
    assert numbers(page)[:4] == (0, 84, 500, 500)
    press("Larger")
    assert numbers(page)[:4] == (0, 84, 500, 500)


def test_the_size_in_print_follows_the_crop(edit) -> None:
    page = edit()
    meter = page.locator("[data-meter]")
    expect(meter).to_have_text("Prints sharp up to 4.2 × 5.6 cm.")
    set_number(page, "Width", 236)
    expect(meter).to_have_text("Prints sharp up to 2 × 5.6 cm.")


def test_keys_move_and_size_the_crop_only_while_it_has_the_focus(edit) -> None:
    page = edit()
    set_number(page, "Width", 200)
    set_number(page, "Height", 200)
    page.get_by_role("button", name="Zoom in").focus()
    page.keyboard.press("ArrowRight")
    assert numbers(page)[:2] == (0, 0)
    page.locator("cropper-selection").focus()
    for keys, expected in (
        ("ArrowRight", (10, 0, 200, 200)),
        ("Alt+ArrowDown", (10, 1, 200, 200)),
        ("Control+ArrowRight", (110, 1, 200, 200)),
        ("Shift+ArrowDown", (110, 1, 200, 210)),
        ("Shift+Alt+ArrowLeft", (110, 1, 199, 210)),
    ):
        page.keyboard.press(keys)
        assert numbers(page)[:4] == expected
    expect(page.get_by_role("status").filter(has_text="pixels")).to_have_text(
        "199 by 210 pixels, 110 from the left, 1 from the top"
    )
