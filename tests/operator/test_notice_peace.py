"""Queues that are well have no notice; clocks that are apart have one; another process goes on where one was killed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from omniq_core import OmniqClient
from omniq_core.operator import notice_watch
from omniq_core.operator.notices import KEPT_MS, NOTICES, Notice
from tests.operator.noticing import BUSY_MS, Rounds
from tests.support.clock import Clock
from tests.support.factories import complete_jobs, fail_jobs, lease_jobs, publish_jobs

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000


@pytest.fixture
def rounds(client: OmniqClient, clock: Clock) -> Rounds:
    return Rounds(client, clock)


@pytest.fixture
def other(redis_server: Any, client: OmniqClient, clock: Clock) -> Iterator[Rounds]:
    """The rounds of another process."""
    with OmniqClient(redis_url=redis_server.url) as another:
        yield Rounds(another, clock)


def test_one_worker_in_a_handler_of_five_minutes(rounds: Rounds, client: OmniqClient, clock: Clock) -> None:
    leases = lease_jobs(client, "q", ["long"], now_ms=clock.now_ms, timeout_ms=30_000)
    publish_jobs(client, "q", 5, now_ms=clock.now_ms)
    publish_jobs(client, "q", ["in a group"], now_ms=clock.now_ms, gid="g")
    for _ in range(30):  # a beat every 10 s
        client.heartbeat(
            queue="q", job_id="long", lease_token=leases["long"], now_ms_override=clock.advance(10 * SECOND - BUSY_MS)
        )
        assert rounds.go() == ()


def test_after_an_idle_hour(rounds: Rounds, client: OmniqClient, clock: Clock) -> None:
    complete_jobs(client, "q", 3, now_ms=clock.now_ms)
    fail_jobs(client, "q", 2, now_ms=clock.now_ms)
    rounds.go(2)
    clock.advance(HOUR)
    assert rounds.go(3) == ()
    publish_jobs(client, "q", ["a", "b"], now_ms=clock.now_ms)
    clock.advance(50 * SECOND)  # a worker that looks seldom
    assert rounds.go(3) == ()
    client.reserve(queue="q", now_ms_override=clock.now_ms)
    assert rounds.go(3) == ()


@pytest.mark.parametrize("ours", [True, False])
def test_after_a_resume(rounds: Rounds, client: OmniqClient, redis: Any, clock: Clock, ours: bool) -> None:
    clock.now_ms = notice_watch.wall_clock() - 30 * MINUTE  # a resume takes its time from nowhere else
    publish_jobs(client, "q", 3, now_ms=clock.now_ms)
    client.pause(queue="q")
    clock.advance(30 * MINUTE)
    assert rounds.go(2) == ()
    if ours:
        client.resume(queue="q")
    else:
        redis.delete("{q}:paused")
    assert rounds.go(10) == ()
    clock.advance(MINUTE)
    assert rounds.kinds(2) == ["stalled"]


def test_a_clock_that_is_ahead_and_one_that_is_behind(rounds: Rounds, client: OmniqClient, clock: Clock) -> None:
    for queue, apart in (("ahead", 42 * SECOND), ("behind", -42 * SECOND), ("close", 2 * SECOND)):
        complete_jobs(client, queue, ["first"], now_ms=clock.now_ms + apart)
    assert rounds.go(3) == ()
    shown: tuple[Notice, ...] = ()
    for nth in range(3):
        for queue, apart in (("ahead", 42 * SECOND), ("behind", -42 * SECOND), ("close", 2 * SECOND)):
            lease_jobs(client, queue, [f"job-{nth}"], now_ms=clock.now_ms + BUSY_MS + apart)
        shown = rounds.go()
    assert shown == (
        Notice("clocks", "ahead", 42 * SECOND, text="worker"),
        Notice("clocks", "behind", -40 * SECOND, text="worker"),  # it was written since the look 2 s ago: at least
    )
    clock.advance(MINUTE)
    assert [one.kind for one in rounds.go(2) if one.kind == "clocks"] == []


def test_our_own_clock_against_that_of_the_server(
    rounds: Rounds, client: OmniqClient, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_jobs(client, "q", 1, now_ms=clock.now_ms)
    watch = rounds.background._notices
    monkeypatch.setattr(watch, "_wall", lambda: notice_watch.wall_clock() + 12_000)
    (shown,) = rounds.go(2)
    assert (shown.kind, shown.queue, shown.text) == ("clocks", "", "dashboard")
    assert 11_000 < shown.count <= 12_000
    monkeypatch.setattr(watch, "_wall", notice_watch.wall_clock)
    assert rounds.go(2) == ()


def test_another_process_goes_on_where_one_was_killed(
    rounds: Rounds, other: Rounds, client: OmniqClient, redis: Any, clock: Clock
) -> None:
    publish_jobs(client, "q", 3, now_ms=clock.now_ms, gid="g")
    redis.zrem("{q}:groups:ready", "g")
    fail_jobs(client, "f", 60, now_ms=clock.now_ms - 30_000)
    clock.advance(MINUTE)
    before = rounds.kinds(4)
    assert before == ["stalled", "failing", "groups"]
    redis.delete("{omniq:x}:leader")  # it died, and its claim ran out
    for _ in range(3):
        assert other.kinds() == before
    assert other.background.leads
    redis.zadd("{q}:groups:ready", {"g": 1})
    redis.hset("{q}:stats", "groups_ready", 1)
    client.reserve(queue="q", now_ms_override=clock.now_ms)
    assert other.kinds(2) == ["failing"]


def test_two_that_lead_at_once_count_one_round(
    rounds: Rounds, other: Rounds, client: OmniqClient, clock: Clock
) -> None:
    publish_jobs(client, "q", 3, now_ms=clock.now_ms - 2 * MINUTE)
    rounds.background.tick()
    client.link.call("DEL", b"{omniq:x}:leader")
    clock.advance(500)
    other.background.tick()
    assert other.shown() == ()
    assert [one.kind for one in other.go()] == ["stalled"]


def test_nothing_is_kept_of_queues_that_are_well_and_nothing_for_long(
    rounds: Rounds, client: OmniqClient, redis: Any, clock: Clock
) -> None:
    publish_jobs(client, "q", 1, now_ms=clock.now_ms)
    rounds.go(3)
    assert redis.exists(NOTICES) == 0
    redis.lpush(NOTICES, "rubbish of another type")
    clock.advance(2 * MINUTE)
    assert rounds.kinds(2) == ["stalled"]
    assert 0 < redis.pttl(NOTICES) <= KEPT_MS
    client.remove_job(queue="q", job_id="job-1", lane="wait")
    rounds.go(2)
    assert redis.exists(NOTICES) == 0
