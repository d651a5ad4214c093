"""One queue, two SDKs: published by one, worked by the other, in both directions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.clock import Clock


@pytest.fixture(params=["ours publishes", "the reference publishes"])
def roles(request: Any, client: Any, reference: Any) -> tuple[Any, Any]:
    """The publisher and the worker."""
    return (client, reference) if request.param == "ours publishes" else (reference, client)


def test_every_job_gets_through(roles: tuple[Any, Any], redis: Any, clock: Clock) -> None:
    publisher, worker = roles
    for n in range(12):
        gid = (None, "A", "a:wait")[n % 3]
        due = clock.now_ms + 500 if n >= 9 else 0
        publisher.publish(
            queue="q", payload={"n": n, "é": "🔥"}, job_id=f"j{n}", gid=gid, due_ms=due, now_ms_override=clock.now_ms
        )
        clock.advance(1)
    order = ["j1", "j0", "j2", "j3", "j4", "j6", "j5", "j7", "j8"]
    assert _work(worker, clock) == [(job_id, 1) for job_id in order]
    clock.advance(500)
    assert worker.promote_delayed(queue="q", now_ms_override=clock.now_ms) == 3
    assert {job_id for job_id, _ in _work(worker, clock)} == {"j9", "j10", "j11"}
    assert redis.llen("{q}:completed") == 12


def test_failed_by_one_retried_and_removed_by_the_other(roles: tuple[Any, Any], redis: Any, clock: Clock) -> None:
    publisher, worker = roles
    for n in range(6):
        gid = "A" if n % 2 else None
        now = clock.advance(1)
        publisher.publish(queue="q", payload={"n": n}, job_id=f"j{n}", gid=gid, max_attempts=1, now_ms_override=now)
    for _ in range(6):
        job = worker.reserve(queue="q", now_ms_override=clock.advance(1))
        worker.ack_fail(
            queue="q",
            job_id=job.job_id,
            lease_token=job.lease_token,
            error="ConnectionError: no\nroute",
            now_ms_override=clock.advance(1),
        )
    assert redis.llen("{q}:failed") == 6
    publisher.retry_failed(queue="q", job_id="j4", now_ms_override=clock.advance(1))
    got = publisher.retry_failed_batch(queue="q", job_ids=["j3", "j0", "j1"], now_ms_override=clock.advance(1))
    assert [item.status for item in got] == ["OK"] * 3
    assert publisher.remove_job(queue="q", job_id="j2", lane="failed") == "OK"
    assert [item.status for item in publisher.remove_jobs_batch(queue="q", lane="failed", job_ids=["j5"])] == ["OK"]
    publisher.pause(queue="q")
    assert worker.reserve(queue="q").status == "PAUSED"
    assert worker.resume(queue="q") == 1
    assert _work(worker, clock) == [("j3", 1), ("j4", 1), ("j1", 1), ("j0", 1)]


def test_a_lease_of_one_is_kept_and_ended_by_the_other(roles: tuple[Any, Any], clock: Clock) -> None:
    first, second = roles
    first.publish(queue="q", payload={}, job_id="j", timeout_ms=1_000, gid="A", now_ms_override=clock.now_ms)
    job = first.reserve(queue="q", now_ms_override=clock.now_ms)
    lease = {"queue": "q", "job_id": "j", "lease_token": job.lease_token}
    assert second.heartbeat(**lease, now_ms_override=clock.advance(900)) >= clock.now_ms + 1_000
    assert second.ack_fail(**lease, error="E", now_ms_override=clock.now_ms)[0] == "RETRY"
    with pytest.raises(RuntimeError, match=r"^ACK_SUCCESS failed: TOKEN_MISMATCH$"):
        second.ack_success(**{**lease, "lease_token": "other"}, now_ms_override=clock.now_ms)


def test_a_worker_of_one_died_and_the_other_takes_over(roles: tuple[Any, Any], clock: Clock) -> None:
    first, second = roles
    for job_id in ("j1", "j2"):
        first.publish(queue="q", payload={}, job_id=job_id, timeout_ms=1_000, gid="A", now_ms_override=clock.now_ms)
    dead = first.reserve(queue="q", now_ms_override=clock.now_ms)
    assert second.reap_expired(queue="q", now_ms_override=clock.advance(1_000)) == 1
    assert _work(second, clock) == [("j2", 1)]
    assert second.promote_delayed(queue="q", now_ms_override=clock.advance(5_000)) == 1
    late = {"queue": "q", "job_id": "j1", "lease_token": dead.lease_token, "now_ms_override": clock.now_ms}
    with pytest.raises(RuntimeError, match=r"^ACK_SUCCESS failed: TOKEN_MISMATCH$"):
        first.ack_success(**late)
    assert _work(second, clock) == [("j1", 2)]


def _work(worker: Any, clock: Clock) -> list[tuple[str, int]]:
    done: list[tuple[str, int]] = []
    while (job := worker.reserve(queue="q", now_ms_override=clock.advance(1))) is not None:
        worker.ack_success(queue="q", job_id=job.job_id, lease_token=job.lease_token, now_ms_override=clock.advance(1))
        done.append((job.job_id, job.attempt))
    return done
