"""The whole way of several pictures, by mouse: add, crop, turn, edit again, replace, delete, confirm."""

import re
from hashlib import sha256
from io import BytesIO

import pytest
from PIL import Image, ImageOps
from playwright.sync_api import expect

from tests import photographs
from tests.browser.steps import assert_looks_like, await_server_preview, card_of, fetch_preview, photo, set_number
from tests.site import Site


def test_three_photographs_from_the_picker_to_the_bucket(visit, site: Site) -> None:
    before = set(site.keys())
    page = visit()
    page.locator("input[name=pictures]").set_input_files(
        [
            photo("still life.jpg", photographs.still_life()),
            photo("still life.png", photographs.still_life_as_png(), "image/png"),
            photo("church.jpg", photographs.church_on_its_side()),
        ]
    )
    expect(page.locator("li.card")).to_have_count(3)
    for name, tier in (("still life.jpg", "memory"), ("still life.png", "disk"), ("church.jpg", "memory")):
        card = card_of(page, name)
        card.get_by_text("Where is it?").click()
        expect(card.locator("dd").first).to_have_text(tier)

    # Crop the first by numbers, turn it, and edit it again.
    card_of(page, "still life.jpg").get_by_role("link", name="Edit").click()
    for label, value in (("Width", 600), ("Height", 400), ("From the left", 900), ("From the top", 300)):
        set_number(page, label, value)
    page.get_by_role("button", name="Turn right").click()
    await_server_preview(page)
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your sheet")
    card_of(page, "still life.jpg").get_by_role("link", name="Edit").click()
    expect(page.get_by_label("Width", exact=True)).to_have_value("400")
    expect(page.get_by_label("Height", exact=True)).to_have_value("600")
    set_number(page, "Height", 500)
    await_server_preview(page)
    page.get_by_role("button", name="Done").click()

    # Replace the second by a smaller one, and delete nothing but a fourth.
    card_of(page, "still life.png").get_by_role("link", name="Replace").click()
    page.locator("#replace input[type=file]").set_input_files(photo("flower.jpg", photographs.flower()))
    page.get_by_role("button", name="Replace", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("flower.jpg")
    page.get_by_role("link", name="Back to the sheet").click()
    page.locator("input[name=pictures]").set_input_files(photo("airplane.jpg", photographs.airplane()))
    expect(page.locator("li.card")).to_have_count(4)
    card_of(page, "airplane.jpg").get_by_role("button", name="Delete").click()
    expect(page.locator("li.card")).to_have_count(3)

    # A reload loses nothing; so far nothing is in the bucket.
    page.reload()
    expect(page.locator("li.card")).to_have_count(3)
    assert set(site.keys()) == before
    previews = {name: fetch_preview(page, name) for name in ("still life.jpg", "flower.jpg", "church.jpg")}

    drafts = page.locator("li.card").evaluate_all("cards => cards.map((card) => card.id.replace('draft-', ''))")
    assert all(any(draft in name for name in site.draft_files()) for draft in drafts)
    page.get_by_role("button", name="Confirm 3 pictures").click()
    expect(page).to_have_url(re.compile(r"/images/$"))
    expect(page.locator(".print")).to_have_count(3)
    stored = [site.read(key) for key in set(site.keys()) - before]
    assert sorted(sha256(data).hexdigest() for data in stored) == sorted(
        sha256(data).hexdigest() for data in previews.values()
    )
    # An independent crop: turn the photograph, then cut. The turned box was 400 × 600 at (1072 − 300 − 400, 900).
    still_life = photographs.still_life_in_srgb().rotate(-90, expand=True)
    assert_looks_like(previews["still life.jpg"], still_life.crop((372, 900, 772, 1400)))
    church = ImageOps.exif_transpose(Image.open(BytesIO(photographs.church_on_its_side())))
    assert church.size == (500, 667)
    assert_looks_like(previews["church.jpg"], church)
    assert_looks_like(previews["flower.jpg"], Image.open(BytesIO(photographs.flower())))
    assert not any(draft in name for name in site.draft_files() for draft in drafts)


def test_a_drag_moves_the_crop_and_never_leaves_the_picture(visit) -> None:
    page = visit()
    page.get_by_label("Card", exact=False).first.check()
    page.locator("input[name=pictures]").set_input_files(photo("church.jpg", photographs.church_on_its_side()))
    card_of(page, "church.jpg").get_by_role("link", name="Edit").click()
    # 500 × 667 in 16:9: the largest is 500 × 281 in the middle.
    expect(page.get_by_label("From the top", exact=True)).to_have_value("193")
    selection = page.locator("cropper-selection")
    expect(selection).to_be_visible()
    box = selection.bounding_box()
    assert box is not None
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 300, middle[1] - 900, steps=8)
    page.mouse.up()
    await_server_preview(page)
    values = {name: page.locator(f"input[name={name}]").input_value() for name in ("x", "y", "width", "height")}
    assert values == {"x": "0", "y": "0", "width": "500", "height": "281"}


