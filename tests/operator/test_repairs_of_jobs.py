"""Repairs of jobs as tasks: what a preview shows of each, what the task does and counts, and the check that follows."""

from __future__ import annotations

from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from omniq_core import OmniqClient, order_task, preview_repair
from omniq_core.operator.check_record import read_health
from omniq_core.operator.findings import Finding, findings_commands, findings_key
from omniq_core.scripts import script
from tests.core.cutting_proxy import CuttingProxy
from tests.operator.bulk import NOW, runner, the_task, work_off
from tests.operator.job_checks import find
from tests.operator.job_states import BROKEN, Spoiler, T, make_one_of_each, stands_in
from tests.operator.repairing import begin_repair, found_jobs, killed_in_the_middle, previewed, repaired
from tests.support.factories import publish_jobs
from tests.support.invariants import check_invariants

pytestmark = pytest.mark.broken_data

SHOWN: dict[str, tuple[str, str, str]] = {
    "waiting, no idx": ("Index", "Missing", "Waiting"),
    "failed, two idx": ("Index", "Waiting, Failed", "Failed"),
    "idx without a job": ("Index", "Failed", "Taken out: there is no job"),
    "record gone, grouped": ("Lane", "Waiting in group B", "Taken out: there is no job"),
    "record gone, in two lanes": ("Lane", "Waiting, Failed", "Taken out: there is no job"),
    "in failed and wait": ("Lane", "Waiting, Failed", "Failed"),
    "in active and wait": ("Lane", "Active, Waiting in group A", "Active"),
    "three times in failed": ("Lane", "Failed 3 times", "Failed"),
    "twice in a group": ("Lane", "Waiting in group A twice", "Waiting in group A"),
    "in no lane: grouped": ("Lane", "None, state waiting", "Waiting in group B"),
    "in no lane: completed": ("Lane", "None, state completed", "Completed, if among the newest 100"),
    "in no lane: active": ("Lane", "None, state active", "Failed"),
    "another state": ("State", "Failed", "Waiting"),
    "no state": ("State", "Missing", "Completed"),
    "another group": ("Group", "B", "A"),
    "of none, grouped": ("Group", "None", "A"),
    "of a group, ungrouped": ("Group", "A", "None"),
}


def choice_for(kind: str) -> str:
    return "put_back" if kind == "orphans" else ""


@pytest.mark.parametrize("name", SHOWN)
def test_it_is_found_previewed_and_repaired(client: OmniqClient, redis: Any, name: str) -> None:
    make_one_of_each(client)
    broken = BROKEN[name]
    broken.spoil(redis)
    found_jobs(client, find(client.link, redis).values())
    choice = choice_for(broken.kind)
    assert previewed(client, broken.kind, choice) == (1, [(broken.job, *SHOWN[name])])
    assert repaired(client, broken.kind, 1, choice) == (1, 0)
    check_invariants(redis, "q")
    assert stands_in(redis, broken.job) == broken.after
    assert previewed(client, broken.kind, choice) == (0, [])


def lose(client: OmniqClient, redis: Any, jobs: int) -> dict[str, Finding]:
    """So many failed jobs in no lane, found by a check."""
    ids = [f"lost-{n:03}" for n in range(jobs)]
    publish_jobs(client, "q", ["w1"], now_ms=T)
    for job_id in ids:
        redis.hset(f"{{q}}:job:{job_id}", mapping={"id": job_id, "state": "failed", "payload": "{}", "failed_ms": T})
    found = find(client.link, redis)
    found_jobs(client, found.values())
    assert sorted(found) == ids
    return found


def finished(client: OmniqClient) -> bool:
    return the_task(client.link, "q").state == "finished"


def test_those_in_no_lane_are_removed_when_told_so(client: OmniqClient, redis: Any) -> None:
    lose(client, redis, 60)
    shown = preview_repair(client.link, "q", "orphans", "remove", now_ms=NOW)
    assert (shown.count, len(shown.rows), shown.more, shown.right) == (60, 50, 10, 0)
    assert shown.rows[0].after == "Removed"
    assert repaired(client, "orphans", 60, "remove") == (60, 0)
    assert redis.keys("{q}:job:*") == [b"{q}:job:w1"]
    check_invariants(redis, "q")


def test_a_job_that_moves_on_after_the_preview_is_left_alone(client: OmniqClient, redis: Any) -> None:
    make_one_of_each(client)
    Spoiler(redis).into("wait", "f1").into("wait", "f2")
    found_jobs(client, find(client.link, redis).values())
    assert previewed(client, "two_lanes")[0] == 2
    assert begin_repair(client, "two_lanes", 2) == "begun"
    client.retry_failed(queue="q", job_id="f2", now_ms_override=T + 500)
    work_off(client.link, lambda: finished(client))
    assert the_task(client.link, "q").done == 1
    assert the_task(client.link, "q").reasons == (("MOVED_ON", 1),)
    assert stands_in(redis, "f1") == "failed"


def test_a_preview_leaves_out_what_has_moved_on(client: OmniqClient, redis: Any) -> None:
    lose(client, redis, 3)
    redis.hset("{q}:job:lost-001", "updated_ms", T + 900)
    shown = preview_repair(client.link, "q", "orphans", "put_back", now_ms=NOW)
    assert [row.subject for row in shown.rows] == ["lost-000", "lost-002"]
    assert (shown.count, shown.right, shown.more) == (3, 1, 0)
    for n in (0, 2):
        redis.delete(f"{{q}}:job:lost-{n:03}")
    assert previewed(client, "orphans", "put_back") == (0, [])


