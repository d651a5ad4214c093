"""Filters in the browser: typed, taken away, kept by ticks and by the back button; a search that goes on by itself."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from dashboard.queries import filtered
from omniq_core import OmniqClient
from tests.browser.axe import both_themes
from tests.browser.desk import Desk, OpenDesk
from tests.support.clock import Clock
from tests.support.factories import fail_jobs, publish_jobs
from tests.support.watched_page import Complaints

FAILED = "/queues/mail/failed"


@pytest.fixture(autouse=True)
def time_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is busy with other things does not make an answer end earlier."""
    for name in ("PAGE_MS", "TICK_MS", "NEWER_MS"):
        monkeypatch.setattr(filtered, name, 60_000)


def odd_failures(client: OmniqClient, clock: Clock, count: int, first: int = 1) -> None:
    names = [f"job-{n}" for n in range(first, first + count)]
    fail_jobs(client, "mail", names, now_ms=clock.now_ms, error=lambda n: "even" if n % 2 else "odd")


def odd(high: int, low: int) -> list[str]:
    return [f"job-{n}" for n in range(high, low - 1, -2)]


def count_is(d: Desk, text: str) -> None:
    expect(d.page.locator("#match-count")).to_have_text(re.compile(rf"^\s*{text}\s*$"))


def begins_with(d: Desk, job_id: str) -> None:
    expect(d.page.locator("#jobs a.job-id").first).to_have_attribute("title", job_id)


def next_tick(d: Desk) -> None:
    """Asks for a tick now and waits for its answer."""
    with d.page.expect_response(lambda response: "live=1" in response.url):
        d.page.evaluate("document.dispatchEvent(new Event('omniq:refresh'))")


def test_a_filter_applies_while_it_is_typed(desk: OpenDesk, client: OmniqClient, clock: Clock) -> None:
    odd_failures(client, clock, 9)
    d = desk()
    d.open(FAILED)
    d.page.get_by_label("Error contains").focus()
    d.page.keyboard.type("odd")
    d.shows(odd(9, 1))
    count_is(d, "5 of 9 match")
    assert d.page.url.endswith(f"{FAILED}?q=odd")
    d.focus_is("Error contains")
    d.page.keyboard.press("Tab")
    d.page.keyboard.press("Tab")
    d.page.keyboard.type("job-7")
    d.shows(["job-7"])
    expect(d.page.locator("#filter-tags .tag")).to_have_count(2)
    expect(d.page.locator("th[aria-sort] a")).to_have_attribute("href", re.compile("q=odd&prefix=job-7"))
    d.press("Clear id filter")
    d.shows(odd(9, 1))
    d.page.get_by_label("Failed within").select_option("1h")
    expect(d.page).to_have_url(re.compile(r"failed\?q=odd&since=1h$"))
    d.press("Clear all")
    d.shows([f"job-{n}" for n in range(9, 0, -1)])
    expect(d.page.locator("#filter-tags")).to_be_hidden()


def test_a_filter_that_says_nothing_is_explained_until_it_does(
    desk: OpenDesk, client: OmniqClient, clock: Clock, complaints: Complaints
) -> None:
    complaints.allow_status(400)
    odd_failures(client, clock, 9)
    d = desk()
    d.open(FAILED)
    d.page.get_by_label("Payload field and value").fill(":7")
    expect(d.page.locator("#banners")).to_contain_text("Begin with the path of a field")
    d.focus_is("Payload field and value")
    d.page.get_by_label("Payload field and value").fill("n:7")
    d.shows(["job-7"])
    expect(d.page.locator("#banners")).to_be_hidden()


def test_what_a_button_brings_is_the_list_as_it_is_filtered_now(
    desk: OpenDesk, client: OmniqClient, clock: Clock
) -> None:
    odd_failures(client, clock, 9)
    d = desk()
    d.open(FAILED)
    d.page.get_by_label("Error contains").fill("odd")
    d.shows(odd(9, 1))
    d.press("Retry job-5")
    d.told("Retried 1 job")
    d.shows(["job-9", "job-7", "job-3", "job-1"])
    count_is(d, "4 of 8 match")


