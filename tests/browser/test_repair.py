"""A repair in a browser: from what the check found to the queue of which nothing is found any more."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from omniq_core import OmniqClient, read_health, start_check
from tests.browser.axe import both_themes
from tests.browser.test_bulk import Open, at_work
from tests.operator.test_check_runner import NOW, runner, work
from tests.support.clock import wait_until
from tests.support.factories import fail_jobs
from tests.support.invariants import check_invariants

__all__ = ["at_work"]  # the fixture
pytestmark = pytest.mark.broken_data


def lose_three(client: OmniqClient, redis: Any) -> None:
    """Three failed jobs that stand in no lane, and a check that found them."""
    fail_jobs(client, "q", ["f"], now_ms=NOW)
    for n in range(3):
        redis.hset(f"{{q}}:job:lost-{n}", mapping={"id": f"lost-{n}", "state": "failed", "payload": "{}"})
    start_check(client.link, "c1", ["q"], by="", now_ms=NOW)
    work(*runner(client), client)


def test_jobs_in_no_lane_are_put_back(at_work: Open, page: Page, client: OmniqClient, redis: Any) -> None:
    lose_three(client, redis)
    page.clock.install()
    desk = at_work()
    desk.open("/health")
    # From now on the page by itself would look again in ten minutes only.
    page.evaluate("document.getElementById('main').dataset.every = 600")
    with page.expect_response(lambda response: "live=1" in response.url):
        page.clock.run_for(5_000)
    page.get_by_role("link", name="Repair 3 jobs").click()
    dialog = page.get_by_role("dialog", name="Repair 3 jobs of q?")
    expect(dialog.get_by_role("button", name="Not now")).to_be_focused()
    both_themes(page, "repair")
    dialog.get_by_role("link", name="Remove instead").click()
    other = page.get_by_role("dialog", name="Remove 3 jobs of q?")
    other.get_by_role("button", name="Not now").click()
    expect(other).to_have_count(0)
    page.get_by_role("link", name="Repair 3 jobs").click()
    dialog.get_by_role("button", name="Repair 3 jobs").click()
    expect(dialog).to_have_count(0)
    expect(page.locator("#toasts")).to_contain_text("Repaired 3 jobs")
    wait_until(lambda: [one.found for one in read_health(client.link).reports] == [{}], timeout=30)
    desk.open("/health")
    expect(page.locator("#health-state")).to_be_visible()
    expect(page.get_by_role("link", name="Repair 3 jobs")).to_have_count(0)
    assert redis.llen("{q}:failed") == 4
    check_invariants(redis, "q")


def test_without_script_its_address_leads_all_the_way(
    at_work: Open, plain_page: Page, client: OmniqClient, redis: Any
) -> None:
    lose_three(client, redis)
    desk = at_work(plain_page)
    desk.open("/health/repairs/orphans")
    put_back = plain_page.get_by_role("dialog", name="Repair 3 jobs of q?")
    expect(put_back.get_by_role("row")).to_have_count(4)
    put_back.get_by_role("link", name="Remove instead").click()
    expect(plain_page.get_by_role("dialog", name="Remove 3 jobs of q?")).to_contain_text("This cannot be undone.")
    plain_page.get_by_role("link", name="Put back instead").click()
    put_back.get_by_role("button", name="Repair 3 jobs").click()
    expect(plain_page.get_by_role("heading", level=1)).to_have_text("Repair 3 jobs")
    wait_until(lambda: [one.found for one in read_health(client.link).reports] == [{}], timeout=30)
    plain_page.reload()
    expect(plain_page.locator("#task-state")).to_have_text("Finished")
    expect(plain_page.locator("#task-facts")).to_contain_text("Repaired3")
    desk.open("/health/repairs/orphans")
    expect(plain_page.locator("#toasts")).to_contain_text("nothing to repair any more")
    assert redis.llen("{q}:failed") == 4
    check_invariants(redis, "q")


def test_a_dialog_that_was_opened_as_a_page_leads_on(
    at_work: Open, page: Page, client: OmniqClient, redis: Any
) -> None:
    lose_three(client, redis)
    at_work().open("/queues/q/repairs/orphans")
    page.get_by_role("button", name="Repair 3 jobs").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Repair 3 jobs")
