"""Redis goes away in the middle of a repair, or a check, and comes back with what its disk has: all is right."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from omniq_core import OmniqClient, read_activity, read_health, start_check
from omniq_core.connection import REDIS_ERRORS
from tests.operator.bulk import NOW, runner, the_task, work_off
from tests.operator.repairing import begin_repair, found
from tests.operator.test_check_runner import runner as checking
from tests.operator.test_check_runner import work
from tests.support.clock import wait_until
from tests.support.factories import fail_jobs
from tests.support.invariants import check_invariants
from tests.support.redis_server import RedisServer

GROUPS = 4_000
pytestmark = pytest.mark.broken_data


@pytest.fixture
def durable(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis that has on disk what it answered, and ends at once when it is told to."""
    (tmp_path / "redis").mkdir()
    server = RedisServer(tmp_path / "redis", {"appendonly": "yes", "appendfsync": "always", "hz": "500"})
    server.start()
    yield server
    server.stop()


def ended_at_work(server: RedisServer, how: str, tick: Callable[[], object]) -> None:
    """Ends the server while somebody works, who meets that it is away; then starts it again."""
    ending = threading.Thread(target=getattr(server, how))
    ending.start()
    with pytest.raises(REDIS_ERRORS):
        tick()
        tick()
        ending.join(20)
        wait_until(lambda: tick() == "away", timeout=20, what="it meets that Redis is away")
    ending.join(20)
    server.start()
    with server.client() as client:
        wait_until(lambda: not client.info("persistence")["loading"], timeout=20, what="it has read its disk")


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_repair_goes_on_and_counts_each_group_once(durable: RedisServer, how: str) -> None:
    keys = [f"{{q}}:g:g{n:04}:inflight" for n in range(GROUPS)]
    with durable.client() as redis, OmniqClient(redis_url=durable.url) as client:
        redis.mset(dict.fromkeys(keys, 1))
        found(client, "inflight", [f"g{n:04}" for n in range(GROUPS)])
        begin_repair(client, "inflight", GROUPS)
        tasks, timer = runner(client.link)

        def tick() -> None:
            timer.now += tasks.tick()

        for moment in (1, 1_500):
            work_off(client.link, lambda m=moment: the_task(client.link, "q").done >= m, with_runner=(tasks, timer))
            ended_at_work(durable, how, tick)
            task = the_task(client.link, "q")
            assert (task.state, task.skipped) == ("running", 0) and moment <= task.done < GROUPS
            assert redis.mget(keys).count(b"0") == task.done
        work_off(client.link, lambda: the_task(client.link, "q").state == "finished", with_runner=(tasks, timer))
        task = the_task(client.link, "q")
        assert (task.done, task.skipped, task.left) == (GROUPS, 0, 0)
        assert set(redis.mget(keys)) == {b"0"} and redis.hlen("{q}:x:check:inflight") == 0
        check_invariants(redis, "q")
        work_off(client.link, lambda: read_health(client.link).check, with_runner=(tasks, timer))
        (entry,) = read_activity(client.link, keep=lambda _: True, size=9).entries
        assert (entry.action, entry.state, entry.done) == ("repair", "ended", GROUPS)


def test_a_check_goes_on_with_the_queue_it_was_at(durable: RedisServer) -> None:
    with durable.client() as redis, OmniqClient(redis_url=durable.url) as client:
        for queue in ("a", "b"):
            fail_jobs(client, queue, 30, now_ms=NOW - 9_000)
            redis.hset(f"{{{queue}}}:job:lost", mapping={"id": "lost", "state": "failed"})
        start_check(client.link, "c1", ["a", "b"], by="", now_ms=NOW)
        check, timer = checking(client)

        def tick() -> None:
            timer.now += max(check.tick(), 0.001)

        for _ in range(2_000):
            tick()
            if read_health(client.link).reports:
                break
        ended_at_work(durable, "kill", tick)
        work(check, timer, client)
        health = read_health(client.link)
        assert health.check is not None and health.check.state == "finished"
        assert [(one.queue, one.jobs, one.found) for one in health.reports] == [
            (queue, 30, {"orphans": 1}) for queue in ("a", "b")
        ]
