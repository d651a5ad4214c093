"""Waiting, active, delayed and completed in the browser: Run now, leases that shrink, rows held in their place."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from omniq_core import OmniqClient
from tests.browser.axe import both_themes
from tests.browser.desk import Desk, OpenDesk
from tests.support.announced import announce
from tests.support.clock import Clock
from tests.support.factories import complete_jobs, delay_jobs, lease_jobs, publish_jobs

DELAYED, ACTIVE, WAITING, COMPLETED = (f"/queues/mail/{lane}" for lane in ("delayed", "active", "waiting", "completed"))


def delayed(client: OmniqClient, clock: Clock, *ids: str) -> None:
    delay_jobs(client, "mail", list(ids), now_ms=clock.now_ms, due_ms=clock.now_ms + 600_000)


def next_tick(d: Desk) -> None:
    """Asks for a tick now and waits for its answer."""
    with d.page.expect_response(lambda response: "live=1" in response.url):
        d.page.evaluate("document.dispatchEvent(new Event('omniq:refresh'))")


def test_run_now_of_one_by_pointer(desk: OpenDesk, client: OmniqClient, clock: Clock) -> None:
    delayed(client, clock, "a", "b", "c")
    d = desk()
    d.open(DELAYED)
    posts = d.posts()
    d.press("Run now b")
    toast = d.told("Moved 1 job to waiting")
    d.shows(["a", "c"])
    assert posts == ["/queues/mail/jobs/run-now"]
    d.focus_is("Run now c")  # the same control of the next row
    toast.get_by_role("link", name="Show").click()
    d.shows(["b"])


def test_run_now_of_three_by_keyboard(desk: OpenDesk, client: OmniqClient, clock: Clock) -> None:
    delayed(client, clock, "a", "b", "c", "d")
    d = desk()
    d.open(DELAYED)
    for key in ("j", "x", "j", "x", "j", "j", "x"):
        d.page.keyboard.press(key)
    assert d.checked == ["a", "b", "d"]
    expect(d.bulk("Run 3 now")).to_be_visible()
    d.page.keyboard.press("r")
    expect(d.dialog.get_by_role("heading", name="Run 3 delayed jobs now?")).to_be_visible()
    d.focus_is("Not now")
    both_themes(d.page, "run now dialog")
    d.page.keyboard.press("Escape")
    expect(d.dialog).to_have_count(0)
    assert d.checked == ["a", "b", "d"]
    d.bulk("Run 3 now").click()
    d.confirm("Run 3 delayed jobs now?", "Run 3 jobs now")
    d.told("Moved 3 jobs to waiting")
    d.shows(["c"])


def test_run_now_without_script(desk: OpenDesk, plain_page: Page, client: OmniqClient, clock: Clock) -> None:
    delayed(client, clock, "a", "b", "c")
    d = desk(page=plain_page)
    d.open(DELAYED)
    d.press("Run now a")
    d.told("Moved 1 job to waiting")
    d.check("b", "c")
    d.bulk("Run selected now").click()
    d.confirm("Run 2 delayed jobs now?", "Run 2 jobs now")
    d.told("Moved 2 jobs to waiting")
    expect(d.page.get_by_role("heading", name="Nothing is delayed")).to_be_visible()


def test_run_now_on_the_job_page(desk: OpenDesk, client: OmniqClient, clock: Clock) -> None:
    delayed(client, clock, "a")
    d = desk()
    d.open("/queues/mail/jobs/a")
    d.press("Run now")
    d.told("Moved 1 job to waiting")
    expect(d.page.locator("#job-state")).to_have_text("Waiting")
    expect(d.control("Run now")).to_have_count(0)


def test_a_lease_shrinks_by_script_and_its_chip_comes_by_tick(
    desk: OpenDesk, client: OmniqClient, clock: Clock
) -> None:
    tokens = lease_jobs(client, "mail", ["a", "b"], now_ms=clock.now_ms, step_ms=0, timeout_ms=60_000)
    d = desk()
    d.open(ACTIVE)
    lease = d.row("a").locator("[data-label=Lease]")
    meter = d.row("a").get_by_label("Lease left")
    d.page.evaluate("document.documentElement.dataset.live = 'off'")  # the server's clock stands still, so no ticks
    expect(lease).to_have_text(re.compile(r"^5[78](\.\d)? s$"))
    assert 50_000 < float(meter.get_attribute("value") or 0) < 59_000
    assert meter.get_attribute("max") == "60000"
    d.page.evaluate("document.documentElement.dataset.live = ''")
    client.heartbeat(queue="mail", job_id="b", lease_token=tokens["b"], now_ms_override=clock.now_ms + 30_000)
    clock.advance(60_000)
    expect(lease).to_have_text("Lease ran out")
    expect(meter).to_have_count(0)
    expect(d.row("b").locator("[data-label=Lease]")).to_have_text(re.compile(r"^(30|2\d(\.\d)?) s$"))


def test_rows_of_running_jobs_stay_while_somebody_looks_at_them(
    desk: OpenDesk, client: OmniqClient, clock: Clock
) -> None:
    tokens = lease_jobs(client, "mail", ["a", "b", "c"], now_ms=clock.now_ms, timeout_ms=60_000)
    d = desk()
    d.open(ACTIVE)
    d.row("b").hover()
    client.ack_success(queue="mail", job_id="a", lease_token=tokens["a"], now_ms_override=clock.now_ms)
    client.heartbeat(queue="mail", job_id="b", lease_token=tokens["b"], now_ms_override=clock.now_ms + 5_000)
    expect(d.row("a").get_by_text("No longer active")).to_be_visible()
    assert d.ids == ["a", "b", "c"]
    d.page.mouse.move(5, 5)
    next_tick(d)
    expect(d.page.locator("#jobs a.job-id")).to_have_count(2)
    assert d.ids == ["c", "b"]  # the beaten lease ends last


def test_a_selection_of_delayed_jobs_lives_through_ticks(desk: OpenDesk, client: OmniqClient, clock: Clock) -> None:
    delayed(client, clock, "a", "b", "c")
    d = desk()
    d.open(DELAYED)
    d.check("a", "c")
    client.run_now(queue="mail", job_id="a", now_ms_override=clock.now_ms)
    delay_jobs(client, "mail", ["sooner"], now_ms=clock.now_ms, due_ms=clock.now_ms + 1_000)
    expect(d.row("a").get_by_text("No longer delayed")).to_be_visible()
    assert (d.ids, d.checked) == (["a", "b", "c"], ["a", "c"])
    d.bulk("Run 1 now").click()  # the one that left is neither counted nor sent
    d.confirm("Run this job now?", "Run job now")
    d.told("Moved 1 job to waiting")


def test_sorting_the_active_lane(desk: OpenDesk, client: OmniqClient, clock: Clock) -> None:
    for n, (job_id, timeout) in enumerate((("old", 90_000), ("new", 30_000))):
        lease_jobs(client, "mail", [job_id], now_ms=clock.now_ms + n, timeout_ms=timeout)
    d = desk()
    d.open(ACTIVE)
    d.shows(["new", "old"])
    d.page.get_by_role("columnheader", name="Started").get_by_role("link").click()
    d.shows(["old", "new"])
    expect(d.page.get_by_role("columnheader", name="Started")).to_have_attribute("aria-sort", "ascending")
    d.page.set_viewport_size({"width": 390, "height": 800})
    sort = d.page.get_by_label("Sort")
    expect(sort).to_have_value("started")
    sort.select_option("Shortest lease first")
    d.page.wait_for_url(lambda url: "sort=lease" in url or "sort=" not in url)
    d.shows(["new", "old"])


@pytest.fixture
def full(desk: OpenDesk, client: OmniqClient, redis: Any, clock: Clock) -> Desk:
    """Jobs in all four lanes, with long groups and payloads, and consumers, one of which was lost."""
    now, group = clock.now_ms, "g" * 200
    complete_jobs(client, "mail", ["d" * 128, "done"], now_ms=now, gid=group)
    lease_jobs(client, "mail", ["r" * 128], now_ms=now + 10, timeout_ms=86_400_000 * 9, gid=group)
    lease_jobs(client, "mail", ["ran out"], now_ms=now + 11, timeout_ms=1_000)
    lease_jobs(client, "mail", ["runs"], now_ms=now + 12, timeout_ms=60_000)
    delay_jobs(client, "mail", ["l" * 128], now_ms=now, due_ms=now + 86_400_000 * 400, gid=group)
    delay_jobs(client, "mail", ["later"], now_ms=now, due_ms=now + 60_000, payload={"k" * 300: "v" * 3_000})
    publish_jobs(client, "mail", ["w" * 128], now_ms=now + 20, gid=group, payload={"k" * 300: "v" * 3_000})
    publish_jobs(client, "mail", ["waits"], now_ms=now + 21)
    clock.advance(20_000)
    announce(redis, "mail", "lost", now_ms=clock.now_ms, ago_ms=12_000, host="h" * 128, concurrency=40, jobs=["runs"])
    announce(redis, "mail", "works", now_ms=clock.now_ms, concurrency=12)
    return desk()


@pytest.mark.parametrize("lane", [WAITING, ACTIVE, DELAYED, COMPLETED])
def test_axe_and_narrow_windows(full: Desk, lane: str) -> None:
    for width in (1440, 390, 320):
        full.page.set_viewport_size({"width": width, "height": 800})
        full.open(lane)
        expect(full.page.locator("#jobs a.job-id").first).to_be_visible()
        assert full.overflow <= 0, f"{lane} at {width} px is {full.overflow} px too wide"
        if width == 320:  # test_accessible looks at 1440, and 390 is drawn as 320 is
            both_themes(full.page, f"{lane} at {width}")


@pytest.mark.parametrize("width", [390, 320])
def test_the_bar_and_the_dialog_of_run_now_fit(full: Desk, width: int) -> None:
    full.page.set_viewport_size({"width": width, "height": 800})
    full.open(DELAYED)
    full.page.get_by_label("Select page").check()
    assert full.overflow <= 0
    full.page.evaluate("scrollTo(0, document.body.scrollHeight)")  # the bar covers no row there
    both_themes(full.page, "bulk bar")
    full.bulk("Run 2 now").click()
    expect(full.dialog).to_be_visible()
    assert full.dialog.evaluate("e => e.scrollWidth - e.clientWidth") <= 0
    both_themes(full.page, "dialog")


def test_an_empty_lane_shows_nothing_but_what_comes_here(desk: OpenDesk, client: OmniqClient) -> None:
    client.pause(queue="mail")
    at = desk()
    at.open("/queues/mail/failed")
    expect(at.page.get_by_role("heading", name="No failed jobs")).to_be_visible()
    for unused in ("thead", ".card-bar", "#pager"):
        expect(at.page.locator(unused)).to_be_hidden()
