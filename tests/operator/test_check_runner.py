"""The check: begun, worked on by whichever process is alive, stopped, gone on with, written down."""

from __future__ import annotations

from typing import Any

import pytest

from omniq_core import CheckRunner, OmniqClient, order_check, read_findings, read_health, start_check
from omniq_core.operator.check_queue_run import QueueRun
from tests.operator.bulk import Timer
from tests.support.factories import complete_jobs, delay_jobs, fail_jobs, lease_jobs, publish_jobs

NOW = 1_750_000_000_000


class Clock:
    """ms that a Timer's seconds make."""

    def __init__(self, timer: Timer) -> None:
        self._timer, self._start = timer, timer.now

    def __call__(self) -> int:
        return NOW + int((self._timer.now - self._start) * 1000)


def runner(client: OmniqClient, timer: Timer | None = None) -> tuple[CheckRunner, Timer]:
    timer = timer or Timer()
    return CheckRunner(client.link, Clock(timer), timer=timer), timer


def work(check: CheckRunner, timer: Timer, client: OmniqClient, steps: int = 2_000) -> None:
    """Until the check is through, or for so many steps."""
    for _ in range(steps):
        timer.now += max(check.tick(), 0.001)
        found = read_health(client.link).check
        if found is None or found.state != "running":
            return


def until_phase(check: CheckRunner, timer: Timer, phase: str) -> QueueRun:
    """Until the check of a queue is there; that queue's run."""
    for _ in range(2_000):
        for run in check._runs:  # pyright: ignore[reportPrivateUsage]
            if run.phase == phase:
                return run
        timer.now += max(check.tick(), 0.001)
    raise AssertionError(f"it does not come to {phase!r}")


def healthy(client: OmniqClient, queue: str) -> None:
    complete_jobs(client, queue, ["c"], now_ms=NOW - 8_000)
    fail_jobs(client, queue, ["f"], now_ms=NOW - 7_000)
    delay_jobs(client, queue, ["d"], now_ms=NOW, due_ms=NOW + 99_000)
    lease_jobs(client, queue, ["l"], now_ms=NOW)
    publish_jobs(client, queue, ["w1", "w2"], now_ms=NOW - 9_000)
    publish_jobs(client, queue, ["g1", "g2"], now_ms=NOW - 9_000, gid="g")


def test_of_healthy_queues_it_finds_nothing(client: OmniqClient) -> None:
    for queue in ("a", "b"):
        healthy(client, queue)
    assert start_check(client.link, "c1", ["a", "b", "gone"], by="zoe", now_ms=NOW) == ("c1", True)
    check, timer = runner(client)
    work(check, timer, client)
    health = read_health(client.link)
    assert health.check is not None
    assert (health.check.state, health.check.percent, health.check.by, health.check.at) == ("finished", 100, "zoe", 3)
    assert not health.check.rested
    assert [(one.queue, one.jobs, one.groups, one.found, one.notes) for one in health.reports] == [
        ("a", 8, 1, {}, ()),
        ("b", 8, 1, {}, ()),
    ]


@pytest.mark.broken_data
def test_what_is_broken_is_found_counted_and_kept(client: OmniqClient, redis: Any) -> None:
    healthy(client, "a")
    redis.hset("{a}:stats", "failed", 7)
    redis.set("{a}:g:g:inflight", 3)
    redis.zrem("{a}:groups:ready", "g")
    redis.hset("{a}:job:orphan", mapping={"id": "orphan", "state": "failed"})
    redis.rpush("{a}:wait", "ghost")
    redis.set("{a}:job:text", "no hash")
    start_check(client.link, "c1", ["a"], by="", now_ms=NOW)
    check, timer = runner(client)
    work(check, timer, client)
    (report,) = read_health(client.link).reports
    assert report.found == {"inflight": 1, "counters": 3, "ghosts": 1, "orphans": 1, "types": 1}
    assert {(one.kind, one.subject) for one in report.rows} == {
        ("inflight", "g"),
        ("counters", "failed"),
        ("counters", "groups_ready"),
        ("counters", "waiting"),
        ("ghosts", "ghost"),
        ("orphans", "orphan"),
        ("types", "job:text"),
    }
    assert [one.subject for one in read_findings(client.link, "a", "orphans", 10)] == ["orphan"]


def test_what_the_second_look_does_not_see_is_no_finding(client: OmniqClient, redis: Any) -> None:
    healthy(client, "a")
    redis.hset("{a}:stats", "failed", 7)
    redis.hset("{a}:job:orphan", mapping={"id": "orphan", "state": "failed"})
    start_check(client.link, "c1", ["a"], by="", now_ms=NOW)
    check, timer = runner(client)
    until_phase(check, timer, "again")
    redis.hset("{a}:stats", "failed", 1)
    redis.delete("{a}:job:orphan")
    work(check, timer, client)
    assert [one.found for one in read_health(client.link).reports] == [{}]


