"""A hundred thousand failures at once (`long`), and a twentieth of them each time: nothing lost, nothing doubled."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from omniq_core import OmniqClient, TaskRunner, order_task
from tests.operator.bulk import begin, fill_failed, the_task
from tests.support.clock import wait_until
from tests.support.invariants import check_invariants
from tests.support.redis_server import RedisServer

SIZES = [
    pytest.param((5_000, 1_000, 20), id="6,000"),
    pytest.param((100_000, 20_000, 200), id="120,000", marks=pytest.mark.long),
]
Ids = tuple[list[str], list[str]]


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def work(client: OmniqClient, until: Callable[[], object]) -> None:
    works = TaskRunner(client.link, now_ms)
    while not until():
        time.sleep(works.tick())
    works.close()


def is_at(client: OmniqClient, share: float) -> bool:
    task = the_task(client.link, "q")
    return task.done >= share * task.total


def finished(client: OmniqClient) -> bool:
    return the_task(client.link, "q").state == "finished"


def listed(redis: Any, name: str) -> list[str]:
    return [raw.decode() for raw in redis.lrange(f"{{q}}:{name}", 0, -1)]


def is_sound(redis: Any, ids: Ids, groups: int, done: int) -> None:
    """`done` jobs wait, the oldest failures first, each kind in its order; the rest failed, as it stood."""
    plain, grouped = ids
    waits = {n: listed(redis, f"g:group-{n}:wait") for n in range(groups)}
    ungrouped, failed = listed(redis, "wait"), listed(redis, "failed")[::-1]
    assert len(ungrouped) + sum(map(len, waits.values())) == done
    assert ungrouped == plain[: len(ungrouped)]
    for n, waiting in waits.items():
        assert waiting == grouped[n::groups][: len(waiting)]
    taken = {*ungrouped, *(job_id for waiting in waits.values() for job_id in waiting)}
    in_order = sorted([*plain, *grouped], key=lambda job_id: job_id[1:])
    assert failed == [job_id for job_id in in_order if job_id not in taken]
    assert in_order[:done] == sorted(taken, key=lambda job_id: job_id[1:])
    check_invariants(redis, "q")


@pytest.mark.parametrize("size", SIZES)
def test_cancelled_at_a_third_and_gone_on_with(client: OmniqClient, redis: Any, size: tuple[int, int, int]) -> None:
    ids = fill_failed(redis, *size)
    total = size[0] + size[1]
    assert begin(client.link, "q", "retry", "failed", now_ms=now_ms()).count == total
    work(client, lambda: is_at(client, 0.3))
    order_task(client.link, "q", "a" * 16, "cancel", now_ms=now_ms())
    task = the_task(client.link, "q")
    assert (task.state, task.total) == ("stopped", total)
    assert 0.3 * total <= task.done < 0.4 * total
    is_sound(redis, ids, size[2], task.done)
    order_task(client.link, "q", "a" * 16, "resume", now_ms=now_ms())
    work(client, lambda: finished(client))
    assert (the_task(client.link, "q").done, the_task(client.link, "q").skipped) == (total, 0)
    is_sound(redis, ids, size[2], total)


@pytest.mark.parametrize("size", SIZES)
def test_the_runner_is_killed_and_another_process_goes_on(
    client: OmniqClient, redis: Any, redis_server: RedisServer, child: Any, size: tuple[int, int, int]
) -> None:
    ids = fill_failed(redis, *size)
    total = size[0] + size[1]
    begin(client.link, "q", "retry", "failed", now_ms=now_ms())
    process = child("tests.operator.runner_child", redis_server.url, 1_000)
    wait_until(lambda: is_at(client, 0.3), timeout=60)
    process.send_signal(signal.SIGKILL)
    process.wait()
    task = the_task(client.link, "q")
    assert (task.state, task.skipped) == ("running", 0)
    is_sound(redis, ids, size[2], task.done)
    work(client, lambda: finished(client))
    assert (the_task(client.link, "q").done, the_task(client.link, "q").skipped) == (total, 0)
    is_sound(redis, ids, size[2], total)


@pytest.mark.parametrize("size", SIZES)
def test_while_a_reference_worker_runs_them_and_some_fail_again(
    client: OmniqClient, redis: Any, redis_server: RedisServer, child: Any, size: tuple[int, int, int]
) -> None:
    plain, grouped = fill_failed(redis, *size)
    total = size[0] + size[1]
    begin(client.link, "q", "retry", "failed", now_ms=now_ms())
    worker = child("tests.operator.reference_worker", redis_server.port)
    work(client, lambda: finished(client))
    task = the_task(client.link, "q")
    assert (task.done, task.skipped) == (total, 0)
    wait_until(lambda: redis.llen("started") >= min(total, 300), timeout=60)
    worker.send_signal(signal.SIGTERM)
    worker.wait()
    started = [raw.decode() for raw in redis.lrange("started", 0, -1)]
    assert len(started) == len(set(started))
    failed = listed(redis, "failed")
    assert sorted(failed) == sorted(job_id for job_id in started if job_id.endswith("7"))
    waits = _waiting(redis, size[2])
    assert sorted([*started, *waits]) == sorted([*plain, *grouped])


def _waiting(redis: Any, groups: int) -> Sequence[str]:
    lists = ("wait", *(f"g:group-{n}:wait" for n in range(groups)))
    return [job_id for name in lists for job_id in listed(redis, name)]
