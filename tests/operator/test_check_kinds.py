"""Each broken state, made by hand, is found by the check, and only when the second look sees it too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from omniq_core import FINDING_KINDS, CheckRunner, OmniqClient, read_findings, read_health, start_check
from tests.operator.bulk import Timer
from tests.operator.test_check_runner import NOW, healthy, runner, until_phase, work
from tests.support.factories import lease_jobs

pytestmark = pytest.mark.broken_data
STATES = ("wait", "active", "delayed", "failed", "completed")


def no_index(redis: Any) -> None:
    redis.delete(*("{a}:idx:" + state for state in STATES))
    for name in redis.scan_iter(match="{a}:job:*"):
        redis.hdel(name, "queued_ms")


def many_completed(redis: Any) -> None:
    for n in range(100):
        redis.hset(f"{{a}}:job:c{n}", mapping={"id": f"c{n}", "state": "completed"})
        redis.lpush("{a}:completed", f"c{n}")
        redis.zadd("{a}:idx:completed", {f"c{n}": NOW})
    redis.hset("{a}:stats", "completed_kept", 101)


def ghost(redis: Any) -> None:
    redis.rpush("{a}:wait", "ghost")
    redis.hset("{a}:stats", mapping={"waiting": 3, "waiting_total": 5})


def second_lane(redis: Any) -> None:
    redis.lpush("{a}:failed", "d")
    redis.hset("{a}:stats", "failed", 2)


def not_ready(redis: Any) -> None:
    redis.zrem("{a}:groups:ready", "g")
    redis.hset("{a}:stats", "groups_ready", 0)


def ready_for_nothing(redis: Any) -> None:
    redis.zadd("{a}:groups:ready", {"nobody": 1})
    redis.hset("{a}:stats", "groups_ready", 2)


BROKEN: dict[str, tuple[Callable[[Any], Any], str]] = {
    "inflight": (lambda redis: redis.set("{a}:g:g:inflight", 1), "g"),
    "ready_missing": (not_ready, "g"),
    "ready_extra": (ready_for_nothing, "nobody"),
    "leases": (lambda redis: redis.zadd("{a}:active", {"l": NOW - 61_000}), ""),
    "counters": (lambda redis: redis.hset("{a}:stats", "failed", 7), "failed"),
    "idx": (lambda redis: redis.zrem("{a}:idx:failed", "f"), "f"),
    "ghosts": (ghost, "ghost"),
    "orphans": (lambda redis: redis.hset("{a}:job:o", mapping={"id": "o", "state": "failed"}), "o"),
    "two_lanes": (second_lane, "d"),
    "states": (lambda redis: redis.hset("{a}:job:f", "state", "completed"), "f"),
    "types": (lambda redis: redis.set("{a}:job:text", "no hash"), "job:text"),
    "completed_over": (many_completed, ""),
    "over_limit": (lambda redis: redis.set("{a}:g:h:limit", 1), "h"),
    "old_index": (no_index, ""),
    "old_stats": (lambda redis: redis.delete("{a}:stats"), ""),
}
"""How each kind is made, and what it is about."""


def begun(client: OmniqClient, redis: Any, kind: str) -> tuple[CheckRunner, Timer, dict[bytes, bytes]]:
    """A check of a queue that is broken in this way, and its keys as they were when it was sound."""
    lease_jobs(client, "a", ["h1", "h2"], now_ms=NOW, gid="h", group_limit=2)
    healthy(client, "a")
    sound = {name: redis.dump(name) for name in redis.scan_iter(match="{a}:*")}
    BROKEN[kind][0](redis)
    start_check(client.link, "c1", ["a"], by="", now_ms=NOW)
    return *runner(client), sound


def test_every_kind_is_made() -> None:
    assert tuple(BROKEN) == FINDING_KINDS


@pytest.mark.parametrize("kind", FINDING_KINDS)
def test_it_is_found(client: OmniqClient, redis: Any, kind: Any) -> None:
    check, timer, _ = begun(client, redis, kind)
    work(check, timer, client)
    (report,) = read_health(client.link).reports
    assert (report.found, report.notes, report.broken) == ({kind: 1}, (), "")
    assert [(one.kind, one.subject) for one in report.rows] == [(kind, BROKEN[kind][1])]
    assert [one.subject for one in read_findings(client.link, "a", kind, 10)] == [BROKEN[kind][1]]


@pytest.mark.parametrize("kind", FINDING_KINDS)
def test_what_is_right_again_at_the_second_look_is_not(client: OmniqClient, redis: Any, kind: Any) -> None:
    check, timer, sound = begun(client, redis, kind)
    until_phase(check, timer, "again")
    for name in redis.scan_iter(match="{a}:*"):
        if b":x:" not in name:
            redis.delete(name)
    for name, value in sound.items():
        redis.restore(name, 0, value, replace=True)
    work(check, timer, client)
    (report,) = read_health(client.link).reports
    assert (report.found, report.notes, report.broken) == ({}, (), "")
    assert read_findings(client.link, "a", kind, 10) == ()
