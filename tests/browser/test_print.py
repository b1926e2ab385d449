"""A sheet on paper: the frames and what was written, nothing that could be pressed."""

from playwright.sync_api import Page, expect

from tests import photographs
from tests.browser.steps import card_of, photo


def test_a_printed_sheet_has_frames_and_texts_and_no_controls(visit) -> None:
    page: Page = visit(color_scheme="dark")
    page.locator("input[name=pictures]").set_input_files(photo("flower.jpg", photographs.flower()))
    card = card_of(page, "flower.jpg")
    card.get_by_label("Title").fill("Plumeria")
    page.emulate_media(media="print")
    expect(card.locator(".film__window img")).to_be_visible()
    expect(card.get_by_label("Title")).to_be_visible()
    expect(card.get_by_label("Alternative text")).to_be_hidden()
    for control in page.locator("main :is(button, a, input[type=file], input[type=checkbox], summary)").all():
        expect(control).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
