"""A removal in the record: its button while it can be taken back, and whether that happened or it is final."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard import Allow, Deny
from dashboard.formatting import moment
from omniq_core import Activity, OmniqClient, TaskRunner, beside_activity, note_activity, read_trash
from tests.support.factories import fail_jobs
from tests.web.pages_support import NOW, QUEUE, SCRIPT, Browser, Page, browser

FAILED = f"/queues/{QUEUE}/failed"
BUTTON = "#activity button[formaction$=restore]"


@pytest.fixture
def visitor(client: OmniqClient) -> Browser:
    return browser(client)


def remove_all(visitor: Browser, client: OmniqClient) -> None:
    dialog = visitor.press(visitor.get(FAILED), "#lane-actions button[formaction*='remove/confirm']")
    visitor.press(dialog, dialog.soup.select("dialog .dialog-foot button")[-1])
    runner = TaskRunner(client.link, lambda: NOW, timer=iter(range(0, 10_000_000, 2)).__next__)
    for _ in range(10):
        runner.tick()


def remove_one(visitor: Browser, job_id: str) -> None:
    page = visitor.get(FAILED)
    dialog = visitor.press(page, f"tbody#jobs tr:has(a[href$='/{job_id}']) button[formaction*='remove/confirm']")
    visitor.press(dialog, dialog.soup.select("dialog .dialog-foot button")[-1])


def results(page: Page) -> list[tuple[str, str, str]]:
    """What was done, what came of it, and the button."""
    return [(row[2], row[5], row[6]) for row in page.rows("activity")]


def test_a_removal_is_undone_from_its_entry(visitor: Browser, client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, QUEUE, ["a", "b"], now_ms=NOW - 1_000)
    remove_one(visitor, "a")
    page = visitor.get("/activity")
    assert results(page) == [("Removed job a", "1 removed", "Undo")]
    button = page.one(BUTTON)
    ends = read_trash(client.link, QUEUE, now_ms=NOW).batches.popitem()[1].until_ms
    assert (
        button["aria-label"] == "Undo: Removed job a" and button["title"] == f"Until {moment(ends, NOW).title[:19]} UTC"
    )
    back = visitor.press(page, button)
    assert (back.path, back.toast()) == ("/activity", "Put back 1 job")
    done = [("Put back 1 job", "1 put back", ""), ("Removed job a", "1 removed, undone", "")]
    assert results(back) == done and redis.lrange("{mail}:failed", 0, -1) == [b"a", b"b"]
    assert [row[2] for row in visitor.get("/activity?action=undo").rows("activity")] == ["Put back 1 job"]
    assert "1 removed, undone" in visitor.follow(back, "#activity tr:nth-child(2) th a").words(".facts")


def test_what_a_task_removed_comes_back_from_where_it_ended(visitor: Browser, client: OmniqClient) -> None:
    fail_jobs(client, QUEUE, 30, now_ms=NOW - 1_000)
    remove_all(visitor, client)
    page = visitor.get("/activity")
    assert results(page) == [("Removed 30 jobs", "30 removed", "Undo"), ("Remove 30 failed jobs", "Begun", "")]
    back = visitor.press(page, BUTTON, script=True)
    assert back.toast() == "Put back 30 jobs"
    assert "30 removed, undone" in back.region("activity").get_text(" ", strip=True)


def test_the_button_leaves_when_its_time_is_over(client: OmniqClient) -> None:
    fail_jobs(client, QUEUE, ["a"], now_ms=NOW - 1_000)
    now = [NOW]
    visitor = browser(client, clock=lambda: now[0])
    remove_one(visitor, "a")
    page = visitor.get("/activity")
    tick = f"/activity?live=1&v={page.one('#main')['data-version']}&mark={page.one('#newer')['data-mark']}"
    now[0] = read_trash(client.link, QUEUE, now_ms=NOW).batches.popitem()[1].until_ms - 1
    assert visitor.http.get(tick, headers=SCRIPT).status_code == 204
    now[0] += 1
    later = visitor.get(tick, headers=SCRIPT)
    assert "1 removed, final" in later.region("activity").get_text(" ", strip=True)
    assert later.soup.select("button[formaction$=restore]") == []
    assert results(visitor.get("/activity")) == [("Removed job a", "1 removed, final", "")]


def test_whoever_may_not_restore_has_no_button(visitor: Browser, client: OmniqClient) -> None:
    fail_jobs(client, QUEUE, ["a"], now_ms=NOW - 1_000)
    remove_one(visitor, "a")
    other = browser(client, access=lambda _request, action, _queue: Deny() if action == "restore" else Allow())
    assert results(other.get("/activity")) == [("Removed job a", "1 removed", "")]


def test_strange_entries_and_keys_are_no_undo(visitor: Browser, client: OmniqClient, redis: Any) -> None:
    for queue, batch in ((QUEUE, "<b>"), ("no queue", "b"), (QUEUE, "\ud800")):
        facts = {"batch": batch}
        note_activity(client.link, Activity(NOW, "remove", "done", queue=queue, done=1, facts=facts))
    redis.set("{omniq:x}:undone", "another type")
    redis.set("{mail}:x:trash", "another type")
    assert {row[1] for row in results(visitor.get("/activity"))} == {"1 removed, final"}
    note_activity(client.link, Activity(NOW, "restore", "done", queue=QUEUE, done=1, facts={"batch": "b"}))
    assert redis.zrange("{omniq:x}:undone", 0, -1) == [b"b"] and redis.pttl("{omniq:x}:undone") > 0
    redis.delete("{mail}:x:trash")
    assert beside_activity(client.link, [(QUEUE, "b")], now_ms=NOW).undo[QUEUE, "b"].undone
