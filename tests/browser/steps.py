"""What people do and look at again and again."""

from io import BytesIO

from PIL import Image, ImageChops, ImageStat
from playwright.sync_api import FilePayload, Locator, Page, expect

# The mean of a channel may differ by this much of 255: rounding, nothing that can be seen.
MEAN_DIFFERENCE = 0.5


def photo(name: str, data: bytes, content_type: str = "image/jpeg") -> FilePayload:
    return {"name": name, "mimeType": content_type, "buffer": data}


def card_of(page: Page, name: str) -> Locator:
    return page.locator("li.card").filter(has_text=name)


def set_number(page: Page, label: str, value: int) -> None:
    field = page.get_by_label(label, exact=True)
    field.fill(str(value))
    field.press("Tab")


def await_server_preview(page: Page) -> bytes:
    """The bytes of the preview that the server made of what the editor shows."""
    expect(page.locator("crop-editor")).to_have_attribute("data-state", "shown")
    source = page.locator("#preview img").get_attribute("src")
    assert source is not None
    response = page.request.get(source)
    assert response.ok
    return response.body()


def fetch_preview(page: Page, name: str) -> bytes:
    """The bytes of the crop that the sheet shows of a picture."""
    source = card_of(page, name).locator("img").first.get_attribute("src")
    assert source is not None
    return page.request.get(source).body()


def assert_looks_like(stored: bytes, expected: Image.Image) -> None:
    """A stored JPEG has the expected pixels, but for what any JPEG of that quality loses of them."""
    encoded = BytesIO()
    expected.convert("RGB").save(encoded, "JPEG", quality=85)
    image = Image.open(BytesIO(stored)).convert("RGB")
    assert image.size == expected.size
    difference = ImageStat.Stat(ImageChops.difference(image, Image.open(encoded).convert("RGB"))).mean
    assert max(difference) < MEAN_DIFFERENCE, difference
