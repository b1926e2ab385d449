"""The queue: three at once, one honest bar, and nothing lost or left over on a bad connection."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.line import line_to
from tests.browser.steps import photo
from tests.browser.uploading import (
    ADD,
    choose,
    expect_state,
    holding,
    is_in,
    large_picture,
    lose_the_answer,
    names,
    numbered,
    picture,
    row,
    slow_picture,
    throttle,
    wait_until,
)
from tests.site import Site

# Notes each value of the bar together with the state of its row.
SAMPLE = """
() => {
  window.seen = [];
  const look = () => {
    for (const row of document.querySelectorAll(".queue-row")) {
      window.seen.push([row.dataset.state, row.querySelector("progress").value]);
    }
  };
  new MutationObserver(look).observe(document.querySelector("[data-queue]"), {
    subtree: true, childList: true, attributes: true,
  });
}
"""


def test_three_go_at_once_and_lie_in_the_order_of_choosing(visit) -> None:
    page: Page = visit()
    with holding(page) as held:
        choose(page, *numbered(1, 2, 3, 4, 5))
        wait_until(page, lambda: len(held) >= 3, "three are sent")
        page.wait_for_timeout(300)
        assert len(held) == 3
        expect_state(page, "4.png", "waiting")
        expect(page.locator(".total")).to_contain_text("0 of 5 done")
        # The last of them is answered first, and only then the fourth begins.
        held[2].continue_()
        expect(page.locator("li.card")).to_have_count(1)
        wait_until(page, lambda: len(held) == 4, "the fourth is sent")
        expect(page.locator(".total")).to_contain_text("1 of 5 done")
        for route in (held[3], held[1], held[0]):
            route.continue_()
        wait_until(page, lambda: len(held) == 5, "the fifth is sent")
        held[4].continue_()
        expect(page.locator("li.card")).to_have_count(5)
    ordered = [f"{number}.png" for number in (1, 2, 3, 4, 5)]
    assert names(page) == ordered
    expect(page.locator(".queue-row")).to_have_count(0)
    expect(page.locator(".total")).to_be_hidden()
    expect(page.locator("[data-said]")).to_contain_text("“5.png” is on your sheet.")
    page.reload()
    assert names(page) == ordered


def test_the_first_three_of_a_new_visitor_are_in_one_session(visit) -> None:
    page: Page = visit()
    files = [photo(f"{number}.png", large_picture(number), "image/png") for number in (1, 2, 3)]
    choose(page, *files)
    expect(page.locator("li.card")).to_have_count(3, timeout=30_000)
    page.reload()
    assert names(page) == ["1.png", "2.png", "3.png"]


def states_and_values(page: Page) -> tuple[list[str], list[int]]:
    """The states of the only row, each once, in their order; and all values of its bar."""
    seen = page.evaluate("window.seen")
    return list(dict.fromkeys(state for state, _ in seen)), [value for _, value in seen]


def test_the_bar_runs_through_all_phases_and_never_goes_back(visit) -> None:
    page: Page = visit()
    page.evaluate(SAMPLE)
    throttle(page, 3_000_000)
    choose(page, photo("slow.jpg", slow_picture()))
    expect(page.locator("li.card")).to_have_count(1, timeout=30_000)
    expect(page.locator(".queue-row")).to_have_count(0)
    states, values = states_and_values(page)
    # Decoded while it arrived, it may be stored before the page asks again.
    assert [state for state in states if state != "processing"] == ["sending", "received", "stored"]
    assert states.index("stored") == len(states) - 1
    assert values == sorted(values)
    assert len(set(values)) > 10
    assert all(value < 100 for state, value in page.evaluate("window.seen") if state != "stored")
    assert values[-1] == 100


def test_a_line_that_is_cut_costs_a_pause_and_the_bar_does_not_go_back(visit, site: Site) -> None:
    files = set(site.draft_files())
    with line_to(site.url) as line:
        page: Page = visit(in_trouble=True, base_url=line.url)
        page.evaluate(SAMPLE)
        throttle(page, 1_000_000)
        choose(page, photo("large.png", large_picture(3), "image/png"))
        wait_until(page, lambda: (states_and_values(page)[1] or [0])[-1] > 15, "a part is sent")
        # Not once: Chromium itself repeats a request whose connection it had used before.
        wait_until(page, lambda: line.cut() or is_in(page, "large.png", "pausing"), "it pauses")
        wait_until(page, lambda: files == set(site.draft_files()), "the site keeps nothing of it")
        throttle(page, -1)
        expect(page.locator("li.card")).to_have_count(1, timeout=30_000)
        _, values = states_and_values(page)
        assert values == sorted(values)
        page.reload()
        assert names(page) == ["large.png"]


# --- Cancel ---------------------------------------------------------------------------------


def expect_nothing_left(page: Page, site: Site, before: list[str]) -> None:
    """Neither a row, a card, a draft nor a file."""
    expect(page.locator(".queue-row")).to_have_count(0)
    wait_until(page, lambda: set(site.draft_files()) <= set(before), "no file is left")
    # What was under way at the server has time to appear, and does not.
    page.wait_for_timeout(1500)
    assert set(site.draft_files()) <= set(before)
    expect(page.locator("li.card")).to_have_count(0)
    page.reload()
    expect(page.locator("li.card")).to_have_count(0)


def cancel(page: Page, name: str) -> None:
    row(page, name).get_by_role("button", name="Cancel").click()


def test_cancelled_while_it_is_sent(visit, site: Site) -> None:
    page, before = visit(), site.draft_files()
    throttle(page, 500_000)
    choose(page, photo("large.png", large_picture(3), "image/png"))
    wait_until(page, lambda: page.locator(".queue-row progress").evaluate("bar => bar.value") > 3, "a part is sent")
    cancel(page, "large.png")
    expect(page.locator("[data-said]")).to_contain_text("“large.png” was cancelled.")
    throttle(page, -1)
    expect_nothing_left(page, site, before)


@pytest.mark.parametrize("state", ["received", "processing"])
def test_cancelled_when_all_of_it_has_left(visit, site: Site, state: str) -> None:
    page, before = visit(), site.draft_files()
    # Pressed at once: the answer is not far.
    page.evaluate(
        """state => new MutationObserver(() => {
            document.querySelector(`.queue-row[data-state=${state}] [data-cancel]`)?.click();
        }).observe(document.querySelector("[data-queue]"), {subtree: true, attributes: true})""",
        state,
    )
    choose(page, photo("slow.jpg", slow_picture()))
    expect(page.locator("[data-said]")).to_contain_text("“slow.jpg” was cancelled.", timeout=30_000)
    expect_nothing_left(page, site, before)


def test_cancelled_after_its_answer_was_lost(visit, site: Site) -> None:
    page, before = visit(in_trouble=True), site.draft_files()
    page.route(ADD, lose_the_answer)
    choose(page, *numbered(1))
    expect_state(page, "1.png", "pausing")
    assert len(site.draft_files()) > len(before)
    cancel(page, "1.png")
    page.unroute(ADD)
    expect_nothing_left(page, site, before)


def test_cancelled_while_the_site_cannot_be_told(visit, site: Site) -> None:
    """It is told when there is a connection again, and until then leaving asks."""
    page, before = visit(in_trouble=True), site.draft_files()
    page.route(ADD, lose_the_answer)
    choose(page, *numbered(1))
    expect_state(page, "1.png", "pausing")
    page.route("**/drafts/cancel/", lambda route: route.abort())
    cancel(page, "1.png")
    page.wait_for_timeout(300)
    assert len(site.draft_files()) > len(before)
    page.unroute("**/drafts/cancel/")
    expect_nothing_left(page, site, before)


def test_all_are_cancelled_at_once(visit, site: Site) -> None:
    page, before = visit(), site.draft_files()
    with holding(page) as held:
        choose(page, *numbered(1, 2, 3, 4, 5))
        wait_until(page, lambda: len(held) == 3, "three are sent")
        page.get_by_role("button", name="Cancel all").click()
        expect(page.locator(".queue-row")).to_have_count(0)
        page.wait_for_timeout(300)
        assert len(held) == 3
    expect(page.locator("input[name=pictures]")).to_be_focused()
    expect_nothing_left(page, site, before)


# --- Again ----------------------------------------------------------------------------------


def not_now(status: int, seconds: int) -> Callable[[Route], None]:
    return lambda route: route.fulfill(status=status, headers={"Retry-After": str(seconds)}, body="")


@pytest.mark.parametrize(
    "trouble",
    [not_now(503, 1), not_now(429, 1), not_now(502, 0), lambda route: route.abort(), lose_the_answer],
    ids=["503", "429", "502", "lost", "answer lost"],
)
def test_it_is_sent_again_by_itself_with_the_same_key_and_added_once(visit, trouble) -> None:
    page: Page = visit(in_trouble=True)
    headers: list[dict[str, str]] = []

    def first_in_trouble(route: Route) -> None:
        headers.append(route.request.headers)
        if len(headers) == 1:
            trouble(route)
        else:
            route.continue_()

    page.route(ADD, first_in_trouble)
    choose(page, *numbered(1))
    expect(page.locator("li.card")).to_have_count(1, timeout=10_000)
    assert len(headers) == 2
    assert headers[0]["idempotency-key"] == headers[1]["idempotency-key"]
    assert headers[0]["x-progress-id"] != headers[1]["x-progress-id"]
    page.reload()
    assert names(page) == ["1.png"]


def test_a_pause_is_as_long_as_the_site_asks_and_ends_on_demand(visit) -> None:
    page: Page = visit(in_trouble=True)
    page.route(ADD, not_now(429, 25))
    choose(page, *numbered(1))
    expect_state(page, "1.png", "pausing")
    told = re.compile(r"The site cannot take it just now\.\s+Sent again in 2\d s\.")
    expect(row(page, "1.png")).to_contain_text(told, use_inner_text=True)
    page.unroute(ADD)
    row(page, "1.png").get_by_role("button", name="Send now").click()
    expect(page.locator("li.card")).to_have_count(1)


def test_it_is_given_up_after_six_times_and_then_a_person_decides(visit) -> None:
    page: Page = visit(in_trouble=True)
    page.clock.install()
    attempts: list[Route] = []

    def lose(route: Route) -> None:
        attempts.append(route)
        route.abort()

    page.route(ADD, lose)
    choose(page, *numbered(1))
    for number in range(1, 8):
        wait_until(page, lambda number=number: len(attempts) == number, f"attempt {number}")
        expect_state(page, "1.png", "pausing" if number < 7 else "failed")
        page.clock.run_for(31_000)
    assert len(attempts) == 7
    expect(row(page, "1.png").get_by_text("the connection was lost again and again")).to_be_visible()
    expect(page.locator("[data-said]")).to_contain_text("“1.png” was not sent.")
    page.unroute(ADD)
    row(page, "1.png").get_by_role("button", name="Retry").click()
    page.clock.resume()
    expect(page.locator("li.card")).to_have_count(1)


def test_offline_it_waits_and_goes_on_by_itself(visit) -> None:
    page: Page = visit(in_trouble=True)
    banner = page.get_by_text("You are offline.")
    page.context.set_offline(True)
    expect(banner).to_be_hidden()
    choose(page, *numbered(1, 2, 3, 4))
    expect(banner).to_be_visible()
    for name in ("1.png", "4.png"):
        expect_state(page, name, "offline")
    page.context.set_offline(False)
    expect(page.locator("li.card")).to_have_count(4)
    expect(banner).to_be_hidden()
    page.reload()
    assert names(page) == ["1.png", "2.png", "3.png", "4.png"]


# --- Refused --------------------------------------------------------------------------------


def test_a_refused_file_among_others_has_its_row_which_goes_on_demand(visit) -> None:
    page: Page = visit()
    choose(page, *numbered(1), photo("notes.txt", b"just words", "text/plain"), *numbered(2))
    expect(page.locator("li.card")).to_have_count(2)
    assert names(page) == ["1.png", "2.png"]
    refusal = page.locator("li.refusal")
    expect(refusal).to_contain_text("notes.txt")
    refusal.get_by_role("button", name="Dismiss notes.txt").click()
    expect(refusal).to_have_count(0)
    expect(page.locator("input[name=pictures]")).to_be_focused()


def test_keeping_both_leaves_what_is_under_way(visit) -> None:
    page: Page = visit()
    choose(page, *numbered(1))
    expect(page.locator("li.card")).to_have_count(1)
    choose(page, photo("twin.png", picture(1), "image/png"))
    expect(page.locator("li.refusal")).to_be_visible()
    with holding(page) as held:
        choose(page, *numbered(2))
        wait_until(page, lambda: len(held) == 1, "it is sent")
        page.get_by_role("button", name="Keep both").click()
        expect(page.locator("li.card")).to_have_count(2)
        expect(page.locator("li.card").last).to_be_focused()
        expect_state(page, "2.png", "sending")
        held[0].continue_()
        expect(page.locator("li.card")).to_have_count(3)


# --- Leaving and other tabs -----------------------------------------------------------------


def test_leaving_asks_only_while_something_is_under_way(visit) -> None:
    page: Page = visit()
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.get_by_role("heading", level=1).click()
    page.reload()
    assert asked == []
    page.get_by_role("heading", level=1).click()
    with holding(page) as held:
        choose(page, *numbered(1))
        wait_until(page, lambda: len(held) == 1, "it is sent")
        page.reload()
        assert asked == ["beforeunload"]
    page.get_by_role("heading", level=1).click()
    choose(page, *numbered(2))
    expect(page.locator("li.card")).to_have_count(1)
    page.reload()
    assert asked == ["beforeunload"]


def test_other_tabs_follow(visit) -> None:
    page: Page = visit()
    other = page.context.new_page()
    other.goto("/")
    choose(page, *numbered(1, 2, 3))
    expect(other.locator("li.card")).to_have_count(3)
    assert names(other) == ["1.png", "2.png", "3.png"]
    expect(other.get_by_role("button", name="Confirm 3 pictures")).to_be_visible()
    other.locator("li.card").nth(2).get_by_role("checkbox").uncheck()
    page.locator("li.card").nth(1).get_by_role("button", name="Delete").click()
    expect(other.locator("li.card")).to_have_count(2)
    assert names(other) == ["1.png", "3.png"]
    # The tick is the tab's own.
    expect(other.get_by_role("button", name="Confirm 1 picture")).to_be_visible()
    page.get_by_role("button", name="Confirm 2 pictures").click()
    expect(page).to_have_url(re.compile("/images/$"))
    expect(other.locator("li.card")).to_have_count(0)
    expect(other.locator("[data-changed]")).to_be_hidden()


def test_what_is_typed_stays_whatever_another_tab_does(visit) -> None:
    page: Page = visit()
    choose(page, *numbered(1, 2))
    expect(page.locator("li.card")).to_have_count(2)
    other = page.context.new_page()
    other.goto("/")
    title = other.locator("li.card").first.get_by_label("Title")
    title.press_sequentially("Half a sen")
    for count in (1, 0):
        page.locator("li.card").last.get_by_role("button", name="Delete").click()
        expect(page.locator("li.card")).to_have_count(count)
    expect(other.locator("[data-changed]")).to_be_visible()
    assert names(other) == ["1.png"]
    expect(title).to_have_value("Half a sen")
    expect(title).to_be_focused()
