"""What the page draws is what the server makes: every EXIF orientation, all kinds of turns, mirrored or not."""

import base64
from collections.abc import Iterator
from io import BytesIO

import pytest
from PIL import Image, ImageOps
from playwright.sync_api import Page, expect

from tests import photographs
from tests.browser.similarity import shift_of, ssim
from tests.browser.steps import await_server_preview, card_of, photo
from tests.site import Site
from uploads.geometry import Selection, Size, largest

ORIENTATION_TAG = 0x0112
ANGLES = [0, 90, 180, 270, 7.5, 340]
LEAST_SSIM = 0.98
MOST_SHIFT_PX = 0.5

# Put a selection into the fields and let the element begin anew.
BEGIN_WITH = """selection => {
    const editor = document.querySelector("crop-editor");
    for (const [name, value] of Object.entries(selection)) editor.querySelector(`[name=${name}]`).value = value;
    editor.replaceWith(editor.cloneNode(true));
}"""


@pytest.fixture(scope="module", autouse=True)
def _lossless(site: Site) -> None:
    """A preset whose files are PNG: what JPEG loses would hide what is measured here."""
    code = (
        "from uploads.models import *; preset = Preset.objects.create(slug='lossless', name='Lossless', position=9); "
        "CropSpec.objects.create(preset=preset, slug='lossless', name='Lossless', output_format='PNG')"
    )
    site.manage("shell", "-c", code)


def stored_turned(orientation: int) -> bytes:
    """The photograph of a flower as a camera held otherwise stores it: the same when upright."""
    undo = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}[orientation]
    upright = Image.open(BytesIO(photographs.flower())).convert("RGB")
    stored = upright if undo is None else upright.transpose(Image.Transpose(undo))
    exif, file = Image.Exif(), BytesIO()
    exif[ORIENTATION_TAG] = orientation
    stored.save(file, "PNG", exif=exif)
    return file.getvalue()


def selections(source: Size) -> Iterator[Selection]:
    for rotate in ANGLES:
        for scale_x in (1, -1):
            yield Selection(largest(source, rotate, None), rotate, scale_x)


def drawn_by_page(page: Page) -> Image.Image:
    """What the page draws of the selection: a step there and back makes it draw."""
    page.locator("cropper-selection").press("Shift+Alt+ArrowLeft")
    page.locator("cropper-selection").press("Shift+Alt+ArrowRight")
    url = page.locator("canvas[data-live]").evaluate("canvas => canvas.toDataURL('image/png')")
    return Image.open(BytesIO(base64.b64decode(url.partition(",")[2]))).convert("RGB")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_page_and_the_server_agree(visit, orientation: int) -> None:
    data = stored_turned(orientation)
    upright = ImageOps.exif_transpose(Image.open(BytesIO(data)))
    source = Size(*upright.size)
    assert source == Size(480, 360)
    page = visit()
    page.get_by_label("Lossless").check()
    page.locator("input[name=pictures]").set_input_files(photo("flower.png", data, "image/png"))
    card_of(page, "flower.png").get_by_role("link", name="Edit").click()
    expect(page.locator("[data-stage]")).to_have_attribute("data-drawn", "")
    for selection in selections(source):
        box = selection.box
        page.evaluate(
            BEGIN_WITH,
            {"x": box.x, "y": box.y, "width": box.width, "height": box.height, "rotate": selection.rotate,
             "scaleX": selection.scale_x, "scaleY": selection.scale_y},
        )  # fmt: skip
        expect(page.locator("[data-stage]")).to_have_attribute("data-drawn", "")
        drawn = drawn_by_page(page)
        made = Image.open(BytesIO(await_server_preview(page))).convert("RGB")
        assert drawn.size == made.size == (box.width, box.height)
        assert max(abs(each) for each in shift_of(made, drawn)) <= MOST_SHIFT_PX, selection
        assert ssim(made, drawn) >= LEAST_SSIM, selection
