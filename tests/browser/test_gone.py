"""A picture that was stored or deleted in another tab: the page says so and goes on with the others."""

from playwright.sync_api import Page, expect

from tests import photographs
from tests.browser.steps import card_of, photo, set_number

GONE = "This picture is no longer on your sheet: it was stored or deleted, perhaps in another tab."


def added(page: Page, name: str, data: bytes) -> Page:
    page.locator("input[name=pictures]").set_input_files(photo(name, data))
    expect(card_of(page, name)).to_have_count(1)
    return page


def delete_elsewhere(page: Page, name: str) -> None:
    """Delete it as a browser does that tells this one nothing; another tab of the same would."""
    other = page.context.new_page()
    other.goto("/")
    draft = (card_of(other, name).get_attribute("id") or "").removeprefix("draft-")
    token = other.locator("input[name=csrfmiddlewaretoken]").first.input_value()
    other.close()
    assert page.request.post(f"/drafts/{draft}/discard/", form={"csrfmiddlewaretoken": token}).ok


def test_a_text_of_a_picture_that_is_gone_says_so_in_its_card(visit) -> None:
    page = added(visit(in_trouble=True), "flower.jpg", photographs.flower())
    delete_elsewhere(page, "flower.jpg")
    card = card_of(page, "flower.jpg")
    card.get_by_label("Title").fill("Plumeria")
    card.get_by_label("Title").press("Tab")
    expect(card.get_by_role("alert")).to_contain_text(GONE)
    expect(card.locator("main, h1, nav")).to_have_count(0)
    card.get_by_role("link", name="Back to your sheet").click()
    expect(card_of(page, "flower.jpg")).to_have_count(0)


def test_the_editor_of_a_picture_that_is_gone_says_so(visit) -> None:
    page = added(visit(in_trouble=True), "flower.jpg", photographs.flower())
    card_of(page, "flower.jpg").get_by_role("link", name="Edit").click()
    delete_elsewhere(page, "flower.jpg")
    set_number(page, "Width", 200)
    expect(page.locator("[data-errors]")).to_contain_text(GONE)
    expect(page.locator("crop-editor")).to_have_attribute("data-state", "failed")
