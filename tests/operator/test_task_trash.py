"""Bulk removals that can be taken back: each batch of the task writes the trash in its own script."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from omniq_core import Counting, Filter, Keep, Link, Matching, OmniqClient, TrashBatch, read_trash, start_task
from tests.core.long_lane import fill
from tests.core.trash_trial import T, fill_lanes, restore, settled
from tests.operator.bulk import begin, runner, the_task, work_off
from tests.support.factories import fail_jobs, publish_jobs
from tests.support.invariants import check_invariants

TASK = "a" * 16


def _remove(link: Link, lane: str, wanted: Filter | None = None, **keep: Any) -> Counting:
    selection: dict[str, Any] = {"selection": Matching(wanted)} if wanted else {}
    count = begin(link, "q", "remove", lane, keep=Keep(TASK, **keep), **selection)
    work_off(link, lambda: the_task(link, "q").state == "finished")
    return count


def test_a_thousand_jobs_that_match_a_filter_come_back_over_groups(client: OmniqClient, redis: Any) -> None:
    fill_lanes(client, 8)
    for gid in ("", "B", "D", "E"):
        fill(redis, "wait", [f"more-{gid}{n:03}" for n in range(250)], lambda position: T + 9_000 + position, gid=gid)
    before = settled(redis)
    assert _remove(client.link, "wait", Filter(prefix="more-")).count == 1_000
    task = the_task(client.link, "q")
    assert (task.done, task.skipped, task.final, task.batch, task.keep_ms) == (1_000, 0, 0, TASK, 900_000)
    assert redis.hget("{q}:stats", "waiting_total") == b"16"
    check_invariants(redis)
    found = restore(client, TASK)
    assert (len(found), {reason for _, reason in found}) == (1_000, {None})
    assert settled(redis) == before


def test_what_found_no_room_is_counted(client: OmniqClient, redis: Any) -> None:
    names = fail_jobs(client, "q", 60, now_ms=T)
    _remove(client.link, "failed", most_jobs=40)
    task = the_task(client.link, "q")
    assert (task.done, task.skipped, task.final) == (60, 0, 20)
    assert restore(client, TASK) == [(name, None) for name in names[:40]]


def test_without_keep_a_task_removes_for_good(client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, "q", 3, now_ms=T)
    begin(client.link, "q", "remove", "failed")
    work_off(client.link, lambda: the_task(client.link, "q").state == "finished")
    task = the_task(client.link, "q")
    assert (task.done, task.keep_ms, task.batch, task.final) == (3, 0, "", 0)
    assert list(redis.scan_iter(match="{q}:x:trash*")) == []


def test_a_runner_that_dies_leaves_each_job_in_the_lane_or_in_the_trash(client: OmniqClient, redis: Any) -> None:
    names = fail_jobs(client, "q", 60, now_ms=T)
    before = settled(redis)
    begin(client.link, "q", "remove", "failed", keep=Keep(TASK))
    first, _ = runner(client.link)
    first.tick()
    assert the_task(client.link, "q").done == 25
    first.close()
    assert restore(client, TASK) == [(name, None) for name in names[:25]]
    assert settled(redis) == before
    work_off(client.link, lambda: the_task(client.link, "q").state == "finished")
    # Those that came back stand behind the cursor: the task has been there.
    assert (the_task(client.link, "q").done, redis.llen("{q}:failed")) == (60, 25)


def test_what_the_trash_holds(client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, "q", ["aa", "bb"], now_ms=T, payload={})
    for name, batch in (("aa", "one"), ("bb", "two")):
        client.remove_job(queue="q", job_id=name, lane="wait", keep=Keep(batch, ms=60_000))
    redis.hset("{q}:x:trash", mapping={"over": f"{T - 1} 1 1", "nonsense": "x"})
    found = read_trash(client.link, "q", now_ms=T)
    assert (found.jobs, found.bytes, sorted(found.batches)) == (2, 8, ["one", "two"])
    seconds, micros = redis.time()
    assert found.batches["one"].until_ms - (seconds * 1000 + micros // 1000) == pytest.approx(60_000, abs=5_000)
    assert dataclasses.replace(found.batches["two"], until_ms=0) == TrashBatch(1, 4, 0)
    restore(client, "one")
    assert list(read_trash(client.link, "q", now_ms=T).batches) == ["two"]


@pytest.mark.parametrize("rubbish", [None, b"x"])
def test_no_trash_is_an_empty_one(client: OmniqClient, redis: Any, rubbish: bytes | None) -> None:
    if rubbish:
        redis.set("{q}:x:trash", rubbish)
    assert read_trash(client.link, "q", now_ms=T).jobs == 0


def test_a_task_is_written_down_with_its_batch(client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, "q", 1, now_ms=T)
    counted = Counting(b"@1", b"", 1, 1, 1, finished=True)
    asked: dict[str, Any] = {"action": "remove", "lane": "failed", "selection": Matching(Filter()), "counted": counted}
    start_task(client.link, "q", TASK, actor="", now_ms=T, keep=Keep("batch", 5, 6, 7), **asked)
    assert redis.hget(f"{{q}}:x:task:{TASK}", "keep") == b"batch 5 6 7"
    assert (the_task(client.link, "q").batch, the_task(client.link, "q").keep_ms) == ("batch", 5)
