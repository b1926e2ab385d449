"""What was done last survives a reload that is faster than its request, and another tab's doing."""

from collections.abc import Callable

from playwright.sync_api import Page, Route, expect

from tests import photographs
from tests.browser.steps import await_server_preview, card_of, photo, set_number


def add_flower(page: Page) -> Page:
    """The photograph of a flower, 480 × 360 px."""
    page.locator("input[name=pictures]").set_input_files(photo("flower.jpg", photographs.flower()))
    expect(card_of(page, "flower.jpg")).to_have_count(1)
    return page


def open_editor(page: Page) -> Page:
    card_of(page, "flower.jpg").get_by_role("link", name="Edit").click()
    expect(page.locator("[data-stage]")).to_have_attribute("data-drawn", "")
    return page


def lose_posts(page: Page) -> Callable[[], None]:
    """Let no POST arrive, as if a reload overtook them, until the function returned is called."""

    def lose(route: Route) -> None:
        if route.request.method == "POST":
            route.abort()
        else:
            route.continue_()

    page.route("**/drafts/**", lose)
    return lambda: page.unroute("**/drafts/**")


# --- Crops ----------------------------------------------------------------------------------


def width_of(page: Page) -> str:
    return page.get_by_label("Width", exact=True).input_value()


def test_a_number_survives_a_reload_at_once(visit) -> None:
    page = open_editor(add_flower(visit()))
    set_number(page, "Width", 200)
    page.reload()
    expect(page.get_by_label("Width", exact=True)).to_have_value("200")
    await_server_preview(page)
    # A further change goes on from there, and nothing older comes after it.
    set_number(page, "Height", 150)
    await_server_preview(page)
    page.reload()
    assert (width_of(page), page.get_by_label("Height", exact=True).input_value()) == ("200", "150")


def test_a_number_survives_a_reload_that_overtakes_its_request(visit) -> None:
    page = open_editor(add_flower(visit(in_trouble=True)))
    go_on = lose_posts(page)
    set_number(page, "Width", 200)
    page.reload()
    go_on()
    # The request of before was lost: the page that was loaded had the older crop.
    expect(page.get_by_label("Width", exact=True)).to_have_value("200")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_label("Width", exact=True)).to_have_value("480")
    page.get_by_role("button", name="Redo").click()
    await_server_preview(page)
    page.evaluate("sessionStorage.clear()")
    page.reload()
    assert width_of(page) == "200"


def test_a_crop_of_another_tab_is_not_overwritten_unasked(visit) -> None:
    page = open_editor(add_flower(visit()))
    other = page.context.new_page()
    other.goto(page.url)
    set_number(page, "Width", 200)
    await_server_preview(page)

    set_number(other, "Width", 300)
    notice = other.locator("[data-errors]")
    expect(notice).to_contain_text("Another crop of this picture was saved meanwhile")
    notice.get_by_role("link", name="Load the newer one").click()
    expect(other.get_by_label("Width", exact=True)).to_have_value("200")

    set_number(other, "Width", 300)
    await_server_preview(other)
    set_number(page, "Width", 250)
    page.get_by_role("button", name="Keep mine").click()
    await_server_preview(page)
    expect(page.locator("[data-errors] > *")).to_have_count(0)
    set_number(page, "Width", 240)
    await_server_preview(page)
    other.reload()
    expect(other.get_by_label("Width", exact=True)).to_have_value("240")


def test_without_javascript_a_crop_of_another_tab_is_not_overwritten_unasked(visit) -> None:
    page = visit(java_script_enabled=False)
    page.locator("input[name=pictures]").set_input_files(photo("flower.jpg", photographs.flower()))
    page.get_by_role("button", name="Add pictures").click()
    card_of(page, "flower.jpg").get_by_role("link", name="Edit").click()
    other = page.context.new_page()
    other.goto(page.url)
    other.get_by_label("Width", exact=True).fill("200")
    other.get_by_role("button", name="Update preview").click()
    page.get_by_label("Width", exact=True).fill("300")
    page.get_by_role("button", name="Update preview").click()
    expect(page.get_by_role("alert")).to_contain_text("Another crop of this picture was saved meanwhile")
    page.get_by_role("button", name="Keep mine").click()
    expect(page.locator("#preview")).to_contain_text("300 × 360")
    expect(page.get_by_role("alert")).to_have_count(0)
