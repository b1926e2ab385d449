"""The same way with JavaScript off: plain forms, number fields, buttons that the server understands."""

import re
from io import BytesIO

from PIL import Image, ImageOps
from playwright.sync_api import expect

from tests import photographs
from tests.browser.steps import assert_looks_like, card_of, fetch_preview, photo
from tests.site import Site


def test_from_the_picker_to_the_bucket(visit, site: Site) -> None:
    before = set(site.keys())
    page = visit(java_script_enabled=False)
    page.locator("input[name=pictures]").set_input_files(
        [
            photo("church.jpg", photographs.church_on_its_side()),
            photo("flower.jpg", photographs.flower()),
            photo("notes.txt", b"just words", "text/plain"),
        ]
    )
    page.get_by_role("button", name="Add pictures").click()
    expect(page.locator("li.card")).to_have_count(2)
    expect(page.locator("li.refusal")).to_contain_text("not a picture")

    card_of(page, "church.jpg").get_by_role("link", name="Edit").click()
    expect(page.locator(".stage__plain")).to_be_visible()
    page.get_by_role("button", name="Turn right").click()
    expect(page.get_by_label("Width", exact=True)).to_have_value("667")
    for label, value in (("Width", 300), ("Height", 200), ("From the left", 100), ("From the top", 50)):
        page.get_by_label(label, exact=True).fill(str(value))
    page.get_by_role("button", name="Update preview").click()
    expect(page.locator("#preview")).to_contain_text("300 × 200")
    page.get_by_label("From the left", exact=True).fill("500")
    page.get_by_role("button", name="Update preview").click()
    expect(page.get_by_role("alert")).to_contain_text("reaches outside the picture, which is 667 × 500 pixels")
    page.get_by_label("From the left", exact=True).fill("110")
    page.get_by_role("button", name="Done").click()

    card_of(page, "flower.jpg").get_by_label("Title").fill("Plumeria")
    card_of(page, "flower.jpg").get_by_role("link", name="Replace").click()
    page.locator("#replace input[type=file]").set_input_files(photo("airplane.jpg", photographs.airplane()))
    page.get_by_role("button", name="Replace", exact=True).click()
    page.get_by_role("link", name="Back to the sheet").click()
    card_of(page, "airplane.jpg").get_by_role("button", name="Delete").click()
    expect(page.locator("li.card")).to_have_count(1)

    assert set(site.keys()) == before
    preview = fetch_preview(page, "church.jpg")
    card_of(page, "church.jpg").get_by_label("Alternative text").fill("A church tower")
    card_of(page, "church.jpg").get_by_role("button", name="Confirm this one").click()
    expect(page).to_have_url(re.compile(r"/images/[0-9a-f-]{36}/$"))
    expect(page.get_by_alt_text("A church tower")).to_be_visible()
    (key,) = set(site.keys()) - before
    assert site.read(key) == preview
    church = ImageOps.exif_transpose(Image.open(BytesIO(photographs.church_on_its_side())))
    assert_looks_like(preview, church.rotate(-90, expand=True).crop((110, 50, 410, 250)))

    page.get_by_text("Delete this picture").click()
    page.get_by_role("button", name=re.compile("^Delete")).last.click()
    expect(page).to_have_url(re.compile(r"/images/$"))
    assert set(site.keys()) == before
