"""run_now is ours alone: the reference must see an ordinary queue after it, and may work what was run now."""

from __future__ import annotations

from typing import Any

import pytest

from omniq_core import NotDelayed, OmniqClient
from tests.support.clock import Clock
from tests.support.invariants import check_invariants
from tests.support.snapshot import snapshot

QUEUE = "shared"


def publish(client: Any, job_id: str, clock: Clock, *, delay: int = 0, **options: Any) -> None:
    due = clock.now_ms + delay if delay else 0
    client.publish(queue=QUEUE, payload={"n": 1}, job_id=job_id, due_ms=due, now_ms_override=clock.now_ms, **options)


@pytest.mark.parametrize("gid", [None, "G"])
def test_the_reference_works_a_job_that_was_run_now(
    client: OmniqClient, reference: Any, redis: Any, clock: Clock, gid: str | None
) -> None:
    publish(reference, "j", clock, delay=60_000, gid=gid)
    assert reference.reserve(queue=QUEUE, now_ms_override=clock.now_ms) is None
    client.run_now(queue=QUEUE, job_id="j", now_ms_override=clock.now_ms)
    check_invariants(redis, QUEUE)
    job = reference.reserve(queue=QUEUE, now_ms_override=clock.now_ms)
    assert (job.job_id, job.attempt, job.gid) == ("j", 1, gid or "")
    check_invariants(redis, QUEUE)
    reference.ack_success(queue=QUEUE, job_id="j", lease_token=job.lease_token, now_ms_override=clock.now_ms)
    assert redis.lrange("{shared}:completed", 0, -1) == [b"j"]
    # Its due time passes later: there is nothing left to promote.
    clock.advance(60_000)
    assert reference.promote_delayed(queue=QUEUE, now_ms_override=clock.now_ms) == 0


def test_after_a_backoff_both_count_the_same_attempts(
    client: OmniqClient, reference: Any, redis: Any, clock: Clock
) -> None:
    publish(client, "j", clock, max_attempts=2, backoff_ms=60_000)
    job = reference.reserve(queue=QUEUE, now_ms_override=clock.now_ms)
    reference.ack_fail(queue=QUEUE, job_id="j", lease_token=job.lease_token, error="E", now_ms_override=clock.now_ms)
    client.run_now(queue=QUEUE, job_id="j", now_ms_override=clock.now_ms)
    again = reference.reserve(queue=QUEUE, now_ms_override=clock.now_ms)
    assert (again.job_id, again.attempt) == ("j", 2)
    answer = reference.ack_fail(
        queue=QUEUE, job_id="j", lease_token=again.lease_token, error="E", now_ms_override=clock.now_ms
    )
    assert answer[0] == "FAILED"


def test_it_leaves_what_a_promote_leaves(client: OmniqClient, reference: Any, redis: Any, clock: Clock) -> None:
    """The reference promotes one queue when its jobs are due; we run the other's at that same moment."""
    for queue in ("ours", "theirs"):
        for job_id, gid in (("a", None), ("b", "G"), ("c", "G")):
            reference.publish(
                queue=queue, payload={}, job_id=job_id, gid=gid, due_ms=clock.now_ms + 10, now_ms_override=clock.now_ms
            )
    clock.advance(10)
    assert reference.promote_delayed(queue="theirs", now_ms_override=clock.now_ms) == 3
    client.run_now_batch(queue="ours", job_ids=["a", "b", "c"], now_ms_override=clock.now_ms)
    assert snapshot(redis, "ours", own=False) == snapshot(redis, "theirs", own=False)
    with pytest.raises(NotDelayed):
        client.run_now(queue="theirs", job_id="a", now_ms_override=clock.now_ms)
