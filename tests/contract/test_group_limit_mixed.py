"""set_group_limit is ours alone: workers of the reference SDK start what it allows, and nothing more."""

from __future__ import annotations

from typing import Any

from omniq_core import OmniqClient
from tests.support.clock import Clock
from tests.support.factories import lease_jobs, publish_jobs


def leased(reference: Any, clock: Clock) -> str | None:
    return getattr(reference.reserve(queue="shared", now_ms_override=clock.now_ms), "job_id", None)


def test_a_limit_raised_from_1_to_3_lets_the_reference_lease_both_that_wait(
    client: OmniqClient, reference: Any, redis: Any, clock: Clock
) -> None:
    lease_jobs(reference, "shared", ["runs"], now_ms=clock.now_ms, gid="G", group_limit=1)
    publish_jobs(reference, "shared", ["w1", "w2"], now_ms=clock.now_ms, gid="G")
    assert leased(reference, clock) is None
    client.set_group_limit(queue="shared", gid="G", limit=3, now_ms_override=clock.now_ms)
    assert [leased(reference, clock) for _ in range(3)] == ["w1", "w2", None]
    assert redis.get("{shared}:g:G:inflight") == b"3"


def test_a_lowered_limit_holds_for_the_reference_until_jobs_end(
    client: OmniqClient, reference: Any, redis: Any, clock: Clock
) -> None:
    del redis
    publish_jobs(reference, "shared", ["a", "b", "c"], now_ms=clock.now_ms, gid="G", group_limit=3)
    held = [reference.reserve(queue="shared", now_ms_override=clock.now_ms) for _ in range(2)]
    client.set_group_limit(queue="shared", gid="G", limit=1, now_ms_override=clock.now_ms)
    assert leased(reference, clock) is None
    for job in held:
        reference.ack_success(
            queue="shared", job_id=job.job_id, lease_token=job.lease_token, now_ms_override=clock.now_ms
        )
    assert leased(reference, clock) == "c"
