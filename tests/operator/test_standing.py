"""Why a job that waits is not running, each reason made by jobs and workers as they are."""

from __future__ import annotations

from typing import Any

import pytest

from omniq_core import OmniqClient, Pause, Standing, job_detail, job_surroundings, pause_queue
from tests.support.factories import delay_jobs, fail_jobs, lease_jobs, publish_jobs
from tests.support.pauses import has_left

NOW = 1_750_000_000_000
MINUTE = 60_000


def why(client: OmniqClient, job_id: str, now_ms: int = NOW) -> Standing | None:
    job = job_detail(client.link, "q", job_id, now_ms=now_ms, payload_limit=0)
    assert job is not None
    return job_surroundings(client.link, job, now_ms=now_ms).standing


@pytest.fixture
def waits(client: OmniqClient) -> OmniqClient:
    """Three jobs that wait, published ten seconds ago."""
    publish_jobs(client, "q", ["a", "b", "c"], now_ms=NOW - 10_000)
    return client


def test_next_and_behind(waits: OmniqClient) -> None:
    assert why(waits, "a") == Standing("next", 0)
    assert why(waits, "c") == Standing("behind", 2)


def test_over_a_thousand_before_it(client: OmniqClient) -> None:
    publish_jobs(client, "q", [f"j{n}" for n in range(1_002)], now_ms=NOW)
    assert why(client, "j999") == Standing("behind", 999)
    assert why(client, "j1001") == Standing("behind", None)


def test_paused_with_and_without_an_end(waits: OmniqClient, redis: Any) -> None:
    waits.pause(queue="q")
    assert why(waits, "a") == Standing("paused", pause=Pause())
    redis.pexpire("{q}:paused", 90_000)
    found = why(waits, "a")
    assert found and found.hindrance == "paused" and NOW + 80_000 < (found.until_ms or 0) <= NOW + 90_000
    waits.resume(queue="q")
    pause_queue(waits.link, "q", now_ms=NOW - 5_000, by="ana", reason="deploying v2", length_ms=99_000)
    has_left(redis, "q", 90_000)
    found = why(waits, "a")
    assert found and found.pause
    assert (found.pause.by, found.pause.reason, found.until_ms) == ("ana", "deploying v2", NOW + 90_000)


def test_delayed_due_and_overdue(client: OmniqClient) -> None:
    delay_jobs(client, "q", ["later"], now_ms=NOW - MINUTE, due_ms=NOW + 5_000)
    assert why(client, "later") == Standing("due", until_ms=NOW + 5_000)
    assert why(client, "later", NOW + 5_000) == Standing("overdue", since_ms=NOW + 5_000)


def test_a_retry_that_waits_for_its_backoff(client: OmniqClient) -> None:
    client.publish(queue="q", payload={}, job_id="x", backoff_ms=8_000, now_ms_override=NOW - 2_000)
    leased: Any = client.reserve(queue="q", now_ms_override=NOW - 1_000)
    client.ack_fail(queue="q", job_id="x", lease_token=leased.lease_token, error="no", now_ms_override=NOW - 500)
    assert why(client, "x") == Standing("backoff", until_ms=NOW - 500 + 8_000)


def test_a_group_at_its_limit_names_who_holds_it(client: OmniqClient) -> None:
    lease_jobs(client, "q", ["r1", "r2"], now_ms=NOW - 1_000, gid="acct", group_limit=2)
    lease_jobs(client, "q", ["other"], now_ms=NOW - 1_000)
    publish_jobs(client, "q", ["x", "y"], now_ms=NOW - 900, gid="acct")
    assert why(client, "y") == Standing("full", 1, in_flight=2, limit=2, holders=("r1", "r2"))
    publish_jobs(client, "q", ["free"], now_ms=NOW - 900, gid="roomy")
    assert why(client, "free") == Standing("next", 0)


@pytest.mark.broken_data
def test_a_group_that_workers_pass_over(client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, "q", ["x"], now_ms=NOW - 900, gid="acct")
    redis.zrem("{q}:groups:ready", "acct")
    assert why(client, "x") == Standing("stuck", 0, in_flight=0, limit=1)


def test_nobody_takes_jobs(client: OmniqClient) -> None:
    publish_jobs(client, "q", ["a"], now_ms=NOW - 2 * MINUTE)
    assert why(client, "a") == Standing("unserved", 0)
    assert why(client, "a", NOW - 2 * MINUTE + 59_999) == Standing("next", 0)


def test_nobody_takes_jobs_any_more(client: OmniqClient) -> None:
    fail_jobs(client, "q", ["old"], now_ms=NOW - 3 * MINUTE)
    publish_jobs(client, "q", ["a", "b"], now_ms=NOW - 2 * MINUTE)
    assert why(client, "b") == Standing("unserved", 1, since_ms=NOW - 3 * MINUTE)


def test_workers_that_hold_all_they_can(client: OmniqClient) -> None:
    lease_jobs(client, "q", ["long"], now_ms=NOW - 3 * MINUTE, timeout_ms=10 * MINUTE)
    publish_jobs(client, "q", ["a", "b"], now_ms=NOW - 2 * MINUTE)
    assert why(client, "b") == Standing("busy", 1, since_ms=NOW - 3 * MINUTE, active=1)


def test_jobs_that_do_not_wait_have_no_reason(client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, "q", ["f"], now_ms=NOW)
    lease_jobs(client, "q", ["r"], now_ms=NOW)
    assert why(client, "f") is None and why(client, "r") is None