@pytest.mark.broken_data
def test_many_broken_queues_wait_for_their_second_looks_together(client: OmniqClient, redis: Any) -> None:
    names = [f"q{n}" for n in range(6)]
    for queue in names:
        healthy(client, queue)
        redis.hset(f"{{{queue}}}:stats", "failed", 7)
    start_check(client.link, "c1", names, by="", now_ms=NOW)
    check, timer = runner(client)
    began = timer.now
    work(check, timer, client)
    assert [(one.queue, one.found) for one in read_health(client.link).reports] == [
        (queue, {"counters": 1}) for queue in names
    ]
    assert 2 <= timer.now - began < 4


def test_another_process_goes_on_when_its_own_died(client: OmniqClient) -> None:
    for queue in ("a", "b", "c"):
        healthy(client, queue)
    start_check(client.link, "c1", ["a", "b", "c"], by="", now_ms=NOW)
    first, timer = runner(client)
    while not read_health(client.link).reports:
        timer.now += max(first.tick(), 0.001)
    second, _ = runner(client, timer)
    second.tick()
    assert second._id == ""  # pyright: ignore[reportPrivateUsage]
    client.link.call("HSET", "{omniq:x}:check", "owner_until", 1)  # ten seconds later, by the server's clock
    second.look_now()
    work(second, timer, client)
    health = read_health(client.link)
    assert [one.queue for one in health.reports] == ["a", "b", "c"]
    assert health.check is not None and health.check.rested  # how long nobody worked on it is not known
    timer.now += 1.0
    first.tick()
    assert first._id == ""  # pyright: ignore[reportPrivateUsage]


def test_it_stops_and_goes_on(client: OmniqClient) -> None:
    for queue in ("a", "b"):
        healthy(client, queue)
    start_check(client.link, "c1", ["a", "b"], by="", now_ms=NOW)
    check, timer = runner(client)
    while not read_health(client.link).reports:
        timer.now += max(check.tick(), 0.001)
    assert order_check(client.link, "stop", now_ms=NOW) == "running"
    for _ in range(20):
        timer.now += max(check.tick(), 0.6)
    health = read_health(client.link)
    assert health.check is not None
    assert (health.check.state, len(health.reports), health.check.percent < 100) == ("stopped", 1, True)
    assert order_check(client.link, "resume", now_ms=NOW) == "stopped"
    work(check, timer, client)
    assert len(read_health(client.link).reports) == 2


def test_one_queue_beside_a_stopped_check_leaves_the_rest_of_it_to_go_on(client: OmniqClient, redis: Any) -> None:
    for queue in ("a", "b", "c", "d"):
        healthy(client, queue)
    start_check(client.link, "c1", ["a", "b", "c"], by="", now_ms=NOW)
    order_check(client.link, "stop", now_ms=NOW)
    assert start_check(client.link, "c2", ["d"], by="", now_ms=NOW, beside=True) == ("c1", False)
    check, timer = runner(client)
    for _ in range(3):
        timer.now += max(check.tick(), 0.001)
    assert start_check(client.link, "c3", ["b"], by="", now_ms=NOW, beside=True) == ("c1", False)
    assert redis.lrange("{omniq:x}:check:queues", 0, -1) == [b"d", b"b", b"a", b"b", b"c"]
    check.look_now()
    timer.now += 1.0
    work(check, timer, client)
    health = read_health(client.link)
    assert health.check is not None
    assert (health.check.state, [one.queue for one in health.reports]) == ("stopped", ["b", "d"])
    assert order_check(client.link, "resume", now_ms=NOW) == "stopped"
    timer.now += 1.0
    work(check, timer, client)
    health = read_health(client.link)
    assert health.check is not None
    assert (health.check.state, [one.queue for one in health.reports]) == ("finished", ["a", "b", "c", "d"])


def test_queues_that_are_asked_for_meanwhile_are_added(client: OmniqClient) -> None:
    healthy(client, "a")
    healthy(client, "b")
    start_check(client.link, "c1", ["a"], by="", now_ms=NOW)
    assert start_check(client.link, "c2", ["b", "a"], by="", now_ms=NOW) == ("c1", False)
    check, timer = runner(client)
    work(check, timer, client)
    assert [one.queue for one in read_health(client.link).reports] == ["a", "b"]


def test_a_queue_that_is_begun_is_looked_at_once_more_for_whoever_asks_now(client: OmniqClient, redis: Any) -> None:
    for queue in ("a", "b", "c"):
        healthy(client, queue)
    start_check(client.link, "c1", ["a", "b", "c"], by="", now_ms=NOW)
    check, timer = runner(client)
    redis.hset("{a}:stats", "failed", 7)  # while it waits for its second look, b is begun
    until_phase(check, timer, "again")
    for _ in range(3):
        timer.now += check.tick()
    redis.hset("{a}:stats", "failed", 1)
    start_check(client.link, "c2", ["b", "c"], by="", now_ms=NOW)
    assert redis.lrange("{omniq:x}:check:queues", 0, -1) == [b"a", b"b", b"c", b"b"]
    work(check, timer, client)
    found = read_health(client.link).check
    assert found is not None and (found.state, found.at, found.percent) == ("finished", 4, 100)


@pytest.mark.parametrize("names", [[], ["a"] * 2_001, ["bad name"]])
def test_it_refuses_what_it_cannot_check(client: OmniqClient, names: list[str]) -> None:
    with pytest.raises(ValueError, match=r"queue"):
        start_check(client.link, "c1", names, by="", now_ms=NOW)
