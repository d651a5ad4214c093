"""Groups in the browser: a limit edited in place, two operators, repair, rows that move and rows that hold, axe."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from omniq_core import OmniqClient
from tests.browser.axe import both_themes
from tests.browser.desk import Desk, OpenDesk
from tests.support.clock import Clock
from tests.support.factories import lease_jobs, publish_jobs
from tests.support.watched_page import Complaints

PATH = "/queues/sync/groups"
LONG = "g" * 200


def one_runs_two_wait(client: OmniqClient, clock: Clock, gid: str = "acme") -> None:
    lease_jobs(client, "sync", [f"{gid}-1"], now_ms=clock.now_ms, gid=gid, timeout_ms=900_000)
    publish_jobs(client, "sync", [f"{gid}-2", f"{gid}-3"], now_ms=clock.now_ms, gid=gid)


def row(page: Page, name: str) -> Locator:
    return page.locator("#groups tr").filter(has=page.get_by_role("rowheader", name=name, exact=True))


def field(page: Page) -> Locator:
    return page.locator("#groups input[name=limit]")


def opened(desk: OpenDesk, client: OmniqClient, clock: Clock) -> Desk:
    one_runs_two_wait(client, clock)
    publish_jobs(client, "sync", ["z"], now_ms=clock.now_ms, gid="zeta")
    d = desk()
    each_second = {"name": "omniq_display", "value": "auto.1.utc.on.on", "url": d.url}
    d.page.context.add_cookies([each_second])  # pyright: ignore[reportArgumentType]
    d.open(PATH)
    return d


def test_a_limit_is_edited_by_the_keyboard_alone(
    desk: OpenDesk, client: OmniqClient, redis: Any, clock: Clock, page: Page
) -> None:
    d = opened(desk, client, clock)
    page.get_by_role("link", name="Edit limit of acme, now 1").focus()
    page.keyboard.press("Enter")
    expect(field(page)).to_be_focused()
    assert page.url.endswith(PATH)
    page.keyboard.type("3")  # what stood there is selected
    page.keyboard.press("Enter")
    d.told("Limit of acme is 3 now")
    expect(row(page, "acme")).to_contain_text("1 of 3")
    d.focus_is("Edit limit of acme, now 3")
    assert redis.get("{sync}:g:acme:limit") == b"3"
    page.keyboard.press("Enter")
    expect(field(page)).to_be_focused()
    page.keyboard.press("Escape")
    d.focus_is("Edit limit of acme, now 3")
    expect(field(page)).to_have_count(0)


def test_two_operators_and_a_page_that_waits_for_the_field(
    desk: OpenDesk, client: OmniqClient, redis: Any, clock: Clock, page: Page, complaints: Complaints
) -> None:
    complaints.allow_status(409)
    page.clock.install()
    d = opened(desk, client, clock)
    page.get_by_role("link", name="Edit limit of acme, now 1").click()
    field(page).fill("2")
    client.set_group_limit(queue="sync", gid="acme", limit=5, now_ms_override=clock.now_ms)
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".inline-edit .error")).to_contain_text("somebody set it to 5 meanwhile")
    expect(field(page)).to_have_value("2")
    expect(field(page)).to_have_attribute("aria-invalid", "true")
    both_themes(page, "a limit that was not saved")
    ticks: list[str] = []
    page.on("request", lambda request: ticks.append(request.url) if "live=1" in request.url else None)
    page.clock.run_for(10_000)  # nothing comes to take away what was typed
    assert ticks == []
    expect(field(page)).to_have_value("2")
    page.get_by_role("button", name="Save").click()
    d.told("Limit of acme is 2 now")
    assert redis.get("{sync}:g:acme:limit") == b"2"
    publish_jobs(client, "sync", ["acme-4"], now_ms=clock.now_ms, gid="acme")
    page.clock.run_for(3_000)  # and the page goes on
    expect(row(page, "acme").locator("td").nth(1)).to_have_text("3")


def test_stuck_groups_are_repaired_and_the_notice_leaves(
    desk: OpenDesk, client: OmniqClient, redis: Any, clock: Clock, page: Page
) -> None:
    d = opened(desk, client, clock)
    redis.zrem("{sync}:groups:ready", "zeta")
    expect(page.locator("#stuck")).to_contain_text("zeta has room but is missing from the ready set")
    d.press("Repair 1 group")
    expect(d.dialog.get_by_role("row", name="zeta Ready set Missing In it")).to_be_visible()
    both_themes(page, "repair")
    d.confirm("Repair 1 group of sync?", "Repair 1 group")
    d.told("Repaired 1 group")
    expect(page.locator("#stuck")).to_be_hidden()
    expect(row(page, "zeta")).to_contain_text("Ready")
    assert redis.zscore("{sync}:groups:ready", "zeta") == clock.now_ms


def test_rows_hold_still_under_the_pointer_and_a_filter_applies_while_typed(
    desk: OpenDesk, client: OmniqClient, clock: Clock, page: Page
) -> None:
    opened(desk, client, clock)
    names = page.locator("#groups th")
    expect(names).to_have_text(["acme", "zeta"])
    row(page, "zeta").hover()
    publish_jobs(client, "sync", ["z2", "z3", "z4"], now_ms=clock.now_ms, gid="zeta")
    expect(row(page, "zeta").locator("td").nth(1)).to_have_text("4")
    expect(names).to_have_text(["acme", "zeta"])
    page.get_by_role("heading", level=1).hover()
    expect(names).to_have_text(["zeta", "acme"])
    page.get_by_role("searchbox", name="Filter groups by id").fill("ACM")
    expect(names).to_have_text(["acme"])
    assert page.url.endswith(f"{PATH}?group=ACM")
    page.get_by_role("link", name="Jobs of acme").click()
    expect(page.locator("#jobs a.job-id")).to_have_text(["acme-2", "acme-3"])


def test_axe_and_narrow_windows_with_long_names(
    desk: OpenDesk, client: OmniqClient, redis: Any, clock: Clock, page: Page
) -> None:
    for gid in (LONG, "<script>alert(1)</script>", "\udcff/%:"):
        one_runs_two_wait(client, clock, gid)
    client.set_group_limit(queue="sync", gid=LONG, limit=40, now_ms_override=clock.now_ms)
    redis.zrem("{sync}:groups:ready", LONG)  # stuck
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    d = desk()
    for path in (f"{PATH}?edit={'~' + 'Z2dn' * 66 + 'Z2c'}", f"{PATH}?state=idle", f"{PATH}/~_y8lOg"):
        page.set_viewport_size({"width": 1440, "height": 900})
        d.open(path)
        both_themes(page, path)
        for width in (1024, 390, 320):
            page.set_viewport_size({"width": width, "height": 900})
            assert d.overflow == 0, f"{path} at {width}"
