"""What is refused before or while it arrives is said in the page, whatever the browser was sending at that moment."""

from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests import photographs
from tests.browser.steps import photo


def large_picture() -> bytes:
    """18 MB that are a picture: more than any buffer between browser and server."""
    file = BytesIO()
    Image.effect_noise((3000, 2000), 100).convert("RGB").save(file, "PNG", compress_level=0)
    return file.getvalue()


@pytest.mark.parametrize("data", [photographs.flower, large_picture], ids=["small", "large"])
def test_an_upload_that_is_refused_before_its_body_is_read_says_why(visit, data) -> None:
    page: Page = visit()
    page.context.clear_cookies()
    page.locator("input[name=pictures]").set_input_files(photo("flower.jpg", data()))
    row = page.locator(".queue-row")
    expect(row).to_have_attribute("data-state", "failed")
    expect(row).to_contain_text("it could not be told to be yours")


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without"])
def test_the_same_picture_twice_is_kept_twice_on_demand(visit, script: bool) -> None:
    page: Page = visit(java_script_enabled=script)

    def add(name: str) -> None:
        page.locator("input[name=pictures]").set_input_files(photo(name, photographs.flower()))
        if not script:
            page.get_by_role("button", name="Add pictures").click()

    add("first.jpg")
    expect(page.locator("li.card")).to_have_count(1)
    add("second.jpg")
    refusal = page.locator("li.refusal")
    expect(refusal).to_contain_text("You have already added this picture, as “first.jpg”.")
    refusal.get_by_role("button", name="Keep both").click()
    expect(page.locator("li.card")).to_have_count(2)
    expect(page.locator("li.card").last).to_contain_text("second.jpg")
    expect(page.locator("li.refusal")).to_have_count(0)
