"""What a runner meets: other runners, lost answers, broken rows, a Redis that is slow, and people who pace it."""

from __future__ import annotations

import os
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from omniq_core import OmniqClient, TaskRunner, order_task, read_activity
from omniq_core.scripts import script
from tests.core.cutting_proxy import CuttingProxy
from tests.core.long_lane import T, fill
from tests.operator.bulk import NOW, Timer, begin, runner, the_task, work_off
from tests.support.factories import complete_jobs, fail_jobs
from tests.support.redis_server import RedisServer


def waiting(redis: Any) -> list[str]:
    return [raw.decode() for raw in redis.lrange("{q}:wait", 0, -1)]


def finished(client: OmniqClient) -> bool:
    return the_task(client.link, "q").state == "finished"


def test_two_runners_hold_a_task_one_after_the_other(client: OmniqClient, redis: Any) -> None:
    names = fail_jobs(client, "q", 200, now_ms=T)
    begin(client.link, "q", "retry", "failed")
    first, second = runner(client.link), runner(client.link)
    work_off(client.link, lambda: the_task(client.link, "q").done == 75, with_runner=first)
    for _ in range(3):
        second[1].now += second[0].tick()
    assert the_task(client.link, "q").done == 75  # it is the first one's
    left_ms = the_task(client.link, "q").claimed_until_ms - int(redis.time()[0]) * 1000
    assert 0 < left_ms <= 11_000
    redis.hset("{q}:x:task:" + "a" * 16, "owner_until", 1)  # as if they had passed
    second[1].now += 2
    work_off(client.link, lambda: the_task(client.link, "q").done == 100, with_runner=second)
    for _ in range(3):  # the first one wakes up: a batch of it is refused, and it lets go
        first[1].now += first[0].tick()
    assert the_task(client.link, "q").done == 100
    work_off(client.link, lambda: finished(client), with_runner=second)
    assert waiting(redis) == names


def test_a_runner_that_ends_gives_its_claims_up(client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, "q", 100, now_ms=T)
    begin(client.link, "q", "retry", "failed")
    first = runner(client.link)
    work_off(client.link, lambda: the_task(client.link, "q").done == 25, with_runner=first)
    assert the_task(client.link, "q").runs_in.endswith(f"process {os.getpid()}")
    first[0].close()
    assert the_task(client.link, "q").runs_in == ""
    work_off(client.link, lambda: finished(client))


def test_a_batch_whose_answer_is_lost_is_counted_once(proxy: CuttingProxy, client: OmniqClient, redis: Any) -> None:
    names = fail_jobs(client, "q", 60, now_ms=T)
    begin(client.link, "q", "retry", "failed")
    with OmniqClient(host="127.0.0.1", port=proxy.port) as far:
        far.link.call("SCRIPT", "LOAD", script("operator/task_step").source)
        timer = Timer()
        works = TaskRunner(far.link, lambda: NOW, timer=timer)
        proxy.cut(script("operator/task_step").sha)
        with pytest.raises(RedisConnectionError):
            works.tick()
        assert the_task(client.link, "q").done == 25
        timer.now += 2
        work_off(client.link, lambda: finished(client), with_runner=(works, timer))
    task = the_task(client.link, "q")
    assert (task.done, task.skipped, waiting(redis)) == (60, 0, names)


@pytest.mark.broken_data
@pytest.mark.parametrize("action", ["retry", "remove"])
def test_each_broken_row_has_its_reason_and_the_rest_goes_on(client: OmniqClient, redis: Any, action: str) -> None:
    names = fail_jobs(client, "q", 60, now_ms=T)
    redis.delete("{q}:job:job-2")
    redis.hset("{q}:job:job-30", "state", "completed")
    redis.delete("{q}:job:job-31")
    redis.set("{q}:job:job-31", "text")
    redis.hset("{q}:job:job-32", "gid", "g")
    redis.set("{q}:g:g:wait", "no list")
    redis.lpush("{q}:failed", "")
    redis.zadd("{q}:idx:failed", {"": T + 5})
    assert begin(client.link, "q", action, "failed").count == 61
    work_off(client.link, lambda: finished(client))
    task = the_task(client.link, "q")
    wrong = {"retry": "NOT_FAILED", "remove": "LANE_MISMATCH"}[action]
    wanted = {"NO_JOB": 2, "BAD_JOB_ID": 1, wrong: 1} | ({"BROKEN_GROUP": 1} if action == "retry" else {})
    assert (dict(task.reasons), task.done) == (wanted, 61 - sum(wanted.values()))
    kept = [f"job-{n}" for n in (32, 31, 30, 2) if n != 32 or action == "retry"]
    assert [raw.decode() for raw in redis.lrange("{q}:failed", 0, -1)] == ["", *kept]
    if action == "retry":
        assert waiting(redis) == [name for name in names if name not in kept]


