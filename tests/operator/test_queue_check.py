"""The check of a queue as a whole: each kind of trouble by hand, and nothing where nothing is wrong."""

from __future__ import annotations

import pytest

from omniq_core import Link
from omniq_core.operator.queue_check import MOST_COUNTED, QueueCheck
from tests.support.factories import complete_jobs, delay_jobs, fail_jobs, lease_jobs, publish_jobs

NOW = 1_700_000_000_000
Q = "orders"


def key(suffix: str) -> str:
    return f"{{{Q}}}:{suffix}"


def found(client, now_ms: int = NOW, leases_ms: int = 60_000) -> list[tuple[str, str, dict[str, object]]]:
    check = QueueCheck(Link(client.ops.r, owned=False), Q, now_ms, leases_ms)
    assert check.step()
    assert (check.looked, check.notes) == (1, [])
    return [(one.kind, one.subject, dict(one.facts)) for one in check.found]


@pytest.fixture
def busy(client) -> None:
    """3 leased (one of group b), 2 failed, 4 completed, 1 delayed, then 2 waiting and 2 that wait in groups."""
    lease_jobs(client, Q, 2, now_ms=NOW - 1000)
    lease_jobs(client, Q, ["of b"], now_ms=NOW - 900, gid="b")
    fail_jobs(client, Q, ["f1", "f2"], now_ms=NOW - 800)
    complete_jobs(client, Q, ["c1", "c2", "c3", "c4"], now_ms=NOW - 700)
    delay_jobs(client, Q, ["d1"], now_ms=NOW - 600, due_ms=NOW + 60_000)
    publish_jobs(client, Q, ["w1", "w2"], now_ms=NOW - 500)
    publish_jobs(client, Q, ["a1"], now_ms=NOW - 400, gid="a")
    publish_jobs(client, Q, ["b1"], now_ms=NOW - 400, gid="b")


def test_nothing_is_wrong_with_a_sound_queue_or_one_without_keys(client, busy, redis) -> None:
    assert found(client) == []
    redis.zadd(key("x:groups"), {"a": 0, "b": 0})
    assert found(client) == []
    redis.flushall()
    assert found(client) == []


@pytest.mark.broken_data
def test_every_counter_is_compared_with_its_lane(client, busy, redis) -> None:
    redis.zadd(key("x:groups"), {"a": 0, "b": 0})
    redis.hset(key("stats"), mapping={"waiting": 7, "group_waiting": 0, "waiting_total": "abc", "active": 4})
    redis.hset(key("stats"), mapping={"delayed": 0, "failed": "1e+14", "completed_kept": 3})
    redis.hdel(key("stats"), "groups_ready")
    both = {"indexed": 2, "summed": 2}
    assert found(client) == [
        ("counters", "active", {"stored": 4, "found": 3}),
        ("counters", "completed_kept", {"stored": 3, "found": 4}),
        ("counters", "delayed", {"stored": 0, "found": 1}),
        ("counters", "failed", {"stored": 100_000_000_000_000, "found": 2}),
        ("counters", "group_waiting", {"stored": 0, "found": 2} | both),
        ("counters", "groups_ready", {"stored": 0, "found": 1}),
        ("counters", "waiting", {"stored": 7, "found": 2}),
        ("counters", "waiting_total", {"stored": "abc", "found": 4, "indexed": 4, "summed": 4}),
    ]


@pytest.mark.broken_data
def test_a_counter_that_is_no_number_is_wrong_also_of_an_empty_lane(client, redis) -> None:
    publish_jobs(client, Q, ["w"], now_ms=NOW)
    redis.hset(key("stats"), mapping={"delayed": "abc", "failed": "0"})
    assert found(client) == [("counters", "delayed", {"stored": "abc", "found": 0})]


