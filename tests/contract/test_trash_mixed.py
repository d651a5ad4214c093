"""Jobs go to the trash and come back while a worker of the reference is at their queue."""

from __future__ import annotations

from typing import Any

import pytest

from omniq_core import Keep, OmniqClient
from tests.core.trash_trial import restore
from tests.support.clock import Clock
from tests.support.invariants import check_invariants


def _done(worker: Any, clock: Clock) -> str | None:
    job = worker.reserve(queue="q", now_ms_override=clock.advance(1))
    if job is not None:
        worker.ack_success(queue="q", job_id=job.job_id, lease_token=job.lease_token, now_ms_override=clock.advance(1))
    return job and job.job_id


@pytest.mark.parametrize("gid", ["", "G"])
def test_a_worker_of_the_reference_reserves_in_between(
    client: OmniqClient, reference: Any, redis: Any, clock: Clock, gid: str
) -> None:
    lane, ids = ("gwait" if gid else "wait"), [f"j{n}" for n in range(6)]
    for job_id in ids:
        reference.publish(queue="q", payload={}, job_id=job_id, gid=gid, now_ms_override=clock.advance(1))
    held = reference.reserve(queue="q", now_ms_override=clock.advance(1))
    found = client.remove_jobs_batch(
        queue="q", lane=lane, job_ids=ids[:4], keep=Keep("b"), now_ms_override=clock.advance(1)
    )
    assert [one.reason for one in found] == ["ACTIVE", None, None, None]
    reference.ack_success(queue="q", job_id="j0", lease_token=held.lease_token, now_ms_override=clock.advance(1))
    assert _done(reference, clock) == "j4"
    first = client.restore_batch(queue="q", batch="b", limit=1, now_ms_override=clock.advance(1))
    assert [one.reason for one in first.results] == [None]
    check_invariants(redis)
    assert [_done(reference, clock), _done(reference, clock), _done(reference, clock)] == ["j5", "j1", None]
    reference.publish(queue="q", payload={}, job_id="j2", gid=gid, now_ms_override=clock.advance(1))
    assert restore(client, now_ms=clock.advance(1)) == [("j1", "RESTORED"), ("j2", "EXISTS"), ("j3", None)]
    check_invariants(redis)
    assert [_done(reference, clock), _done(reference, clock), _done(reference, clock)] == ["j2", "j3", None]


def test_the_reference_works_what_was_delayed_or_had_failed(
    client: OmniqClient, reference: Any, redis: Any, clock: Clock
) -> None:
    for job_id, due in (("failed", 0), ("delayed", clock.now_ms + 500)):
        options = {"due_ms": due, "max_attempts": 1, "now_ms_override": clock.now_ms}
        reference.publish(queue="q", payload={}, job_id=job_id, **options)
    job = reference.reserve(queue="q", now_ms_override=clock.now_ms)
    reference.ack_fail(queue="q", job_id="failed", lease_token=job.lease_token, error="E", now_ms_override=clock.now_ms)
    for lane in ("failed", "delayed"):
        client.remove_job(queue="q", job_id=lane, lane=lane, keep=Keep("b"), now_ms_override=clock.now_ms)
    assert reference.promote_delayed(queue="q", now_ms_override=clock.advance(1_000)) == 0
    assert restore(client, now_ms=clock.now_ms) == [("failed", None), ("delayed", None)]
    assert reference.promote_delayed(queue="q", now_ms_override=clock.advance(1)) == 1
    reference.retry_failed(queue="q", job_id="failed", now_ms_override=clock.advance(1))
    assert [_done(reference, clock), _done(reference, clock)] == ["delayed", "failed"]
