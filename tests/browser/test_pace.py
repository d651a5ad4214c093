"""When an open page asks: at the reader's pace, at its own slower one, or no more."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from omniq_core import OmniqClient
from tests.browser.desk import Desk, OpenDesk
from tests.support.clock import Clock
from tests.support.factories import complete_jobs, fail_jobs, lease_jobs

_HIDDEN = """(hidden) => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.fixture
def d(desk: OpenDesk, page: Page) -> Desk:
    """A desk whose page ticks every second, by a clock of the browser that the test runs."""
    d = desk()
    cookie = {"name": "omniq_display", "value": "auto.1.utc.on.on", "url": d.url}
    page.context.add_cookies([cookie])  # pyright: ignore[reportArgumentType]
    page.clock.install()
    return d


def ticks_within(d: Desk, ms: int) -> int:
    """How many ticks the page sends while its clock goes on by so much, a second at a time."""
    seen: list[str] = []
    d.page.on("request", lambda request: seen.append(request.url) if "live=1" in request.url else None)
    for _ in range(ms // 1_000):
        before = len(seen)
        d.page.clock.run_for(1_000)
        if len(seen) > before:
            expect(d.page.locator("#live.htmx-request")).to_have_count(0)
    return len(seen)


def test_child_counters_have_a_pace_of_their_own(d: Desk, client: OmniqClient) -> None:
    client.childs_init(key="import:1", expected=3)
    d.open("/children")
    live = d.page.locator("#live")
    expect(live).to_have_attribute("title", "Updates every 5 s. Press p to turn them off.")
    assert 2 <= ticks_within(d, 12_000) <= 3
    d.page.keyboard.press("p")
    d.page.keyboard.press("p")
    expect(live).to_have_attribute("title", "Updates every 5 s. Press p to turn them off.")
    d.page.locator("summary[aria-label='Display settings']").click()
    d.page.get_by_label("Refresh").select_option("15 s")
    expect(live).to_have_attribute("title", "Updates every 15 s. Press p to turn them off.")


def test_a_tab_that_nobody_sees_asks_nothing_until_it_is_seen(d: Desk, client: OmniqClient) -> None:
    fail_jobs(client, "mail", ["a"], now_ms=1)
    d.open("/")
    d.page.evaluate(_HIDDEN, True)
    assert ticks_within(d, 6_000) == 0
    with d.page.expect_request(lambda request: "live=1" in request.url):
        d.page.evaluate(_HIDDEN, False)  # at once, by no timer


def test_the_page_of_a_completed_job_asks_no_more(d: Desk, client: OmniqClient, clock: Clock) -> None:
    complete_jobs(client, "mail", ["done"], now_ms=clock.now_ms)
    d.open("/queues/mail/jobs/done")
    live = d.page.locator("#live")
    assert ticks_within(d, 12_000) == 0
    expect(live).to_have_attribute(
        "title", "What this page shows has ended and changes no more, so it is not refreshed."
    )
    assert live.get_attribute("data-tone") is None  # nothing is late


def test_a_job_that_completes_under_its_page_is_asked_for_until_then(
    d: Desk, client: OmniqClient, clock: Clock
) -> None:
    tokens = lease_jobs(client, "mail", ["a"], now_ms=clock.now_ms)
    d.open("/queues/mail/jobs/a")
    assert ticks_within(d, 3_000) >= 2
    client.ack_success(queue="mail", job_id="a", lease_token=tokens["a"], now_ms_override=clock.advance(10))
    d.page.clock.run_for(1_000)
    expect(d.page.locator("#job-state")).to_have_text("Completed")
    assert ticks_within(d, 5_000) == 0


def test_the_page_of_a_failed_job_goes_on_for_it_may_be_retried(d: Desk, client: OmniqClient, clock: Clock) -> None:
    fail_jobs(client, "mail", ["a"], now_ms=clock.now_ms)
    d.open("/queues/mail/jobs/a")
    assert ticks_within(d, 5_000) >= 4


def test_three_missed_rounds_make_the_time_amber(d: Desk, client: OmniqClient, clock: Clock) -> None:
    fail_jobs(client, "mail", ["a"], now_ms=clock.now_ms)
    held: list[Route] = []
    d.page.route("**/*live=1*", lambda route: held.append(route))
    d.open("/queues/mail/failed")
    live = d.page.locator("#live")
    # From here on only the test moves the clock: after 5 s without an answer the page gives up.
    d.page.clock.pause_at(d.page.evaluate("Date.now()") / 1_000 + 0.2)
    assert live.get_attribute("data-tone") is None
    for _ in range(24):
        d.page.clock.run_for(250)
        if live.get_attribute("data-tone"):
            break
    expect(live).to_have_attribute("data-tone", "warn")
    expect(live).to_have_attribute("title", "3 rounds missed")
    expect(live).to_contain_text("Live")
    assert len(held) == 1  # a tick that waits for its answer is not sent again
