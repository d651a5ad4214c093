"""Repairs as tasks: while workers of both SDKs run, killed between two batches, stopped, gone on with, and recorded."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from omniq_core import OmniqClient, TaskRunner, order_task, read_activity
from omniq_core.scripts import script
from tests.core.cutting_proxy import CuttingProxy
from tests.operator.bulk import NOW, Timer, runner, the_task, work_off
from tests.operator.repairing import begin_repair, found, killed_in_the_middle, repaired
from tests.support.factories import publish_jobs
from tests.support.invariants import check_invariants
from tests.support.redis_server import RedisServer

T = 1_750_000_000_000
pytestmark = pytest.mark.broken_data


def leak(redis: Any, groups: int) -> list[str]:
    """Groups whose one slot is taken by no job."""
    gids = [f"g{n:04}" for n in range(groups)]
    redis.mset({f"{{q}}:g:{gid}:inflight": 1 for gid in gids})
    return gids


def finished(client: OmniqClient) -> bool:
    return the_task(client.link, "q").state == "finished"


@pytest.fixture
def workers(redis_server: RedisServer, redis: Any) -> Iterator[Callable[[], None]]:
    """Two threads that publish, lease and end jobs of many groups, one by each SDK; calling it ends them."""
    from omniq.client import OmniqClient as ReferenceClient

    ending = threading.Event()
    failures: list[BaseException] = []

    def work(make: Callable[[], Any], name: str) -> None:
        client = make()
        try:
            n = 0
            while not ending.is_set():
                n += 1
                client.publish(queue="q", payload={}, job_id=f"{name}-{n}", gid=f"g{n % 60:04}" if n % 3 else None)
                job = client.reserve(queue="q")
                if job is not None and n % 5:
                    client.ack_success(queue="q", job_id=job.job_id, lease_token=job.lease_token)
                elif job is not None:
                    client.ack_fail(queue="q", job_id=job.job_id, lease_token=job.lease_token, error="E: no")
        except BaseException as error:
            failures.append(error)

    makers: list[tuple[Callable[[], Any], str]] = [
        (lambda: OmniqClient(redis_url=redis_server.url), "ours"),
        (lambda: ReferenceClient(host=redis_server.host, port=redis_server.port), "theirs"),
    ]
    threads = [threading.Thread(target=work, args=each, daemon=True) for each in makers]
    for thread in threads:
        thread.start()

    def end() -> None:
        ending.set()
        for thread in threads:
            thread.join(20)
        assert failures == []

    yield end
    end()


def test_groups_and_counters_while_both_sdks_work(
    client: OmniqClient, redis: Any, workers: Callable[[], None], wait_until: Any
) -> None:
    wait_until(lambda: redis.exists("{q}:stats"))
    gids = [f"g{n:04}" for n in range(60)]
    for gid in gids:  # in the way of workers, who change the very counts
        redis.incrby(f"{{q}}:g:{gid}:inflight", 5)
    redis.hincrby("{q}:stats", "waiting_total", 7)
    redis.hincrby("{q}:stats", "delayed", 3)
    found(client, "inflight", gids)
    found_counters = ["waiting_total", "delayed"]
    assert repaired(client, "inflight", 60) == (60, 0)
    redis.delete("{q}:x:task:" + "a" * 16)
    found(client, "counters", found_counters)
    assert repaired(client, "counters", 2) == (2, 0)
    redis.delete("{q}:x:task:" + "a" * 16)
    redis.zadd("{q}:groups:ready", {f"none{n}": n for n in range(40)})
    redis.hincrby("{q}:stats", "groups_ready", 40)
    found(client, "ready_extra", [f"none{n}" for n in range(40)])
    done, skipped = repaired(client, "ready_extra", 40)
    assert done + skipped == 40  # workers drop such a group themselves when they meet it
    workers()
    check_invariants(redis, "q")


def test_an_index_is_made_while_both_sdks_work(
    client: OmniqClient, redis: Any, workers: Callable[[], None], wait_until: Any
) -> None:
    wait_until(lambda: int(redis.hget("{q}:stats", "failed") or 0) + redis.llen("{q}:completed") > 20)
    publish_jobs(client, "q", [f"old-{n}" for n in range(400)], now_ms=int(time.time() * 1000))
    redis.delete("{q}:idx:wait", "{q}:idx:failed", "{q}:idx:delayed")
    total = redis.llen("{q}:wait")
    assert begin_repair(client, "old_index", 2_000 + total) == "begun"
    work_off(client.link, lambda: finished(client))
    workers()
    task = the_task(client.link, "q")
    assert task.done > 0 and task.left == 0
    check_invariants(redis, "q")


def test_a_runner_is_killed_between_two_batches(client: OmniqClient, redis: Any) -> None:
    gids = leak(redis, 150)
    found(client, "inflight", gids)
    begin_repair(client, "inflight", 150)
    first = killed_in_the_middle(client, redis, "inflight", 150)
    work_off(client.link, lambda: finished(client))
    assert (the_task(client.link, "q").done, the_task(client.link, "q").skipped) == (150, 0)
    first[1].now += 2
    first[0].tick()  # it wakes up, and nothing happens twice
    assert the_task(client.link, "q").done == 150
    check_invariants(redis, "q")


def test_a_batch_whose_answer_is_lost_is_counted_once(proxy: CuttingProxy, client: OmniqClient, redis: Any) -> None:
    found(client, "inflight", leak(redis, 60))
    begin_repair(client, "inflight", 60)
    with OmniqClient(host="127.0.0.1", port=proxy.port) as far:
        far.link.call("SCRIPT", "LOAD", script("operator/repair_found_groups").source)
        timer = Timer()
        works = TaskRunner(far.link, lambda: NOW, timer=timer)
        proxy.cut(script("operator/repair_found_groups").sha)
        with pytest.raises(RedisConnectionError):
            works.tick()
        assert the_task(client.link, "q").done == 25
        timer.now += 2
        work_off(client.link, lambda: finished(client), with_runner=(works, timer))
    assert (the_task(client.link, "q").done, the_task(client.link, "q").skipped) == (60, 0)


def test_stopped_and_gone_on_with(client: OmniqClient, redis: Any) -> None:
    found(client, "inflight", leak(redis, 150))
    begin_repair(client, "inflight", 150)
    works = runner(client.link)
    work_off(client.link, lambda: the_task(client.link, "q").done > 0, with_runner=works)
    order_task(client.link, "q", "a" * 16, "cancel", now_ms=NOW)
    works[1].now += 2
    works[0].tick()
    stopped = the_task(client.link, "q")
    assert (stopped.state, stopped.done + stopped.left) == ("stopped", 150)
    assert sum(int(redis.get(f"{{q}}:g:g{n:04}:inflight")) for n in range(150)) == stopped.left
    order_task(client.link, "q", "a" * 16, "resume", now_ms=NOW)
    work_off(client.link, lambda: finished(client), with_runner=works)
    assert the_task(client.link, "q").done == 150


def test_a_key_of_a_wrong_type_stops_it_and_says_so(client: OmniqClient, redis: Any) -> None:
    found(client, "inflight", leak(redis, 2))
    redis.set("{q}:groups:ready", "x")
    begin_repair(client, "inflight", 2)
    work_off(client.link, lambda: the_task(client.link, "q").state == "stopped")
    task = the_task(client.link, "q")
    assert (task.done, task.left) == (0, 2)
    assert "groups:ready is a string, not a zset; nothing was changed" in task.fault
    assert redis.hlen("{q}:x:check:inflight") == 2


def test_findings_that_a_newer_check_dropped_are_skipped(client: OmniqClient, redis: Any) -> None:
    found(client, "inflight", leak(redis, 5))
    begin_repair(client, "inflight", 5)
    redis.delete("{q}:x:check:inflight")
    work_off(client.link, lambda: finished(client))
    assert the_task(client.link, "q").reasons == (("MOVED_ON", 5),)


def test_its_end_is_recorded(client: OmniqClient, redis: Any) -> None:
    found(client, "inflight", leak(redis, 3))
    begin_repair(client, "inflight", 3)
    works = runner(client.link)
    work_off(client.link, lambda: finished(client), with_runner=works)
    works[1].now += 2
    works[0].tick()
    (entry,) = read_activity(client.link, keep=lambda _: True, size=9).entries
    assert (entry.action, entry.state, entry.queue, entry.jobs, entry.done) == ("repair", "ended", "q", 3, 3)
    assert entry.facts == {"kind": "inflight", "state": "finished", "task": "a" * 16}