def test_back_brings_filter_page_and_place(
    desk: OpenDesk, client: OmniqClient, clock: Clock, wait_until: Callable[..., None]
) -> None:
    odd_failures(client, clock, 120)
    d = desk()
    d.page.set_viewport_size({"width": 1200, "height": 600})
    d.open(f"{FAILED}?size=25")
    d.page.get_by_label("Error contains").fill("odd")
    count_is(d, "60 of 120 match")
    d.page.get_by_role("link", name="Older").click()
    begins_with(d, "job-69")
    d.shows(odd(69, 21))
    there = d.page.url
    d.row("job-23").scroll_into_view_if_needed()
    d.page.mouse.wheel(0, 40)
    wait_until(lambda: d.page.evaluate("scrollY") > 300)
    place = d.page.evaluate("scrollY")
    d.page.get_by_role("link", name="job-27", exact=True).click()
    expect(d.page).to_have_title(re.compile("job-27"))
    d.page.go_back()
    d.shows(odd(69, 21))
    assert d.page.url == there and d.page.get_by_label("Error contains").input_value() == "odd"
    wait_until(lambda: abs(d.page.evaluate("scrollY") - place) < 60)


def test_ticks_keep_filter_and_page_and_announce_what_came(desk: OpenDesk, client: OmniqClient, clock: Clock) -> None:
    odd_failures(client, clock, 140)
    d = desk()
    d.open(f"{FAILED}?q=odd&size=25")
    for high in (89, 39):
        d.page.get_by_role("link", name="Older").click()
        begins_with(d, f"job-{high}")
    there = d.page.url
    clock.advance(1_000)
    odd_failures(client, clock, 6, first=141)
    next_tick(d)
    expect(d.page.locator("#newer")).to_have_text("3 newer failures. Show them.")
    d.shows(odd(39, 1))
    assert d.page.url == there
    expect(d.page.locator("#pager span").first).to_have_text("51–70 of 70")
    d.page.locator("#newer").click()
    d.shows(odd(145, 97))
    count_is(d, "73 of 146 match")


def test_filters_without_script(plain_page: Page, desk: OpenDesk, client: OmniqClient, clock: Clock) -> None:
    odd_failures(client, clock, 60)
    d = desk(plain_page)
    d.open(f"{FAILED}?size=25")
    d.page.get_by_label("Error contains").fill("odd")
    d.page.get_by_label("Failed within").select_option("24h")
    d.press("Filter")
    d.shows(odd(59, 11))
    d.page.get_by_role("link", name="Older").click()
    d.shows(odd(9, 1))
    d.press("Clear time filter")
    d.shows(odd(59, 11))
    d.press("Clear all")
    assert len(d.ids) == 25


def test_filtered_pages_are_accessible_and_fit_a_phone(desk: OpenDesk, client: OmniqClient, clock: Clock) -> None:
    odd_failures(client, clock, 9)
    publish_jobs(client, "mail", 3, now_ms=clock.now_ms)
    d = desk()
    d.page.set_viewport_size({"width": 390, "height": 844})
    for path in (f"{FAILED}?q=odd&group=&prefix=job&payload=n&since=24h", f"{FAILED}?q={'nowhere' * 20}"):
        d.open(path)
        assert d.overflow <= 0
        both_themes(d.page, path)
    expect(d.page.get_by_role("heading", name="No job matches")).to_be_visible()
    for lane in ("waiting", "active", "delayed", "completed"):
        d.open(f"/queues/mail/{lane}?group=G")
        assert d.overflow <= 0
    d.page.set_viewport_size({"width": 1440, "height": 900})
    d.open(f"{FAILED}?q=odd&payload=n&since=24h")
    both_themes(d.page, "a filtered page")
