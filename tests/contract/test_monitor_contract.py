"""Our QueueMonitor answers what the reference's answers, on the same keys."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from omniq_core import OmniqClient, QueueMonitor
from tests.support.clock import Clock
from tests.support.factories import complete_jobs, delay_jobs, fail_jobs, lease_jobs, publish_jobs

LANES = ("wait", "gwait", "active", "delayed", "failed", "completed", "nope")
CALLS: list[Callable[[Any], Any]] = [
    lambda m: m.scan_queues(),
    lambda m: [m.stats(name) for name in ("q", "unknown", "odd", "paused")],
    lambda m: m.stats_many(),
    lambda m: [m.stats_many([]), m.stats_many(["unknown", "q", "q"])],
    lambda m: [m.lane_page("q", lane) for lane in LANES],
    lambda m: [m.lane_page("q", lane, reverse=True) for lane in LANES],
    lambda m: [m.lane_page("many", "failed", offset=o, limit=n) for o in (0, 3, -2, 99) for n in (0, -1, 2, 25, 1000)],
    lambda m: [m.get_job("q", job) for job in ("w1", "g1", "a1", "d1", "f1", "c1", "nobody", "")],
    lambda m: m.get_job("odd", "job-2"),
    lambda m: m.lane_page("odd", "failed"),
    lambda m: [m.groups_ready("q", offset=o, limit=n) for o in (0, 1, -1) for n in (0, 1, 200, 1000)],
    lambda m: m.groups_ready_with_scores("q"),
    lambda m: [m.group_status("q", ["G", "H", "", "nobody"], default_limit=n) for n in (0, 1, 7)],
    lambda m: m.group_status("q", [str(n) for n in range(600)]),
    lambda m: [m.find_jobs("q", lane, ["f1", "nobody", "w1", "f1", ""]) for lane in LANES],
    lambda m: [m.overview("many", samples_per_lane=n) for n in (0, 2, 10, 100)],
    lambda m: m.overview("q"),
]


def fill(client: Any, t: int) -> None:
    fail_jobs(client, "q", ["f1", "f2"], now_ms=t, error="E: é")
    fail_jobs(client, "many", 30, now_ms=t)
    complete_jobs(client, "q", ["c1"], now_ms=t + 10)
    lease_jobs(client, "q", ["a1"], now_ms=t + 20)
    delay_jobs(client, "q", ["d1", "d2"], now_ms=t + 30, due_ms=t + 5_000)
    publish_jobs(client, "q", ["w1", "w2"], now_ms=t + 40, payload={"é": [1, None]})
    publish_jobs(client, "q", ["g1", "g2"], now_ms=t + 50, gid="G", group_limit=3)
    publish_jobs(client, "q", ["h1"], now_ms=t + 60, gid="H")
    client.pause(queue="paused")


@pytest.mark.broken_data
@pytest.mark.parametrize("call", CALLS, ids=[str(n) for n in range(len(CALLS))])
def test_the_same_answers(client: OmniqClient, reference: Any, redis: Any, clock: Clock, call: Any) -> None:
    from omniq.monitor import QueueMonitor as ReferenceMonitor

    fill(reference, clock.now_ms)
    fail_jobs(reference, "odd", 3, now_ms=clock.now_ms)
    redis.hset("{odd}:stats", mapping={"active": "abc", "delayed": "1e+14", "waiting": "2", "waiting_total": "-3"})
    redis.hset("{odd}:job:job-2", mapping={"attempt": "abc", "max_attempts": "1e+14", "failed_ms": "12.5"})
    redis.delete("{odd}:job:job-1")
    redis.hset("foreign:stats", "waiting", 1)
    redis.hset("{{braces}}:stats", "waiting", 1)
    assert plain(call(QueueMonitor(client))) == plain(call(ReferenceMonitor(reference)))


def plain(answer: Any) -> Any:
    """Dataclasses as (name, fields), so that ours and theirs compare."""
    if isinstance(answer, list):
        return [plain(item) for item in answer]
    if dataclasses.is_dataclass(answer):
        fields = {field.name: plain(getattr(answer, field.name)) for field in dataclasses.fields(answer)}
        return type(answer).__name__, fields
    return answer
