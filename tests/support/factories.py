"""Jobs in every state, made through the protocol only: publish, reserve, ack.

`client` is ours or the reference's: both take the same keyword arguments. Times are explicit; each job comes `step_ms`
after the one before it, so that the order of a lane is never left to chance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Ids = Sequence[str] | int
Error = str | Callable[[int], str]


def publish_jobs(
    client: Any, queue: str, ids: Ids, *, now_ms: int, step_ms: int = 1, payload: Any = None, **options: Any
) -> list[str]:
    """Publish one job per id (a number n: "job-1" to "job-n") and return the ids. `options` go to publish."""
    names = _names(ids)
    for position, job_id in enumerate(names):
        client.publish(
            queue=queue,
            payload={"n": position + 1} if payload is None else payload,
            job_id=job_id,
            now_ms_override=now_ms + position * step_ms,
            **options,
        )
    return names


def lease_jobs(
    client: Any, queue: str, ids: Ids, *, now_ms: int, step_ms: int = 1, payload: Any = None, **options: Any
) -> dict[str, str]:
    """Publish and reserve each job in turn; returns id → lease token. Nothing else may be waiting in the queue."""
    leases: dict[str, str] = {}
    for position, job_id in enumerate(_names(ids)):
        at = now_ms + position * step_ms
        body = {"n": position + 1} if payload is None else payload
        publish_jobs(client, queue, [job_id], now_ms=at, payload=body, **options)
        got = client.reserve(queue=queue, now_ms_override=at)
        taken = getattr(got, "job_id", None)
        assert taken == job_id, f"reserve on {queue!r} gave {taken!r}, not {job_id!r}: other jobs wait there"
        leases[job_id] = got.lease_token
    return leases


def fail_jobs(
    client: Any,
    queue: str,
    ids: Ids,
    *,
    now_ms: int,
    step_ms: int = 1,
    error: Error = "ValueError: no such account",
    **options: Any,
) -> list[str]:
    """Publish, reserve and fail each job on its only attempt; returns the ids, oldest failure first.

    `error` is the text, or a function of the position (from 0). The failed lane shows the last of the ids first.
    """
    options.setdefault("max_attempts", 1)
    names = _names(ids)
    for position, job_id in enumerate(names):
        at = now_ms + position * step_ms
        token = _lease(client, queue, job_id, position, at, options)
        text = error if isinstance(error, str) else error(position)
        answer = client.ack_fail(queue=queue, job_id=job_id, lease_token=token, error=text, now_ms_override=at)
        assert answer[0] == "FAILED", f"{job_id!r} has attempts left: {answer!r}"
    return names


def complete_jobs(client: Any, queue: str, ids: Ids, *, now_ms: int, step_ms: int = 1, **options: Any) -> list[str]:
    """Publish, reserve and complete each job; returns the ids, first completed first."""
    names = _names(ids)
    for position, job_id in enumerate(names):
        at = now_ms + position * step_ms
        token = _lease(client, queue, job_id, position, at, options)
        client.ack_success(queue=queue, job_id=job_id, lease_token=token, now_ms_override=at)
    return names


def delay_jobs(
    client: Any, queue: str, ids: Ids, *, now_ms: int, due_ms: int, step_ms: int = 1, **options: Any
) -> list[str]:
    """Publish each job for later: the first is due at `due_ms`, each next one `step_ms` after it. Returns the ids."""
    names = _names(ids)
    for position, job_id in enumerate(names):
        shift = position * step_ms
        publish_jobs(client, queue, [job_id], now_ms=now_ms + shift, due_ms=due_ms + shift, **options)
    return names


def _lease(client: Any, queue: str, job_id: str, position: int, at: int, options: dict[str, Any]) -> str:
    settings: dict[str, Any] = {"payload": {"n": position + 1}} | options
    return lease_jobs(client, queue, [job_id], now_ms=at, **settings)[job_id]


def _names(ids: Ids) -> list[str]:
    return [f"job-{n}" for n in range(1, ids + 1)] if isinstance(ids, int) else list(ids)
