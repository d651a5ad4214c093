"""Groups in every state, for the tests of their page."""

from __future__ import annotations

from typing import Any

from omniq_core import Discovery, OmniqClient
from tests.support.factories import complete_jobs, lease_jobs, publish_jobs
from tests.web.pages_support import NOW, QUEUE

GROUPS = f"/queues/{QUEUE}/groups"
MINUTE = 60_000


def four_states(client: OmniqClient, redis: Any) -> None:
    """One group of each state: `lost` counts two jobs that nobody holds, `hidden` is missing from the ready ones."""
    complete_jobs(client, QUEUE, ["i"], now_ms=NOW - 60 * MINUTE, gid="idle", group_limit=3)
    lease_jobs(client, QUEUE, ["l1", "l2"], now_ms=NOW - 30 * MINUTE, gid="lost", group_limit=2, timeout_ms=1_000)
    redis.delete(*(f"{{{QUEUE}}}:job:{job}" for job in ("l1", "l2")))
    client.reap_expired(queue=QUEUE, now_ms_override=NOW - 20 * MINUTE)
    publish_jobs(client, QUEUE, ["l3", "l4", "l5"], now_ms=NOW - 14 * MINUTE, gid="lost")
    lease_jobs(client, QUEUE, ["b1", "b2"], now_ms=NOW - 2 * MINUTE, gid="busy", group_limit=2, timeout_ms=10 * MINUTE)
    publish_jobs(client, QUEUE, ["b3"], now_ms=NOW - MINUTE, gid="busy")
    publish_jobs(client, QUEUE, ["h1"], now_ms=NOW - 30_000, gid="hidden")
    redis.zrem(f"{{{QUEUE}}}:groups:ready", "hidden")
    redis.hincrby(f"{{{QUEUE}}}:stats", "groups_ready", -1)
    publish_jobs(client, QUEUE, ["r1", "r2"], now_ms=NOW - 1_200, step_ms=200, gid="ready", group_limit=40)
    discovery = Discovery(client.link, clock=lambda: NOW)  # only a scan finds those without jobs
    while not discovery.step(1_000):
        pass


def many_groups(redis: Any, count: int) -> None:
    """Straight into Redis: groups with a job each, the later the more jobs wait; they are known already."""
    pipe = redis.pipeline(transaction=False)
    for nth in range(count):
        name = f"t-{nth:05}"
        pipe.rpush(f"{{{QUEUE}}}:g:{name}:wait", *(f"{name}-{n}" for n in range(1 + nth % 7)))
        pipe.zadd(f"{{{QUEUE}}}:groups:ready", {name: NOW - nth})
        pipe.zadd(f"{{{QUEUE}}}:x:groups", {name: NOW})
        if nth % 1_000 == 999:
            pipe.execute()
    pipe.hset(f"{{{QUEUE}}}:stats", "group_waiting", count)
    pipe.execute()
