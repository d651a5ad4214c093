"""run_now: a delayed job goes to the tail of its lane before it is due, and nothing else about it changes."""

from __future__ import annotations

from typing import Any

import pytest

from omniq_core import NoJob, NotDelayed, OmniqClient
from tests.support.clock import Clock
from tests.support.factories import complete_jobs, delay_jobs, fail_jobs, lease_jobs, publish_jobs
from tests.support.snapshot import snapshot


def delayed(client: OmniqClient, clock: Clock, *ids: str, **options: Any) -> None:
    delay_jobs(client, "q", list(ids), now_ms=clock.now_ms, due_ms=clock.now_ms + 60_000, **options)


def waiting(redis: Any, key: str = "wait") -> list[bytes]:
    return redis.lrange(f"{{q}}:{key}", 0, -1)


def stats(redis: Any, *names: str) -> list[int]:
    return [int(value or 0) for value in redis.hmget("{q}:stats", names)]


def test_an_ungrouped_job_joins_the_tail(client: OmniqClient, redis: Any, clock: Clock) -> None:
    publish_jobs(client, "q", ["first"], now_ms=clock.now_ms)
    delayed(client, clock, "d1", "d2")
    before = redis.hgetall("{q}:job:d1")
    clock.advance(1_000)
    client.run_now(queue="q", job_id="d1", now_ms_override=clock.now_ms)
    assert waiting(redis) == [b"first", b"d1"]
    assert redis.zrange("{q}:delayed", 0, -1) == redis.zrange("{q}:idx:delayed", 0, -1) == [b"d2"]
    assert redis.zscore("{q}:idx:wait", "d1") == clock.now_ms
    now = str(clock.now_ms).encode()
    assert redis.hgetall("{q}:job:d1") == before | {b"state": b"wait", b"updated_ms": now}
    assert before[b"due_ms"] == str(clock.now_ms + 59_000).encode()  # it stays
    assert stats(redis, "waiting", "group_waiting", "waiting_total", "delayed") == [2, 0, 2, 1]
    assert stats(redis, "last_activity_ms") == [clock.now_ms]


def test_a_grouped_job_joins_its_group_and_makes_it_ready(client: OmniqClient, redis: Any, clock: Clock) -> None:
    delayed(client, clock, "g1", gid="G")
    clock.advance(5)
    client.run_now(queue="q", job_id="g1", now_ms_override=clock.now_ms)
    assert (waiting(redis), waiting(redis, "g:G:wait")) == ([], [b"g1"])
    assert redis.zrange("{q}:groups:ready", 0, -1, withscores=True) == [(b"G", clock.now_ms)]
    assert stats(redis, "waiting", "group_waiting", "waiting_total", "groups_ready") == [0, 1, 1, 1]


def test_a_group_at_its_limit_stays_out_of_ready(client: OmniqClient, redis: Any, clock: Clock) -> None:
    lease_jobs(client, "q", ["running"], now_ms=clock.now_ms, gid="G")
    delayed(client, clock, "g1", gid="G")
    client.run_now(queue="q", job_id="g1", now_ms_override=clock.now_ms)
    assert redis.zcard("{q}:groups:ready") == 0
    assert client.reserve(queue="q", now_ms_override=clock.now_ms) is None


def test_a_job_that_waits_out_a_backoff_keeps_its_attempts_and_error(
    client: OmniqClient, redis: Any, clock: Clock
) -> None:
    token = lease_jobs(client, "q", ["j"], now_ms=clock.now_ms, backoff_ms=60_000, max_attempts=2)["j"]
    client.ack_fail(queue="q", job_id="j", lease_token=token, error="E: no", now_ms_override=clock.now_ms)
    client.run_now(queue="q", job_id="j", now_ms_override=clock.now_ms)
    job = client.reserve(queue="q", now_ms_override=clock.now_ms)
    assert job is not None and job.status == "JOB"
    assert (job.job_id, job.attempt, job.max_attempts) == ("j", 2, 2)
    assert redis.hget("{q}:job:j", "last_error") == b"E: no"


def test_a_paused_queue_moves_its_jobs_too(client: OmniqClient, redis: Any, clock: Clock) -> None:
    delayed(client, clock, "j")
    client.pause(queue="q")
    client.run_now(queue="q", job_id="j", now_ms_override=clock.now_ms)
    assert waiting(redis) == [b"j"]


def test_what_is_not_delayed_is_refused_and_nothing_changes(client: OmniqClient, redis: Any, clock: Clock) -> None:
    t = clock.now_ms
    complete_jobs(client, "q", ["done"], now_ms=t)
    fail_jobs(client, "q", ["bad"], now_ms=t)
    lease_jobs(client, "q", ["run"], now_ms=t)
    publish_jobs(client, "q", ["wait"], now_ms=t)
    delayed(client, clock, "later")
    before = snapshot(redis, "q")
    for job_id in ("done", "bad", "run", "wait"):
        with pytest.raises(NotDelayed) as refused:
            client.run_now(queue="q", job_id=job_id, now_ms_override=t)
        assert (str(refused.value), refused.value.job_id) == ("RUN_NOW failed: NOT_DELAYED", job_id)
    for job_id in ("nobody", ""):
        with pytest.raises(NoJob, match="RUN_NOW failed: NO_JOB"):
            client.run_now(queue="q", job_id=job_id, now_ms_override=t)
    assert snapshot(redis, "q") == before


