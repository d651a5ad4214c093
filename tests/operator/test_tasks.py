"""Bulk tasks: everything that matched at the confirmation, once, the oldest first, and it adds up."""

from __future__ import annotations

from typing import Any

import pytest

from omniq_core import OmniqClient, WholeLane, order_task, start_task
from tests.operator.bulk import NOW, begin, counted, runner, the_task, work_off
from tests.support.factories import complete_jobs, delay_jobs, fail_jobs, lease_jobs, publish_jobs
from tests.support.invariants import check_invariants

T = 1_750_000_000_000


def ids(redis: Any, name: str) -> list[str]:
    key = f"{{q}}:{name}"
    raw = redis.zrange(key, 0, -1) if redis.type(key) == b"zset" else redis.lrange(key, 0, -1)
    return [one.decode() for one in raw]


def finish(client: OmniqClient, task_id: str = "a" * 16) -> Any:
    work_off(client.link, lambda: the_task(client.link, "q", task_id).state == "finished")
    return the_task(client.link, "q", task_id)


def fail_again(client: OmniqClient, now: int, job_id: str | None = None) -> str:
    job: Any = client.reserve(queue="q", now_ms_override=now)
    assert job_id in (None, job.job_id)
    lease = {"queue": "q", "job_id": job.job_id, "lease_token": job.lease_token, "now_ms_override": now}
    assert client.ack_fail(**lease, error="E: again")[0] == "FAILED"
    return job.job_id


def test_retry_of_a_whole_lane(client: OmniqClient, redis: Any) -> None:
    names = fail_jobs(client, "q", 250, now_ms=T)
    assert begin(client.link, "q", "retry", "failed").count == 250
    task = finish(client)
    assert (task.done, task.skipped, task.left, task.total) == (250, 0, 0, 250)
    assert (ids(redis, "wait"), ids(redis, "failed")) == (names, [])
    assert (task.actor, task.created_ms, task.ended_ms, task.runs_in) == ("oncall", NOW, NOW, "")
    assert 3 <= task.batches <= 6
    assert redis.hget("{q}:job:job-7", "x_task") == b"a" * 16
    assert 0 < redis.pttl("{q}:x:task:" + "a" * 16) <= 7 * 86_400_000


def test_jobs_of_groups_go_to_their_groups(client: OmniqClient, redis: Any) -> None:
    for n in range(60):
        fail_jobs(client, "q", [f"j{n:02}"], now_ms=T + n, gid=("", "A", "B")[n % 3])
    begin(client.link, "q", "retry", "failed")
    assert finish(client).done == 60
    assert ids(redis, "wait") == [f"j{n:02}" for n in range(0, 60, 3)]
    assert ids(redis, "g:A:wait") == [f"j{n:02}" for n in range(1, 60, 3)]


def test_what_is_shown_goes_and_what_fails_later_stays(client: OmniqClient, redis: Any) -> None:
    """50 were there when it was confirmed; ten more fail before it begins, and ten after each batch."""
    fail_jobs(client, "q", [f"old-{n}" for n in range(50)], now_ms=T)
    count = counted(client.link, "q", "failed")
    late = fail_jobs(client, "q", [f"late-{n}" for n in range(10)], now_ms=T + 1_000)
    options: Any = {"action": "remove", "lane": "failed", "selection": WholeLane(), "actor": "", "now_ms": NOW}
    assert count.count == 50
    assert start_task(client.link, "q", "b" * 16, counted=count, **options)
    works = runner(client.link)
    for n in range(1, 9):
        works[1].now += works[0].tick()
        late += fail_jobs(client, "q", [f"later-{n}-{m}" for m in range(10)], now_ms=T + 1_000 * (n + 1))
    task = the_task(client.link, "q", "b" * 16)
    assert (task.state, task.done, task.skipped) == ("finished", 50, 0)
    assert sorted(ids(redis, "failed")) == sorted(late)


def test_a_job_that_fails_again_meanwhile_is_taken_once(client: OmniqClient, redis: Any) -> None:
    """Its second failure carries the clock of a worker that is behind, so it stands among those still to come."""
    fail_jobs(client, "q", 60, now_ms=T)
    begin(client.link, "q", "retry", "failed")
    works = runner(client.link)
    work_off(client.link, lambda: the_task(client.link, "q").done == 25, with_runner=works)
    assert fail_again(client, T + 40) == "job-1"
    assert fail_again(client, NOW + 5) == "job-2"
    work_off(client.link, lambda: the_task(client.link, "q").state == "finished", with_runner=works)
    task = the_task(client.link, "q")
    assert (task.done, task.skipped) == (60, 0)
    assert ids(redis, "failed") == ["job-2", "job-1"]
    begin(client.link, "q", "retry", "failed", task_id="c" * 16)
    assert finish(client, "c" * 16).done == 2


def test_the_next_hundred_three_times(client: OmniqClient, redis: Any) -> None:
    names = fail_jobs(client, "q", 250, now_ms=T)
    for n, wanted in enumerate((100, 100, 50)):
        begin(client.link, "q", "retry", "failed", task_id=f"{n:016}", limit=100)
        task = finish(client, f"{n:016}")
        assert (task.total, task.done) == (wanted, wanted)
        assert ids(redis, "wait") == names[: 100 * n + wanted]


