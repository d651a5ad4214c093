"""What stands in the way of a removal to the trash or of a restore: nothing is half done, and it is said."""

from __future__ import annotations

from typing import Any

import pytest
from redis.exceptions import ResponseError

from omniq_core import BatchGone, Keep, OmniqClient
from tests.core.trash_trial import LANES, T, fill_lanes, restore, settled
from tests.support.factories import delay_jobs, fail_jobs, publish_jobs
from tests.support.invariants import check_invariants
from tests.support.snapshot import snapshot

NOW: dict[str, Any] = {"now_ms_override": T + 40_000}
HOSTILE = ["..", "a\nb", "🔥", "OK", "restored - -", " x ", "a:0", "\udcff", "%s"]


@pytest.mark.parametrize("wrong", ["", "a b", "a:b", "a\n", "x" * 65, "ä"])
def test_what_is_no_batch_is_refused_before_any_call(client: OmniqClient, wrong: str) -> None:
    before = client.link.round_trips
    with pytest.raises(ValueError, match="not a batch"):
        Keep(wrong)
    with pytest.raises(ValueError, match="not a batch"):
        client.restore_batch(queue="q", batch=wrong)
    assert client.link.round_trips == before


@pytest.mark.parametrize("wrong", [{"ms": 0}, {"ms": 7 * 86_400_000 + 1}, {"most_jobs": -1}, {"most_bytes": 10**14}])
def test_bounds_are_checked(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError):
        Keep("b", **wrong)


@pytest.mark.parametrize("limit", [0, 101])
def test_a_step_is_a_hundred_jobs_at_most(client: OmniqClient, limit: int) -> None:
    with pytest.raises(ValueError, match="1 to 100 jobs a step"):
        client.restore_batch(queue="q", batch="b", limit=limit)


def test_hostile_ids_and_groups(client: OmniqClient, redis: Any) -> None:
    for n, name in enumerate(HOSTILE):
        publish_jobs(client, "q", ["w" + name], now_ms=T + n)
        publish_jobs(client, "q", ["g" + name], now_ms=T + n, gid=f"g {name}")
        delay_jobs(client, "q", [name], now_ms=T + n, due_ms=T + 90_000 + n, gid=f"g {name}")
    before = settled(redis)
    for lane, letter in (("wait", "w"), ("gwait", "g"), ("delayed", "")):
        ids = [letter + name for name in HOSTILE]
        client.remove_jobs_batch(queue="q", lane=lane, job_ids=ids, keep=Keep("b"), **NOW)
    letters = [letter + name for letter in ("w", "g", "") for name in HOSTILE]
    assert restore(client) == [(name, None) for name in letters]
    assert settled(redis) == before


def test_the_same_id_twice_is_kept_once(client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, "q", ["a"], now_ms=T)
    found = client.remove_jobs_batch(queue="q", lane="failed", job_ids=["a", "a"], keep=Keep("b"), **NOW)
    assert [one.reason for one in found] == [None, "NO_JOB"]
    assert restore(client) == [("a", None)]


def test_two_lives_of_one_id_in_one_batch(client: OmniqClient, redis: Any) -> None:
    for n in (1, 2):
        fail_jobs(client, "q", ["a"], now_ms=T + n, payload={"life": n})
        client.remove_job(queue="q", job_id="a", lane="failed", keep=Keep("b"), **NOW)
    assert restore(client) == [("a", None), ("a", "EXISTS")]
    assert redis.hget("{q}:job:a", "payload") == b'{"life":1}'


@pytest.mark.broken_data
@pytest.mark.parametrize("lane", LANES)
def test_a_lane_of_an_old_sdk_has_no_index_afterwards_either(client: OmniqClient, redis: Any, lane: str) -> None:
    names = fill_lanes(client, 4)[lane]
    index = "wait" if lane == "gwait" else lane
    redis.delete(f"{{q}}:idx:{index}")
    before = settled(redis)
    client.remove_jobs_batch(queue="q", lane=lane, job_ids=names[:2], keep=Keep("b"), **NOW)
    assert len(restore(client)) == 2
    assert settled(redis) == before


