"""Where we differ from the reference on purpose: each difference of the protocol document has a test of its number.

10 and 11 are the consumer's (tests/core/test_consume*.py), 14 the connection's (tests/core/test_dropped_connection.py).
"""

from __future__ import annotations

import logging
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from omniq_core import OmniqClient
from omniq_core.keys import QueueKeys
from omniq_core.scripts import script
from tests.contract.pair import Pair
from tests.support.clock import Clock
from tests.support.factories import complete_jobs, delay_jobs, fail_jobs, lease_jobs, publish_jobs
from tests.support.invariants import check_invariants
from tests.support.redis_server import RedisServer
from tests.support.snapshot import snapshot

T = 1_750_000_000_000


def _fields(pair_or_redis: Any, key: str) -> dict[bytes, bytes]:
    return getattr(pair_or_redis, "redis", pair_or_redis).hgetall(key)


def test_deviation_01_a_heartbeat_does_not_run_away(pair: Pair) -> None:
    pair.publish("j", timeout_ms=30_000)
    pair.reserve()
    mine, theirs = pair.tokens["j"]
    ran_away = 0
    for _ in range(10):
        now = pair.clock.advance(10_000)
        lock = pair.client.heartbeat(queue="ours", job_id="j", lease_token=mine, now_ms_override=now)
        ran_away = pair.reference.heartbeat(queue="theirs", job_id="j", lease_token=theirs, now_ms_override=now)
        assert lock == now + 30_000
        assert _fields(pair, "{ours}:job:j")[b"lock_until_ms"] == str(lock).encode()
    assert ran_away == T + 30_000 + 10 * 30_000


def test_deviation_01_a_heartbeat_never_shortens_a_lease(client: OmniqClient, redis: Any) -> None:
    token = lease_jobs(client, "q", ["j"], now_ms=T, timeout_ms=30_000)["j"]
    redis.zadd("{q}:active", {"j": T + 90_000})  # as a beat of the reference leaves it
    assert client.heartbeat(queue="q", job_id="j", lease_token=token, now_ms_override=T + 1) == T + 90_000
    assert redis.zscore("{q}:active", "j") == T + 90_000


@pytest.mark.parametrize("gid", [None, "A"])
@pytest.mark.parametrize("state", ["wait", "delayed", "active", "failed"])
def test_deviation_02_an_existing_id_is_enqueued_once(
    client: OmniqClient, redis: Any, caplog: pytest.LogCaptureFixture, state: str, gid: str | None
) -> None:
    _bring_to(client, state, gid)
    before = snapshot(redis, "q")
    with caplog.at_level(logging.WARNING, "omniq_core"):
        again = client.publish(queue="q", payload={"new": 1}, job_id="j", gid=gid, now_ms_override=T + 99)
    assert (again, again.created) == ("j", False)
    assert len(caplog.records) == 1
    assert state in caplog.text
    assert snapshot(redis, "q") == before


@pytest.mark.broken_data
def test_deviation_02_the_reference_enqueues_it_twice(reference: Any, redis: Any) -> None:
    for _ in range(2):
        reference.publish(queue="q", payload={}, job_id="j", now_ms_override=T)
    assert redis.lrange("{q}:wait", 0, -1) == [b"j", b"j"]


@pytest.mark.parametrize("due_ms", [0, T + 500])
def test_deviation_02_a_completed_id_is_published_afresh(client: OmniqClient, redis: Any, due_ms: int) -> None:
    fail_jobs(client, "q", ["j"], now_ms=T, gid="A")
    client.retry_failed(queue="q", job_id="j", now_ms_override=T)
    done = client.reserve(queue="q", now_ms_override=T)
    client.ack_success(queue="q", job_id="j", lease_token=done.lease_token, now_ms_override=T)  # type: ignore[union-attr]
    complete_jobs(client, "q", ["other"], now_ms=T)
    again = client.publish(queue="q", payload={"new": 1}, job_id="j", due_ms=due_ms, now_ms_override=T + 100)
    assert (again, again.created) == ("j", True)
    assert redis.lrange("{q}:completed", 0, -1) == [b"other"]
    job = redis.hgetall("{q}:job:j")
    assert (job[b"payload"], job[b"attempt"], job[b"first_started_ms"]) == (b'{"new":1}', b"0", b"")
    assert not {b"gid", b"last_error", b"x_ack", b"lease_token"} & job.keys()


