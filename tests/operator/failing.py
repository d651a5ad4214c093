"""Failed jobs by the thousand, and an index that is built to its end."""

from __future__ import annotations

from typing import Any

from omniq_core import FailureKinds, OmniqClient, failure_kinds, want_failures
from omniq_core.operator.failure_index import FailureIndex
from tests.support.clock import Clock

QUEUE = "q"


def index_all(client: OmniqClient, clock: Clock, index: FailureIndex | None = None, queue: str = QUEUE) -> FailureKinds:
    """Looks, lets the index work until a whole round had nothing left to do, and looks again."""
    index = index or FailureIndex(client.link)
    want_failures(client.link, queue, clock.now_ms)
    clock.advance(30_000)  # past the pauses between rounds and between sweeps
    want_failures(client.link, queue, clock.now_ms)
    for _ in range(2_000):
        index.step(clock.now_ms)
        kept = index._turns.queues[queue]
        if kept.round_at > clock.now_ms and not kept.reading and not kept.sweep:
            return failure_kinds(client.link, queue, now_ms=clock.now_ms)
    raise AssertionError("the index never came to an end")


def figures(found: FailureKinds) -> dict[str, int]:
    """Digest to number of jobs."""
    return {kind.digest: kind.jobs for kind in found.kinds}


def fail_by_hand(redis: Any, errors: list[tuple[str, str]], *, now_ms: int, queue: str = QUEUE) -> None:
    """Failed jobs (id, error) written as the protocol has them, thousands a second: a millisecond apart."""
    pipe = redis.pipeline(transaction=False)
    base = f"{{{queue}}}"
    for position, (job_id, error) in enumerate(errors):
        at = now_ms + position
        fields = {
            "id": job_id,
            "state": "failed",
            "payload": "{}",
            "attempt": 1,
            "max_attempts": 1,
            "timeout_ms": 30_000,
        }
        fields |= {"last_started_ms": at - 5, "failed_ms": at, "last_error_ms": at, "last_error": error}
        pipe.hset(f"{base}:job:{job_id}", mapping=fields)
        pipe.lpush(f"{base}:failed", job_id)
        pipe.zadd(f"{base}:idx:failed", {job_id: at})
        if position % 2_000 == 1_999:
            pipe.execute()
    pipe.hincrby(f"{base}:stats", "failed", len(errors))
    pipe.execute()
