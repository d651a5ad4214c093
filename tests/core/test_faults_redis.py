"""A Redis that dies or hangs while processes publish and work: what it answered holds, and everybody goes on."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from omniq_core import JobToPublish, OmniqClient
from tests.core.fault_crew import Crew, leases, wait_for_the_end
from tests.support.clock import wait_until
from tests.support.invariants import check_invariants
from tests.support.redis_server import RedisServer


@pytest.fixture
def durable(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis that has on disk what it answered."""
    folder = tmp_path / "redis"
    folder.mkdir()
    with RedisServer(folder, {"appendonly": "yes", "appendfsync": "always"}) as server:
        yield server


@pytest.fixture
def crew(tmp_path: Path, durable: RedisServer) -> Iterator[Crew]:
    """Nobody yet."""
    people = Crew(tmp_path, durable.url)
    yield people
    people.close()


@pytest.mark.parametrize(("each", "kills", "seed"), [(300, 2, 1), pytest.param(4_000, 12, 2, marks=pytest.mark.long)])
def test_a_sigkill_of_redis_loses_nothing_that_was_answered(
    crew: Crew, durable: RedisServer, each: int, kills: int, seed: int
) -> None:
    chance = random.Random(seed)
    for _ in range(2):
        crew.publish(each)
        crew.work(3)
    for moment in sorted(chance.sample(range(each // 10, each), kills)):
        wait_until(lambda moment=moment: len(crew.notes("published")) >= moment, timeout=60, what=f"job {moment}")
        durable.kill()
        durable.start()
    for publisher in crew.publishers:
        assert publisher.wait(timeout=90) == 0
    with durable.client() as redis:
        wait_for_the_end(redis, 60)
        crew.drain()
        check_invariants(redis, "q")
        assert redis.llen("{q}:failed") == 0
        assert redis.mget("{q}:g:A:inflight", "{q}:g:B:inflight") == [b"0", b"0"]

    answered = [job_id for job_id, _ in crew.notes("published")]
    assert len(set(answered)) == len(answered) >= 2 * each - len(crew.notes("unanswered"))
    acked = crew.acked()
    never_told = set(answered) - acked.keys()
    assert never_told <= crew.untold()
    assert len(never_told) <= 6 * kills  # threads that were about to ack when Redis died
    assert set(acked.values()) == {1}


@pytest.mark.parametrize("away_s", [3, pytest.param(30, marks=pytest.mark.long)])
def test_a_redis_that_hangs_is_said_once_and_work_goes_on(crew: Crew, durable: RedisServer, away_s: int) -> None:
    jobs: list[JobToPublish] = [{"payload": {"do": "ok", "ms": 3}, "job_id": f"j{n}"} for n in range(400)]
    with OmniqClient(redis_url=durable.url) as client, durable.client() as redis:
        client.publish_many(queue="q", jobs=[{**job, "timeout_ms": 2_500, "max_attempts": 9} for job in jobs])
        crew.work(3)
        wait_until(lambda: leases(redis) > 50, timeout=20, what="some leases")
        os.kill(durable.pid, signal.SIGSTOP)
        until = time.monotonic() + away_s
        wait_until(lambda: time.monotonic() >= until, timeout=away_s + 5)
        os.kill(durable.pid, signal.SIGCONT)
        wait_for_the_end(redis, 30)
        crew.drain()
        check_invariants(redis, "q")
        assert redis.llen("{q}:failed") == 0
    assert len(crew.said("Redis is away")) == 1
    assert len(crew.said("Redis is back")) == 1
    acked = crew.acked()
    # What was sent while it hung is done later: the workers gave up asking when their leases had run out.
    never_told = {f"j{n}" for n in range(400)} - acked.keys()
    assert never_told <= crew.untold()
    assert len(never_told) <= 3
    assert set(acked.values()) == {1}