def test_deviation_02_the_same_call_sent_again_says_created(client: OmniqClient, redis: Any) -> None:
    args = [T, "j", "{}", 3, 30_000, 5_000, 0, "", 0, "nonce"]
    assert client.link.run(script("publish"), QueueKeys("q").anchor, *args) == [1, b"wait"]
    assert client.link.run(script("publish"), QueueKeys("q").anchor, *args) == [1, b"wait"]
    assert client.link.run(script("publish"), QueueKeys("q").anchor, *args[:-1], "another call") == [0, b"wait"]
    done = client.reserve(queue="q", now_ms_override=T)
    client.ack_success(queue="q", job_id="j", lease_token=done.lease_token, now_ms_override=T)  # type: ignore[union-attr]
    assert client.link.run(script("publish"), QueueKeys("q").anchor, *args) == [1, b"completed"]
    assert redis.llen("{q}:wait") == 0


@pytest.mark.parametrize("gid", [None, "A"])
@pytest.mark.parametrize("damage", ["hash gone", "hash without id", "empty payload"])
def test_deviation_03_reserve_drops_ghosts(client: OmniqClient, redis: Any, gid: str | None, damage: str) -> None:
    publish_jobs(client, "q", ["ghost-1", "ghost-2", "real"], now_ms=T, gid=gid)
    for job_id in ("ghost-1", "ghost-2"):
        if damage == "hash gone":
            redis.delete(f"{{q}}:job:{job_id}")
        elif damage == "hash without id":
            redis.hdel(f"{{q}}:job:{job_id}", "id")
        else:
            redis.hset(f"{{q}}:job:{job_id}", "payload", "")
    got = client.reserve(queue="q", now_ms_override=T + 10)
    assert got is not None
    assert got.job_id == "real"  # type: ignore[union-attr]
    if damage != "hash gone":
        redis.delete("{q}:job:ghost-1", "{q}:job:ghost-2")  # a hash in no lane is not ours to judge
    check_invariants(redis)


def test_deviation_03_a_queue_of_nothing_but_ghosts_is_empty(client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, "q", 5, now_ms=T)
    publish_jobs(client, "q", ["g1", "g2"], now_ms=T, gid="A")
    for key in redis.keys("{q}:job:*"):
        redis.delete(key)
    assert client.reserve(queue="q", now_ms_override=T) is None
    assert redis.exists("{q}:wait", "{q}:g:A:wait", "{q}:groups:ready", "{q}:idx:wait", "{q}:lane:rr") == 0


def test_deviation_03_ghosts_are_dropped_in_bounded_steps(client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, "q", 250, now_ms=T)
    for n in range(1, 250):
        redis.delete(f"{{q}}:job:job-{n}")
    assert client.reserve(queue="q", now_ms_override=T) is None
    check_counts = redis.hget("{q}:stats", "waiting"), redis.llen("{q}:wait")
    assert check_counts == (b"150", 150)
    assert client.reserve(queue="q", now_ms_override=T) is None
    assert client.reserve(queue="q", now_ms_override=T).job_id == "job-250"  # type: ignore[union-attr]


def test_deviation_03_promote_drops_ghosts_without_counting_them(client: OmniqClient, redis: Any) -> None:
    delay_jobs(client, "q", ["ghost", "half", "real"], now_ms=T, due_ms=T + 10)
    redis.delete("{q}:job:ghost")
    redis.hdel("{q}:job:half", "id")
    assert client.promote_delayed(queue="q", now_ms_override=T + 100) == 1
    assert redis.exists("{q}:job:ghost") == 0
    redis.delete("{q}:job:half")


