"""Each kind of trouble of a queue and of its groups, made by hand: what a repair shows before, and what it changes."""

from __future__ import annotations

from typing import Any

import pytest

from omniq_core import OmniqClient, preview_repair, start_repair
from tests.operator.bulk import NOW, the_task, work_off
from tests.operator.repairing import begin_repair, found, previewed, repaired
from tests.support.factories import complete_jobs, delay_jobs, fail_jobs, lease_jobs, publish_jobs
from tests.support.invariants import check_invariants
from tests.support.snapshot import snapshot

T = 1_750_000_000_000
pytestmark = pytest.mark.broken_data


def test_counts_of_jobs_in_flight(client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, "q", ["a1", "a2"], now_ms=T, gid="A", group_limit=2)
    client.reserve(queue="q", now_ms_override=T)
    publish_jobs(client, "q", ["b1"], now_ms=T, gid="B\udcff")
    redis.mset({b"{q}:g:A:inflight": 2, b"{q}:g:B\xff:inflight": 3})
    redis.zrem("{q}:groups:ready", b"A", b"B\xff")
    redis.hset("{q}:stats", "groups_ready", 0)
    found(client, "inflight", ["A", "B\udcff"])
    assert previewed(client, "inflight") == (
        2,
        [
            ("A", "In flight", 2, 1),
            ("A", "Ready set", "Missing", "In it"),
            ("B\udcff", "In flight", 3, 0),
            ("B\udcff", "Ready set", "Missing", "In it"),
        ],
    )
    assert preview_repair(client.link, "q", "inflight", now_ms=NOW).waiting == 2
    assert repaired(client, "inflight", 2) == (2, 0)
    check_invariants(redis, "q")
    assert redis.exists("{q}:x:check:inflight") == 0


def test_groups_that_the_ready_set_lacks_or_holds_without_reason(client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, "q", ["a1"], now_ms=T, gid="A")
    redis.zrem("{q}:groups:ready", "A")
    redis.zadd("{q}:groups:ready", {"idle": T, "busy": T})
    lease_jobs(client, "q2", ["x"], now_ms=T)  # another queue is nobody's business here
    redis.hset("{q}:stats", "groups_ready", 2)
    found(client, "ready_missing", ["A"])
    assert previewed(client, "ready_missing") == (1, [("A", "Ready set", "Missing", "In it")])
    assert repaired(client, "ready_missing", 1) == (1, 0)
    redis.rename("{q}:x:task:" + "a" * 16, "old")
    found(client, "ready_extra", ["idle", "busy"])
    redis.set("{q}:g:busy:inflight", 0)
    out = ("Ready set", "In it", "Not in it")
    assert previewed(client, "ready_extra") == (2, [("busy", *out), ("idle", *out)])
    assert repaired(client, "ready_extra", 2) == (2, 0)
    assert redis.zrange("{q}:groups:ready", 0, -1) == [b"A"]
    check_invariants(redis, "q")


def test_leases_that_ran_out(client: OmniqClient, redis: Any) -> None:
    lease_jobs(client, "q", 140, now_ms=T, timeout_ms=1_000, backoff_ms=50)
    lease_jobs(client, "q", ["last"], now_ms=T + 200, timeout_ms=1_000, max_attempts=1)
    lease_jobs(client, "q", ["alive"], now_ms=NOW, timeout_ms=10_000)
    lease_jobs(client, "q", ["grouped"], now_ms=T + 300, timeout_ms=1_000, gid="G")
    assert previewed(client, "leases") == (142, [("", "Leases that ran out", 142, 0)])
    found(client, "leases", {"": {"expired": 142}})
    assert repaired(client, "leases", 142) == (142, 0)
    assert (redis.zcard("{q}:active"), redis.zcard("{q}:delayed"), redis.llen("{q}:failed")) == (1, 141, 1)
    assert redis.exists("{q}:x:check:leases") == 0
    check_invariants(redis, "q")
    assert previewed(client, "leases") == (0, [])


def test_a_lease_that_runs_by_the_clock_of_redis_is_not_taken_back(client: OmniqClient, redis: Any) -> None:
    """The clock of whoever repairs may be ahead: a worker that is alive would lose its job."""
    seconds, _ = redis.time()
    lease_jobs(client, "q", ["alive"], now_ms=seconds * 1000, timeout_ms=600_000)
    before = snapshot(redis, "q")
    ahead = seconds * 1000 + 3_600_000
    assert preview_repair(client.link, "q", "leases", now_ms=ahead).count == 0
    assert snapshot(redis, "q") == before


def test_leases_of_a_broken_group_stay(client: OmniqClient, redis: Any) -> None:
    lease_jobs(client, "q", ["g1"], now_ms=T, timeout_ms=1_000, gid="G")
    lease_jobs(client, "q", 30, now_ms=T + 1, timeout_ms=1_000)
    redis.delete("{q}:g:G:limit")
    redis.hset("{q}:g:G:limit", "a", "b")
    assert repaired(client, "leases", 31) == (30, 1)
    assert the_task(client.link, "q").reasons == (("BROKEN_GROUP", 1),)
    assert redis.zrange("{q}:active", 0, -1) == [b"g1"]


