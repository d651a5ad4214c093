"""set_group_limit: how many jobs of a group may run at once, effective with the next reserve of any worker."""

from __future__ import annotations

from typing import Any

import pytest
from redis.exceptions import ResponseError

from omniq_core import LimitChanged, OmniqClient
from tests.support.clock import Clock
from tests.support.factories import lease_jobs, publish_jobs
from tests.support.snapshot import snapshot


def ready(redis: Any) -> list[tuple[bytes, float]]:
    return redis.zrange("{q}:groups:ready", 0, -1, withscores=True)


def leased(client: OmniqClient, clock: Clock) -> Any:
    return getattr(client.reserve(queue="q", now_ms_override=clock.now_ms), "job_id", None)


@pytest.fixture
def at_its_limit(client: OmniqClient, clock: Clock) -> dict[str, str]:
    """One job of G runs, two wait, and the group may run one."""
    leases = lease_jobs(client, "q", ["runs"], now_ms=clock.now_ms, gid="G")
    publish_jobs(client, "q", ["w1", "w2"], now_ms=clock.now_ms, gid="G")
    return leases


def test_a_raised_limit_makes_the_group_ready_at_once(
    client: OmniqClient, redis: Any, clock: Clock, at_its_limit: dict[str, str]
) -> None:
    assert ready(redis) == []
    clock.advance(5)
    assert client.set_group_limit(queue="q", gid="G", limit=3, now_ms_override=clock.now_ms) == 1
    assert ready(redis) == [(b"G", clock.now_ms)]
    assert redis.hget("{q}:stats", "groups_ready") == b"1"
    assert [leased(client, clock) for _ in range(3)] == ["w1", "w2", None]


def test_a_lowered_limit_starts_nothing_and_ends_nothing(
    client: OmniqClient, redis: Any, clock: Clock, at_its_limit: dict[str, str]
) -> None:
    client.set_group_limit(queue="q", gid="G", limit=3, now_ms_override=clock.now_ms)
    assert leased(client, clock) == "w1"
    assert ready(redis) != []
    assert client.set_group_limit(queue="q", gid="G", limit=1, now_ms_override=clock.now_ms) == 3
    assert ready(redis) == []
    assert redis.hget("{q}:stats", "groups_ready") == b"0"
    assert leased(client, clock) is None
    assert redis.get("{q}:g:G:inflight") == b"2"
    client.ack_success(
        queue="q", job_id="runs", lease_token=at_its_limit["runs"], now_ms_override=clock.now_ms
    )  # one still runs: at the limit
    assert leased(client, clock) is None


def test_nothing_is_made_ready_that_has_nothing_to_start(client: OmniqClient, redis: Any, clock: Clock) -> None:
    assert client.set_group_limit(queue="q", gid="new", limit=4, now_ms_override=clock.now_ms) == 1
    assert (redis.get("{q}:g:new:limit"), ready(redis)) == (b"4", [])
    # The first job that brings a limit comes too late.
    publish_jobs(client, "q", ["a"], now_ms=clock.now_ms, gid="new", group_limit=9)
    assert redis.get("{q}:g:new:limit") == b"4"


def test_a_limit_that_somebody_else_changed_stays(
    client: OmniqClient, redis: Any, clock: Clock, at_its_limit: dict[str, str]
) -> None:
    client.set_group_limit(queue="q", gid="G", limit=5, seen=1, now_ms_override=clock.now_ms)
    before = snapshot(redis, "q")
    with pytest.raises(LimitChanged) as raised:
        client.set_group_limit(queue="q", gid="G", limit=2, seen=1, now_ms_override=clock.now_ms)
    assert (raised.value.limit, raised.value.code, raised.value.queue) == (5, "LIMIT_CHANGED", "q")
    assert snapshot(redis, "q") == before


@pytest.mark.broken_data
@pytest.mark.parametrize("stored", ["0", "-3", "abc", ""])
def test_a_stored_limit_that_is_none_counts_as_one(client: OmniqClient, redis: Any, clock: Clock, stored: str) -> None:
    redis.set("{q}:g:G:limit", stored)
    assert client.set_group_limit(queue="q", gid="G", limit=2, seen=1, now_ms_override=clock.now_ms) == 1
    assert redis.get("{q}:g:G:limit") == b"2"


@pytest.mark.parametrize("gid", ["<script>", "a:wait", "a/b", "100%", " padded ", "\udcff", "🔥"], ids=ascii)
def test_any_name_is_taken_as_it_stands(client: OmniqClient, redis: Any, clock: Clock, gid: str) -> None:
    client.set_group_limit(queue="q", gid=gid, limit=7, now_ms_override=clock.now_ms)
    assert redis.keys("*") == [b"{q}:g:" + gid.encode("utf-8", "surrogateescape") + b":limit"]


@pytest.mark.parametrize(("gid", "limit"), [("G", 0), ("G", -1), ("G", 10**14), ("", 3)])
def test_what_is_no_limit_is_refused_before_any_call(client: OmniqClient, redis: Any, gid: str, limit: int) -> None:
    with pytest.raises(ValueError):
        client.set_group_limit(queue="q", gid=gid, limit=limit)
    assert redis.keys("*") == []


@pytest.mark.broken_data
def test_a_key_of_another_type_stops_it_before_it_writes(client: OmniqClient, redis: Any, clock: Clock) -> None:
    publish_jobs(client, "q", ["a"], now_ms=clock.now_ms, gid="G")
    redis.delete("{q}:groups:ready")
    redis.set("{q}:groups:ready", "x")
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        client.set_group_limit(queue="q", gid="G", limit=2, now_ms_override=clock.now_ms)
    assert redis.get("{q}:g:G:limit") is None