@pytest.mark.parametrize("lane", ["failed", "bogus"])
def test_deviation_04_a_removal_leaves_inflight_alone(client: OmniqClient, redis: Any, lane: str) -> None:
    fail_jobs(client, "q", ["j"], now_ms=T, gid="A")
    lease_jobs(client, "q", ["running"], now_ms=T, gid="A")
    redis.hset("{q}:job:j", mapping={"lease_token": "old", "lock_until_ms": "1"})
    before = snapshot(redis, "q")
    answer = client.remove_jobs_batch(queue="q", lane="delayed", job_ids=["j", "nope"], now_ms_override=T + 9)
    assert [item.reason for item in answer] == ["LANE_MISMATCH", "NO_JOB"]
    assert snapshot(redis, "q") == before
    client.remove_job(queue="q", lane="failed", job_id="j", now_ms_override=T + 9)
    assert redis.get("{q}:g:A:inflight") == b"1"


@pytest.mark.parametrize("batch", [True, False])
def test_deviation_05_a_removal_is_activity_now(client: OmniqClient, redis: Any, batch: bool) -> None:
    publish_jobs(client, "q", ["a", "b"], now_ms=T)
    if batch:
        client.remove_jobs_batch(queue="q", lane="wait", job_ids=["a"], now_ms_override=T + 12_345)
    else:
        client.remove_job(queue="q", lane="wait", job_id="a", now_ms_override=T + 12_345)
    assert redis.hget("{q}:stats", "last_activity_ms") == str(T + 12_345).encode()


def test_deviation_06_a_ready_group_at_its_limit_leaves_ready(client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, "q", ["g1", "g2"], now_ms=T, gid="A")
    first = client.reserve(queue="q", now_ms_override=T)
    redis.zadd("{q}:groups:ready", {"A": 5})
    redis.hset("{q}:stats", "groups_ready", 1)
    assert client.reserve(queue="q", now_ms_override=T + 1) is None
    assert redis.exists("{q}:groups:ready") == 0
    client.ack_success(queue="q", job_id="g1", lease_token=first.lease_token, now_ms_override=T + 2)  # type: ignore[union-attr]
    assert redis.zrange("{q}:groups:ready", 0, -1, withscores=True) == [(b"A", T + 2)]


def test_deviation_07_errors_are_cut_between_characters(pair: Pair) -> None:
    for client, queue in ((pair.client, "ours"), (pair.reference, "theirs")):
        fail_jobs(client, queue, ["j"], now_ms=T, error="x" + "é" * 3000)
    assert _fields(pair, "{ours}:job:j")[b"last_error"] == b"x" + "é".encode() * 2047
    with pytest.raises(UnicodeDecodeError):
        _fields(pair, "{theirs}:job:j")[b"last_error"].decode()


def test_deviation_07_an_error_that_is_no_unicode_does_not_stop_the_ack(client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, "q", ["j"], now_ms=T, error="cannot open \udcff\ud800.txt")
    assert redis.hget("{q}:job:j", "last_error") == b"cannot open ??.txt"


@pytest.mark.parametrize("decode", [True, False])
def test_deviation_07_undecodable_bytes_are_read_whatever_the_given_client_decodes(
    redis_server: RedisServer, redis: Any, decode: bool
) -> None:
    with redis_server.client(decode_responses=decode) as given:
        client = OmniqClient(redis=given)
        publish_jobs(client, "q", ["j"], now_ms=T, gid="A")
        for text in (b"\x00\x9c\xff", b'{"half":"\xc3"}'):
            redis.hset("{q}:job:j", "payload", text)
        job: Any = client.reserve(queue="q", now_ms_override=T)
        assert job.payload == '{"half":"\ufffd"}'
        client.ack_success(queue="q", job_id="j", lease_token=job.lease_token, now_ms_override=T)


def test_deviation_07_an_id_of_any_bytes_can_be_worked(client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, "q", ["j\udcff"], now_ms=T, gid="g\udc9c")
    assert redis.lrange(b"{q}:g:g\x9c:wait", 0, -1) == [b"j\xff"]
    job: Any = client.reserve(queue="q", now_ms_override=T)
    assert (job.job_id, job.gid) == ("j\udcff", "g\udc9c")
    client.ack_success(queue="q", job_id=job.job_id, lease_token=job.lease_token, now_ms_override=T)
    assert redis.lrange("{q}:completed", 0, -1) == [b"j\xff"]


def test_deviation_08_lease_tokens_cannot_be_derived(client: OmniqClient, redis: Any) -> None:
    tokens: set[str] = set()
    for _ in range(3):
        redis.flushall()
        tokens.add(lease_jobs(client, "q", ["j"], now_ms=T)["j"])
    assert len(tokens) == 3
    assert all(len(token) >= 32 for token in tokens)