def test_counters_are_set_to_what_the_lanes_hold(client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, "q", 3, now_ms=T)
    publish_jobs(client, "q", ["a", "b"], now_ms=T, gid="G")
    delay_jobs(client, "q", ["d"], now_ms=T, due_ms=T + 9)
    redis.hset("{q}:stats", mapping={"waiting": 7, "group_waiting": 1, "waiting_total": "x", "delayed": 0, "failed": 4})
    names = ["waiting", "group_waiting", "waiting_total", "delayed", "failed", "active"]
    found(client, "counters", names)
    assert previewed(client, "counters") == (
        6,
        [
            ("delayed", "Stored", 0, 1),
            ("failed", "Stored", 4, 0),
            ("group_waiting", "Stored", 1, 2),
            ("waiting", "Stored", 7, 3),
            ("waiting_total", "Stored", "x", 5),
        ],
    )
    moments = redis.hmget("{q}:stats", "last_activity_ms", "last_enqueue_ms")
    assert repaired(client, "counters", 6) == (5, 1)  # that of the active ones was right
    assert redis.hmget("{q}:stats", "last_activity_ms", "last_enqueue_ms") == moments
    check_invariants(redis, "q")


@pytest.mark.parametrize(("told", "sum_of_groups"), [(True, 2), (False, 3)])
def test_what_waits_in_groups_when_index_and_lists_differ(
    client: OmniqClient, redis: Any, told: bool, sum_of_groups: int
) -> None:
    """An entry too many in the index: known to the check, or a job of a group that nobody has met."""
    publish_jobs(client, "q", ["a", "b"], now_ms=T, gid="G")
    redis.zadd("{q}:idx:wait", {"c": T})
    redis.hset("{q}:stats", "group_waiting", 9)
    found(client, "counters", ["group_waiting"])
    if told:
        redis.hset("{q}:x:check:idx", "c", "{}")
    assert previewed(client, "counters") == (1, [("group_waiting", "Stored", 9, sum_of_groups)])
    assert repaired(client, "counters", 1) == (1, 0)
    assert redis.hget("{q}:stats", "group_waiting") == b"%d" % sum_of_groups


def test_completed_jobs_beyond_a_hundred(client: OmniqClient, redis: Any) -> None:
    complete_jobs(client, "q", 100, now_ms=T)
    for n in range(30):  # what a program of another kind has left at the old end
        redis.rpush("{q}:completed", f"old-{n}")
        redis.zadd("{q}:idx:completed", {f"old-{n}": T - n})
        redis.hset(f"{{q}}:job:old-{n}", mapping={"id": f"old-{n}", "state": "completed", "payload": "{}"})
    redis.hset("{q}:stats", "completed_kept", 130)
    publish_jobs(client, "q", ["old-x"], now_ms=T)
    redis.rpush("{q}:completed", "old-x")  # its hash is that of a waiting job
    assert previewed(client, "completed_over") == (31, [("", "Completed jobs kept", 131, 100)])
    assert repaired(client, "completed_over", 31) == (31, 0)
    assert redis.hget("{q}:job:old-x", "state") == b"wait"
    check_invariants(redis, "q")


def test_keys_of_a_wrong_type_are_put_aside(client: OmniqClient, redis: Any) -> None:
    lease_jobs(client, "q", ["run"], now_ms=T, gid="G")
    publish_jobs(client, "q", ["a"], now_ms=T)
    fail_jobs(client, "q2", ["other"], now_ms=T)
    redis.delete("{q}:stats", "{q}:g:G:inflight", "{q}:idx:failed")
    redis.set("{q}:stats", "mine")
    redis.sadd("{q}:g:G:inflight", "x")
    redis.lpush("{q}:idx:failed", "x")
    found(
        client,
        "types",
        {"stats": {"wanted": "hash"}, "g:G:inflight": {"wanted": "string"}, "idx:failed": {}, "wait": {}},
    )
    redis.hset("{q}:x:check:types", "wait", '{"wanted": "list"}')
    assert previewed(client, "types") == (
        4,
        [
            ("g:G:inflight", "Type", "A set", "Put aside for 7 d"),
            ("idx:failed", "Type", "A list", "Put aside for 7 d"),
            ("stats", "Type", "A string", "Put aside for 7 d"),
        ],
    )
    assert repaired(client, "types", 4) == (3, 1)
    asides = sorted(redis.keys("{q}:x:aside:*"))
    assert [name.rpartition(b":")[2] for name in asides] == [b"1", b"2", b"3"]
    assert {redis.type(name) for name in asides} == {b"string", b"set", b"list"}
    assert all(604_000_000 < redis.pttl(name) <= 604_800_000 for name in asides)
    check_invariants(redis, "q")


