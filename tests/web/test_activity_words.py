"""What the page of activity says about each sort of entry; and that whatever stands in one is text."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Request

from dashboard.access import Allow, Decision, Deny
from omniq_core import Activity, OmniqClient, note_activity
from tests.operator.bulk import begin
from tests.support.factories import fail_jobs
from tests.web.pages_support import NOW, QUEUE, browser

HOSTILE = '<script>alert(1)</script>"&\u202e\x00{{ 7 * 7 }}'
SHOWN = '<script>alert(1)</script>"&‹U+202E›‹U+0000›{{ 7 * 7 }}'
FAILED: dict[str, Any] = {"lane": "failed", "jobs": 402}
TASK = {"task": "t"}


def note(client: OmniqClient, action: str, state: Any = "done", **more: Any) -> str:
    return note_activity(client.link, Activity(NOW, action, state, **{"who": "oncall", "queue": QUEUE, **more}))


def entry(action: str, state: str = "done", **more: Any) -> dict[str, Any]:
    return {"action": action, "state": state, **more}


def none(action: str, code: str, n: int = 1, **more: Any) -> dict[str, Any]:
    return entry(action, done=0, skipped={code: n}, **more)


WORDS = [
    (entry("retry", "begun", ids=("a", "b"), **FAILED), "Retry 402 failed jobs", "Result unknown"),
    (none("retry", "NOT_FAILED", 402, **FAILED), "Retry 402 failed jobs", "0 retried, 402 skipped"),
    (entry("retry", jobs=1, ids=("x",), done=1), "Retried job x", "1 retried"),
    (entry("run-now", jobs=2, done=2), "Moved 2 jobs to waiting", "2 moved"),
    (entry("run-now", "refused", lane="delayed", jobs=1, ids=("x",)), "Run job x now", "Refused"),
    (
        entry("retry", facts=TASK | {"pace": "spread", "spread": "1h"}, **FAILED),
        "Retry 402 failed jobs, spread over 1 h",
        "Begun",
    ),
    (
        entry("retry", facts=TASK | {"pace": "probe", "probe": "10"}, **FAILED),
        "Retry 402 failed jobs, a probe of 10 first",
        "Begun",
    ),
    (
        entry("retry", facts=TASK | {"pace": "rate", "per_s": "20"}, **FAILED),
        "Retry 402 failed jobs, 20 a second",
        "Begun",
    ),
    (entry("retry", skipped={"BEGUN_BEFORE": 1}, facts=TASK, **FAILED), "Retry 402 failed jobs", "Nothing changed"),
    (
        entry("retry", "ended", done=390, skipped={"LEFT_LANE": 12}, facts=TASK, **FAILED),
        "Retried 390 jobs",
        "390 retried, 12 skipped",
    ),
    (
        entry("remove", "ended", done=25, facts=TASK | {"state": "stopped", "left": "377"}, **FAILED),
        "Stopped: Remove 402 failed jobs",
        "25 removed, 377 left, final",
    ),
    (
        entry("remove", "ended", done=402, facts=TASK | {"final": "78"}, **FAILED),
        "Removed 402 jobs",
        "402 removed, 78 for good, final",
    ),
    (
        entry("remove", "taken", facts=TASK | {"by": "b", "from": "a"}, **FAILED),
        "Went on: Remove 402 failed jobs",
        "Running",
    ),
    (entry("remove", "refused", lane="failed", filter={"since": "1h"}), "Remove matching failed jobs", "Refused"),
    (entry("remove", "refused", lane="failed"), "Remove all failed jobs", "Refused"),
    (entry("pause", "failed", why="OOM"), "Pause", "Failed"),
    (none("pause", "PAUSE_CHANGED", facts={"reason": "r"}), "Pause: r", "Nothing changed"),
    (entry("resume", done=1), "Resumed", "Running"),
    (none("resume", "NOT_PAUSED"), "Resume", "Nothing changed"),
    (none("limit", "LIMIT_CHANGED", facts={"gid": "g", "limit": "8"}), "Set the limit of g to 8", "Nothing changed"),
    (entry("repair", jobs=1, done=1, facts={"before": "3", "after": "1"}), "Repaired 1 group", "3 → 1 in flight"),
    (entry("repair", jobs=3, done=2, skipped={"CHANGED": 1}), "Repaired 2 groups", "2 repaired, 1 skipped"),
    (entry("repair", jobs=2, facts=TASK | {"kind": "leases"}), "Reap 2 leases", "Begun"),
    (entry("repair", "ended", jobs=2, done=2, facts=TASK | {"kind": "leases"}), "Reaped 2 leases", "2 reaped"),
    (
        entry("repair", "ended", jobs=6, done=4, skipped={"CHANGED": 2}, facts=TASK | {"kind": "completed_over"}),
        "Removed 4 jobs",
        "4 removed, 2 skipped",
    ),
    (
        entry("repair", "ended", jobs=3, done=1, facts=TASK | {"kind": "orphans", "choice": "remove", "left": "2"}),
        "Stopped: Remove 3 jobs",
        "1 removed, 2 left",
    ),
    (
        entry("repair", "ended", jobs=3, done=0, skipped={"MOVED_ON": 3}, facts=TASK | {"kind": "idx"}),
        "Repair 3 jobs",
        "Nothing changed",
    ),
    (entry("repair", "ended", jobs=3, done=3, facts=TASK | {"kind": "new"}), "Repair new", "3 repaired"),
    (entry("publish", done=1, facts={"job": "j"}), "Published job j", "1 published"),
    (none("publish", "EXISTS", facts={"job_id": "j", "job": "j"}), "Publish job j", "Nothing changed"),
    (entry("remove-counter", queue="", done=1, facts={"key": "order 1"}), "Deleted counter order 1", "1 deleted"),
    (
        entry("finish-counter", queue="", done=1, facts={"key": "order 1"}),
        "Let the next child end counter order 1",
        "Count set to 1",
    ),
    (
        none("finish-counter", "COUNTER_CHANGED", queue="", facts={"key": "k"}),
        "Let the next child end counter k",
        "Nothing changed",
    ),
    (entry("cancel", facts=TASK), "Stop a bulk task", "Stopped"),
    (entry("go-on", facts=TASK), "Let a bulk task go on", "Going on"),
    (
        entry(
            "retry", "ended", done=10, facts=TASK | {"state": "stopped", "left": "392", "probe_failed": "4"}, **FAILED
        ),
        "Stopped: Retry 402 failed jobs",
        "10 retried, 392 left, probe: 4 failed",
    ),
    (entry("restore", "begun"), "Put back removed jobs", "Result unknown"),
    (entry("restore", done=9, skipped={"EXISTS": 2}), "Put back 9 jobs", "9 put back, 2 skipped"),
    (entry("something new"), "something new", "Begun"),
    (entry("export", lane="failed", facts={"format": "csv"}), "Exported failed jobs as CSV", "Sent"),
    (entry("look", "refused", facts={"right": "pause"}), "Open the form of a pause", "Refused"),
]


@pytest.fixture
def visitor(client: OmniqClient, redis: Any) -> Any:
    del redis
    return browser(client)


def test_words(visitor: Any, client: OmniqClient) -> None:
    for made, _did, _result in WORDS:
        note(client, **made)
    page = visitor.get("/activity?size=50")
    assert [(row[2], row[5]) for row in reversed(page.rows("activity"))] == [(did, text) for _, did, text in WORDS]
    assert [row[4] for row in page.rows("activity") if row[5] == "3 → 1 in flight"] == ["Check in-flight count"]
    titles = [cell["title"] for cell in page.soup.select("#activity td[data-label=Result] [title]")]
    assert "402 skipped: no longer failed" in titles
    assert "Its pause was another one by then." in titles
    assert "b took it over from a." in titles
    assert "Not confirmed." in titles


def test_whatever_stands_there_is_text(visitor: Any, client: OmniqClient) -> None:
    facts = dict.fromkeys(("gid", "limit", "before", "reason", "key", "task", "copy_of", "pace", "by"), HOSTILE)
    asked = dict.fromkeys(("q", "group", "prefix", "payload", "kind", "since", "since_ms"), HOSTILE)
    more: dict[str, Any] = {"who": HOSTILE, "queue": HOSTILE, "why": HOSTILE, "lane": HOSTILE, "ids": (HOSTILE,)}
    more |= {"facts": facts, "filter": asked, "skipped": {HOSTILE: 2}, "done": 1, "jobs": 1}
    actions, states = ("retry", "pause", "publish", HOSTILE), ("begun", "done", "refused", "ended", "taken")
    ids = [note(client, action, state, **more) for action in actions for state in states]
    page = visitor.get("/activity")
    rows = page.rows("activity")
    assert len(rows) == 20
    assert page.soup.select("main script") == []
    assert {row[1] for row in rows} == {row[3] for row in rows} == {SHOWN}
    assert f"Error contains {SHOWN}" in page.words("#activity")
    assert f"Paused: {SHOWN}" in [row[2] for row in rows]
    for entry_id in ids[::3]:
        assert SHOWN in visitor.get(f"/activity/{entry_id}").words("main .facts")
    assert visitor.get("/activity?who=%3Cscript%3E").soup.select("main script") == []


def test_a_task_stands_under_activity_or_its_queue_where_that_is_not_seen(client: OmniqClient, redis: Any) -> None:
    def looks_at_jobs(_request: Request, action: str, _queue: str | None) -> Decision:
        return Allow() if action == "read" else Deny()

    fail_jobs(client, QUEUE, 2, now_ms=NOW - 1_000)
    begin(client.link, QUEUE, "retry", "failed", now_ms=NOW)
    path = f"/queues/{QUEUE}/tasks/{'a' * 16}"
    page = browser(client).get(path)
    assert (page.words(".crumbs"), page.words(".topnav [aria-current=true]")) == ("Activity Task", "Activity")
    page = browser(client, access=looks_at_jobs).get(path)
    assert (page.words(".crumbs"), page.words(".topnav [aria-current=true]")) == (f"Overview {QUEUE} Task", "Overview")
