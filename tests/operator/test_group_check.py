"""The check of groups: each kind of trouble by hand, whatever their names are, and nothing where nothing is wrong."""

from __future__ import annotations

import pytest

from omniq_core import Link
from omniq_core.operator import group_check
from omniq_core.operator.group_check import GroupCheck
from tests.support.factories import lease_jobs, publish_jobs

NOW = 1_700_000_000_000
Q = "orders"


def key(suffix: str) -> str:
    return f"{{{Q}}}:{suffix}"


def through(client) -> GroupCheck:
    check = GroupCheck(Link(client.ops.r, owned=False), Q, NOW)
    for _ in range(100):
        if check.step():
            return check
    raise AssertionError("it never ends")


def found(client) -> list[tuple[str, str, dict[str, object]]]:
    check = through(client)
    assert check.notes == []
    return [(one.kind, one.subject, dict(one.facts)) for one in check.found]


@pytest.fixture
def groups(client) -> None:
    """ "full": 1 runs, limit 1, 2 wait; "room": 1 runs, limit 2, 1 waits; "idle": 1 runs, none waits."""
    for gid, limit, waiting in (("full", 1, 2), ("room", 2, 1), ("idle", 1, 0)):
        lease_jobs(client, Q, [f"{gid} runs"], now_ms=NOW, gid=gid, group_limit=limit)
        publish_jobs(client, Q, [f"{gid} {n}" for n in range(waiting)], now_ms=NOW, gid=gid)
        if gid == "room":
            client.ops.r.zrem(key("groups:ready"), gid)  # so that the next lease is of "idle"
    client.ops.r.zadd(key("groups:ready"), {"room": NOW})


def test_nothing_is_wrong_with_sound_groups_or_without_any(client, groups, redis) -> None:
    check = through(client)
    assert (check.found, check.looked, check.notes) == ([], 3, [])
    # Those it met are written down, so that a count of their jobs is whole.
    assert sorted(redis.zrange(key("x:groups"), 0, -1)) == [b"full", b"idle", b"room"]
    redis.flushall()
    assert (through(client).found, through(client).looked) == ([], 0)


@pytest.mark.broken_data
def test_a_count_in_flight_is_compared_with_the_jobs_that_run(client, groups, redis) -> None:
    redis.set(key("g:full:inflight"), 3)
    redis.delete(key("g:idle:inflight"))
    assert found(client) == [
        ("inflight", "full", {"stored": 3, "found": 1, "waiting": 2}),
        ("inflight", "idle", {"stored": 0, "found": 1, "waiting": 0}),
    ]
    redis.delete(key("g:full:inflight"), key("active"))
    redis.zadd(key("active"), {"full runs": NOW, "no such job": NOW, "room runs": NOW})
    redis.set(key("g:idle:inflight"), "abc")
    assert found(client) == [("inflight", "full", {"stored": 0, "found": 1, "waiting": 2})]


@pytest.mark.broken_data
def test_the_ready_set_holds_exactly_the_groups_with_jobs_and_room(client, groups, redis) -> None:
    redis.zrem(key("groups:ready"), "room")
    redis.zadd(key("groups:ready"), {"full": NOW, "idle": NOW, "nobody": NOW})
    assert found(client) == [
        ("ready_extra", "full", {"in_flight": 1, "limit": 1, "waiting": 2}),
        ("ready_extra", "idle", {"in_flight": 1, "limit": 1, "waiting": 0}),
        ("ready_extra", "nobody", {"in_flight": 0, "limit": 1, "waiting": 0}),
        ("ready_missing", "room", {"in_flight": 1, "limit": 2, "waiting": 1}),
    ]


def test_a_group_may_run_above_a_limit_that_was_lowered(client, redis) -> None:
    client.publish(queue=Q, payload={}, job_id="1", gid="g", group_limit=3, now_ms_override=NOW)
    publish_jobs(client, Q, ["2", "3"], now_ms=NOW, gid="g")
    for _ in range(3):
        client.reserve(queue=Q, now_ms_override=NOW)
    client.set_group_limit(queue=Q, gid="g", limit=2, now_ms_override=NOW)
    assert found(client) == [("over_limit", "g", {"in_flight": 3, "limit": 2})]


@pytest.mark.broken_data
@pytest.mark.parametrize(
    "suffix", ["g:full:wait", "g:full:inflight", "g:full:limit", "groups:ready", "active", "x:groups"]
)
def test_a_key_of_a_wrong_type_is_left_to_the_check_of_types(client, groups, redis, suffix) -> None:
    redis.zadd(key("x:groups"), {"full": 0, "room": 0, "idle": 0})
    redis.delete(key(suffix))
    redis.sadd(key(suffix), "x")
    assert found(client) == []


@pytest.mark.broken_data
def test_names_of_any_bytes_are_told_as_they_are(client, redis) -> None:
    names = [b"a\xff:b", b"<script>", b"{x}", b"g:wait", b"\n", b"", "é🔥".encode(), b"*" * 2000]
    redis.zadd(key("groups:ready"), dict.fromkeys(names, NOW))
    assert sorted(subject.encode("utf-8", "surrogateescape") for _, subject, _ in found(client)) == sorted(names)


@pytest.mark.broken_data
def test_many_groups_are_looked_at_each_once(client, redis) -> None:
    redis.zadd(key("groups:ready"), {f"g{n}": n for n in range(1_200)})
    redis.zadd(key("x:groups"), {f"g{n}": n for n in range(600, 1_800)})
    check = through(client)
    assert check.looked == 1_800
    assert {one.subject for one in check.found} == {f"g{n}" for n in range(1_200)}
    assert len(check.found) == 1_200


@pytest.mark.broken_data
def test_beyond_the_bounds_it_says_what_it_did_not_look_at(client, groups, redis, monkeypatch) -> None:
    redis.set(key("g:full:inflight"), 3)
    monkeypatch.setattr(group_check, "MOST_RUNNING", 2)
    check = through(client)
    assert (check.found, check.notes) == ([], ["many_running"])
    redis.zadd(key("x:groups"), {"full": 0, "idle": 0})
    redis.zrem(key("x:groups"), "room")
    monkeypatch.setattr(group_check, "MOST_GIDS", 2)
    assert through(client).notes == ["many_groups", "many_running"]
