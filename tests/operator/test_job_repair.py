"""What the check found is put right: the queue is sound again, and each job stands where the rules say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from redis import ResponseError

from omniq_core import OmniqClient
from omniq_core.operator.findings import Finding
from omniq_core.operator.job_repair import JobRepair
from omniq_core.scripts import script
from tests.operator.job_checks import find, first_look, kinds, repair
from tests.operator.job_states import BROKEN, HOSTILE, Spoiler, T, make_one_of_each, stands_in
from tests.support.factories import publish_jobs
from tests.support.invariants import check_invariants
from tests.support.snapshot import snapshot

NOW = T + 5_000
pytestmark = pytest.mark.broken_data


@pytest.fixture
def one_of_each(client: OmniqClient) -> OmniqClient:
    return make_one_of_each(client)


@pytest.mark.parametrize("name", BROKEN)
def test_a_repair_leaves_a_sound_queue_behind(one_of_each: OmniqClient, redis: Any, name: str) -> None:
    broken = BROKEN[name]
    broken.spoil(redis)
    found = find(one_of_each.link, redis)
    choice = "put_back" if broken.kind == "orphans" else ""
    assert repair(one_of_each.link, found.values(), choice=choice, now_ms=NOW) == {broken.job: "OK"}
    check_invariants(redis, "q")
    assert stands_in(redis, broken.job) == broken.after
    assert find(one_of_each.link, redis) == {}


@pytest.mark.parametrize("name", [name for name, broken in BROKEN.items() if broken.kind == "orphans"])
def test_jobs_in_no_lane_are_removed(one_of_each: OmniqClient, redis: Any, name: str) -> None:
    broken = BROKEN[name]
    broken.spoil(redis)
    found = find(one_of_each.link, redis)
    assert repair(one_of_each.link, found.values(), choice="remove", now_ms=NOW) == {broken.job: "OK"}
    check_invariants(redis, "q")
    assert not redis.exists("{q}:job:" + broken.job)
    assert redis.hget("{q}:stats", "last_activity_ms") == str(NOW).encode()


FIELDS: dict[str, dict[str, str]] = {
    "in no lane: wait": {"state": "wait", "attempt": "0", "updated_ms": str(NOW), "lease_token": "-"},
    "in no lane: active": {"state": "failed", "failed_ms": str(T + 20), "lease_token": "", "lock_until_ms": ""},
    "in no lane: delayed": {"state": "delayed", "due_ms": str(T + 900_000), "updated_ms": str(NOW)},
    "in no lane: failed": {"state": "failed", "failed_ms": str(T + 10), "last_error": "ValueError: no such account"},
    "in no lane: completed": {"state": "completed", "completed_ms": str(T)},
    "another state": {"state": "wait", "failed_ms": "", "attempt": "0", "lease_token": "-", "updated_ms": str(NOW)},
    "says active": {"state": "failed", "lease_token": "", "failed_ms": str(T + 10)},
    "says wait, is active": {"state": "active", "lock_until_ms": str(T + 600_020), "lease_token": "n" * 32 + ":1"},
    "in active and wait, says wait": {"state": "wait", "lease_token": "", "lock_until_ms": "", "attempt": "1"},
    "none says so: active": {"state": "active", "lock_until_ms": str(T + 700_000), "last_started_ms": str(T + 30)},
    "none says so: delayed": {"state": "delayed", "due_ms": str(T + 900_000), "completed_ms": "", "failed_ms": ""},
    "in failed and wait": {"state": "failed", "failed_ms": str(T + 10)},
    "another state and no idx": {"state": "delayed", "due_ms": str(T + 900_000)},
    "of a group, ungrouped": {"gid": "-", "state": "wait"},
    "of none, grouped": {"gid": "A"},
    "another group": {"gid": "A"},
    "waiting, no idx": {"updated_ms": str(T + 30)},
}  # "-": the field is not there


@pytest.mark.parametrize("name", FIELDS)
def test_the_record_says_what_the_transitions_would_have_left(one_of_each: OmniqClient, redis: Any, name: str) -> None:
    broken = BROKEN[name]
    broken.spoil(redis)
    found = find(one_of_each.link, redis)
    repair(one_of_each.link, found.values(), choice="put_back" if broken.kind == "orphans" else "", now_ms=NOW)
    kept = redis.hgetall("{q}:job:" + broken.job)
    assert {field: kept.get(field.encode(), b"-").decode() for field in FIELDS[name]} == FIELDS[name]


@pytest.mark.parametrize(
    ("name", "lane", "score"),
    [
        ("waiting, no idx", "wait", T + 30),
        ("grouped, no idx", "wait", T + 41),
        ("active, no idx", "active", T + 20),
        ("delayed, no idx", "delayed", T + 60),
        ("completed, wrong idx", "completed", T),
        ("in no lane: failed", "failed", T + 10),
        ("in no lane: active", "failed", T + 20),
        ("in no lane: grouped", "wait", T + 50),
        ("in its idx only", "wait", T + 31),
        ("in another idx only", "failed", T + 10),
    ],
)
def test_the_index_knows_when_it_entered(
    one_of_each: OmniqClient, redis: Any, name: str, lane: str, score: int
) -> None:
    broken = BROKEN[name]
    broken.spoil(redis)
    found = find(one_of_each.link, redis)
    repair(one_of_each.link, found.values(), choice="put_back" if broken.kind == "orphans" else "", now_ms=NOW)
    assert redis.zscore("{q}:idx:" + lane, broken.job) == score


def test_a_job_that_nobody_holds_failed_when_its_lease_ran_out(one_of_each: OmniqClient, redis: Any) -> None:
    BROKEN["in no lane: active"].spoil(redis)
    redis.hset("{q}:job:r1", "lock_until_ms", T + 300)
    repair(one_of_each.link, find(one_of_each.link, redis).values(), choice="put_back", now_ms=NOW)
    assert redis.hget("{q}:job:r1", "failed_ms") == b"%d" % redis.zscore("{q}:idx:failed", "r1") == b"%d" % (T + 300)


def test_a_job_whose_moments_are_nonsense_enters_now(one_of_each: OmniqClient, redis: Any) -> None:
    Spoiler(redis).out_of("idx:wait", "w1").says("w1", updated_ms="abc", queued_ms="1e+14")
    repair(one_of_each.link, find(one_of_each.link, redis).values(), now_ms=NOW)
    assert redis.zscore("{q}:idx:wait", "w1") == NOW


MOVES: dict[str, tuple[str, Callable[[OmniqClient, Any], Any]]] = {
    "a worker took it": (
        "twice in wait",
        lambda c, _: [c.reserve(queue="q", now_ms_override=T + 500) for _ in range(2)],
    ),
    "it was removed": ("failed, two idx", lambda c, _: c.remove_job(queue="q", job_id="f1", lane="failed")),
    "it was retried": (
        "in failed and wait",
        lambda c, _: c.retry_failed(queue="q", job_id="f1", now_ms_override=T + 500),
    ),
    "it was published again": (
        "record gone, waiting",
        lambda c, _: c.publish(queue="q", payload={}, job_id="w1", now_ms_override=T + 500),
    ),
    "somebody repaired it": ("another state", lambda _, r: r.hset("{q}:job:w1", "state", "wait")),
    "one of its entries left": ("in wait and failed", lambda _, r: r.lrem("{q}:failed", 0, "w1")),
    "its only entry left": ("says active", lambda _, r: r.lrem("{q}:failed", 0, "f1")),
    "it became another trouble": ("waiting, no idx", lambda _, r: r.rpush("{q}:wait", "w1")),
    "another index": ("in no lane: wait", lambda _, r: r.zadd("{q}:idx:wait", {"w1": T})),
}


@pytest.mark.parametrize("name", MOVES)
def test_a_job_that_moved_on_is_left_alone(one_of_each: OmniqClient, redis: Any, name: str) -> None:
    broken, move = BROKEN[MOVES[name][0]], MOVES[name][1]
    broken.spoil(redis)
    found = find(one_of_each.link, redis)
    assert set(found) == {broken.job}
    move(one_of_each, redis)
    before = snapshot(redis, "q")
    choice = "remove" if broken.kind == "orphans" else ""
    assert repair(one_of_each.link, found.values(), choice=choice, now_ms=NOW) == {broken.job: "MOVED_ON"}
    assert snapshot(redis, "q") == before


def test_nothing_is_repaired_twice(one_of_each: OmniqClient, redis: Any) -> None:
    Spoiler(redis).out_of("failed", "f1").out_of("idx:failed", "f1")
    found = [*find(one_of_each.link, redis).values()]
    work = JobRepair(one_of_each.link, "q", "orphans", "put_back")
    work.take([*found, *found])
    while not work.step():
        pass
    args = work.args(100)
    assert work.args(100) == []

    def batch() -> Any:
        name = script("operator/repair_jobs")
        return one_of_each.link.run(name, b"{q}:meta", "orphans", "put_back", NOW, "n", *args)

    assert batch() == [[b"OK", b"MOVED_ON"], []]
    before = snapshot(redis, "q")
    assert batch() == [[b"MOVED_ON", b"MOVED_ON"], []]
    assert snapshot(redis, "q") == before


def test_what_cannot_be_put_back_stays_as_it_is(one_of_each: OmniqClient, redis: Any) -> None:
    redis.hset("{q}:job:half", "state", "active")
    redis.hset("{q}:job:odd", mapping={"id": "odd", "state": "running"})
    Spoiler(redis).out_of("completed", "c1").out_of("idx:completed", "c1")
    found = find(one_of_each.link, redis)
    for n in range(100):
        redis.lpush("{q}:completed", f"newer-{n}")
        redis.zadd("{q}:idx:completed", {f"newer-{n}": T + 100 + n})
        redis.hset(f"{{q}}:job:newer-{n}", mapping={"id": f"newer-{n}", "state": "completed"})
    before = snapshot(redis, "q")
    told = repair(one_of_each.link, found.values(), choice="put_back", now_ms=NOW)
    assert told == {"half": "NO_STATE", "odd": "NO_STATE", "c1": "NEWER_KEPT"}
    after = snapshot(redis, "q")
    assert {key for key in after if after[key] != before.get(key)} <= {b"stats"}
    assert repair(one_of_each.link, found.values(), choice="remove", now_ms=NOW) == dict.fromkeys(found, "OK")
    assert find(one_of_each.link, redis) == {}


def test_a_completed_job_makes_room_for_none_newer(one_of_each: OmniqClient, redis: Any) -> None:
    """Between 100 kept ones an older one goes, as when a job completes."""
    Spoiler(redis).out_of("completed", "c1").out_of("idx:completed", "c1").says("c1", completed_ms=str(T + 150))
    for n in range(100):
        redis.lpush("{q}:completed", f"k{n}")
        redis.zadd("{q}:idx:completed", {f"k{n}": T + 100 + n})
        redis.hset(f"{{q}}:job:k{n}", mapping={"id": f"k{n}", "state": "completed"})
    redis.hset("{q}:stats", "completed_kept", 100)
    found = find(one_of_each.link, redis)
    assert repair(one_of_each.link, found.values(), choice="put_back", now_ms=NOW) == {"c1": "OK"}
    check_invariants(redis, "q")
    assert not redis.exists("{q}:job:k0")
    assert redis.lrange("{q}:completed", 48, 51) == [b"k51", b"k50", b"c1", b"k49"]


def test_a_group_with_a_broken_key_keeps_its_jobs(one_of_each: OmniqClient, redis: Any) -> None:
    Spoiler(redis).into("failed", "b1").into("failed", "w1")
    redis.hset("{q}:g:B:limit", "a", "b")
    found = find(one_of_each.link, redis)
    assert repair(one_of_each.link, found.values(), now_ms=NOW) == {"b1": "BROKEN_GROUP", "w1": "OK"}
    assert stands_in(redis, "b1") == "g:B:wait failed"


@pytest.mark.parametrize("name", ["stats", "groups:ready", "wait", "idx:failed", "active"])
def test_a_key_of_another_type_stops_the_batch_before_anything_is_written(
    one_of_each: OmniqClient, redis: Any, name: str
) -> None:
    Spoiler(redis).into("failed", "w1")
    found = find(one_of_each.link, redis)
    redis.delete("{q}:" + name)
    redis.set("{q}:" + name, "x")
    before = snapshot(redis, "q")
    with pytest.raises(ResponseError, match="nothing was changed"):
        repair(one_of_each.link, [Finding("two_lanes", "q", "w1", {**found["w1"].facts, "lanes": []})], now_ms=NOW)
    assert snapshot(redis, "q") == before


def test_what_was_dealt_with_leaves_the_findings(one_of_each: OmniqClient, redis: Any) -> None:
    Spoiler(redis).into("failed", "w1").into("failed", "a1").into("failed", "d1")
    found = find(one_of_each.link, redis)
    redis.hset("{q}:x:check:two_lanes", mapping=dict.fromkeys(found, "{}"))
    Spoiler(redis).out_of("failed", "a1")
    part = [found["w1"], found["a1"]]
    assert repair(one_of_each.link, part, now_ms=NOW) == {"w1": "OK", "a1": "MOVED_ON"}
    assert redis.hkeys("{q}:x:check:two_lanes") == [b"d1"]


def test_groups_are_ready_and_counted_as_their_jobs_say(one_of_each: OmniqClient, redis: Any) -> None:
    """r1 leaves the running jobs of A, whose count was wrong as well; B has no job left, and C gets its first."""
    redis.set("{q}:g:A:inflight", 2)
    redis.zrem("{q}:groups:ready", "A")
    redis.hset("{q}:job:c", mapping={"id": "c", "state": "wait", "gid": "C"})
    redis.hincrby("{q}:stats", "groups_ready", -1)
    Spoiler(redis).into("failed", "r1").says("r1", state="failed").lost("b1")
    found = find(one_of_each.link, redis)
    assert kinds(found) == {"r1": "two_lanes", "b1": "ghosts", "c": "orphans"}
    for job_id in found:
        choice = "put_back" if job_id == "c" else ""
        assert repair(one_of_each.link, [found[job_id]], choice=choice, now_ms=NOW) == {job_id: "OK"}
    assert redis.get("{q}:g:A:inflight") == b"0"
    assert redis.zrange("{q}:groups:ready", 0, -1, withscores=True) == [(b"A", NOW), (b"C", NOW)]
    check_invariants(redis, "q")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_ids_and_groups(client: OmniqClient, redis: Any, name: str) -> None:
    text = HOSTILE[name]
    gid = text.strip() or "g"
    raw = text.encode("utf-8", "surrogateescape")
    publish_jobs(client, "q", [text, "other"], now_ms=T, gid=gid)
    redis.lpush("{q}:failed", raw)
    redis.hincrby("{q}:stats", "failed", 1)
    redis.hset(b"{q}:job:" + raw, "state", "failed")
    assert repair(client.link, find(client.link, redis, [gid]).values(), now_ms=NOW) == {text: "OK"}
    check_invariants(redis, "q")
    assert redis.lrange("{q}:failed", 0, -1) == [raw]


def test_a_second_publish_of_the_reference_is_put_right(one_of_each: OmniqClient, reference: Any, redis: Any) -> None:
    """It enqueues another entry, whatever the job does at the moment."""
    for job_id, gid in (("w1", None), ("a1", "A"), ("r1", "A"), ("f1", None), ("d1", None), ("c1", None)):
        reference.publish(queue="q", payload={}, job_id=job_id, gid=gid, now_ms_override=T + 100)
    found = find(one_of_each.link, redis)
    assert kinds(found) == dict.fromkeys(("w1", "a1", "r1", "f1", "d1", "c1"), "two_lanes")
    assert set(repair(one_of_each.link, found.values(), now_ms=NOW).values()) == {"OK"}
    check_invariants(redis, "q")
    assert {job_id: stands_in(redis, job_id) for job_id in found} == {
        "w1": "wait",
        "a1": "g:A:wait",
        "r1": "g:A:wait",
        "f1": "wait",
        "d1": "wait",
        "c1": "wait",
    }


def test_at_most_2000_at_once(client: OmniqClient, redis: Any) -> None:
    assert first_look(client.link, redis).found == []
    work = JobRepair(client.link, "q", "orphans", "remove")
    assert work.step() and work.args(100) == []
    with pytest.raises(ValueError):
        work.take([Finding("orphans", "q", "x", {"lanes": [], "print": ""})] * 2_001)
