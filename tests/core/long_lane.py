"""A lane of thousands of jobs, written straight into Redis as the protocol's scripts would leave it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

T = 1_750_000_000_000
Scores = Callable[[int], int]


def fill(redis: Any, lane: str, ids: Sequence[str], scores: Scores, *, gid: str = "", queue: str = "q") -> None:
    """Jobs of one lane (`failed`, `completed` or `wait`), oldest first; `scores` gives each position's moment."""
    base = f"{{{queue}}}:"
    name = f"{base}g:{gid}:wait" if gid else base + lane
    for start in range(0, len(ids), 1000):
        with redis.pipeline(transaction=False) as pipe:
            for position, job_id in enumerate(ids[start : start + 1000], start):
                fields = {"id": job_id, "payload": "{}", "state": lane, "attempt": "1", "max_attempts": "1"}
                if gid:
                    fields["gid"] = gid
                pipe.hset(f"{base}job:{job_id}", mapping=fields)
                (pipe.rpush if lane == "wait" else pipe.lpush)(name, job_id)
                pipe.zadd(f"{base}idx:{lane}", {job_id: scores(position)})
            pipe.execute()
    counters = {"wait": ("group_waiting" if gid else "waiting", "waiting_total")}.get(lane, (lane,))
    for counter in counters:
        redis.hincrby(base + "stats", counter, len(ids))
    if gid and redis.zadd(base + "groups:ready", {gid: scores(0)}, nx=True):
        redis.hincrby(base + "stats", "groups_ready", 1)
