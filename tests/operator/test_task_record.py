"""The record says how bulk tasks went on after they were begun: who took them over, how they ended; each thing once."""

from __future__ import annotations

from typing import Any

import pytest
from redis.exceptions import ResponseError

from omniq_core import Activity, Filter, Matching, OmniqClient, order_task, read_activity
from omniq_core.operator import task_runner
from tests.core.long_lane import T
from tests.operator.bulk import NOW, begin, runner, the_task, work_off
from tests.support.factories import fail_jobs

TASK = "a" * 16
KEY = "{q}:x:task:" + TASK


def kept(client: OmniqClient) -> tuple[Activity, ...]:
    return read_activity(client.link, keep=lambda _entry: True, size=100).entries


def over(client: OmniqClient) -> bool:
    return float(client.link.call("ZSCORE", "{omniq:x}:tasks", f"q/{TASK}", read=True)) < 1e15


def test_how_it_ended(client: OmniqClient) -> None:
    fail_jobs(client, "q", 60, now_ms=T)
    begin(client.link, "q", "retry", "failed", selection=Matching(Filter(prefix="job", payload="a.b")))
    begin(client.link, "q", "retry", "failed", task_id="b" * 16, selection=Matching(Filter(prefix="job-1")))
    client.retry_failed(queue="q", job_id="job-7", now_ms_override=NOW)
    others = [runner(client.link) for _ in range(2)]
    work_off(client.link, lambda: over(client) and the_task(client.link, "q", "b" * 16).state == "finished")
    for works, timer in others:
        timer.now += works.tick()
    second, first = sorted(kept(client), key=lambda entry: entry.facts["task"], reverse=True)
    assert (first.jobs, first.done, first.filter) == (0, 0, {"prefix": "job", "payload": "a.b"})
    assert (second.action, second.state, second.who, second.queue) == ("retry", "ended", "oncall", "q")
    assert (second.at_ms, second.lane, second.facts) == (NOW, "failed", {"task": "b" * 16, "state": "finished"})
    assert (second.jobs, second.done, second.skipped) == (11, 11, {})


def test_what_was_skipped_and_what_was_left(client: OmniqClient) -> None:
    fail_jobs(client, "q", 60, now_ms=T)
    begin(client.link, "q", "remove", "failed")
    for job_id in ("job-1", "job-60"):
        client.retry_failed(queue="q", job_id=job_id, now_ms_override=NOW)
    first = runner(client.link)
    work_off(client.link, lambda: the_task(client.link, "q").done == 25, with_runner=first)
    order_task(client.link, "q", TASK, "cancel", now_ms=NOW + 7)
    work_off(client.link, lambda: over(client), with_runner=first)
    (stopped,) = kept(client)
    assert (stopped.at_ms, stopped.done, stopped.skipped) == (NOW + 7, 25, {})
    assert stopped.facts == {"task": TASK, "state": "stopped", "left": "35"}
    first[0].close()
    order_task(client.link, "q", TASK, "resume", now_ms=NOW + 9)
    work_off(client.link, lambda: over(client))
    finished, *before = kept(client)
    assert before == [stopped]  # another process works on it now, but nobody was at work when it was let go on
    assert (finished.jobs, finished.done, finished.skipped) == (60, 58, {"LEFT_LANE": 2})
    assert finished.facts == {"task": TASK, "state": "finished"}


def test_who_took_it_over(client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, "q", 60, now_ms=T)
    begin(client.link, "q", "retry", "failed")
    first, second = runner(client.link), runner(client.link)
    work_off(client.link, lambda: the_task(client.link, "q").done == 25, with_runner=first)
    redis.hset(KEY, mapping={"owner_until": 1, "owner_name": "dash-1, process 7"})  # it died some time ago
    work_off(client.link, lambda: the_task(client.link, "q").done == 50, with_runner=second)
    second[1].now += 5  # it renews its claim
    work_off(client.link, lambda: over(client), with_runner=second)
    ended, taken = kept(client)
    assert (ended.state, ended.done) == ("ended", 60)
    assert (taken.state, taken.who, taken.action, taken.jobs, taken.done) == ("taken", "system", "retry", 60, None)
    assert taken.facts == {"task": TASK, "from": "dash-1, process 7", "by": second[0]._name}


def test_why_it_stopped_by_itself(client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, "q", 3, now_ms=T)
    begin(client.link, "q", "retry", "failed")
    redis.hset(KEY, "selection", '{"v":9}')
    work_off(client.link, lambda: over(client))
    (entry,) = kept(client)
    assert entry.facts["fault"] == "Its selection cannot be read by this version."
    assert (entry.facts["state"], entry.done, entry.filter) == ("stopped", 0, {})


def test_a_record_that_cannot_be_written_holds_no_task_up(
    client: OmniqClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuses(*_args: Any) -> str:
        raise ResponseError("NOPERM this user has no permissions")

    monkeypatch.setattr(task_runner, "note_activity", refuses)
    fail_jobs(client, "q", 3, now_ms=T)
    begin(client.link, "q", "retry", "failed")
    work_off(client.link, lambda: over(client))
    assert the_task(client.link, "q").done == 3
    assert [line.getMessage() for line in caplog.records] == [
        f"omniq: the record lacks how task {TASK} of q went on: not permitted by its access list"
    ]
