"""The picture storage goes away and comes back: nothing is stored, nothing is lost, then all is well."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from config import embedded
from tests import photographs
from tests.browser.steps import photo
from tests.site import Site, running_site


@pytest.fixture
def store_directory(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def site(tmp_path: Path, store_directory: Path) -> Iterator[Site]:
    """The site with a store of its own that it did not start, as in production: addresses are presigned."""
    account = embedded.account(store_directory)
    variables = {
        "S3_ENDPOINT_URL": account.endpoint_url,
        "S3_BUCKET": embedded.BUCKET,
        "S3_REGION": embedded.REGION,
        "S3_ACCESS_KEY_ID": account.access_key,
        "S3_SECRET_ACCESS_KEY": account.secret_key,
        "SECRET_KEY": "a key for this test alone, which is long enough to be one: 0123456789",
    }
    var_dir = tmp_path / "site"
    var_dir.mkdir()
    with running_site(var_dir, variables) as site:
        yield site


def test_confirming_waits_for_the_store(site: Site, store_directory: Path, browser: Browser) -> None:
    context = browser.new_context(base_url=site.url)
    page = context.new_page()
    page.goto("/")
    page.locator("input[name=pictures]").set_input_files(photo("flower.jpg", photographs.flower()))
    page.get_by_role("button", name="Confirm 1 picture").click()
    expect(page.locator("main")).to_contain_text("Nothing was lost")
    assert page.request.get("/images/").ok
    page.goto("/")
    expect(page.locator("li.card")).to_have_count(1)

    with embedded.run(store_directory):
        page.get_by_role("button", name="Confirm 1 picture").click()
        expect(page.locator(".print")).to_have_count(1)
        # The library's picture comes from the store itself, by a presigned address that the policy allows.
        shown = page.locator(".print img")
        expect(shown).to_have_js_property("complete", value=True)
        assert shown.evaluate("image => image.naturalWidth") == 480
    context.close()