@pytest.mark.broken_data
def test_a_count_of_grouped_jobs_that_agrees_with_the_groups_or_the_idx_is_right(client, busy, redis) -> None:
    redis.zrem(key("idx:wait"), "a1")  # the idx says 1, the groups say 2
    redis.zadd(key("x:groups"), {"a": 0, "b": 0})
    assert found(client) == []
    redis.delete(key("x:groups"))  # only the ready group is known: both say 1, the counter says 2
    assert [subject for _, subject, _ in found(client)] == ["group_waiting", "waiting_total"]
    redis.zadd(key("idx:wait"), {"a1": NOW})
    redis.zadd(key("x:groups"), {f"g{n}": 0 for n in range(MOST_COUNTED)})
    redis.hset(key("stats"), "group_waiting", 5)  # too many groups to count
    assert found(client) == [("counters", "group_waiting", {"stored": 5, "found": 2, "indexed": 2, "summed": None})]


def test_leases_that_nobody_reaps_are_found_once_they_are_late(client, redis) -> None:
    lease_jobs(client, Q, 3, now_ms=NOW, step_ms=1000, timeout_ms=10_000)  # run out at +10, +11, +12 s
    assert found(client, NOW + 70_000) == []
    late = {"expired": 3, "oldest": NOW + 10_000, "last_reserve": NOW + 2_000}
    assert found(client, NOW + 70_001) == [("leases", "", late)]
    assert found(client, NOW + 11_000, leases_ms=500) == [("leases", "", late | {"expired": 2})]


@pytest.mark.broken_data
def test_more_than_a_hundred_completed_are_too_many(client, redis) -> None:
    complete_jobs(client, Q, 100, now_ms=NOW)
    assert found(client) == []
    redis.rpush(key("completed"), "one more")
    redis.hset(key("stats"), "completed_kept", 101)
    assert found(client) == [("completed_over", "", {"stored": 101})]


@pytest.mark.broken_data
def test_a_queue_of_old_sdks_has_neither_idx_nor_stats(client, busy, redis) -> None:
    jobs = redis.keys(key("job:*"))
    redis.zadd(key("x:groups"), {"a": 0, "b": 0})
    redis.delete(*redis.keys(key("idx:*")))
    assert "old_index" not in [kind for kind, _, _ in found(client)]  # only the idx was lost
    for one in jobs:
        redis.hdel(one, "queued_ms")
    # 3 active, 2 failed, 4 completed, 1 delayed, 2 waiting, 2 in groups
    assert found(client) == [("old_index", "", {"jobs": 14})]
    # A newer SDK has come since: what has its entry need not get one, in the other lanes all still do.
    redis.zadd(key("idx:failed"), {redis.lindex(key("failed"), 0): NOW})
    assert found(client) == [("old_index", "", {"jobs": 13})]
    redis.delete(key("stats"), key("idx:failed"))
    assert found(client) == [("old_index", "", {"jobs": 14}), ("old_stats", "", {"jobs": 14})]


@pytest.mark.broken_data
def test_ghosts_do_not_make_a_queue_old(client, redis) -> None:
    redis.rpush(key("wait"), *(f"ghost {n}" for n in range(20)))
    redis.hset(key("stats"), "waiting", 20)
    assert "old_index" not in [kind for kind, _, _ in found(client)]


@pytest.mark.broken_data
def test_every_fixed_key_of_a_wrong_type_is_named_and_stops_nothing(client, busy, redis) -> None:
    wanted = {
        **dict.fromkeys(("wait", "failed", "completed"), "list"),
        **dict.fromkeys(("active", "delayed", "groups:ready", "idx:wait", "idx:active", "idx:delayed"), "zset"),
        **dict.fromkeys(("idx:failed", "idx:completed"), "zset"),
        **dict.fromkeys(("paused", "has_groups", "lane:rr", "lease:seq"), "string"),
        "stats": "hash",
    }
    for suffix in (*wanted, "x:groups"):
        redis.delete(key(suffix))
        redis.sadd(key(suffix), "x")
    types = [("types", suffix, {"wanted": kind, "is": "set"}) for suffix, kind in sorted(wanted.items())]
    assert found(client) == types
    redis.delete(key("stats"))
    redis.hset(key("stats"), "waiting", 9)  # nothing is said of counters whose lane cannot be read
    assert found(client) == [one for one in types if one[1] != "stats"]
