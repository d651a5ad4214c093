"""Consumers as they announce themselves, written by hand: their moments are the test's."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any


def announce(
    redis: Any,
    queue: str,
    consumer_id: str,
    *,
    now_ms: int,
    ago_ms: int = 0,
    host: str = "hooks-1",
    pid: int = 1,
    concurrency: int = 1,
    jobs: Sequence[str] = (),
    running: int | None = None,
    **others: Any,
) -> None:
    """Its last beat was `ago_ms` before `now_ms`. `jobs` are the ids it tells of its `running` ones.

    The record has no expiry: what is left of one is counted by the server's clock, which no test owns.
    """
    told = {
        "v": 1,
        "host": host,
        "pid": pid,
        "queue": queue,
        "concurrency": concurrency,
        "running": len(jobs) if running is None else running,
        "jobs": [[job_id, now_ms - ago_ms] for job_id in jobs],
        "started_ms": 1,
        "beat_ms": now_ms - ago_ms,
        **others,
    }
    redis.zadd(f"{{{queue}}}:x:consumers", {consumer_id: now_ms - ago_ms})
    redis.set(f"{{{queue}}}:x:consumer:{consumer_id}", json.dumps(told))