def test_cancel_and_go_on(client: OmniqClient, redis: Any) -> None:
    names = fail_jobs(client, "q", 200, now_ms=T)
    begin(client.link, "q", "retry", "failed")
    works = runner(client.link)
    work_off(client.link, lambda: the_task(client.link, "q").done >= 75, with_runner=works)
    assert order_task(client.link, "q", "a" * 16, "cancel", now_ms=NOW) == "running"
    before = the_task(client.link, "q")
    for _ in range(5):
        works[1].now += works[0].tick()
    task = the_task(client.link, "q")
    assert (task.state, task.done, task.left, task.skipped) == ("stopped", before.done, 200 - before.done, 0)
    assert ids(redis, "wait") == names[: task.done]
    assert redis.zscore("{omniq:x}:tasks", "q/" + "a" * 16) == NOW
    assert order_task(client.link, "q", "a" * 16, "resume", now_ms=NOW + 9) == "stopped"
    assert the_task(client.link, "q").went_on_ms == NOW + 9
    work_off(client.link, lambda: the_task(client.link, "q").state == "finished", with_runner=works)
    assert ids(redis, "wait") == names
    assert order_task(client.link, "q", "a" * 16, "resume", now_ms=NOW) == "finished"
    assert the_task(client.link, "q").state == "finished"
    assert order_task(client.link, "q", "d" * 16, "cancel", now_ms=NOW) is None


@pytest.mark.parametrize("lane", ["failed", "wait", "delayed", "completed"])
def test_remove_of_each_lane(client: OmniqClient, redis: Any, lane: str) -> None:
    fail_jobs(client, "q", [f"f{n:02}" for n in range(30)], now_ms=T)
    complete_jobs(client, "q", [f"c{n:02}" for n in range(30)], now_ms=T + 100)
    lease_jobs(client, "q", ["a"], now_ms=T + 200)
    delay_jobs(client, "q", [f"d{n:02}" for n in range(30)], now_ms=T + 300, due_ms=NOW)
    for n in range(30):
        publish_jobs(client, "q", [f"w{n:02}"], now_ms=T + 400 + n, gid=("", "A", "B")[n % 3])
    assert begin(client.link, "q", "remove", lane).count == 30
    task = finish(client)
    assert (task.done, task.skipped) == (30, 0)
    left = {raw.decode().rsplit(":", 1)[1][0] for raw in redis.scan_iter(match="{q}:job:*")}
    assert left == set("fcadw") - {lane[0]}


def test_run_now_of_what_is_delayed(client: OmniqClient, redis: Any) -> None:
    names = [f"d{n:02}" for n in range(60)]
    delay_jobs(client, "q", names, now_ms=T, due_ms=NOW + 9_000)
    begin(client.link, "q", "run_now", "delayed")
    works = runner(client.link)
    work_off(client.link, lambda: the_task(client.link, "q").done == 25, with_runner=works)
    client.promote_delayed(queue="q", max_promote=30, now_ms_override=NOW + 99_000)
    work_off(client.link, lambda: the_task(client.link, "q").state == "finished", with_runner=works)
    task = the_task(client.link, "q")
    assert (task.done, task.skipped, task.reasons) == (30, 30, (("LEFT_LANE", 30),))
    assert ids(redis, "wait") == names
    assert redis.hget("{q}:job:d01", "due_ms") == str(NOW + 9_001).encode()


def test_jobs_that_others_take_are_skipped_for_a_reason(client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, "q", 80, now_ms=T)
    count = counted(client.link, "q", "failed")
    for gone in ("job-3", "job-60", "job-80"):
        client.remove_job(queue="q", job_id=gone, lane="failed")
    options: Any = {"action": "retry", "lane": "failed", "selection": WholeLane(), "actor": "", "now_ms": NOW}
    start_task(client.link, "q", "a" * 16, counted=count, **options)
    task = finish(client)
    assert (task.total, task.done, task.reasons) == (80, 77, (("LEFT_LANE", 3),))


def test_the_same_confirmation_twice_is_one_task(client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, "q", 3, now_ms=T)
    count = counted(client.link, "q", "failed")
    options: Any = {"action": "retry", "lane": "failed", "selection": WholeLane(), "actor": "", "now_ms": NOW}
    assert start_task(client.link, "q", "a" * 16, counted=count, **options)
    finish(client)
    while client.reserve(queue="q", now_ms_override=T):
        pass
    fail_jobs(client, "q", ["x"], now_ms=T + 9)
    assert not start_task(client.link, "q", "a" * 16, counted=count, **options)
    works = runner(client.link)
    for _ in range(3):
        works[1].now += works[0].tick()
    assert ids(redis, "failed") == ["x"]
    assert redis.zrangebyscore("{omniq:x}:tasks", "inf", "inf") == []


def test_an_empty_lane_is_finished_at_once(client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, "q", 1, now_ms=T)
    assert begin(client.link, "q", "retry", "failed").count == 0
    assert finish(client).total == 0


def test_what_cannot_be_asked_for(client: OmniqClient, redis: Any) -> None:
    for action, lane in (("retry", "wait"), ("run_now", "failed"), ("remove", "active"), ("drop", "failed")):
        with pytest.raises(ValueError, match="nothing to"):
            begin(client.link, "q", action, lane)
    assert redis.dbsize() == 0


def test_the_invariants_hold_after_every_batch(client: OmniqClient, redis: Any) -> None:
    for n in range(120):
        fail_jobs(client, "q", [f"j{n:03}"], now_ms=T + n // 5, gid=("", "A", "B")[n % 3])
    begin(client.link, "q", "retry", "failed")
    works, timer = runner(client.link)
    while the_task(client.link, "q").state == "running":
        timer.now += works.tick()
        check_invariants(redis)
    assert the_task(client.link, "q").done == 120
