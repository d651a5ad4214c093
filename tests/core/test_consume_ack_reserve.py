"""The ack and the next reserve in one script leave what one after the other leaves, and never more than they held."""

from __future__ import annotations

import random
from typing import Any

import pytest
from redis.exceptions import ResponseError

from omniq_core import NotActive, OmniqClient, ReserveJob, ReservePaused, TokenMismatch, TokenRequired
from tests.support.factories import complete_jobs, delay_jobs, lease_jobs, publish_jobs
from tests.support.snapshot import snapshot

T = 1_750_000_000_000
TOKENS = (b"lease_token", b"x_ack", b"x_pub")


def _without_tokens(state: Any, queue: str) -> Any:
    """The state of a queue under another name, less what is random in it."""
    base = f"{{{queue}}}".encode()
    return {
        key.replace(base, b""): (kind, {k: v for k, v in value.items() if k not in TOKENS} if kind == "hash" else value)
        for key, (kind, value) in state.items()
    }


@pytest.mark.parametrize("seed", range(6))
def test_it_leaves_what_the_two_steps_leave(client: OmniqClient, redis: Any, seed: int) -> None:
    chosen = random.Random(seed)
    now, held = T, ["", ""]
    plan = [(f"j{n}", chosen.choice(("", "A", "B")), chosen.choice((0, 1, 2))) for n in range(150)]
    for queue in ("one", "two"):
        for n, (job_id, gid, limit) in enumerate(plan):
            client.publish(
                queue=queue, payload={}, job_id=job_id, gid=gid, group_limit=limit, timeout_ms=n, now_ms_override=T + n
            )
    first = [client.reserve(queue=queue, now_ms_override=T + 200) for queue in ("one", "two")]
    done = 0
    while isinstance(first[0], ReserveJob) and isinstance(first[1], ReserveJob):
        now = T + 1_000 + done
        held = [job.lease_token for job in first if isinstance(job, ReserveJob)]
        client.ack_success(queue="one", job_id=first[0].job_id, lease_token=held[0], now_ms_override=now)
        apart = client.reserve(queue="one", now_ms_override=now)
        fused = client.ack_and_reserve(queue="two", job_id=first[1].job_id, lease_token=held[1], now_ms_override=now)
        first, done = [apart, fused], done + 1
        if done % 25 == 0:
            assert _without_tokens(snapshot(redis, "one"), "one") == _without_tokens(snapshot(redis, "two"), "two")
    assert done == 150
    assert first == [None, None]
    assert _without_tokens(snapshot(redis, "one"), "one") == _without_tokens(snapshot(redis, "two"), "two")


def test_the_group_that_the_ack_frees_may_be_served_at_once(client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, "q", ["a", "b"], now_ms=T, gid="A")
    held: Any = client.reserve(queue="q", now_ms_override=T + 5)
    assert client.reserve(queue="q", now_ms_override=T + 5) is None
    job: Any = client.ack_and_reserve(queue="q", job_id="a", lease_token=held.lease_token, now_ms_override=T + 6)
    assert (job.job_id, job.gid, job.attempt, job.max_attempts, job.lock_until_ms) == ("b", "A", 1, 3, T + 30_006)
    assert (redis.get("{q}:g:A:inflight"), redis.hget("{q}:stats", "active")) == (b"1", b"1")
    client.heartbeat(queue="q", job_id="b", lease_token=job.lease_token, now_ms_override=T + 7)


def test_a_paused_queue_still_takes_the_ack(client: OmniqClient, redis: Any) -> None:
    token = lease_jobs(client, "q", ["a"], now_ms=T)["a"]
    publish_jobs(client, "q", ["b"], now_ms=T)
    client.pause(queue="q")
    got = client.ack_and_reserve(queue="q", job_id="a", lease_token=token, now_ms_override=T + 1)
    assert isinstance(got, ReservePaused)
    assert redis.lrange("{q}:completed", 0, -1) == [b"a"]
    assert redis.lrange("{q}:wait", 0, -1) == [b"b"]


@pytest.mark.parametrize("refused", [TokenRequired, TokenMismatch, NotActive])
def test_a_refused_ack_leases_nothing(client: OmniqClient, redis: Any, refused: type[Exception]) -> None:
    token = lease_jobs(client, "q", ["a"], now_ms=T)["a"]
    publish_jobs(client, "q", ["b"], now_ms=T)
    sent = {TokenRequired: "", TokenMismatch: "another", NotActive: token}[refused]
    if refused is NotActive:
        redis.zrem("{q}:active", "a")
    before = snapshot(redis, "q")
    with pytest.raises(refused, match=r"^ACK_SUCCESS failed: "):
        client.ack_and_reserve(queue="q", job_id="a", lease_token=sent, now_ms_override=T + 1)
    assert snapshot(redis, "q") == before
    if refused is NotActive:
        redis.zadd("{q}:active", {"a": T + 30_000})


def test_the_oldest_completed_job_makes_room_and_delayed_ones_stay(client: OmniqClient, redis: Any) -> None:
    complete_jobs(client, "q", 100, now_ms=T)
    token = lease_jobs(client, "q", ["a"], now_ms=T + 200)["a"]
    delay_jobs(client, "q", ["later"], now_ms=T + 200, due_ms=T + 201)
    assert client.ack_and_reserve(queue="q", job_id="a", lease_token=token, now_ms_override=T + 300) is None
    assert redis.llen("{q}:completed") == 100
    assert redis.exists("{q}:job:job-1") == 0
    assert redis.zrange("{q}:delayed", 0, -1) == [b"later"]


@pytest.mark.broken_data
def test_a_lane_that_cannot_be_read_costs_neither_the_ack_nor_its_counters(client: OmniqClient, redis: Any) -> None:
    token = lease_jobs(client, "q", ["a"], now_ms=T)["a"]
    redis.set("{q}:wait", "no list")
    assert client.ack_and_reserve(queue="q", job_id="a", lease_token=token, now_ms_override=T + 1) is None
    assert redis.lrange("{q}:completed", 0, -1) == [b"a"]
    assert redis.hmget("{q}:stats", "active", "completed_kept", "last_finish_ms") == [b"0", b"1", b"%d" % (T + 1)]
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        client.reserve(queue="q", now_ms_override=T + 2)