def test_deviation_09_a_delayed_publish_that_sets_a_limit_makes_its_group_ready(pair: Pair, clock: Clock) -> None:
    for client, queue in ((pair.client, "ours"), (pair.reference, "theirs")):
        publish_jobs(client, queue, ["g1", "g2"], now_ms=T, gid="A")
        client.reserve(queue=queue, now_ms_override=T)
        client.publish(
            queue=queue, payload={}, job_id="d", gid="A", group_limit=2, due_ms=T + 999, now_ms_override=T + 1
        )
    job: Any = pair.client.reserve(queue="ours", now_ms_override=T + 2)
    assert job.job_id == "g2"
    assert pair.reference.reserve(queue="theirs", now_ms_override=T + 2) is None
    token = pair.redis.hget("{theirs}:job:g1", "lease_token").decode()
    pair.reference.ack_success(queue="theirs", job_id="g1", lease_token=token, now_ms_override=T + 3)
    del clock


def test_deviation_12_an_unreachable_redis_raises(throwaway_redis: RedisServer) -> None:
    with OmniqClient(redis_url=throwaway_redis.url) as client:
        client.publish(queue="q", payload={})
        throwaway_redis.stop()
        for call in (
            lambda: client.child_ack(key="k", child_id="a"),
            lambda: client.is_paused(queue="q"),
            lambda: client.reserve(queue="q"),
        ):
            with pytest.raises(RedisConnectionError):
                call()
        throwaway_redis.start()
        assert client.is_paused(queue="q") is False


@pytest.mark.broken_data
def test_deviation_12_a_counter_of_the_wrong_type_raises(client: OmniqClient, reference: Any, redis: Any) -> None:
    for key in ("a", "b"):
        redis.hset(f"{{cc:{key}}}:count", "x", "1")
    with pytest.raises(Exception, match="WRONGTYPE"):
        client.child_ack(key="a", child_id="1")
    assert redis.exists("{cc:a}:done") == 0
    assert reference.child_ack(key="b", child_id="1") == -1


@pytest.mark.broken_data
def test_deviation_13_a_reaped_ghost_leaves_its_groups_count(client: OmniqClient, redis: Any) -> None:
    lease_jobs(client, "q", ["ghost"], now_ms=T, gid="A", timeout_ms=10)
    redis.delete("{q}:job:ghost")
    assert client.reap_expired(queue="q", now_ms_override=T + 10) == 1
    assert redis.exists("{q}:active", "{q}:idx:active", "{q}:job:ghost") == 0
    assert redis.hget("{q}:stats", "active") == b"0"
    assert redis.get("{q}:g:A:inflight") == b"1"  # nobody knows the group any more; the health check repairs it


def test_deviation_14_the_same_ack_again_answers_the_same_and_changes_nothing(client: OmniqClient, redis: Any) -> None:
    for job_id, options, expected in (
        ("done", {}, None),
        ("again", {"max_attempts": 2}, ("RETRY", T + 5_007)),
        ("over", {"max_attempts": 1}, ("FAILED", None)),
    ):
        token = lease_jobs(client, "q", [job_id], now_ms=T, gid="A", group_limit=9, **options)[job_id]
        lease: Any = {"queue": "q", "job_id": job_id, "lease_token": token}
        operation = client.ack_success if job_id == "done" else client.ack_fail
        assert operation(**lease, now_ms_override=T + 7) == expected
        after = snapshot(redis, "q")
        assert operation(**lease, now_ms_override=T + 999) == expected
        assert snapshot(redis, "q") == after


def _bring_to(client: OmniqClient, state: str, gid: str | None) -> None:
    if state == "wait":
        publish_jobs(client, "q", ["j"], now_ms=T, gid=gid)
    elif state == "delayed":
        delay_jobs(client, "q", ["j"], now_ms=T, due_ms=T + 500, gid=gid)
    elif state == "active":
        lease_jobs(client, "q", ["j"], now_ms=T, gid=gid)
    else:
        fail_jobs(client, "q", ["j"], now_ms=T, gid=gid)
