"""Numbers that are none, keys of the wrong type: nothing raises half way, nothing is half done."""

from __future__ import annotations

from typing import Any

import pytest
from redis.exceptions import ResponseError

from omniq_core import OmniqClient
from tests.support.factories import delay_jobs, fail_jobs, lease_jobs, publish_jobs
from tests.support.invariants import find_problems
from tests.support.queue_reading import read_queue
from tests.support.snapshot import snapshot

T = 1_750_000_000_000
pytestmark = pytest.mark.broken_data


@pytest.mark.parametrize("text", ["abc", "", "1e+14", "inf", "nan", "-1", "1.5", "0x10", "9" * 40])
@pytest.mark.parametrize("field", ["attempt", "max_attempts", "timeout_ms", "backoff_ms", "first_started_ms"])
def test_a_job_with_a_nonsense_number_can_be_worked(client: OmniqClient, redis: Any, field: str, text: str) -> None:
    publish_jobs(client, "q", ["j"], now_ms=T, gid="A")
    redis.hset("{q}:job:j", field, text)
    job: Any = client.reserve(queue="q", now_ms_override=T)
    assert isinstance(job.attempt, int)
    assert isinstance(job.max_attempts, int)
    assert client.heartbeat(queue="q", job_id="j", lease_token=job.lease_token, now_ms_override=T) > T
    outcome, due = client.ack_fail(queue="q", job_id="j", lease_token=job.lease_token, error="E", now_ms_override=T)
    assert (outcome, due is None) in (("RETRY", False), ("FAILED", True))
    stored = redis.hgetall("{q}:job:j")
    assert stored[b"attempt"].isdigit()
    assert redis.get("{q}:g:A:inflight") == b"0"


@pytest.mark.parametrize("gone", ["attempt", "max_attempts", "timeout_ms", "backoff_ms", "first_started_ms", "gid"])
def test_a_job_without_a_field_can_be_worked(client: OmniqClient, redis: Any, gone: str) -> None:
    publish_jobs(client, "q", ["j"], now_ms=T)
    redis.hdel("{q}:job:j", gone)
    job: Any = client.reserve(queue="q", now_ms_override=T)
    client.ack_fail(queue="q", job_id="j", lease_token=job.lease_token, now_ms_override=T)
    assert redis.zcard("{q}:active") == 0


@pytest.mark.parametrize("text", ["abc", "", "1e+14", "-5", "inf"])
def test_counters_that_are_no_numbers_are_counted_on(client: OmniqClient, redis: Any, text: str) -> None:
    for counter in ("waiting", "waiting_total", "active", "failed"):
        redis.hset("{q}:stats", counter, text)
    fail_jobs(client, "q", ["j"], now_ms=T)
    for counter in ("waiting", "waiting_total", "active", "failed"):
        assert redis.hget("{q}:stats", counter).isdigit()


@pytest.mark.parametrize("text", ["abc", "", "inf", "-3"])
def test_group_numbers_that_are_none(client: OmniqClient, redis: Any, text: str) -> None:
    redis.set("{q}:g:A:inflight", text)
    redis.set("{q}:g:A:limit", text)
    redis.set("{q}:lease:seq", text)
    token = lease_jobs(client, "q", ["j"], now_ms=T, gid="A")["j"]
    client.ack_success(queue="q", job_id="j", lease_token=token, now_ms_override=T)
    assert redis.get("{q}:g:A:inflight") == b"0"
    assert redis.hget("{q}:stats", "waiting_total") == b"0"


WRONG = {
    "stats": "string",
    "failed": "hash",
    "idx:failed": "list",
    "idx:wait": "string",
    "wait": "zset",
    "groups:ready": "list",
    "g:A:wait": "string",
    "g:A:inflight": "list",
    "g:A:limit": "hash",
}


@pytest.mark.parametrize("key", WRONG)
def test_a_batch_retry_meets_a_wrong_type_before_anything_moves(client: OmniqClient, redis: Any, key: str) -> None:
    fail_jobs(client, "q", ["a", "b"], now_ms=T)
    fail_jobs(client, "q", ["g"], now_ms=T + 9, gid="A")
    _spoil(redis, key)
    before = snapshot(redis, "q")
    with pytest.raises(ResponseError, match="WRONGTYPE") as caught:
        client.retry_failed_batch(queue="q", job_ids=["a", "b", "g"])
    assert "nothing was changed" in str(caught.value)
    assert snapshot(redis, "q") == before


@pytest.mark.parametrize("key", WRONG)
def test_a_batch_removal_meets_a_wrong_type_before_anything_moves(client: OmniqClient, redis: Any, key: str) -> None:
    publish_jobs(client, "q", ["g1", "g2"], now_ms=T, gid="A")
    publish_jobs(client, "q", ["g3"], now_ms=T, gid="B")
    _spoil(redis, key)
    before = snapshot(redis, "q")
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        client.remove_jobs_batch(queue="q", lane="gwait", job_ids=["g3", "g1", "g2"])
    assert snapshot(redis, "q") == before


def test_a_job_key_of_the_wrong_type_is_no_job_and_the_others_move(client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, "q", ["a", "b"], now_ms=T)
    redis.delete("{q}:job:a")
    redis.set("{q}:job:a", "text")
    answer = client.retry_failed_batch(queue="q", job_ids=["a", "b"])
    assert [item.reason for item in answer] == ["NO_JOB", None]
    assert [i.reason for i in client.remove_jobs_batch(queue="q", lane="failed", job_ids=["a"])] == ["NO_JOB"]


def test_a_promotion_passes_over_a_job_key_of_the_wrong_type(client: OmniqClient, redis: Any) -> None:
    delay_jobs(client, "q", ["a", "b", "c"], now_ms=T, due_ms=T + 1)
    _no_hash(redis, "b")
    assert client.promote_delayed(queue="q", now_ms_override=T + 100) == 2
    assert redis.lrange("{q}:wait", 0, -1) == [b"a", b"c"]
    _only_the_key_is_left(redis)


def test_a_reap_passes_over_a_job_key_of_the_wrong_type(client: OmniqClient, redis: Any) -> None:
    lease_jobs(client, "q", ["a", "b", "c"], now_ms=T, timeout_ms=1)
    _no_hash(redis, "b")
    assert client.reap_expired(queue="q", now_ms_override=T + 100) == 3
    assert redis.zrange("{q}:delayed", 0, -1) == [b"a", b"c"]
    _only_the_key_is_left(redis)


def test_a_reserve_passes_over_a_job_key_of_the_wrong_type(client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, "q", ["a", "b"], now_ms=T)
    _no_hash(redis, "a")
    job: Any = client.reserve(queue="q", now_ms_override=T)
    assert job.job_id == "b"
    _only_the_key_is_left(redis)


def _only_the_key_is_left(redis: Any) -> None:
    for key in redis.keys("{q}:job:*"):
        if redis.type(key) != b"hash":
            redis.delete(key)
    assert find_problems(read_queue(redis, "q")) == []


def _no_hash(redis: Any, job_id: str) -> None:
    redis.delete(f"{{q}}:job:{job_id}")
    redis.set(f"{{q}}:job:{job_id}", "text")


def _spoil(redis: Any, key: str) -> None:
    name = "{q}:" + key
    redis.delete(name)
    kind = WRONG[key]
    if kind == "string":
        redis.set(name, "x")
    elif kind == "list":
        redis.rpush(name, "x")
    elif kind == "hash":
        redis.hset(name, "x", "1")
    else:
        redis.zadd(name, {"x": 1})
