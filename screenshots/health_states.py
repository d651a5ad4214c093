"""States of the Health page that somebody has to make."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from dashboard.queries.queue_findings import look_again
from omniq_core import start_repair
from screenshots.data import MAIN, MINUTE, NOW, SECOND
from screenshots.health import CHECK, FOUND, HEALTH, found, write_health
from screenshots.studio import Studio

_TASK = "02c0ffee02c0ffee"
_ID = "01KKAVN0RC1HJNAGZ6MXY793DY"
_LANES = [["failed", 3]]

OTHERS = (
    found("ready_extra", "tenant-import", "tenant-1198", in_flight=8, limit=8, waiting=411),
    found("idx", MAIN, _ID, state="failed", lanes=_LANES, idx=[], keep="failed"),
    found("ghosts", "push-notify", "01KKAVR2GXGJD50AGFCAMCRNFR", lanes=[["wait", 0]], idx=["wait"]),
    found("orphans", "sms-otp", "01KKATZZ0C4N1V7XK3W8R5PB2M", state="active", gid="", updated=NOW - 3 * MINUTE),
    found("two_lanes", "crm-sync", _ID, state="wait", lanes=[["wait", 3], ["failed", 0]], keep="wait"),
    found("states", "search-index", _ID, state="completed", lanes=_LANES, keep="failed", gid=""),
    found("types", "fraud-score", "job:score-81", wanted="hash", **{"is": "string"}),
    found("completed_over", "audit-log", stored=106),
    found("over_limit", "tenant-import", "tenant-5310", in_flight=4, limit=2),
    found("old_index", "report-nightly", jobs=6),
    found("old_stats", "invoice-pdf", jobs=40),
)


def _again(page: Page) -> None:
    page.reload()
    page.clock.run_for(1)  # htmx begins its work in a timer


def never(page: Page, studio: Studio) -> None:
    """Before the first check."""
    redis: Any = studio.client.ops.r
    redis.delete(HEALTH, CHECK, f"{CHECK}:queues")
    _again(page)


def checking(page: Page, studio: Studio) -> None:
    """A check at its sixth queue."""
    told = {"state": "running", "ended_ms": "", "at": 5, "looked": 17_184, "expected": 41_911}
    write_health(studio.client, **told, owner_name="dash-1, process 811", owner_until=NOW + 9 * SECOND)
    _again(page)


def every_kind(page: Page, studio: Studio) -> None:
    write_health(studio.client, FOUND + OTHERS)
    _again(page)


def fine(page: Page, studio: Studio) -> None:
    write_health(studio.client, ())
    _again(page)


def as_drawn(page: Page, studio: Studio) -> None:
    write_health(studio.client)
    _again(page)


def repair(page: Page, studio: Studio) -> None:
    """What the repair of a group whose count leaked would change."""
    as_drawn(page, studio)
    page.locator("#repair-inflight").click()
    page.get_by_role("dialog").wait_for()


def repaired(page: Page, studio: Studio) -> None:
    """The page of a repair that is through: one lease was gone when its turn came."""
    queue, link = "image-resize", studio.client.link
    ended = studio.clock() - 12 * SECOND
    start_repair(link, queue, _TASK, kind="leases", total=16, actor="oncall", now_ms=ended - 310)
    told = {"state": "finished", "ended_ms": ended, "done": 15, "skipped": 1, "why:MOVED_ON": 1, "batches": 1}
    link.call("HSET", f"{{{queue}}}:x:task:{_TASK}", *(part for pair in told.items() for part in pair))
    link.call("DEL", "{omniq:x}:tasks")
    look_again(link)
    page.goto(f"{studio.url}/queues/{queue}/tasks/{_TASK}")
