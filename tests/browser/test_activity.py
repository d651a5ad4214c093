"""The page of activity in a browser: accessible in both themes, filtered while somebody types, and what is new."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from omniq_core import Activity, Keep, OmniqClient, note_activity
from tests.browser.axe import both_themes
from tests.browser.desk import OpenDesk
from tests.support.clock import Clock
from tests.support.factories import fail_jobs


def test_activity(desk: OpenDesk, client: OmniqClient, clock: Clock) -> None:
    def note(action: str, who: str, **more: object) -> None:
        state = more.pop("state", "done")
        note_activity(client.link, Activity(clock.now_ms - 60_000, action, state, who=who, queue="mail", **more))  # type: ignore[arg-type]

    note("retry", "oncall", lane="failed", jobs=3, done=2, skipped={"NO_JOB": 1}, filter={"q": "ConnectionError"})
    note("remove", "ops-eu", state="refused", lane="failed", jobs=4_213, why="You may not remove.")
    note("pause", "oncall", state="begun")
    d = desk()
    d.open("/activity")
    rows = d.page.locator("#activity > tr")
    expect(rows).to_have_count(3)
    both_themes(d.page, "activity")
    d.page.get_by_role("searchbox", name="Who").fill("ops")
    expect(rows).to_have_count(1)
    assert d.page.url.endswith("/activity?who=ops")
    note("resume", "ops-us", done=1)
    d.page.mouse.move(5, 5)
    d.page.evaluate("document.dispatchEvent(new CustomEvent('omniq:refresh'))")
    expect(rows).to_have_count(2)
    d.page.get_by_role("link", name="Resumed").click()
    expect(d.page.get_by_role("heading", name="Resumed")).to_be_visible()
    both_themes(d.page, "an entry")


def test_undo_from_the_record(desk: OpenDesk, client: OmniqClient, redis: Any, clock: Clock) -> None:
    fail_jobs(client, "mail", ["a"], now_ms=clock.now_ms - 1_000)
    client.remove_job(queue="mail", job_id="a", lane="failed", keep=Keep("b" * 16))
    facts = {"batch": "b" * 16}
    gone = Activity(clock.now_ms, "remove", "done", queue="mail", jobs=1, ids=("a",), done=1, facts=facts)
    note_activity(client.link, gone)
    d = desk()
    d.open("/activity")
    both_themes(d.page, "activity with undo")
    d.page.get_by_role("button", name="Undo: Removed job a").click()
    expect(d.page.locator("#toasts")).to_contain_text("Put back 1 job")
    expect(d.page.locator("#activity")).to_contain_text("1 removed, undone")
    expect(d.page.get_by_role("button", name="Undo: Removed job a")).to_have_count(0)
    assert redis.lrange("{mail}:failed", 0, -1) == [b"a"]
