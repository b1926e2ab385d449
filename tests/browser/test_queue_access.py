"""The queue by keyboard, by ear, and by the rules of WCAG that a machine can check."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import findings
from tests.browser.steps import photo
from tests.browser.uploading import (
    ADD,
    choose,
    expect_state,
    holding,
    large_picture,
    numbered,
    picture,
    row,
    wait_until,
)

PROBLEM = '<div class="problem" role="alert" tabindex="-1"><p class="problem__title">No</p><p>Not this one.</p></div>'


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_no_rule_is_broken_with_rows_in_each_state(visit, scheme: str, width: int) -> None:
    viewport = {"width": width, "height": 900}
    page: Page = visit(in_trouble=True, color_scheme=scheme, viewport=viewport, reduced_motion="reduce")
    choose(page, *numbered(1))
    expect(page.locator("li.card")).to_have_count(1)
    page.route(ADD, lambda route: route.fulfill(status=503, headers={"Retry-After": "60"}, body=""))
    choose(page, photo("pausing.png", picture(2), "image/png"))
    expect_state(page, "pausing.png", "pausing")
    page.unroute(ADD)
    page.route(ADD, lambda route: route.fulfill(status=403, content_type="text/html", body=PROBLEM))
    choose(page, photo("failed.png", picture(3), "image/png"))
    expect_state(page, "failed.png", "failed")
    page.unroute(ADD)
    choose(page, photo("notes.txt", b"just words", "text/plain"), photo("twin.png", picture(1), "image/png"))
    expect(page.locator("li.refusal")).to_have_count(2)
    with holding(page) as held:
        choose(page, *numbered(4, 5, 6, 7))
        wait_until(page, lambda: len(held) == 3, "three are sent")
        assert findings(page) == []
        page.context.set_offline(True)
        expect_state(page, "7.png", "offline")
        assert findings(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.context.set_offline(False)
        for route in held[:3]:
            route.continue_()
        # Of those that are done the frames go at once where nothing is to move.
        expect(page.locator("li.card")).to_have_count(4)
    assert findings(page) == []


def focused(page: Page) -> str:
    """What has the focus, by its name."""
    return page.evaluate("document.activeElement.ariaLabel ?? document.activeElement.innerText").strip()


def test_by_keyboard_alone(visit) -> None:
    """Choose, cancel one, have another refused, dismiss it, and go on to the card that came."""
    page: Page = visit()
    for _ in range(20):
        if page.locator("input[name=pictures]").evaluate("field => field === document.activeElement"):
            break
        page.keyboard.press("Tab")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    with holding(page) as held:
        chooser.value.set_files([*numbered(1), photo("notes.txt", b"just words", "text/plain"), *numbered(3, 4)])
        wait_until(page, lambda: len(held) == 3, "three are sent")
        page.keyboard.press("Tab")
        assert "Cancel all" in focused(page)
        page.keyboard.press("Tab")
        assert focused(page).startswith("Cancel")
        page.keyboard.press("Enter")
        # The row of the next one, not its button: pressed twice, Enter cancels one.
        assert focused(page) == "notes.txt"
        page.keyboard.press("Enter")
        expect(page.locator(".queue-row")).to_have_count(3)
        expect(page.locator("[data-said]")).to_have_text("“1.png” was cancelled.")
        held[1].continue_()
        expect(page.locator("li.refusal")).to_be_focused()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.locator("li.refusal")).to_have_count(0)
        assert focused(page) == "3.png"
        held[2].continue_()
        # The row goes, and the focus to what came of it.
        expect(page.locator("li.card").first).to_be_focused()


def test_a_row_is_a_group_with_the_files_name_and_so_is_its_bar(visit) -> None:
    page: Page = visit()
    with holding(page) as held:
        choose(page, photo("large.png", large_picture(), "image/png"))
        wait_until(page, lambda: len(held) == 1, "it is sent")
        group = page.get_by_role("group", name="large.png", exact=True)
        expect(group).to_be_visible()
        expect(group.get_by_role("progressbar", name="Progress of large.png")).to_be_visible()
        expect(group.get_by_role("button", name="Cancel large.png")).to_be_visible()
        expect(row(page, "large.png").locator("[role=status], [aria-live]")).to_have_count(0)