def test_a_runner_is_killed_between_two_batches(client: OmniqClient, redis: Any) -> None:
    lose(client, redis, 130)
    begin_repair(client, "orphans", 130, "put_back")
    first = killed_in_the_middle(client, redis, "orphans", 130)
    work_off(client.link, lambda: finished(client))
    first[1].now += 2
    first[0].tick()  # it wakes up, and nothing happens twice
    assert (the_task(client.link, "q").done, the_task(client.link, "q").skipped) == (130, 0)
    assert redis.llen("{q}:failed") == 130
    check_invariants(redis, "q")


def test_a_batch_whose_answer_is_lost_is_counted_once(proxy: CuttingProxy, client: OmniqClient, redis: Any) -> None:
    lose(client, redis, 60)
    begin_repair(client, "orphans", 60, "put_back")
    with OmniqClient(host="127.0.0.1", port=proxy.port) as far:
        far.link.call("SCRIPT", "LOAD", script("operator/repair_found_jobs").source)
        works, timer = runner(far.link)
        proxy.cut(script("operator/repair_found_jobs").sha)
        with pytest.raises(RedisConnectionError):
            work_off(client.link, lambda: finished(client), with_runner=(works, timer))
        assert the_task(client.link, "q").done == redis.llen("{q}:failed") == 25
        timer.now += 2
        work_off(client.link, lambda: finished(client), with_runner=(works, timer))
    assert (the_task(client.link, "q").done, the_task(client.link, "q").skipped) == (60, 0)
    check_invariants(redis, "q")


def test_two_repairs_of_the_same_jobs_share_them(client: OmniqClient, redis: Any) -> None:
    lose(client, redis, 130)
    begin_repair(client, "orphans", 130, "put_back", task_id="a" * 16)
    first, second = runner(client.link), runner(client.link)
    work_off(client.link, lambda: the_task(client.link, "q").done > 0, with_runner=first)
    begin_repair(client, "orphans", redis.hlen("{q}:x:check:orphans"), "remove", task_id="b" * 16)
    while redis.zcount("{omniq:x}:tasks", "inf", "inf"):
        for works, timer in (second, first):
            timer.now += works.tick()
    put_back, removed = (the_task(client.link, "q", one * 16) for one in "ab")
    assert (put_back.left, removed.left) == (0, 0)
    assert put_back.done + removed.done == 130
    assert redis.llen("{q}:failed") == put_back.done
    check_invariants(redis, "q")


def test_jobs_of_many_running_groups_are_counted_at_the_end(client: OmniqClient, redis: Any) -> None:
    """So many run that a batch does not count them all: the last step of the task does."""
    publish_jobs(client, "q", [f"r{n:04}" for n in range(1_010)], now_ms=T, gid="A", group_limit=2_000)
    for _ in range(1_010):
        client.reserve(queue="q", now_ms_override=T + 10)
    Spoiler(redis).out_of("active", "r0000").out_of("idx:active", "r0000")
    found_jobs(client, find(client.link, redis).values())
    assert repaired(client, "orphans", 1, "put_back") == (1, 0)
    assert redis.get("{q}:g:A:inflight") == b"1009"
    check_invariants(redis, "q")


def test_findings_that_cannot_be_read_are_skipped(client: OmniqClient, redis: Any) -> None:
    lose(client, redis, 2)
    redis.hset(findings_key("q", "orphans"), mapping={"odd": "{}", "none": "[", "half": '{"print":"x","lanes":[1]}'})
    assert previewed(client, "orphans", "put_back")[0] == 5
    assert repaired(client, "orphans", 5, "put_back") == (2, 3)
    assert the_task(client.link, "q").reasons == (("MOVED_ON", 3),)


def test_a_key_of_a_wrong_type_stops_it_and_says_so(client: OmniqClient, redis: Any) -> None:
    lose(client, redis, 2)
    redis.lpush("{q}:idx:failed", "x")
    begin_repair(client, "orphans", 2, "put_back")
    work_off(client.link, lambda: the_task(client.link, "q").state == "stopped")
    assert "idx:failed is a list, not a zset" in the_task(client.link, "q").fault
    assert (the_task(client.link, "q").left, redis.llen("{q}:failed")) == (2, 0)


@pytest.mark.parametrize("ends", ["finished", "stopped"])
def test_a_check_of_the_queue_follows(client: OmniqClient, redis: Any, ends: str) -> None:
    lose(client, redis, 60)
    begin_repair(client, "orphans", 60, "put_back")
    works = runner(client.link)
    if ends == "stopped":
        work_off(client.link, lambda: the_task(client.link, "q").done > 0, with_runner=works)
        order_task(client.link, "q", "a" * 16, "cancel", now_ms=NOW)
    work_off(client.link, lambda: read_health(client.link).check, with_runner=works)
    check = read_health(client.link).check
    assert check and (check.state, check.by, check.queues) == ("running", "oncall", 1)
    assert the_task(client.link, "q").state == ends
    for _ in range(3):  # once only
        works[1].now += 2
        works[0].tick()
    assert redis.lrange("{omniq:x}:check:queues", 0, -1) == [b"q"]


def test_findings_are_as_many_as_were_confirmed(client: OmniqClient, redis: Any) -> None:
    found = lose(client, redis, 3)
    assert begin_repair(client, "orphans", 2, "put_back") == "changed"
    client.link.pipeline(findings_commands("q", list(found.values())[:2]))
    assert begin_repair(client, "orphans", 3, "put_back") == "changed"
    assert begin_repair(client, "orphans", 2, "put_back") == "begun"
    with pytest.raises(ValueError, match="no repair"):
        begin_repair(client, "orphans", 2)
