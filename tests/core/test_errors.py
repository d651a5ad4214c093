"""One exception per refusal, each a RuntimeError that says what it was about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import omniq_core
from omniq_core import OmniqClient, OmniqError
from omniq_core.errors import error_for
from tests.support.factories import fail_jobs, lease_jobs, publish_jobs

T = 1_750_000_000_000
REFUSALS: dict[str, tuple[type[OmniqError], Callable[[OmniqClient], object]]] = {
    "RETRY_FAILED failed: NO_JOB": (omniq_core.NoJob, lambda c: c.retry_failed(queue="q", job_id="j?")),
    "RETRY_FAILED failed: NOT_FAILED": (omniq_core.NotFailed, lambda c: c.retry_failed(queue="q", job_id="waits")),
    "HEARTBEAT failed: TOKEN_REQUIRED": (
        omniq_core.TokenRequired,
        lambda c: c.heartbeat(queue="q", job_id="runs", lease_token=""),
    ),
    "ACK_SUCCESS failed: TOKEN_MISMATCH": (
        omniq_core.TokenMismatch,
        lambda c: c.ack_success(queue="q", job_id="runs", lease_token="x"),
    ),
    "REMOVE_JOB failed: ACTIVE": (
        omniq_core.JobActive,
        lambda c: c.remove_job(queue="q", job_id="runs", lane="wait"),
    ),
    "REMOVE_JOB failed: LANE_MISMATCH": (
        omniq_core.LaneMismatch,
        lambda c: c.remove_job(queue="q", job_id="waits", lane="failed"),
    ),
    "REMOVE_JOB failed: NOT_IN_LANE": (
        omniq_core.NotInLane,
        lambda c: c.remove_job(queue="q", job_id="grouped", lane="wait"),
    ),
    "REMOVE_JOBS_BATCH failed: BAD_LANE": (
        omniq_core.BadLane,
        lambda c: c.remove_jobs_batch(queue="q", job_ids=["waits"], lane="active"),
    ),
    "CHILDS_INIT failed: BAD_EXPECTED": (omniq_core.BadExpected, lambda c: c.childs_init(key="k", expected=0)),
    "CHILDS_INIT failed: ALREADY_INIT": (omniq_core.AlreadyInit, lambda c: c.childs_init(key="running", expected=1)),
}


@pytest.mark.parametrize("text", REFUSALS)
def test_each_refusal_is_its_own_class(client: OmniqClient, redis: Any, text: str) -> None:
    lease_jobs(client, "q", ["runs"], now_ms=T)
    publish_jobs(client, "q", ["waits"], now_ms=T)
    publish_jobs(client, "q", ["grouped"], now_ms=T, gid="A")
    client.childs_init(key="running", expected=1)
    kind, call = REFUSALS[text]
    with pytest.raises(RuntimeError) as caught:
        call(client)
    error = caught.value
    assert type(error) is kind
    assert isinstance(error, OmniqError)
    assert (str(error), error.code) == (text, text.split(": ")[1])
    named = "CHILDS_INIT" not in text
    assert error.queue == ("q" if named else "")


def test_not_active_says_which_job(client: OmniqClient, redis: Any) -> None:
    token = lease_jobs(client, "q", ["j"], now_ms=T)["j"]
    redis.zrem("{q}:active", "j")
    with pytest.raises(omniq_core.NotActive) as caught:
        client.heartbeat(queue="q", job_id="j", lease_token=token)
    assert (caught.value.job_id, caught.value.queue) == ("j", "q")
    redis.zadd("{q}:active", {"j": 1})


def test_a_code_nobody_knows_is_carried_all_the_same() -> None:
    error = error_for("RESERVE", "SOMETHING_NEW", queue="q", job_id="j")
    assert (type(error), error.code, str(error)) == (OmniqError, "SOMETHING_NEW", "RESERVE failed: SOMETHING_NEW")


def test_a_batch_refuses_no_more_than_its_single_items(client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, "q", ["a"], now_ms=T)
    answer = client.remove_jobs_batch(queue="q", lane="failed", job_ids=["nope", "a"])
    assert [tuple(item) for item in answer] == [
        ("nope", "ERR", "NO_JOB"),
        ("a", "OK", None),
    ]
