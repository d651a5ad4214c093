"""How groups stand: ready, busy, idle or stuck, whoever wrote them, and nothing called stuck that is not."""

from __future__ import annotations

from typing import Any

import pytest

from omniq_core import Group, OmniqClient, group_rows, read_groups
from tests.support.factories import complete_jobs, lease_jobs, publish_jobs

T = 1_750_000_000_000
HOSTILE = ("<script>alert(1)</script>", "a:wait", "a:b/c", "100%", "\udcff", "..", "a\nb", "🔥", "x" * 200)


def group(client: OmniqClient, gid: str = "G") -> Group:
    return group_rows(client.link, "q", [gid])[gid]


def state(client: OmniqClient, gid: str = "G") -> str:
    return group(client, gid).state


def test_the_figures_of_a_group(client: OmniqClient) -> None:
    publish_jobs(client, "q", ["a", "b", "c"], now_ms=T, gid="G", group_limit=2)
    client.reserve(queue="q", now_ms_override=T + 5)
    assert group(client) == Group(
        "G", waiting=2, oldest_ms=T + 1, in_flight=1, running=1, limit=2, ready=True, ready_ms=T + 5
    )


def test_a_group_is_ready_busy_and_idle_in_turn(client: OmniqClient) -> None:
    publish_jobs(client, "q", ["a", "b"], now_ms=T, gid="G")
    assert state(client) == "ready"
    first: Any = client.reserve(queue="q", now_ms_override=T)
    assert state(client) == "busy"
    client.ack_success(queue="q", job_id="a", lease_token=first.lease_token, now_ms_override=T)
    second: Any = client.reserve(queue="q", now_ms_override=T)
    assert state(client) == "idle"  # one runs, but nothing waits
    client.ack_success(queue="q", job_id="b", lease_token=second.lease_token, now_ms_override=T)
    assert state(client) == "idle"


def test_a_limit_below_what_runs_is_busy_and_never_stuck(client: OmniqClient) -> None:
    publish_jobs(client, "q", 5, now_ms=T, gid="G", group_limit=3)
    held: list[Any] = [client.reserve(queue="q", now_ms_override=T) for _ in range(3)]
    client.set_group_limit(queue="q", gid="G", limit=1, now_ms_override=T)
    for job in held:
        assert state(client) == "busy"
        client.ack_success(queue="q", job_id=job.job_id, lease_token=job.lease_token, now_ms_override=T)
    assert state(client) == "ready"


def test_a_pause_makes_no_group_stuck(client: OmniqClient) -> None:
    publish_jobs(client, "q", 2, now_ms=T, gid="G")
    client.pause(queue="q")
    client.set_group_limit(queue="q", gid="G", limit=4, now_ms_override=T)
    assert state(client) == "ready"


@pytest.mark.broken_data
def test_a_count_that_no_worker_backs_is_stuck(client: OmniqClient, redis: Any) -> None:
    lease_jobs(client, "q", ["lost"], now_ms=T, gid="G", timeout_ms=1_000)
    publish_jobs(client, "q", ["w"], now_ms=T, gid="G")
    assert state(client) == "busy"
    redis.delete("{q}:job:lost")
    client.reap_expired(queue="q", now_ms_override=T + 1_000)  # it cannot know which group has room now
    assert (group(client).in_flight, group(client).running, state(client)) == (1, 0, "stuck")


@pytest.mark.broken_data
def test_a_group_with_room_that_workers_cannot_see_is_stuck(client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, "q", ["w"], now_ms=T, gid="G")
    redis.zrem("{q}:groups:ready", "G")
    assert (group(client).ready, state(client)) == (False, "stuck")


@pytest.mark.broken_data
def test_of_a_group_whose_count_is_wrong_without_real_room_nothing_is_said(client: OmniqClient, redis: Any) -> None:
    lease_jobs(client, "q", ["a"], now_ms=T, gid="G")
    publish_jobs(client, "q", ["w"], now_ms=T, gid="G")
    redis.set("{q}:g:G:inflight", 7)
    assert state(client) == "busy"


@pytest.mark.broken_data
def test_over_1000_jobs_that_run_are_not_counted(client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, "q", ["w"], now_ms=T, gid="G")
    redis.set("{q}:g:G:inflight", 1)
    redis.zadd("{q}:active", {f"j{n}": n for n in range(1_000)})
    assert (group(client).running, state(client)) == (0, "stuck")
    redis.zadd("{q}:active", {"j1000": 1_000})
    assert (group(client).running, state(client)) == (None, "busy")


@pytest.mark.broken_data
@pytest.mark.parametrize(("stored", "limit"), [("0", 1), ("-2", 1), ("x", 1), ("3", 3), ("1e+14", 10**14)])
def test_limits_that_others_wrote(client: OmniqClient, redis: Any, stored: str, limit: int) -> None:
    redis.set("{q}:g:G:limit", stored)
    assert group(client).limit == limit


@pytest.mark.broken_data
def test_keys_of_other_types_raise_nothing(client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, "q", ["a"], now_ms=T)
    for key, value in (("g:A:wait", "x"), ("g:B:limit", "2")):
        redis.set(f"{{q}}:{key}", value)
    for key in ("g:A:limit", "g:B:inflight", "x:groups", "x:groups:now", "active"):
        redis.delete(f"{{q}}:{key}")
        redis.hset(f"{{q}}:{key}", "a", "b")
    redis.rpush("{q}:groups:ready", "A")
    assert list(group_rows(client.link, "q", ["A", "B"]).values()) == [Group("B", 0, None, 0, None, 2, False, None)]
    assert read_groups(client.link, "q", now_ms=T).names == ()


def test_groups_are_known_before_any_scan(client: OmniqClient) -> None:
    publish_jobs(client, "q", ["u"], now_ms=T)
    for nth, gid in enumerate(HOSTILE):
        publish_jobs(client, "q", [f"{gid} 1", f"{gid} 2"], now_ms=T + 10 * nth, gid=gid)
    publish_jobs(client, "q", ["b1", "b2"], now_ms=T + 500, gid="busy")
    while client.reserve(queue="q", now_ms_override=T + 900):
        pass
    read = read_groups(client.link, "q", now_ms=T)
    assert set(read.names) == {*HOSTILE, "busy"}
    assert (read.full, read.figures) == (False, None)
    assert (read.snapshot.oldest_gid, read.snapshot.group_waiting) == (HOSTILE[0], 10)
    rows = group_rows(client.link, "q", read.names)
    assert {(one.gid, one.waiting, one.in_flight, one.state) for one in rows.values()} == {
        (gid, 1, 1, "busy") for gid in (*HOSTILE, "busy")
    }


def test_a_group_without_keys_is_none(client: OmniqClient) -> None:
    complete_jobs(client, "q", ["a"], now_ms=T, gid="G")
    assert list(group_rows(client.link, "q", ["nobody", "G"])) == ["G"]
    assert group_rows(client.link, "q", []) == {}
    with pytest.raises(ValueError):
        group_rows(client.link, "q", ["x"] * 401)