@pytest.mark.broken_data
def test_a_walk_through_a_lane_without_index_counts_what_went_for_good(client: OmniqClient, redis: Any) -> None:
    names = fail_jobs(client, "q", 60, now_ms=T)
    redis.delete("{q}:idx:failed")
    keep = Keep("b", most_jobs=10)
    found = [one for step in client.remove_all(queue="q", lane="failed", keep=keep, **NOW) for one in step]
    assert [(one.job_id, one.reason) for one in found] == [(n, None if n in names[:10] else "FINAL") for n in names]
    assert redis.hget("{q}:stats", "failed") == b"0"


@pytest.mark.broken_data
@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize("operation", ["remove", "restore"])
def test_nothing_is_written_before_the_types_are_known(
    client: OmniqClient, redis: Any, lane: str, operation: str
) -> None:
    job_id = fill_lanes(client, 2)[lane][0]
    removal: dict[str, Any] = {"queue": "q", "lane": lane, "job_id": job_id, "keep": Keep("b"), **NOW}
    if operation == "restore":
        client.remove_job(**removal)
    index = "wait" if lane == "gwait" else lane
    for key in ("stats", "active", "groups:ready", f"idx:{index}", *(() if lane == "gwait" else (lane,))):
        kept = redis.dump("{q}:" + key)
        redis.set("{q}:" + key, "x")
        before = snapshot(redis, "q")
        with pytest.raises(ResponseError, match="WRONGTYPE"):
            client.remove_job(**removal) if operation == "remove" else restore(client)
        assert snapshot(redis, "q") == before
        redis.delete("{q}:" + key)
        if kept:
            redis.restore("{q}:" + key, 0, kept)


@pytest.mark.broken_data
@pytest.mark.parametrize("part", ["wait", "inflight", "limit"])
def test_a_broken_group_keeps_its_jobs_in_the_trash_and_no_others(client: OmniqClient, redis: Any, part: str) -> None:
    for n, gid in enumerate("ABAB"):
        publish_jobs(client, "q", [f"{gid}{n}"], now_ms=T + n, gid=gid)
    client.remove_jobs_batch(queue="q", lane="gwait", job_ids=["A0", "B1", "A2", "B3"], keep=Keep("b"), **NOW)
    redis.delete(f"{{q}}:g:A:{part}")
    redis.sadd(f"{{q}}:g:A:{part}", "x")
    assert restore(client) == [("A0", "BROKEN_GROUP"), ("B1", None), ("A2", "BROKEN_GROUP"), ("B3", None)]
    redis.delete(f"{{q}}:g:A:{part}")
    assert restore(client) == [("A0", None), ("B1", "RESTORED"), ("A2", None), ("B3", "RESTORED")]
    check_invariants(redis)


@pytest.mark.parametrize("ghost", ["a hash without an id", "a lease", "a string"])
@pytest.mark.broken_data
def test_what_is_left_of_another_job_of_that_id_is_not_written_over(
    client: OmniqClient, redis: Any, ghost: str
) -> None:
    fail_jobs(client, "q", ["a"], now_ms=T)
    client.remove_job(queue="q", job_id="a", lane="failed", keep=Keep("b"), **NOW)
    if ghost == "a lease":
        redis.zadd("{q}:active", {"a": T})
    elif ghost == "a string":
        redis.set("{q}:job:a", "x")
    else:
        redis.hset("{q}:job:a", "x_copied_to", "b")
    before = snapshot(redis, "q")
    assert restore(client) == [("a", "EXISTS")]
    assert snapshot(redis, "q") == before


@pytest.mark.parametrize("rubbish", ["x:trash", "x:trash:b"])
def test_rubbish_in_place_of_our_own_keys_stops_no_removal(client: OmniqClient, redis: Any, rubbish: str) -> None:
    fail_jobs(client, "q", ["a"], now_ms=T)
    redis.set("{q}:" + rubbish, "x")
    assert client.remove_job(queue="q", job_id="a", lane="failed", keep=Keep("b"), **NOW) == "OK"
    redis.rpush("{q}:x:trash:other", "nonsense")
    assert restore(client, "other") == [("nonsense", "GONE")]
    redis.set("{q}:x:trash", "x")
    assert restore(client) == [("a", None)]
    redis.set("{q}:x:trash:b", "x")
    with pytest.raises(BatchGone):
        restore(client)
