"""Take the README's screenshots anew: ``CHROMIUM=chromium .venv/bin/python -m docs.screenshots`` (after ./test)."""

import os
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests import photographs
from tests.browser.steps import card_of, photo
from tests.conftest import FLAGS
from tests.site import running_site

HERE = Path(__file__).resolve().parent


def take(page: Page) -> None:
    """Walk from the sheet to the library, with a picture of each."""
    page.goto("/")
    page.locator("input[name=pictures]").set_input_files(
        [
            photo("still-life.jpg", photographs.still_life()),
            photo("prague.jpg", photographs.church_on_its_side()),
            photo("plumeria.jpg", photographs.flower()),
        ]
    )
    card_of(page, "plumeria.jpg").wait_for()
    page.wait_for_load_state("networkidle")
    page.locator("#cards").scroll_into_view_if_needed()
    page.screenshot(path=HERE / "sheet.jpg", type="jpeg", quality=85)
    card_of(page, "still-life.jpg").get_by_role("link", name="Edit").click()
    for label, value in (("Width", 900), ("Height", 700), ("From the left", 560), ("From the top", 200)):
        page.get_by_label(label, exact=True).fill(str(value))
        page.get_by_label(label, exact=True).press("Tab")
    page.wait_for_selector("crop-editor[data-state=shown]")
    page.screenshot(path=HERE / "editor.jpg", type="jpeg", quality=85)


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as directory,
        running_site(Path(directory)) as site,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=FLAGS)
        take(browser.new_page(base_url=site.url, viewport={"width": 1280, "height": 860}))
        browser.close()


if __name__ == "__main__":
    main()