def by_old_sdk(redis: Any, *, stats: bool) -> None:
    """Makes of the queue what an SDK older than 3.0.0 would have written; without stats, older than 2.0.0."""
    for name in redis.scan_iter("{q}:idx:*"):
        redis.delete(name)
    for name in redis.scan_iter("{q}:job:*"):
        redis.hdel(name, "queued_ms", "first_started_ms", "last_started_ms", "completed_ms", "failed_ms")
    if not stats:
        redis.delete("{q}:stats")


def fill_all_lanes(client: OmniqClient) -> None:
    complete_jobs(client, "q", ["c1"], now_ms=T)
    fail_jobs(client, "q", ["f1", "f2"], now_ms=T + 10)
    lease_jobs(client, "q", ["r1"], now_ms=T + 20, timeout_ms=10**9)
    delay_jobs(client, "q", ["d1"], now_ms=T + 30, due_ms=NOW + 10**9)
    publish_jobs(client, "q", [f"w{n:03}" for n in range(230)], now_ms=T + 40)
    publish_jobs(client, "q", ["g1", "g2"], now_ms=T + 400, gid="G")


def test_a_queue_of_old_sdks_gets_its_index(client: OmniqClient, redis: Any) -> None:
    fill_all_lanes(client)
    before = snapshot(redis, "q")
    by_old_sdk(redis, stats=True)
    redis.zadd("{q}:idx:wait", {"w000": T + 40})  # a newer SDK has begun to work there
    redis.hset("{q}:job:w000", "queued_ms", T + 40)
    assert previewed(client, "old_index") == (
        236,
        [
            ("", "Active jobs in the index", 0, 1),
            ("", "Completed jobs in the index", 0, 1),
            ("", "Delayed jobs in the index", 0, 1),
            ("", "Failed jobs in the index", 0, 2),
            ("", "Waiting jobs in the index", 1, 232),
        ],
    )
    assert repaired(client, "old_index", 236) == (236, 0)
    check_invariants(redis, "q")
    assert redis.zscore("{q}:idx:failed", "f2") == T + 11
    job = redis.hgetall("{q}:job:f2")
    assert (job[b"queued_ms"], job[b"failed_ms"], job[b"completed_ms"]) == (b"%d" % (T + 11), b"%d" % (T + 11), b"")
    assert redis.hget("{q}:job:r1", "last_started_ms") == b"%d" % (T + 20)
    # When a job first started is lost for good; all else is as it was.
    after = snapshot(redis, "q")
    assert all(name.startswith(b"job:") for name in before if before[name] != after.get(name))


def test_a_queue_of_older_sdks_gets_its_counters(client: OmniqClient, redis: Any) -> None:
    fill_all_lanes(client)
    redis.delete("{q}:stats")
    assert previewed(client, "old_stats") == (
        1,
        [
            ("waiting", "Stored", "Missing", 230),
            ("group_waiting", "Stored", "Missing", 2),
            ("waiting_total", "Stored", "Missing", 232),
            ("active", "Stored", "Missing", 1),
            ("delayed", "Stored", "Missing", 1),
            ("failed", "Stored", "Missing", 2),
            ("completed_kept", "Stored", "Missing", 1),
            ("groups_ready", "Stored", "Missing", 1),
        ],
    )
    assert repaired(client, "old_stats", 1) == (1, 0)
    check_invariants(redis, "q")
    assert previewed(client, "old_stats") == (0, [])


def test_what_has_moved_on_is_skipped_and_counted(client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, "q", ["a"], now_ms=T, gid="A")
    found(client, "inflight", ["A", "B", "C"])
    redis.set("{q}:g:C:inflight", 1)
    redis.hset("{q}:g:B:limit", "a", "b")
    assert repaired(client, "inflight", 3) == (1, 2)
    assert the_task(client.link, "q").reasons == (("BROKEN_GROUP", 1), ("MOVED_ON", 1))


def test_findings_are_all_right_by_now(client: OmniqClient) -> None:
    publish_jobs(client, "q", ["a"], now_ms=T, gid="A")
    found(client, "inflight", ["A"])
    assert previewed(client, "inflight") == (0, [])


def test_what_was_confirmed_is_what_is_begun(client: OmniqClient, redis: Any) -> None:
    redis.set("{q}:g:A:inflight", 1)
    found(client, "inflight", ["A"])
    assert begin_repair(client, "inflight", 2) == "changed"
    assert redis.exists("{q}:x:task:" + "a" * 16) == 0
    assert begin_repair(client, "inflight", 1) == "begun"
    assert begin_repair(client, "inflight", 1) == "begun_before"
    work_off(client.link, lambda: the_task(client.link, "q").state == "finished")
    assert the_task(client.link, "q").done == 1


@pytest.mark.parametrize(("kind", "choice"), [("over_limit", ""), ("inflight", "remove"), ("nonsense", "")])
def test_no_such_repair(client: OmniqClient, kind: str, choice: str) -> None:
    with pytest.raises(ValueError, match="no repair"):
        preview_repair(client.link, "q", kind, choice, now_ms=NOW)
    with pytest.raises(ValueError, match="no repair"):
        start_repair(client.link, "q", "a" * 16, kind=kind, choice=choice, total=1, actor="", now_ms=NOW)
