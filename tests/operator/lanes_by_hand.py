"""Long lanes, written straight into Redis: the protocol would take minutes for 100,000 jobs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

FIRST_MS = 1_700_000_000_000


def write_failed(redis: Any, queue: str, count: int, *, same_ms: bool = False, error: str = "E: no") -> list[str]:
    """`count` failed jobs, one ms apart or all at once; returns the ids, oldest first (all at once: by bytes)."""
    ids = [f"job-{n:07d}" for n in range(count)]
    for start in range(0, count, 2_000):
        part = ids[start : start + 2_000]
        scores = {job: FIRST_MS + (0 if same_ms else start + n) for n, job in enumerate(part)}
        pipe = redis.pipeline(transaction=False)
        pipe.lpush(f"{{{queue}}}:failed", *part)
        pipe.zadd(f"{{{queue}}}:idx:failed", scores)
        for job, at in scores.items():
            pipe.hset(f"{{{queue}}}:job:{job}", mapping=job_hash(job, at, error))
        pipe.execute()
    redis.hset(f"{{{queue}}}:stats", "failed", count)
    return ids


def job_hash(job: str, at: int, error: str = "E: no", payload: str = "{}") -> dict[str, str | int]:
    """The hash of a failed job as the protocol leaves it, as far as these tests look."""
    fields: dict[str, str | int] = {"id": job, "state": "failed", "attempt": 1, "max_attempts": 1, "failed_ms": at}
    return fields | {"queued_ms": at, "last_error": error, "payload": payload}


def push_failed(redis: Any, queue: str, ids: Sequence[str], at: int) -> None:
    """More failures, as workers add them while somebody reads."""
    for job in ids:
        redis.lpush(f"{{{queue}}}:failed", job)
        redis.zadd(f"{{{queue}}}:idx:failed", {job: at})
        redis.hset(f"{{{queue}}}:job:{job}", mapping=job_hash(job, at))


def drop_failed(redis: Any, queue: str, ids: Sequence[str]) -> None:
    """Jobs that leave the lane while somebody reads."""
    redis.zrem(f"{{{queue}}}:idx:failed", *ids)
    for job in ids:
        redis.lrem(f"{{{queue}}}:failed", 1, job)
        redis.delete(f"{{{queue}}}:job:{job}")
