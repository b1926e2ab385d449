"""The site, running, and people who open it."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.site import Site, running_site


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site with a data directory of its own."""
    with running_site(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Callable[..., Page]]:
    """Open the site as somebody new; fail at the end if a page broke the policy or wrote an error.

    Options go to the browser context: ``base_url``, ``viewport``, ``color_scheme``, ``java_script_enabled``.
    With ``in_trouble`` requests may fail in any way: the test makes them.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_site(path: str = "/", *, in_trouble: bool = False, **options: Any) -> Page:
        context = browser.new_context(**{"base_url": site.url, **options})
        contexts.append(context)
        # Chromium itself reports every answer of 4xx to a script, also those that the page expects: the progress
        # of an upload that has not begun to arrive is not known.
        expected = "Failed to load resource" if in_trouble else r"status of (403|409|422)|404 .*/progress/"

        def hear(message: ConsoleMessage) -> None:
            said = f"{message.text} {message.location.get('url', '')}"
            if message.type == "error" and not re.search(expected, said):
                complaints.append(said)

        context.on("console", hear)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        page = context.new_page()
        page.goto(path)
        return page

    yield open_site
    for context in contexts:
        context.close()
    assert complaints == []
