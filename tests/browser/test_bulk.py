"""Bulk work in a browser: the dialog, the card on every page, its end in a toast, cancel and go on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from dashboard import create_app
from omniq_core import OmniqClient
from tests.browser.axe import both_themes
from tests.browser.desk import Desk
from tests.operator.bulk import fill_failed
from tests.support.clock import wait_until
from tests.support.factories import fail_jobs
from tests.support.live_server import LiveServer, WsgiApp

Open = Callable[..., Desk]


@pytest.fixture
def at_work(client: OmniqClient, page: Page, live_server: Callable[[WsgiApp], LiveServer]) -> Iterator[Open]:
    """A dashboard that does what it is told: with its threads, by the real clock."""
    mounts: list[Any] = []

    def start(shown: Page | None = None, **settings: Any) -> Desk:
        app = create_app(client, secret="not secret", **settings)
        mounts.extend(app.extensions["omniq_dashboard"].values())
        return Desk(shown or page, live_server(app).url)

    yield start
    for mount in mounts:
        if mount.background:
            mount.background.stop()


def test_retry_of_all(at_work: Open, page: Page, redis: Any) -> None:
    fill_failed(redis, 300, 50, 5)
    desk = at_work()
    desk.open("/queues/q/failed")
    page.get_by_role("button", name="Retry 350").click()
    dialog = page.get_by_role("dialog", name="Retry 350 failed jobs?")
    expect(dialog.get_by_role("button", name="Not now")).to_be_focused()
    both_themes(page, "bulk")
    go = dialog.get_by_role("button", name="Retry 350 jobs")
    go.click()  # the name is missing: the browser asks for it
    expect(dialog).to_be_visible()
    dialog.get_by_label("Type the queue name to confirm").fill("q")
    go.click()
    expect(dialog).to_have_count(0)
    toast = page.locator("#toasts > .toast", has_text="Retried 350 jobs")
    expect(toast).to_be_visible()
    expect(page.locator("#tasks .task")).to_have_count(0)
    expect(page.locator("#pager")).to_contain_text("0 of 0")  # its rows stand dim: the pointer may be on them
    toast.get_by_role("link", name="Details").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Retry 350 failed jobs")
    both_themes(page, "bulk")


def test_the_card_goes_along_is_stopped_and_gone_on_with(at_work: Open, page: Page, redis: Any) -> None:
    fill_failed(redis, 200, 0, 1)
    desk = at_work()
    desk.open("/queues/q/failed")
    page.get_by_role("button", name="Retry 200").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Jobs a second")).to_be_hidden()
    dialog.get_by_text("Per second").click()
    dialog.get_by_label("Jobs a second").fill("10")
    dialog.get_by_label("Type the queue name to confirm").fill("q")
    dialog.get_by_role("button", name="Retry 200 jobs").click()
    card = page.locator("#tasks .task")
    expect(card).to_contain_text("Retrying 200 jobs")
    desk.open("/")
    expect(card).to_contain_text("retried")
    done = redis.llen("{q}:wait")
    wait_until(lambda: redis.llen("{q}:wait") > done)
    expect(card.locator("progress")).not_to_have_attribute("value", "0")  # a tick brought it, within its second
    both_themes(page, "bulk")
    card.get_by_role("button", name="Cancel").click()
    expect(card).to_contain_text("Stopped at")
    time_of_stop = redis.llen("{q}:wait")
    expect(card.get_by_role("button", name="Dismiss")).to_be_visible()
    both_themes(page, "bulk")
    assert redis.llen("{q}:wait") - time_of_stop <= 2  # no batch after the one that ran
    card.get_by_role("button", name="Go on").click()
    expect(card).to_contain_text("Retrying 200 jobs")
    card.get_by_role("link", name="Retrying 200 jobs").click()
    expect(page.locator("#task-state")).to_have_text("Running")
    expect(page.locator("#task-about")).to_contain_text("10 a second")
    expect(card).to_have_count(0)  # its own page says it all
    looked_at = page.locator("#task .task-foot").first.text_content()
    expect(page.locator("#task .task-foot").first).not_to_have_text(looked_at or "")
    desk.open("/")
    card.get_by_role("button", name="Cancel").click()
    card.get_by_role("button", name="Dismiss").click()
    expect(card).to_have_count(0)
    page.go_back()
    expect(page.locator("#task-state")).to_have_text("Stopped")
    expect(page.locator("#task-actions").get_by_role("button", name="Go on with")).to_be_visible()
    both_themes(page, "stopped")


def test_a_filter_that_takes_long_is_counted_in_sight(
    at_work: Open, page: Page, redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_failed(redis, 3_000, 0, 1)
    monkeypatch.setattr("omniq_core.operator.selection.COUNT_MS", 0.0)
    monkeypatch.setattr("omniq_core.operator.lane_scan.MOST_WORK", 400)
    desk = at_work()
    desk.open("/queues/q/failed?q=no")
    page.get_by_role("button", name="Remove 3,000 matching").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Counting:")
    expect(dialog.get_by_role("button", name="Counting")).to_be_disabled()
    expect(page.get_by_role("dialog", name="Remove 3,000 failed jobs?")).to_be_visible(timeout=20_000)
    expect(page.get_by_role("dialog")).to_have_count(1)


def test_counting_ends_with_its_dialog(at_work: Open, page: Page, redis: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fill_failed(redis, 3_000, 0, 1)
    monkeypatch.setattr("omniq_core.operator.selection.COUNT_MS", 0.0)
    monkeypatch.setattr("omniq_core.operator.lane_scan.MOST_WORK", 100)
    desk = at_work()
    desk.open("/queues/q/failed?q=no")
    page.get_by_role("button", name="Remove 3,000 matching").click()
    page.get_by_role("dialog").get_by_role("button", name="Not now").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    asked: list[float] = []
    page.on("request", lambda request: asked.append(time.monotonic()) if "/confirm" in request.url else None)
    page.wait_for_timeout(1_000)
    assert len(asked) <= 1  # one may have been under way
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_without_script(at_work: Open, plain_page: Page, redis: Any) -> None:
    fill_failed(redis, 30, 0, 1)
    desk = at_work(plain_page)
    desk.open("/queues/q/failed")
    plain_page.get_by_role("button", name="Remove 30").click()
    expect(plain_page.get_by_role("heading", name="Remove 30 failed jobs?")).to_be_visible()
    plain_page.get_by_role("button", name="Remove 30 jobs").click()
    expect(plain_page.get_by_role("heading", level=1)).to_have_text("Remove 30 failed jobs")
    wait_until(lambda: redis.llen("{q}:failed") == 0)
    desk.open("/queues/q/failed")
    expect(plain_page.get_by_text("No failed jobs")).to_be_visible()


def test_all_that_match_are_selected(at_work: Open, page: Page, redis: Any) -> None:
    fill_failed(redis, 60, 0, 1)
    desk = at_work()
    desk.open("/queues/q/failed?size=25")
    desk.check(desk.ids[0])
    page.get_by_role("link", name="Select all 60").click()
    bar = page.get_by_role("region", name="All matching jobs")
    expect(bar).to_contain_text("60 selected")
    both_themes(page, "all selected")
    for key, title in (("r", "Retry 60 failed jobs?"), ("#", "Remove 60 failed jobs?")):
        page.keyboard.press("j")  # keys act on what is selected, not on the row that is walked to
        page.keyboard.press(key)
        expect(page.get_by_role("dialog", name=title)).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(bar).to_have_count(0)
    page.go_back()
    bar.get_by_role("button", name="Remove 60").click()
    page.get_by_role("dialog", name="Remove 60 failed jobs?").get_by_role("button", name="Remove 60 jobs").click()
    expect(page.locator("#toasts > .toast", has_text="Removed 60 jobs")).to_be_visible()


def test_how_many_can_be_selected_is_true_while_rows_are_held(
    at_work: Open, page: Page, redis: Any, client: OmniqClient
) -> None:
    fill_failed(redis, 60, 0, 1)
    desk = at_work()
    desk.open("/queues/q/failed?size=25")
    page.mouse.move(0, 0)
    desk.check(desk.ids[0])
    fail_jobs(client, "q", 12, now_ms=time.time_ns() // 1_000_000)
    expect(page.get_by_role("link", name="Select all 72")).to_be_visible()
    assert len(desk.checked) == 1
    page.get_by_role("link", name="Select all 72").click()
    bar = page.get_by_role("region", name="All matching jobs")
    expect(bar).to_contain_text("72 selected")
    bar.get_by_role("button", name="Retry 72").focus()
    fail_jobs(client, "q", ["x", "y", "z"], now_ms=time.time_ns() // 1_000_000)
    expect(bar).to_contain_text("75 selected")
    expect(bar.get_by_role("button", name="Retry 75")).to_be_focused()
