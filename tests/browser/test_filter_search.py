"""A search that goes on by itself, in the browser: stopped, taken up again, replaced by another, and not answered."""

from __future__ import annotations

import re
import threading
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from dashboard.queries import filtered
from tests.browser.axe import both_themes
from tests.browser.desk import OpenDesk
from tests.browser.test_filters import FAILED, count_is, next_tick
from tests.operator.lanes_by_hand import write_failed
from tests.support.watched_page import Complaints


@pytest.fixture
def long_lane(redis: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """3,000 failures, 3 of them with a needle; each answer has the time for one chunk, once it may go."""
    write_failed(redis, "mail", 3_000)
    for n in (2_000, 900, 3):
        redis.hset(f"{{mail}}:job:job-{n:07d}", "last_error", "E: needle")
    for name, most_ms in (("PAGE_MS", 0), ("TICK_MS", 0), ("NEWER_MS", 60_000)):
        monkeypatch.setattr(filtered, name, most_ms)
    return redis


@pytest.mark.broken_data
def test_a_search_goes_on_by_itself(desk: OpenDesk, long_lane: Any) -> None:
    d = desk()
    d.open(f"{FAILED}?q=needle")
    d.shows(["job-0002000", "job-0000900", "job-0000003"])
    count_is(d, "3 of 3,000 match")
    expect(d.page.locator("#pager span").first).to_have_text("1–3 of 3")
    expect(d.page.locator("[data-counting]")).to_have_count(0)


@pytest.mark.broken_data
def test_a_search_is_stopped_by_key_and_taken_up_again(
    desk: OpenDesk, long_lane: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_go = threading.Event()
    real = filtered.filtered_page

    def slowly(*args: Any, **options: Any) -> Any:
        if options["going_on"] and not may_go.is_set():
            may_go.wait(0.3)
        return real(*args, **options)

    monkeypatch.setattr(filtered, "filtered_page", slowly)
    d = desk()
    d.open(f"{FAILED}?q=needle")
    stop = d.page.get_by_role("link", name="Stop")
    stop.focus()
    meter = d.page.locator("#match-count progress")
    expect(meter).not_to_have_attribute("value", meter.get_attribute("value") or "")
    d.focus_is("Stop")  # the answers come and go around it
    d.page.keyboard.press("Enter")
    expect(d.page.get_by_role("link", name="Go on")).to_be_visible()
    expect(d.page.locator("[data-counting]")).to_have_count(0)
    both_themes(d.page, "a search that was stopped")
    stopped = meter.get_attribute("value") or ""
    assert 0 < int(stopped) < 3_000
    may_go.set()
    next_tick(d)
    expect(meter).to_have_attribute("value", stopped)  # a tick does not take it up
    d.press("Go on")
    d.shows(["job-0002000", "job-0000900", "job-0000003"])
    count_is(d, "3 of 3,000 match")


@pytest.mark.broken_data
def test_another_filter_ends_the_search_of_the_one_before(
    desk: OpenDesk, long_lane: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, may_go = threading.Event(), threading.Event()
    real = filtered.filtered_page

    def held_up(*args: Any, **options: Any) -> Any:
        if options["going_on"] and args[3].q == "needle":
            started.set()
            may_go.wait(10)
        return real(*args, **options)

    monkeypatch.setattr(filtered, "filtered_page", held_up)
    d = desk()
    d.open(f"{FAILED}?q=needle")
    assert started.wait(10)
    d.page.get_by_label("Job id starts with").fill("job-00020")
    d.page.get_by_label("Error contains").fill("no")
    expect(d.page.locator("#match-count")).to_contain_text("match")
    with d.page.expect_response(lambda response: "scan=" in response.url and "prefix=" not in response.url):
        may_go.set()
    next_tick(d)
    count_is(d, "99 of 3,000 match")
    assert len(d.ids) == 50 and "job-0002000" not in d.ids


@pytest.mark.broken_data
def test_a_search_that_got_no_answer_asks_again(
    desk: OpenDesk, long_lane: Any, page: Page, complaints: Complaints
) -> None:
    complaints.allow_status(503)
    d = desk()
    d.still()
    refused: list[str] = []

    def refuse(route: Any) -> None:
        refused.append(route.request.url)
        if len(refused) == 2:
            route.fulfill(status=503, headers={"Content-Type": "text/html"}, body="<hx-partial></hx-partial>")
        else:
            route.continue_()

    page.route(re.compile("scan="), refuse)
    d.open(f"{FAILED}?q=needle")
    expect(page.locator("#jobs a.job-id")).to_have_count(3, timeout=20_000)
    assert len(refused) > 3
    expect(page.locator("#toasts .toast")).to_have_count(0)


@pytest.mark.broken_data
def test_a_search_waits_for_the_script_that_repeats_it(
    desk: OpenDesk, long_lane: Any, page: Page, complaints: Complaints
) -> None:
    complaints.allow_status(503)
    d = desk()
    d.still()
    held: list[Any] = []
    page.route("**/live.js", lambda route: held.append(route))  # our script is later than that of htmx
    page.route(re.compile("scan="), lambda route: route.fulfill(status=503, body=""), times=1)
    page.goto(d.url + f"{FAILED}?q=needle", wait_until="commit")
    page.wait_for_timeout(300)
    held[0].continue_()
    expect(page.locator("#jobs a.job-id")).to_have_count(3)
