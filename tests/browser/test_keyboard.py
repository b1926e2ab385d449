"""Everything by keyboard alone, from signing in to the stored crop."""

import re

from playwright.sync_api import Page, expect

from tests import photographs
from tests.browser.steps import await_server_preview, photo
from tests.site import Site

PASSWORD = "correct horse battery"
# Tabbing further than this means that a thing cannot be reached.
MOST_TABS = 80
# The focused thing, or the label that stands for a file field, is on the screen and on top of what is there.
SEEN = """
() => {
  const focused = document.activeElement;
  const shown = focused.matches("input[type=file]") ? focused.closest("label, .drop, form") ?? focused : focused;
  const box = shown.getBoundingClientRect();
  const x = Math.min(Math.max(box.x + box.width / 2, 1), innerWidth - 1);
  const y = Math.min(Math.max(box.y + box.height / 2, 1), innerHeight - 1);
  const top = document.elementFromPoint(x, y);
  return box.bottom > 0 && box.top < innerHeight && (shown.contains(top) || top?.contains(shown));
}
"""


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until what the selector names has the focus; whatever gets it on the way can be seen."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            continue
        assert page.evaluate(SEEN), page.evaluate("document.activeElement.outerHTML")[:200]
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"Tab does not reach {selector}")


def test_ux_47_from_signing_in_to_the_stored_crop(visit, site: Site) -> None:
    site.manage("shell", "-v0", "-c", f"User.objects.create_user('keys', password={PASSWORD!r})")
    before = set(site.keys())
    page: Page = visit()
    tab_to(page, "a[href^='/accounts/login/']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/accounts/login/**")
    tab_to(page, "input[name=username]")
    page.keyboard.type("keys")
    tab_to(page, "input[name=password]")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your sheet")

    tab_to(page, "input[name=pictures]")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files([photo("still-life.jpg", photographs.still_life())])
    expect(page.locator("li.card")).to_have_count(1)
    tab_to(page, ".card__actions a")
    page.keyboard.press("Enter")
    await_server_preview(page)

    tab_to(page, "cropper-selection")
    width = page.get_by_label("Width", exact=True)
    left = page.get_by_label("From the left", exact=True)
    whole = int(width.input_value())
    for _ in range(3):
        page.keyboard.press("Control+Shift+ArrowLeft")
    expect(width).to_have_value(str(whole - 300))
    page.keyboard.press("ArrowRight")
    expect(left).to_have_value("10")
    data = await_server_preview(page)
    # Nothing traps the focus.
    tab_to(page, "#crop-form button[name=next]")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your sheet")

    tab_to(page, ".confirm-bar button")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/images/"))
    (key,) = set(site.keys()) - before
    assert site.read(key) == data
