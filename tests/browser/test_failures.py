"""Failed jobs by error, in a browser: read, sorted, followed and acted on; in both themes and narrow."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from omniq_core import OmniqClient
from omniq_core.operator.failure_index import FailureIndex
from tests.browser.axe import both_themes
from tests.browser.desk import Desk, OpenDesk
from tests.operator.failing import fail_by_hand, index_all
from tests.support.clock import Clock
from tests.support.factories import fail_jobs

PATH = "/queues/mail/failures"
HOUR = 3_600_000
LONG = "VeryLong" + "Name" * 40 + "Error: " + "<img src=x onerror=alert(1)> \u202e" * 5 + "w" * 200


@pytest.fixture
def index(client: OmniqClient, clock: Clock) -> FailureIndex:
    """Three kinds: 3 rising, 2 new, 1 old with a name as long as it may be."""
    now = clock.now_ms
    fail_jobs(client, "mail", ["old"], now_ms=now - 9 * HOUR, error=LONG)
    fail_jobs(client, "mail", ["new-1", "new-2"], now_ms=now - 2 * HOUR, error="ValueError: no such account acct_17")
    fail_jobs(client, "mail", ["now-1", "now-2", "now-3"], now_ms=now - 60_000, error="KeyError: 'to'")
    made = FailureIndex(client.link)
    index_all(client, clock, made, queue="mail")
    return made


@pytest.fixture
def errors(desk: OpenDesk, index: FailureIndex) -> Desk:
    """The page of the errors of `mail`."""
    del index
    opened = desk()
    opened.open(PATH)
    return opened


def row(page: Page, name: str) -> Locator:
    return page.locator("#errors tr").filter(has=page.get_by_role("link", name=name, exact=True))


def test_what_an_operator_reads(errors: Desk) -> None:
    rows = errors.page.locator("#errors tr")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("KeyError")
    expect(rows.nth(0)).to_contain_text("Rising")
    expect(rows.nth(1)).to_contain_text("no such account ‹id›")
    expect(rows.nth(1)).to_contain_text("New")
    errors.page.get_by_role("link", name="Last seen").click()
    errors.page.get_by_role("link", name="Last seen").click()
    expect(rows.nth(2)).to_contain_text("KeyError")
    assert "sort=-last" in errors.page.url
    errors.page.get_by_label("Histogram range").select_option("24h")
    expect(errors.page.get_by_role("columnheader", name="Per hour, 24 h")).to_be_visible()


def test_from_the_failed_lane_to_the_jobs_of_a_kind_and_back(errors: Desk) -> None:
    page = errors.page
    errors.open("/queues/mail/failed")
    page.get_by_role("link", name="By error").click()
    page.get_by_role("link", name="ValueError", exact=True).click()
    errors.shows(["new-2", "new-1"])
    page.get_by_role("link", name="new-2").click()
    expect(page.locator("#job-error footer")).to_have_text("1 other failed job in this queue has this error. Show both")
    page.get_by_role("link", name="Show both").click()
    errors.shows(["new-2", "new-1"])


def test_remove_of_a_kind_asks_first(errors: Desk) -> None:
    page = errors.page
    page.get_by_role("button", name="Remove 2 jobs with ValueError").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="Remove 2 failed jobs?")).to_be_visible()
    expect(dialog).to_contain_text("Error ValueError")
    both_themes(page, "dialog")
    dialog.get_by_role("button", name="Keep jobs").click()
    expect(dialog).to_have_count(0)


def test_new_figures_are_announced_and_shown_on_demand(
    errors: Desk, client: OmniqClient, clock: Clock, index: FailureIndex
) -> None:
    page = errors.page
    fail_jobs(client, "mail", ["now-4"], now_ms=clock.now_ms, error="KeyError: 'to'")
    index_all(client, clock, index, queue="mail")
    link = page.get_by_role("link", name="Show the new figures")
    expect(link).to_be_visible()
    expect(row(page, "KeyError").locator(".num").first).to_have_text("3")
    link.click()
    expect(row(page, "KeyError").locator(".num").first).to_have_text("4")


def test_while_they_are_read_the_rows_come_by_themselves(
    desk: OpenDesk, client: OmniqClient, redis: Any, clock: Clock
) -> None:
    fail_by_hand(redis, [(f"job-{n}", "KeyError: 'to'") for n in range(40)], now_ms=clock.now_ms, queue="mail")
    redis.set("{omniq:x}:leader", "somebody")
    opened = desk()
    opened.open(PATH)
    expect(opened.page.get_by_role("heading", name="Reading errors: 0%")).to_be_visible()
    both_themes(opened.page, "reading")
    index_all(client, clock, queue="mail")
    expect(row(opened.page, "KeyError").locator(".num").first).to_have_text("40")
    expect(opened.page.get_by_role("button", name="Retry 40 jobs with KeyError")).to_be_visible()


def test_axe_finds_nothing(errors: Desk) -> None:
    both_themes(errors.page, "by error")
    errors.page.get_by_role("link", name="KeyError", exact=True).click()
    expect(errors.page.locator("#kind-h")).to_be_visible()
    both_themes(errors.page, "jobs of a kind")
    errors.open(f"{PATH}/0123456789abcdef")
    both_themes(errors.page, "a kind that is gone")
    errors.page.set_viewport_size({"width": 390, "height": 800})
    errors.open(PATH)
    both_themes(errors.page, "by error, narrow")


@pytest.mark.parametrize("width", [1440, 1024, 768, 390, 320])
def test_no_page_scrolls_sideways(errors: Desk, width: int) -> None:
    errors.page.set_viewport_size({"width": width, "height": 800})
    errors.open(PATH)
    assert errors.overflow <= 0, width
    errors.page.locator("#errors tr").last.get_by_role("link").click()
    expect(errors.page.locator("#kind-h")).to_be_visible()
    assert errors.overflow <= 0, f"the jobs of a kind at {width}"


def test_without_script(plain_page: Page, desk: OpenDesk, index: FailureIndex) -> None:
    del index
    opened = desk(page=plain_page)
    opened.open(PATH)
    plain_page.get_by_role("button", name="Remove 3 jobs with KeyError").click()
    expect(plain_page.get_by_role("heading", name="Remove 3 failed jobs?")).to_be_visible()
    opened.open(PATH)
    plain_page.get_by_label("Histogram range").select_option("7d")
    plain_page.get_by_role("button", name="Show").click()
    expect(plain_page.get_by_role("columnheader", name="Per 6 h, 7 d")).to_be_visible()