@pytest.mark.broken_data
@pytest.mark.parametrize("lane", ["failed", "wait", "delayed", "completed"])
def test_a_lane_without_an_index_goes_by_its_places(client: OmniqClient, redis: Any, lane: str) -> None:
    names = [f"job-{n:03}" for n in range(150)]
    if lane == "delayed":
        redis.zadd("{q}:delayed", {name: T + n for n, name in enumerate(names)})
        for name in names:
            redis.hset(f"{{q}}:job:{name}", mapping={"id": name, "state": "delayed", "payload": "{}"})
        redis.hset("{q}:stats", "delayed", 150)
    else:
        fill(redis, lane, names, lambda position: T + position)
    redis.delete(f"{{q}}:idx:{lane}", "{q}:job:job-040")
    action = {"failed": "retry", "delayed": "run_now"}.get(lane, "remove")
    assert begin(client.link, "q", action, lane).count == 150
    work_off(client.link, lambda: finished(client))
    task = the_task(client.link, "q")
    assert (task.done, task.reasons) == (149, (("NO_JOB", 1),))
    if action != "remove":
        assert waiting(redis) == [name for name in names if name != "job-040"]


@pytest.mark.broken_data
def test_a_key_of_another_type_stops_the_task_and_says_why(client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, "q", 60, now_ms=T)
    begin(client.link, "q", "retry", "failed")
    redis.set("{q}:wait", "text")
    work_off(client.link, lambda: the_task(client.link, "q").state == "stopped")
    task = the_task(client.link, "q")
    assert "WRONGTYPE {q}:wait is a string, not a list; nothing was changed" in task.fault
    assert (task.done, task.left) == (0, 60)
    redis.delete("{q}:wait")
    assert order_task(client.link, "q", "a" * 16, "resume", now_ms=NOW) == "stopped"
    work_off(client.link, lambda: finished(client))
    assert the_task(client.link, "q").fault == ""


def test_so_many_a_second(client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, "q", 200, now_ms=T)
    begin(client.link, "q", "retry", "failed", per_s=20.0)
    works = runner(client.link)
    took = work_off(client.link, lambda: the_task(client.link, "q").done >= 100, with_runner=works)
    assert took == pytest.approx(100 / 20, abs=0.3)
    took += work_off(client.link, lambda: finished(client), with_runner=works)
    assert took == pytest.approx(200 / 20, abs=0.3)


def test_less_than_one_a_second(client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, "q", 4, now_ms=T)
    begin(client.link, "q", "retry", "failed", per_s=0.1)
    took = work_off(client.link, lambda: finished(client))
    assert 30 <= took <= 31  # the first at once; the last tick waits a second for other tasks


