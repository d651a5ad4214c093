"""What the reference has no word for, said in its words: the same keys must be left and the same answers given."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

BATCH = 100


def publish_many(reference: Any, redis: Any, *, queue: str, jobs: Iterable[Any], now_ms_override: int) -> list[Any]:
    """One by one."""
    return [reference.publish(queue=queue, now_ms_override=now_ms_override, **job) for job in jobs]


def run_due(reference: Any, redis: Any, *, queue: str, job_id: str, now_ms_override: int) -> None:
    """run_now of the job whose turn it is anyway."""
    assert reference.promote_delayed(queue=queue, max_promote=1, now_ms_override=now_ms_override) == 1


def retry_all(reference: Any, redis: Any, *, queue: str, now_ms_override: int) -> list[Any]:
    """A batch of everything that failed, the oldest first."""
    ids = _entered(redis, queue, "failed")
    return reference.retry_failed_batch(queue=queue, job_ids=ids, now_ms_override=now_ms_override) if ids else []


def remove_all(reference: Any, redis: Any, *, queue: str, lane: str, now_ms_override: int) -> list[Any]:
    """A batch of the whole lane, the oldest first; an unknown lane has no batch."""
    if lane in ("wait", "gwait"):
        ids = _entered(redis, queue, "wait")
        grouped = [bool(redis.hget(f"{{{queue}}}:job:{job_id}", "gid")) for job_id in ids]
        ids = [job_id for job_id, has_group in zip(ids, grouped, strict=True) if has_group == (lane == "gwait")]
    else:
        ids = _entered(redis, queue, lane)
    return reference.remove_jobs_batch(queue=queue, lane=lane, job_ids=ids) if ids else []


def _entered(redis: Any, queue: str, lane: str) -> list[str]:
    ids = [job_id.decode() for job_id in redis.zrange(f"{{{queue}}}:idx:{lane}", 0, -1)]
    assert len(ids) <= BATCH, f"{len(ids)} jobs in {lane} are more than one batch"
    return ids


COUNTERPARTS: dict[str, Callable[..., Any]] = {
    "publish_many": publish_many,
    "run_now": run_due,
    "retry_all": retry_all,
    "remove_all": remove_all,
}
