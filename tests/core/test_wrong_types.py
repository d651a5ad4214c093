"""A key of the wrong type is found before anything is written: no job is lost half way, and the error names the key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from redis.exceptions import ResponseError

from omniq_core import OmniqClient
from tests.support.factories import complete_jobs, delay_jobs, fail_jobs, lease_jobs, publish_jobs
from tests.support.snapshot import snapshot

T = 1_750_000_000_000
LATER = T + 100_000
pytestmark = pytest.mark.broken_data

STRINGS = ("g:A:inflight", "g:A:limit")
GROUP = ("g:A:wait", *STRINGS, "groups:ready")
LEASED = ("stats", "active", "idx:active")
ENDED_BADLY = (*LEASED, "delayed", "idx:delayed", "failed", "idx:failed")
Prepare = Callable[[OmniqClient], dict[str, Any]]


def _publish(client: OmniqClient) -> dict[str, Any]:
    publish_jobs(client, "q", ["j", "j2"], now_ms=T)
    return {}


def _publish_grouped(client: OmniqClient) -> dict[str, Any]:
    publish_jobs(client, "q", ["g", "g2"], now_ms=T, gid="A")
    return {}


def _complete(client: OmniqClient) -> dict[str, Any]:
    complete_jobs(client, "q", ["j"], now_ms=T)
    return {"payload": {}, "job_id": "j"}


def _delay(client: OmniqClient) -> dict[str, Any]:
    delay_jobs(client, "q", ["d"], now_ms=T, due_ms=T + 1, gid="A")
    return {}


def _lease(client: OmniqClient) -> dict[str, Any]:
    token = lease_jobs(client, "q", ["l"], now_ms=T, gid="A", timeout_ms=10)["l"]
    publish_jobs(client, "q", ["next"], now_ms=T)
    return {"job_id": "l", "lease_token": token}


def _lease_to_sweep(client: OmniqClient) -> dict[str, Any]:
    _lease(client)
    return {}


def _fail(client: OmniqClient) -> dict[str, Any]:
    fail_jobs(client, "q", ["f"], now_ms=T, gid="A")
    return {"job_id": "f"}


def _new(**options: Any) -> Prepare:
    return lambda _: {"payload": {}, "job_id": "n", **options}


# The operation, what stands before it, and all keys that it writes or decides by.
WRITES: list[tuple[str, Prepare, tuple[str, ...]]] = [
    ("reserve", _publish, (*LEASED, "wait", "idx:wait", "groups:ready")),
    ("reserve", _publish_grouped, (*LEASED, "idx:wait", *GROUP)),
    ("publish", _new(), ("stats", "wait", "idx:wait", "job:n")),
    ("publish", _new(gid="A", group_limit=2), ("stats", "idx:wait", *GROUP)),
    ("publish", _new(gid="A", group_limit=2, due_ms=LATER + 9), ("stats", "delayed", "idx:delayed", *GROUP)),
    ("publish", _complete, ("stats", "wait", "completed", "idx:completed")),
    ("heartbeat", _lease, ("active", "job:l")),
    ("ack_success", _lease, (*LEASED, "completed", "idx:completed", "job:l", *GROUP)),
    ("ack_and_reserve", _lease, (*LEASED, "completed", "idx:completed", "job:l", *GROUP)),
    ("ack_fail", _lease, (*ENDED_BADLY, "job:l", *GROUP)),
    ("reap_expired", _lease_to_sweep, (*ENDED_BADLY, *GROUP)),
    ("promote_delayed", _delay, ("stats", "delayed", "idx:delayed", "idx:wait", *GROUP)),
    ("retry_failed", _fail, ("stats", "failed", "idx:failed", "idx:wait", *GROUP)),
]
CASES = [
    pytest.param(operation, prepare, key, id=f"{operation}-{prepare.__name__.strip('_<>')}-{key}")
    for operation, prepare, keys in WRITES
    for key in keys
]


def _spoil(redis: Any, key: str) -> None:
    redis.delete("{q}:" + key)
    if key in STRINGS:
        redis.rpush("{q}:" + key, "x")
    else:
        redis.set("{q}:" + key, "x")


@pytest.mark.parametrize(("operation", "prepare", "key"), CASES)
def test_nothing_is_written_before_the_types_are_known(
    client: OmniqClient, redis: Any, operation: str, prepare: Prepare, key: str
) -> None:
    arguments = prepare(client)
    _spoil(redis, key)
    before = snapshot(redis, "q")
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        getattr(client, operation)(queue="q", now_ms_override=LATER, **arguments)
    assert snapshot(redis, "q") == before


def test_the_error_names_the_key_and_what_it_is(client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, "q", ["j"], now_ms=T)
    redis.sadd("{q}:active", "x")
    with pytest.raises(ResponseError, match=r"WRONGTYPE \{q\}:active is a set, not a zset; nothing was changed"):
        client.reserve(queue="q", now_ms_override=LATER)


@pytest.mark.parametrize("key", ["g:A:wait", *STRINGS])
def test_a_broken_group_stops_no_other(client: OmniqClient, redis: Any, key: str) -> None:
    publish_jobs(client, "q", ["a"], now_ms=T, gid="A")
    publish_jobs(client, "q", ["b"], now_ms=T + 1, gid="B")
    _spoil(redis, key)
    got: Any = client.reserve(queue="q", now_ms_override=LATER)
    assert got.job_id == "b"
    # It keeps its place, and takes part again as soon as its key is right.
    assert redis.zrange("{q}:groups:ready", 0, -1, withscores=True) == [(b"A", T)]
    assert redis.hget("{q}:stats", "groups_ready") == b"1"


@pytest.mark.parametrize("key", STRINGS)
def test_sweeps_pass_over_a_broken_group_and_say_so_when_nothing_else_is_left(
    client: OmniqClient, redis: Any, key: str
) -> None:
    for gid in ("A", "B"):
        lease_jobs(client, "q", [f"leased-{gid}"], now_ms=T, gid=gid, timeout_ms=10)
        delay_jobs(client, "q", [f"later-{gid}"], now_ms=T, due_ms=T + 1, gid=gid)
    _spoil(redis, key)
    assert client.reap_expired(queue="q", now_ms_override=LATER) == 1
    assert client.promote_delayed(queue="q", now_ms_override=LATER) == 1
    assert redis.zrange("{q}:active", 0, -1) == [b"leased-A"]
    assert redis.zscore("{q}:delayed", "later-A") == T + 1
    for sweep in (client.reap_expired, client.promote_delayed):
        with pytest.raises(ResponseError, match="WRONGTYPE {q}:" + key):
            sweep(queue="q", now_ms_override=LATER)


def test_a_trimmed_job_whose_key_is_no_hash_leaves_the_ack_whole(client: OmniqClient, redis: Any) -> None:
    complete_jobs(client, "q", 100, now_ms=T)
    token = lease_jobs(client, "q", ["last"], now_ms=T + 500)["last"]
    redis.delete("{q}:job:job-1")
    redis.set("{q}:job:job-1", "x")
    client.ack_success(queue="q", job_id="last", lease_token=token, now_ms_override=LATER)
    assert redis.hmget("{q}:stats", "completed_kept", "active", "last_finish_ms") == [b"100", b"0", b"%d" % LATER]
    assert redis.get("{q}:job:job-1") == b"x"