def test_a_batch_answers_for_each_id_and_enters_in_their_order(client: OmniqClient, redis: Any, clock: Clock) -> None:
    delayed(client, clock, "a", "b", "c")
    delayed(client, clock, "g", gid="G")
    publish_jobs(client, "q", ["w"], now_ms=clock.now_ms)
    ids = ["c", "", "nobody", "w", "a", "c", "g"]
    found = client.run_now_batch(queue="q", job_ids=ids, now_ms_override=clock.now_ms)
    assert [(item.job_id, item.status, item.reason) for item in found] == [
        ("c", "OK", None),
        ("", "ERR", "BAD_JOB_ID"),
        ("nobody", "ERR", "NO_JOB"),
        ("w", "ERR", "NOT_DELAYED"),
        ("a", "OK", None),
        ("c", "ERR", "NOT_DELAYED"),
        ("g", "OK", None),
    ]
    assert (waiting(redis), waiting(redis, "g:G:wait")) == ([b"w", b"c", b"a"], [b"g"])
    assert stats(redis, "delayed", "waiting", "group_waiting") == [1, 3, 1]


def test_a_batch_is_at_most_a_hundred_and_one_round_trip(client: OmniqClient, redis: Any, clock: Clock) -> None:
    ids = [f"j{n}" for n in range(101)]
    delayed(client, clock, *ids)
    before = snapshot(redis, "q")
    with pytest.raises(ValueError, match="at most 100"):
        client.run_now_batch(queue="q", job_ids=ids, now_ms_override=clock.now_ms)
    assert snapshot(redis, "q") == before
    assert client.run_now_batch(queue="q", job_ids=[]) == []
    client.run_now_batch(queue="q", job_ids=["nobody"], now_ms_override=clock.now_ms)  # the script is known from now on
    trips = client.link.round_trips
    found = client.run_now_batch(queue="q", job_ids=ids[:100], now_ms_override=clock.now_ms)
    assert client.link.round_trips - trips == 1
    assert {item.status for item in found} == {"OK"}
    assert waiting(redis) == [job.encode() for job in ids[:100]]


def test_hostile_ids_and_groups(client: OmniqClient, redis: Any, clock: Clock) -> None:
    names = ["..", "a\nb", "🔥", "OK", "user/234", "\udcff"]
    for name in names:
        delayed(client, clock, name, gid=f"g {name}")
    found = client.run_now_batch(queue="q", job_ids=names, now_ms_override=clock.now_ms)
    assert [(item.job_id, item.status) for item in found] == [(name, "OK") for name in names]
    assert redis.zcard("{q}:groups:ready") == len(names)


@pytest.mark.broken_data
def test_records_that_are_broken_are_left_alone(client: OmniqClient, redis: Any, clock: Clock) -> None:
    delayed(client, clock, "ghost", "no id", "lost", "fine")
    redis.delete("{q}:job:ghost")
    redis.hdel("{q}:job:no id", "id")
    redis.zrem("{q}:delayed", "lost")
    found = client.run_now_batch(queue="q", job_ids=["ghost", "no id", "lost", "fine"], now_ms_override=clock.now_ms)
    assert [item.reason for item in found] == ["NO_JOB", "NO_JOB", "NOT_DELAYED", None]
    assert waiting(redis) == [b"fine"]
    assert not redis.exists("{q}:job:ghost")


@pytest.mark.broken_data
@pytest.mark.parametrize("key", ["wait", "idx:wait", "stats", "g:G:wait", "g:G:inflight"])
def test_a_key_of_the_wrong_type_stops_a_batch_before_its_first_job(
    client: OmniqClient, redis: Any, clock: Clock, key: str
) -> None:
    delayed(client, clock, "a")
    delayed(client, clock, "g", gid="G")
    redis.delete(f"{{q}}:{key}")
    redis.sadd(f"{{q}}:{key}", "x")
    before = snapshot(redis, "q")
    with pytest.raises(Exception, match="WRONGTYPE"):
        client.run_now_batch(queue="q", job_ids=["a", "g"], now_ms_override=clock.now_ms)
    assert snapshot(redis, "q") == before


def test_bad_arguments_are_refused_before_any_call(client: OmniqClient) -> None:
    trips = client.link.round_trips
    for queue, now in (("a b", 1), ("q", 10**14)):
        with pytest.raises(ValueError):
            client.run_now(queue=queue, job_id="x", now_ms_override=now)
    assert client.link.round_trips == trips