def test_a_slow_batch_makes_the_runner_rest(client: OmniqClient, redis: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_jobs(client, "q", 60, now_ms=T)
    begin(client.link, "q", "retry", "failed")
    begin(client.link, "q", "retry", "failed", task_id="b" * 16)
    works, timer = runner(client.link)
    monkeypatch.setattr("omniq_core.operator.task_runner.Pace.after", lambda *_: 7.5)
    timer.now += (rest := works.tick())
    assert the_task(client.link, "q").done + the_task(client.link, "q", "b" * 16).done == 25
    assert rest == pytest.approx(1.0)  # it looks for tasks meanwhile
    for _ in range(6):
        timer.now += works.tick()
    assert the_task(client.link, "q").done + the_task(client.link, "q", "b" * 16).done == 25
    timer.now += 1
    works.tick()
    assert the_task(client.link, "q").done + the_task(client.link, "q", "b" * 16).done == 50


def test_a_probe_waits_for_a_person(client: OmniqClient, redis: Any) -> None:
    names = fail_jobs(client, "q", 150, now_ms=T)
    begin(client.link, "q", "retry", "failed", probe=10)
    works = runner(client.link)

    def ticks(count: int) -> Any:
        for _ in range(count):
            works[1].now += works[0].tick()
        return the_task(client.link, "q")

    task = ticks(5)
    assert (task.state, task.done, task.left) == ("probing", 10, 140)
    assert waiting(redis) == names[:10]
    for n in range(10):
        job: Any = client.reserve(queue="q", now_ms_override=NOW + n)
        lease = {"queue": "q", "job_id": job.job_id, "lease_token": job.lease_token, "now_ms_override": NOW + n}
        client.ack_fail(**lease, error="E") if n in (3, 4) else client.ack_success(**lease)
        if n == 6:
            probe = ticks(4).probe
            assert probe is not None
            assert (probe.jobs, probe.ended, probe.well, probe.again, probe.unkept) == (10, 7, 5, 2, 0)
    complete_jobs(client, "q", [f"c{n}" for n in range(98)], now_ms=NOW + 99)  # 7 of the 8 are still kept
    probe = ticks(4).probe
    assert probe is not None
    assert (probe.ended, probe.well, probe.again, probe.unkept) == (10, 7, 2, 1)
    client.retry_failed(queue="q", job_id="job-4")
    probe = ticks(4).probe
    assert probe is not None
    assert (probe.ended, probe.again) == (10, 2)  # one that ended stays counted
    assert order_task(client.link, "q", "a" * 16, "resume", now_ms=NOW) == "probing"
    work_off(client.link, lambda: finished(client), with_runner=works)
    assert the_task(client.link, "q").done == 150
    assert waiting(redis) == ["job-4", *names[10:]]
    works[0].tick()  # which notes how it ended
    (noted,) = read_activity(client.link, keep=lambda entry: entry.state == "ended", size=9).entries
    assert (noted.done, noted.facts["probe_failed"]) == (150, "2")


def test_a_probe_of_all_is_no_probe(client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, "q", 10, now_ms=T)
    begin(client.link, "q", "retry", "failed", probe=10)
    work_off(client.link, lambda: finished(client))


def test_a_selection_of_a_later_version_is_not_guessed_at(client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, "q", 10, now_ms=T)
    begin(client.link, "q", "remove", "failed")
    redis.hset("{q}:x:task:" + "a" * 16, "selection", '{"v":2,"kind":"moon"}')
    work_off(client.link, lambda: the_task(client.link, "q").state == "stopped")
    assert redis.llen("{q}:failed") == 10
    assert "cannot be read" in the_task(client.link, "q").fault


def test_foreign_entries_of_the_index_are_dropped(client: OmniqClient, redis: Any) -> None:
    redis.zadd("{omniq:x}:tasks", {"a b/x": "inf", "q/" + "e" * 16: "inf", "": "inf"})
    fail_jobs(client, "q", 10, now_ms=T)
    begin(client.link, "q", "retry", "failed")
    work_off(client.link, lambda: finished(client))
    assert redis.zscore("{omniq:x}:tasks", "q/" + "e" * 16) == NOW


@pytest.mark.broken_data
def test_what_is_no_task_holds_nobody_up(client: OmniqClient, redis: Any) -> None:
    redis.set("{omniq:x}:tasks", "no index")
    works = runner(client.link)
    works[0].tick()
    redis.set("{q}:x:task:" + "0" * 16, "no hash")
    fail_jobs(client, "q", 10, now_ms=T)
    begin(client.link, "q", "retry", "failed")  # clears the index away
    redis.zadd("{omniq:x}:tasks", {"q/" + "0" * 16: "inf"})
    works[1].now += 2
    work_off(client.link, lambda: finished(client), with_runner=works)
    assert redis.zscore("{omniq:x}:tasks", "q/" + "0" * 16) == NOW
    assert redis.get("{q}:x:task:" + "0" * 16) == b"no hash"
    redis.delete("{q}:x:task:" + "0" * 16)


def test_without_the_right_to_ask_the_time(client: OmniqClient, redis_server: RedisServer, redis: Any) -> None:
    fail_jobs(client, "q", 60, now_ms=T)
    begin(client.link, "q", "retry", "failed")
    redis.execute_command("ACL", "SETUSER", "timeless", "on", "nopass", "~*", "+@all", "-time")
    try:
        with OmniqClient(host=redis_server.host, port=redis_server.port, username="timeless", password="x") as limited:
            work_off(client.link, lambda: finished(client), with_runner=runner(limited.link))
    finally:
        redis.execute_command("ACL", "DELUSER", "timeless")
    assert the_task(client.link, "q").done == 60
