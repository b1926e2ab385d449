"""The site, running, and people who open it."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.site import Site, running_site


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site with a data directory of its own."""
    with running_site(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Callable[..., Page]]:
    """Open the site as somebody new; fail at the end if a page broke the policy or wrote an error.

    Options go to the browser context: ``viewport``, ``color_scheme``, ``java_script_enabled``.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_site(path: str = "/", **options: Any) -> Page:
        context = browser.new_context(base_url=site.url, **options)
        contexts.append(context)
        context.on("console", lambda message: message.type == "error" and complaints.append(message.text))
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        page = context.new_page()
        page.goto(path)
        return page

    yield open_site
    for context in contexts:
        context.close()
    # Chromium itself reports every answer of 4xx to a script, also those that the page expects.
    unexpected = [text for text in complaints if not re.search("status of (403|404|409|422)", text)]
    assert unexpected == []
