"""Repair of stuck groups: what was confirmed, nothing that has changed since, while workers run."""

from __future__ import annotations

from typing import Any

import pytest

from omniq_core import GroupRepair, OmniqClient, Repaired, group_rows, repair_groups, repair_of
from tests.support.factories import lease_jobs, publish_jobs
from tests.support.invariants import check_invariants
from tests.support.snapshot import snapshot

T = 1_750_000_000_000
pytestmark = pytest.mark.broken_data


def leak(client: OmniqClient, redis: Any, gid: str, jobs: int = 2) -> None:
    """The records of this group's running jobs are lost, and their leases reaped: its count stays."""
    ids = [f"{gid}-lost-{n}" for n in range(jobs)]
    lease_jobs(client, "q", ids, now_ms=T, gid=gid, group_limit=jobs, timeout_ms=1_000)
    publish_jobs(client, "q", [f"{gid}-w"], now_ms=T + 9, gid=gid)
    redis.delete(*(f"{{q}}:job:{job}" for job in ids))
    client.reap_expired(queue="q", now_ms_override=T + 2_000)


def hide(client: OmniqClient, redis: Any, gid: str) -> None:
    """A group with a job and room that is missing from groups:ready."""
    publish_jobs(client, "q", [f"{gid}-w"], now_ms=T + 9, gid=gid)
    redis.zrem("{q}:groups:ready", gid)
    redis.hincrby("{q}:stats", "groups_ready", -1)


def wanted(client: OmniqClient, *gids: str) -> list[GroupRepair]:
    found = group_rows(client.link, "q", gids).values()
    return [repair for one in found if (repair := repair_of(one))]


def test_both_faults_are_put_right_and_workers_take_the_jobs(client: OmniqClient, redis: Any) -> None:
    leak(client, redis, "A")
    hide(client, redis, "B")
    repairs = wanted(client, "A", "B")
    assert repairs == [GroupRepair("A", 2, 0, True), GroupRepair("B", 0, 0, True)]
    done = repair_groups(client.link, "q", repairs, now_ms=T + 3_000)
    assert done == (Repaired("A", True, True), Repaired("B", False, True))
    assert redis.zrange("{q}:groups:ready", 0, -1, withscores=True) == [(b"A", T + 3_000), (b"B", T + 3_000)]
    check_invariants(redis, "q")
    started: list[Any] = [client.reserve(queue="q", now_ms_override=T + 3_000) for _ in range(2)]
    assert {job.job_id for job in started} == {"A-w", "B-w"}
    assert wanted(client, "A", "B") == []


def test_a_count_that_is_too_low_is_raised_to_what_runs(client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, "q", 4, now_ms=T, gid="G", group_limit=3)
    for _ in range(2):
        client.reserve(queue="q", now_ms_override=T)
    redis.set("{q}:g:G:inflight", 0)
    repairs = wanted(client, "G")
    assert repairs == [GroupRepair("G", 0, 2, False)]
    assert repair_groups(client.link, "q", repairs, now_ms=T) == (Repaired("G", True, False),)
    check_invariants(redis, "q")


def test_a_figure_that_changed_meanwhile_is_left_alone(client: OmniqClient, redis: Any) -> None:
    leak(client, redis, "A")
    repairs = wanted(client, "A")
    redis.set("{q}:g:A:inflight", 1)  # somebody else repairs: now one slot is free
    before = snapshot(redis, "q")
    # Its place among the ready was confirmed too, and it has one job and room now.
    assert repair_groups(client.link, "q", [GroupRepair("A", 2, 0, False)], now_ms=T) == (Repaired("A", False, False),)
    assert snapshot(redis, "q") == before
    assert repair_groups(client.link, "q", repairs, now_ms=T) == (Repaired("A", False, True),)
    assert redis.get("{q}:g:A:inflight") == b"1"


def test_a_job_that_started_meanwhile_keeps_its_slot(client: OmniqClient, redis: Any) -> None:
    """Count and jobs move together, so the count that was confirmed is no longer there."""
    leak(client, redis, "A", jobs=1)
    client.set_group_limit(queue="q", gid="A", limit=2, now_ms_override=T)
    repairs = wanted(client, "A")
    assert repairs == [GroupRepair("A", 1, 0, False)]
    assert client.reserve(queue="q", now_ms_override=T + 3_000) is not None
    assert repair_groups(client.link, "q", repairs, now_ms=T) == (Repaired("A", False, False),)
    assert redis.get("{q}:g:A:inflight") == b"2"


def test_what_is_repaired_already_is_not_done_twice(client: OmniqClient, redis: Any) -> None:
    hide(client, redis, "B")
    repairs = wanted(client, "B")
    assert [one.changed for one in repair_groups(client.link, "q", repairs, now_ms=T)] == [True]
    before = snapshot(redis, "q")
    assert [one.changed for one in repair_groups(client.link, "q", repairs, now_ms=T + 5)] == [False]
    assert snapshot(redis, "q") == before


def test_a_group_with_a_broken_key_is_left_and_the_others_are_done(client: OmniqClient, redis: Any) -> None:
    hide(client, redis, "B")
    redis.hset("{q}:g:X:limit", "a", "b")
    done = repair_groups(client.link, "q", [GroupRepair("X", 2, 0, True), *wanted(client, "B")], now_ms=T)
    assert [one.changed for one in done] == [False, True]


def test_at_most_100_at_once(client: OmniqClient) -> None:
    assert repair_groups(client.link, "q", [], now_ms=T) == ()
    with pytest.raises(ValueError):
        repair_groups(client.link, "q", [GroupRepair("G", 0, 0, True)] * 101, now_ms=T)
