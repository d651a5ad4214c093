"""A refresh that takes away what has the focus gives it to the heading: never to something else to press."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from omniq_core import OmniqClient
from omniq_core.operator.tasks import order_task
from tests.browser.desk import OpenDesk
from tests.operator.bulk import begin
from tests.support.clock import Clock
from tests.support.factories import delay_jobs, fail_jobs, lease_jobs


def test_run_now_does_not_become_retry(desk: OpenDesk, client: OmniqClient, clock: Clock) -> None:
    delay_jobs(client, "mail", ["a"], now_ms=clock.now_ms, due_ms=clock.now_ms + 5, max_attempts=1)
    d = desk()
    d.open("/queues/mail/jobs/a")
    d.control("Run now").focus()
    clock.advance(10)
    client.promote_delayed(queue="mail", now_ms_override=clock.now_ms)
    lease: Any = client.reserve(queue="mail", now_ms_override=clock.now_ms)
    client.ack_fail(queue="mail", job_id="a", lease_token=lease.lease_token, now_ms_override=clock.now_ms)
    expect(d.control("Retry")).to_be_visible()
    expect(d.page.get_by_role("heading", level=1)).to_be_focused()


def test_cancel_does_not_become_go_on(desk: OpenDesk, client: OmniqClient, clock: Clock) -> None:
    fail_jobs(client, "mail", 3, now_ms=clock.now_ms)
    begin(client.link, "mail", "retry", "failed", task_id="b" * 16, now_ms=clock.now_ms)
    d = desk()
    d.open(f"/queues/mail/tasks/{'b' * 16}")
    d.page.locator("#task-actions").get_by_role("button", name="Cancel").focus()
    order_task(client.link, "mail", "b" * 16, "cancel", now_ms=clock.now_ms)
    expect(d.page.locator("#task-actions").get_by_role("button", name="Go on with 3")).to_be_visible()
    expect(d.page.get_by_role("heading", level=1)).to_be_focused()


def test_who_holds_a_group_does_not_become_another_one(desk: OpenDesk, client: OmniqClient, clock: Clock) -> None:
    leases = lease_jobs(client, "mail", ["r1", "r2", "r3"], now_ms=clock.now_ms, gid="acme", group_limit=3)
    client.publish(queue="mail", payload={}, job_id="w", gid="acme", now_ms_override=clock.now_ms)
    client.publish(queue="mail", payload={}, job_id="v", gid="acme", now_ms_override=clock.now_ms)
    d = desk()
    d.open("/queues/mail/jobs/v")
    d.page.locator("#why").get_by_role("link", name="r1").focus()
    client.ack_success(queue="mail", job_id="r1", lease_token=leases["r1"], now_ms_override=clock.now_ms)
    client.reserve(queue="mail", now_ms_override=clock.now_ms)
    expect(d.page.locator("#why").get_by_role("link", name="w", exact=True)).to_be_visible()
    expect(d.page.get_by_role("heading", level=1)).to_be_focused()
    d.page.locator("#why").get_by_role("link", name="acme").press("Enter")
    expect(d.page.get_by_role("heading", level=2, name="acme")).to_be_visible()


UNDER_THE_BAR = """() => {
  const bar = document.getElementById("bulk-bar").getBoundingClientRect();
  const focused = document.activeElement.getBoundingClientRect();
  return Math.max(0, Math.min(bar.bottom, focused.bottom) - Math.max(bar.top, focused.top));
}"""


def test_no_row_that_is_walked_to_lies_under_the_bulk_bar(desk: OpenDesk, client: OmniqClient, clock: Clock) -> None:
    fail_jobs(client, "mail", 8, now_ms=clock.now_ms)
    d = desk()
    d.page.set_viewport_size({"width": 320, "height": 500})
    for path, selects in (("/queues/mail/failed", True), ("/queues/mail/failed?scope=filter", False)):
        d.open(path)
        if selects:
            d.check("job-8")
        d.page.keyboard.press("j")
        for _ in range(7):
            d.page.keyboard.press("j")
            assert d.page.evaluate(UNDER_THE_BAR) == 0, f"{path} at {d.focused}"
        d.focus_is("job-1")


def test_a_menu_closes_when_the_focus_goes_on_behind_it(desk: OpenDesk, client: OmniqClient, clock: Clock) -> None:
    fail_jobs(client, "mail", 1, now_ms=clock.now_ms)
    d = desk()
    d.page.set_viewport_size({"width": 390, "height": 700})
    d.open("/queues/mail/failed")
    menu = d.page.locator("#display-menu")
    menu.locator("summary").press("Enter")
    expect(d.page.locator("#display")).to_be_visible()
    d.page.get_by_role("link", name="Show the shortcuts").focus()
    expect(menu).to_have_attribute("open", "")
    d.page.keyboard.press("Tab")
    expect(menu).not_to_have_attribute("open", "")
    d.focus_is("Overview")


def test_a_dialog_from_the_menu_of_a_queue_gives_the_focus_back_to_the_menu(
    desk: OpenDesk, client: OmniqClient, clock: Clock
) -> None:
    fail_jobs(client, "mail", 3, now_ms=clock.now_ms)
    d = desk()
    d.open("/queues/mail/waiting")
    d.page.get_by_label("More queue actions").press("Enter")
    d.page.get_by_role("button", name="Retry 3 failed").press("Enter")
    expect(d.page.get_by_role("dialog", name="Retry 3 failed jobs?")).to_be_visible()
    expect(d.page.locator("#more-actions")).not_to_have_attribute("open", "")
    d.page.keyboard.press("Escape")
    d.focus_is("More queue actions")
