"""The history of all queues together, and who writes it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from omniq_core import Background, HistorySampler, OmniqClient, read_history
from omniq_core.operator.history_sampler import PIECE
from tests.support.clock import Clock
from tests.support.factories import complete_jobs, fail_jobs, publish_jobs

SUM = "{omniq:x}:hist:1"


def rounds(client: OmniqClient, clock: Clock, count: int, *names: str) -> None:
    for _ in range(count):
        clock.advance(10_000)
        HistorySampler(client.link).step(clock.now_ms, names)


def fine(client: OmniqClient, clock: Clock, count: int, queue: str | None = None) -> list[tuple[int, int, int, int]]:
    points = read_history(client.link, queue, "15m", clock.now_ms).points[-count:]
    return [(point.seen_ms, point.started, point.ended, point.failed) for point in points]


def test_the_sum_is_of_what_has_become_final(client: OmniqClient, clock: Clock) -> None:
    rounds(client, clock, 1, "a", "b")
    complete_jobs(client, "a", 3, now_ms=clock.now_ms)
    fail_jobs(client, "b", 2, now_ms=clock.now_ms)
    publish_jobs(client, "b", ["w1", "w2"], now_ms=clock.now_ms, step_ms=0)
    rounds(client, clock, 3, "a", "b")
    assert fine(client, clock, 4) == [(0, 0, 0, 0), (10_000, 5, 5, 2), (0, 0, 0, 0), (0, 0, 0, 0)]
    history = read_history(client.link, None, "15m", clock.now_ms)
    assert (history.points[-3].waiting, history.points[-3].oldest_ms) == (2, 10_000)
    # of the last minute, of which 30 s were seen: 3 + 2 jobs
    assert (history.started_s, history.ended_s) == (pytest.approx(5 / 30, abs=0.01), pytest.approx(5 / 30, abs=0.01))
    assert history.failed_s == pytest.approx(2 / 10)  # 10 s of it are final
    rounds(client, clock, 1, "a", "b")
    assert fine(client, clock, 4)[1] == (10_000, 0, 0, 0)


def test_a_new_queue_makes_no_gap_and_one_that_was_not_seen_does(client: OmniqClient, redis: Any, clock: Clock) -> None:
    rounds(client, clock, 1, "a")
    complete_jobs(client, "a", 3, now_ms=clock.now_ms)
    rounds(client, clock, 1, "a", "new")
    rounds(client, clock, 2, "a", "new")
    assert fine(client, clock, 3)[0] == (10_000, 3, 3, 0)
    rounds(client, clock, 1, "a")
    rounds(client, clock, 3, "a", "new")
    assert [seen for seen, *_ in fine(client, clock, 4)] == [0, 0, 0, 0]
    rounds(client, clock, 1, "a", "new")
    assert [seen for seen, *_ in fine(client, clock, 3)] == [10_000, 0, 0]


@pytest.mark.broken_data
def test_a_queue_that_cannot_be_read_is_left_out_for_good(client: OmniqClient, redis: Any, clock: Clock) -> None:
    rounds(client, clock, 2, "a", "broken")
    redis.hset("{broken}:lease:seq", "no", "number")
    complete_jobs(client, "a", 3, now_ms=clock.now_ms)
    rounds(client, clock, 4, "a", "broken")
    assert fine(client, clock, 4)[:2] == [(10_000, 3, 3, 0), (10_000, 0, 0, 0)]


def test_two_processes_write_one_series(client: OmniqClient, other: OmniqClient, redis: Any, clock: Clock) -> None:
    complete_jobs(client, "q", 1, now_ms=clock.now_ms)
    leaders = HistorySampler(client.link), HistorySampler(other.link)
    for n in range(6):
        clock.advance(10_000)
        for leader in leaders:
            leader.step(clock.now_ms, ["q"])
            clock.advance(700)
        clock.advance(-1_400)
        complete_jobs(client, "q", [f"n{n}"], now_ms=clock.now_ms + 3_000)
    assert fine(client, clock, 5, "q") == [(10_000, 1, 1, 0)] * 5
    assert fine(client, clock, 5) == [(10_000, 1, 1, 0)] * 3 + [(0, 0, 0, 0)] * 2


def test_a_round_that_its_leader_did_not_end_is_ended_by_another(
    client: OmniqClient, other: OmniqClient, clock: Clock
) -> None:
    names = [f"q{n:02}" for n in range(PIECE + 5)]
    for name in names:
        complete_jobs(client, name, 1, now_ms=clock.now_ms)

    def whole_round() -> None:
        sampler = HistorySampler(client.link)
        clock.advance(10_000)
        for part in (0, 4_000, -4_000):
            clock.advance(part)
            sampler.step(clock.now_ms, names) if part >= 0 else None

    whole_round()
    for name in names:
        complete_jobs(client, name, ["more"], now_ms=clock.now_ms + 5_000)
    for _ in range(2):
        whole_round()
    clock.advance(10_000)
    HistorySampler(client.link).step(clock.now_ms, names)  # it dies before the last five
    assert fine(client, clock, 3)[0] == (0, 0, 0, 0)
    successor = HistorySampler(other.link)
    successor.step(clock.now_ms + 1_000, names)
    successor.step(clock.now_ms + 5_000, names)
    assert fine(client, clock, 3)[0] == (10_000, PIECE + 5, PIECE + 5, 0)


def test_the_pieces_of_a_round_are_spread(client: OmniqClient, clock: Clock) -> None:
    names = [f"q{n:03}" for n in range(4 * PIECE)]
    for name in names:
        publish_jobs(client, name, 1, now_ms=clock.now_ms)
    sampler = HistorySampler(client.link)
    trips: list[int] = []
    for _ in range(10):
        before = client.link.round_trips
        rest = sampler.step(clock.now_ms, names)
        trips.append(client.link.round_trips - before)
        assert 0 < rest <= 1.0
        clock.advance(1_000)
    assert trips == [1, 1, 1, 1, 0, 0, 0, 0, 0, 0]


def test_the_leader_takes_the_looks(client: OmniqClient, other: OmniqClient, clock: Clock) -> None:
    complete_jobs(client, "q", 1, now_ms=clock.now_ms)
    first, second = Background(client.link, clock), Background(other.link, clock)
    for n in range(4):
        first.tick()
        second.tick()
        complete_jobs(client, "q", [f"n{n}"], now_ms=clock.now_ms)
        clock.advance(10_000)
    first.tick()
    assert fine(client, clock, 4, "q") == [(10_000, 1, 1, 0)] * 4


def test_a_process_that_may_not_write_takes_none(client: OmniqClient, redis: Any, clock: Clock) -> None:
    publish_jobs(client, "q", 1, now_ms=clock.now_ms)
    redis.config_set("maxmemory", "1")
    try:
        background = Background(client.link, clock)
        for _ in range(3):
            background.tick()
            clock.advance(10_000)
    finally:
        redis.config_set("maxmemory", "0")
    assert not redis.exists(SUM, "{q}:x:hist:1")


def test_a_claim_that_is_over_has_another_leader_within_15_s(
    client: OmniqClient, other: OmniqClient, redis: Any, clock: Clock
) -> None:
    killed, follower = Background(client.link, clock), Background(other.link, clock)
    killed.tick()
    assert redis.pttl("{omniq:x}:leader") <= 12_000
    follower.tick()
    redis.delete("{omniq:x}:leader")  # as if those 12 s were over
    clock.advance(2_000)
    follower.tick()
    assert follower.leads


@pytest.mark.long
def test_a_leader_that_was_killed_is_followed_within_15_s(
    redis_server: Any, redis: Any, wait_until: Callable[..., None]
) -> None:
    children = [
        subprocess.Popen([sys.executable, "-m", "tests.operator.leader_child", redis_server.url]) for _ in range(2)
    ]
    try:
        wait_until(lambda: redis.hget("who-leads", "pid"), timeout=20)
        first = int(redis.hget("who-leads", "pid"))
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: int(redis.hget("who-leads", "pid")) != first, timeout=15)
    finally:
        for child in children:
            child.kill()
            child.wait()
