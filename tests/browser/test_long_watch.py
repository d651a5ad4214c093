"""Pages that stay open for a while, as an operator leaves them, while jobs go on failing."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from omniq_core import OmniqClient
from tests.browser.desk import Desk, OpenDesk
from tests.support.clock import Clock
from tests.support.factories import fail_jobs, publish_jobs

WATCHED_S = 20


@pytest.fixture
def d(desk: OpenDesk, page: Page) -> Desk:
    """A desk whose page ticks every second."""
    d = desk()
    cookie = {"name": "omniq_display", "value": "auto.1.utc.on.on", "url": d.url}
    page.context.add_cookies([cookie])  # pyright: ignore[reportArgumentType]
    return d


def ticks(page: Page) -> list[str]:
    """The addresses of the ticks from here on."""
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.url) if "live=1" in request.url else None)
    return seen


def next_tick(d: Desk) -> None:
    """Waits for one more answer to a tick."""
    with d.page.expect_response(lambda response: "live=1" in response.url):
        pass


@pytest.mark.parametrize("as_told", [True, pytest.param(False, marks=pytest.mark.long)], ids=["told", "real time"])
def test_three_selected_rows_after_twenty_seconds_of_failures(
    d: Desk, client: OmniqClient, redis: Any, clock: Clock, as_told: bool
) -> None:
    if as_told:
        d.page.clock.install()
    ids = fail_jobs(client, "mail", 80, now_ms=clock.now_ms)
    d.open("/queues/mail/failed?size=50")
    shown = d.ids
    chosen = ["job-79", "job-60", "job-31"]  # the second, one in the middle, the last of the page
    assert (shown, len(shown)) == (ids[:29:-1], 50)
    d.check(*chosen)
    seen = ticks(d.page)
    for n in range(1, WATCHED_S + 1):
        fail_jobs(client, "mail", [f"new-{n}"], now_ms=clock.advance(1_000))
        with d.page.expect_response(lambda response: "live=1" in response.url):
            if as_told:
                d.page.clock.run_for(1_000)
    assert len(seen) >= WATCHED_S
    expect(d.page.locator("#newer")).to_contain_text(f"{WATCHED_S} newer failures. Show them.")
    assert (d.ids, d.checked) == (shown, chosen)
    expect(d.page.locator("tr[data-gone]")).to_have_count(0)
    d.bulk("Retry 3").click()
    d.confirm("Retry 3 failed jobs?", "Retry 3 jobs")
    d.told("Retried 3 jobs")
    assert sorted(redis.lrange("{mail}:wait", 0, -1)) == sorted(name.encode() for name in chosen)
    assert redis.llen("{mail}:failed") == 80 + WATCHED_S - 3


def test_filter_order_and_page_three_of_a_lane_are_kept(d: Desk, client: OmniqClient, clock: Clock) -> None:
    now = clock.now_ms
    for n in range(70):
        fail_jobs(client, "mail", [f"key-{n}"], now_ms=now + n * 10, error="KeyError: 'to'")
        fail_jobs(client, "mail", [f"other-{n}"], now_ms=now + n * 10 + 5, error="ValueError: no")
    clock.advance(60_000)
    d.open("/queues/mail/failed?size=25&sort=-failed&q=KeyError")
    d.shows([f"key-{n}" for n in range(25)])
    for page in (2, 3):
        d.page.get_by_role("link", name="Newer", exact=True).click()
        expect(d.page.locator("#pager")).to_contain_text(f"{page * 25 - 24}–{min(page * 25, 70)} of 70")
    third = [f"key-{n}" for n in range(50, 70)]
    d.shows(third)
    address = d.page.url
    fail_jobs(client, "mail", ["other-new"], now_ms=clock.advance(1_000), error="ValueError: no")
    fail_jobs(client, "mail", ["key-new"], now_ms=clock.advance(1_000), error="KeyError: 'to'")
    client.retry_failed(queue="mail", job_id="key-55", now_ms_override=clock.now_ms)
    d.page.mouse.move(5, 5)
    left = [*(name for name in third if name != "key-55"), "key-new"]  # the newest have their place at the end
    expect(d.row("key-55")).to_have_count(0)
    d.shows(left)
    for _ in range(3):
        next_tick(d)
    assert d.page.url == address
    assert "q=KeyError" in address and "sort=-failed" in address
    d.shows(left)


def test_filter_and_page_three_of_the_overview_are_kept(d: Desk, client: OmniqClient, clock: Clock) -> None:
    for n in range(205):
        publish_jobs(client, f"mail-{n:03}", 1, now_ms=clock.now_ms)
    publish_jobs(client, "other", 1, now_ms=clock.now_ms)
    d.open("/?q=mail&sort=name&page=3")
    names = d.page.locator("#queues th.name")
    expect(names).to_have_text([f"mail-{n}" for n in range(200, 205)])
    publish_jobs(client, "mail-202", ["more"], now_ms=clock.advance(1_000))
    d.page.mouse.move(5, 5)
    expect(d.page.locator("#queues tr", has_text="mail-202").locator("[data-label=Waiting]")).to_have_text("2")
    for _ in range(3):
        next_tick(d)
    expect(names).to_have_text([f"mail-{n}" for n in range(200, 205)])
    assert d.page.url.endswith("/?q=mail&sort=name&page=3")
    expect(d.page.get_by_label("Filter queues by name")).to_have_value("mail")
