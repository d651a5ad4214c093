"""100,000 jobs beside 100,000 foreign keys cost a page what ten jobs cost it."""

from __future__ import annotations

import time
from typing import Any

import pytest

from omniq_core import Background, OmniqClient, job_detail, lane_page, read_overview, read_queue
from tests.support.clock import Clock

pytestmark = pytest.mark.broken_data

SEED = """
for n = tonumber(ARGV[1]), tonumber(ARGV[2]) do
  local id, at = string.format("job-%07d", n), string.format("%.0f", 1700000000000 + n)
  redis.call("LPUSH", "{q}:failed", id)
  redis.call("ZADD", "{q}:idx:failed", at, id)
  redis.call("HSET", "{q}:job:" .. id, "id", id, "state", "failed", "attempt", "1", "max_attempts", "1",
    "payload", "{}", "last_error", "E: no", "failed_ms", at)
end
"""


def seed(redis: Any, jobs: int, foreign: int) -> None:
    for start in range(0, jobs, 10_000):
        redis.eval(SEED, 1, "{q}:meta", start, min(start + 10_000, jobs) - 1)
    for start in range(0, foreign, 10_000):
        redis.mset({f"session:{n}": "x" for n in range(start, min(start + 10_000, foreign))})


def commands_run(redis: Any) -> int:
    return sum(stats["calls"] for name, stats in redis.info("commandstats").items() if name != "cmdstat_info")


@pytest.mark.parametrize("count", [10, 100_000])
def test_round_trips_and_commands_do_not_grow(client: OmniqClient, redis: Any, clock: Clock, count: int) -> None:
    seed(redis, count, count)
    link = client.link
    background = Background(link, clock, timer=lambda: time.perf_counter() + clock.now_ms / 1000)
    for _ in range(1_000):
        background.tick()
        if read_overview(link, clock.now_ms).discovery.done:
            break
        clock.advance(1_000)
    else:
        pytest.fail("the search did not end")
    deep = lane_page(link, "q", "failed", now_ms=1, size=5)
    trips = link.round_trips
    redis.config_resetstat()
    overview = read_overview(link, clock.now_ms)
    queue = read_queue(link, "q", "failed", now_ms=clock.now_ms, size=5, cursor=deep.older)
    job = job_detail(link, "q", "job-0000003", now_ms=1, payload_limit=100)
    assert link.round_trips - trips == 3
    assert commands_run(redis) < 450
    assert not {"cmdstat_scan", "cmdstat_keys"} & set(redis.info("commandstats"))
    assert overview.names == ("q",) and overview.snapshots["q"].failed == count
    assert (queue.snapshot.failed, queue.page.total, queue.page.first) == (count, count, 6)
    assert job is not None and job.place is not None and job.place.position == count - 3
