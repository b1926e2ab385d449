"""Texts on the sheet: what was typed is there again, however the page was left."""

from playwright.sync_api import expect

from tests import photographs
from tests.browser.steps import card_of, photo


def test_a_title_that_was_typed_just_before_a_reload_is_not_lost(visit) -> None:
    page = visit()
    page.locator("input[name=pictures]").set_input_files(photo("flower.jpg", photographs.flower()))
    title = card_of(page, "flower.jpg").get_by_label("Title")
    title.press_sequentially("Plumeria")
    page.reload()
    expect(card_of(page, "flower.jpg").get_by_label("Title")).to_have_value("Plumeria")
    # And it is saved: another page of the same person has it too.
    expect(card_of(page, "flower.jpg").get_by_text("Saved")).to_be_visible()
    other = page.context.new_page()
    other.goto("/")
    expect(card_of(other, "flower.jpg").get_by_label("Title")).to_have_value("Plumeria")


def test_what_was_typed_does_not_come_back_over_a_newer_text(visit) -> None:
    page = visit()
    page.locator("input[name=pictures]").set_input_files(photo("flower.jpg", photographs.flower()))
    field = card_of(page, "flower.jpg").get_by_label("Title")
    field.fill("Plumeria")
    expect(card_of(page, "flower.jpg").get_by_text("Saved")).to_be_visible()
    page.evaluate(
        "name => sessionStorage.setItem('typed texts', JSON.stringify({ [name]: { shown: '', value: 'older' } }))",
        field.get_attribute("name"),
    )
    page.reload()
    expect(card_of(page, "flower.jpg").get_by_label("Title")).to_have_value("Plumeria")