@pytest.mark.parametrize("adjustments", [["Turn left"], ["Turn right", "Swap left and right"], ["Swap top and bottom"]])
def test_what_the_page_draws_is_what_the_server_makes(visit, adjustments: list[str]) -> None:
    """Turn and mirror act on what is seen, also on a photograph that EXIF turns."""
    page = visit()
    page.locator("input[name=pictures]").set_input_files(photo("church.jpg", photographs.church_on_its_side()))
    card_of(page, "church.jpg").get_by_role("link", name="Edit").click()
    expected = ImageOps.exif_transpose(Image.open(BytesIO(photographs.church_on_its_side()))).convert("RGB")
    methods = {
        "Turn left": Image.Transpose.ROTATE_90,
        "Turn right": Image.Transpose.ROTATE_270,
        "Swap left and right": Image.Transpose.FLIP_LEFT_RIGHT,
        "Swap top and bottom": Image.Transpose.FLIP_TOP_BOTTOM,
    }
    for name in adjustments:
        page.get_by_role("button", name=name).click()
        expected = expected.transpose(methods[name])
    made = await_server_preview(page)
    assert_looks_like(made, expected)


def test_several_crops_of_one_picture(visit, site: Site) -> None:
    page = visit()
    page.get_by_label("Profile and banner", exact=False).check()
    page.locator("input[name=pictures]").set_input_files(photo("still life.jpg", photographs.still_life()))
    card_of(page, "still life.jpg").get_by_role("link", name="Edit").click()
    page.get_by_role("link", name="Banner").click()
    set_number(page, "Width", 900)
    expect(page.get_by_label("Height", exact=True)).to_have_value("300")
    await_server_preview(page)
    page.get_by_role("button", name="Done").click()
    before = set(site.keys())
    page.get_by_role("button", name="Confirm 1 picture").click()
    expect(page.locator(".print")).to_have_count(1)
    sizes = {key.rpartition("/")[2]: Image.open(BytesIO(site.read(key))).size for key in set(site.keys()) - before}
    assert sizes == {"profile.jpg": (512, 512), "banner.jpg": (900, 300)}


def test_texts_travel_with_the_picture(visit) -> None:
    page = visit()
    page.locator("input[name=pictures]").set_input_files(photo("flower.jpg", photographs.flower()))
    page.get_by_label("Title").fill("Plumeria")
    page.get_by_label("Alternative text").fill("A white and pink flower among green leaves")
    page.get_by_role("button", name="Confirm 1 picture").click()
    page.locator(".print a").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Plumeria")
    expect(page.get_by_alt_text("A white and pink flower among green leaves")).to_be_visible()


def test_a_refused_file_has_its_reason_and_the_others_go_on(visit, site: Site) -> None:
    before = site.keys()
    page = visit()
    page.locator("input[name=pictures]").set_input_files(
        [
            photo("notes.txt", b"just words", "text/plain"),
            photo("half.jpg", photographs.still_life()[:300_000]),
            photo("flower.jpg", photographs.flower()),
        ]
    )
    expect(page.locator("li.card")).to_have_count(1)
    expect(page.locator("li.refusal").filter(has_text="notes.txt")).to_contain_text("not a picture")
    expect(page.locator("li.refusal").filter(has_text="half.jpg")).to_contain_text("damaged or cut short")
    assert site.keys() == before


def test_a_large_photograph_goes_from_the_disk_tier_to_the_bucket(visit, site: Site) -> None:
    before = set(site.keys())
    page = visit()
    large = photo("still life.png", photographs.still_life_as_png(), "image/png")
    page.locator("input[name=pictures]").set_input_files(large)
    card_of(page, "still life.png").get_by_role("link", name="Edit").click()
    for label, value in (("Width", 700), ("Height", 500), ("From the left", 640), ("From the top", 260)):
        set_number(page, label, value)
    preview = await_server_preview(page)
    page.get_by_role("button", name="Done").click()
    assert set(site.keys()) == before
    page.get_by_role("button", name="Confirm 1 picture").click()
    expect(page.locator(".print")).to_have_count(1)
    (key,) = set(site.keys()) - before
    assert site.read(key) == preview
    assert_looks_like(preview, photographs.still_life_in_srgb().crop((640, 260, 1340, 760)))
