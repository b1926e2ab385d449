"""What tests of the queue do to the network, and what they look at."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Locator, Page, Route, expect

from tests.browser.steps import photo

# Where the queue posts a file; "/drafts/cancel/" and others are not meant.
ADD = "**/drafts/"
PATIENCE_SECONDS = 10


@cache
def picture(number: int, *, size: tuple[int, int] = (90, 60)) -> bytes:
    """A small picture; each number's is another."""
    file = BytesIO()
    Image.new("RGB", size, ((number * 53) % 256, (number * 101) % 256, 90)).save(file, "PNG")
    return file.getvalue()


@cache
def large_picture(megapixels: int = 6) -> bytes:
    """Three megabytes for each megapixel, that are a picture: more than any buffer between browser and server."""
    file = BytesIO()
    Image.effect_noise((1000 * megapixels, 1000), 100).convert("RGB").save(file, "PNG", compress_level=0)
    return file.getvalue()


@cache
def slow_picture() -> bytes:
    """48 megapixels in many passes: the site is at work on it for a while."""
    file = BytesIO()
    noise = Image.effect_noise((1500, 1000), 60).resize((8000, 6000))
    noise.convert("RGB").save(file, "JPEG", quality=60, progressive=True)
    return file.getvalue()


def numbered(*numbers: int) -> list[FilePayload]:
    return [photo(f"{number}.png", picture(number), "image/png") for number in numbers]


def choose(page: Page, *files: FilePayload) -> None:
    page.locator("input[name=pictures]").set_input_files(list(files))


def row(page: Page, name: str) -> Locator:
    return page.locator(".queue-row").filter(has_text=name)


def expect_state(page: Page, name: str, state: str) -> None:
    expect(row(page, name)).to_have_attribute("data-state", state, timeout=PATIENCE_SECONDS * 1000)


def is_in(page: Page, name: str, state: str) -> bool:
    return row(page, name).get_attribute("data-state") == state


def names(page: Page) -> list[str]:
    """The pictures on the sheet, in their order."""
    return page.locator("li.card .card__pick bdi").all_inner_texts()


def throttle(page: Page, bytes_per_second: int) -> None:
    """Let requests leave the browser at a crawl; -1 for no limit."""
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    limits = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_per_second}
    network.send("Network.emulateNetworkConditions", limits)


@contextmanager
def holding(page: Page) -> Iterator[list[Route]]:
    """Keep the requests that add pictures; the test lets each go on."""
    held: list[Route] = []

    def hold(route: Route) -> None:  # playwright marks its handlers, which a list's own method does not bear
        held.append(route)

    page.route(ADD, hold)
    yield held
    page.unroute(ADD)


def lose_the_answer(route: Route) -> None:
    """The site makes a draft, and nobody hears of it."""
    route.fetch()
    route.abort()


def wait_until(page: Page, is_so: Callable[[], bool], what: str) -> None:
    """Let the page go on until something holds, of which it knows nothing."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        if time.monotonic() > give_up_at:
            pytest.fail(f"Not so after {PATIENCE_SECONDS} s: {what}")
        page.wait_for_timeout(50)
