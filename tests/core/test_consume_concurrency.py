"""consume(concurrency=N): so many at a time and no more, groups and leases kept, one thread for all beats."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest

from omniq_core import JobCtx, OmniqClient
from tests.core.stoppable import Stop
from tests.support.clock import wait_until
from tests.support.factories import delay_jobs, lease_jobs, publish_jobs

T = 1_750_000_000_000


def _completed(redis: Any) -> int:
    return int(redis.llen("{q}:completed"))


def test_so_many_jobs_run_at_once_and_no_more(client: OmniqClient, redis: Any, work: Callable[..., None]) -> None:
    publish_jobs(client, "q", 12, now_ms=T)
    together, most, lock = set[str](), [0], threading.Lock()
    four = threading.Event()

    def handle(ctx: JobCtx) -> None:
        with lock:
            together.add(ctx.job_id)
            most[0] = max(most[0], len(together))
            if len(together) == 4:
                four.set()
        assert four.wait(timeout=15)  # nobody ends before four have begun
        with lock:
            together.discard(ctx.job_id)

    work(handle, lambda: _completed(redis) == 12, concurrency=4)
    assert most == [4]


def test_groups_keep_their_order_and_their_limit(client: OmniqClient, redis: Any, work: Callable[..., None]) -> None:
    client.publish(queue="q", payload={}, job_id="c0", gid="C", group_limit=2, now_ms_override=T)
    for n in range(15):
        for gid in ("A", "B", "C"):
            client.publish(queue="q", payload={}, job_id=f"{gid}{n + 1}", gid=gid, now_ms_override=T + n + 1)
    began: dict[str, list[str]] = defaultdict(list)
    running: dict[str, int] = defaultdict(int)
    most: dict[str, int] = defaultdict(int)
    lock = threading.Lock()

    def handle(ctx: JobCtx) -> None:
        with lock:
            began[ctx.gid].append(ctx.job_id)
            running[ctx.gid] += 1
            most[ctx.gid] = max(most[ctx.gid], running[ctx.gid])
        threading.Event().wait(0.002)
        with lock:
            running[ctx.gid] -= 1

    work(handle, lambda: _completed(redis) == 46, concurrency=6)
    assert began["A"] == [f"A{n}" for n in range(1, 16)]
    assert began["B"] == [f"B{n}" for n in range(1, 16)]
    assert (most["A"], most["B"]) == (1, 1)
    assert most["C"] <= 2


def test_deviation_10_one_thread_beats_all_short_leases(
    client: OmniqClient, redis: Any, work: Callable[..., None]
) -> None:
    publish_jobs(client, "q", 5, now_ms=T, timeout_ms=240)
    runs: list[str] = []
    threads: list[str] = []
    every_beat = threading.Event()

    def handle(ctx: JobCtx) -> None:
        runs.append(ctx.job_id)
        first = ctx.lock_until_ms
        # Three whole timeouts later the lease must still be this one.
        wait_until(lambda: redis.zscore("{q}:active", ctx.job_id) > first + 720, what="the lease to move on")
        threads.extend(thread.name for thread in threading.enumerate() if "keeper" in thread.name)
        every_beat.set()

    work(handle, lambda: _completed(redis) == 5, concurrency=5, reap_interval_s=0.02)
    assert sorted(runs) == [f"job-{n}" for n in range(1, 6)]
    assert set(threads) == {"omniq-keeper-q"}
    assert len(threads) == 5


def test_deviation_10_the_first_beat_comes_at_once(client: OmniqClient, redis: Any, work: Callable[..., None]) -> None:
    publish_jobs(client, "q", ["j"], now_ms=T, timeout_ms=3_600_000)

    def handle(ctx: JobCtx) -> None:
        wait_until(lambda: redis.zscore("{q}:active", "j") > ctx.lock_until_ms, what="the first beat")

    work(handle, lambda: _completed(redis) == 1)
    assert redis.hget("{q}:job:j", "attempt") == b"1"


def test_a_single_long_handler_keeps_nobody_waiting(client: OmniqClient, redis: Any, work: Callable[..., None]) -> None:
    publish_jobs(client, "q", ["long"], now_ms=T)

    def handle(ctx: JobCtx) -> None:
        if ctx.job_id != "long":
            return
        lease_jobs(client, "q", ["dead"], now_ms=T, max_attempts=1)
        delay_jobs(client, "q", ["due"], now_ms=T, due_ms=T + 5)
        wait_until(lambda: redis.lrange("{q}:failed", 0, -1) == [b"dead"], what="the reaping")
        wait_until(lambda: redis.lrange("{q}:wait", 0, -1) == [b"due"], what="the promotion")

    work(handle, lambda: _completed(redis) == 2, promote_interval_s=0.02, reap_interval_s=0.02)
    assert redis.lrange("{q}:completed", 0, -1) == [b"due", b"long"]


def test_a_handler_that_does_not_return_is_said_once_and_the_others_go_on(
    client: OmniqClient, redis: Any, work: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    publish_jobs(client, "q", ["stuck", "a", "b"], now_ms=T, timeout_ms=90)
    release = threading.Event()

    def told() -> list[str]:
        return [record.message for record in caplog.records if "runs for" in record.message]

    def until() -> bool:
        wait_until(lambda: redis.lrange("{q}:completed", 0, -1) == [b"b", b"a"], what="the other jobs")
        wait_until(told, what="the line about the long handler")
        lock = redis.zscore("{q}:active", "stuck")
        wait_until(lambda: redis.zscore("{q}:active", "stuck") > lock + 90, what="further beats")
        release.set()
        wait_until(lambda: _completed(redis) == 3)
        return True

    def handle(ctx: JobCtx) -> None:
        if ctx.job_id == "stuck":
            assert release.wait(timeout=10)

    try:
        work(handle, until, concurrency=2)
    finally:
        release.set()
    assert len(told()) == 1
    assert told()[0].startswith("q: job 'stuck' runs for ")
    assert redis.hget("{q}:job:stuck", "attempt") == b"1"


def test_idle_workers_ask_no_more_often_than_one(client: OmniqClient, redis: Any, work: Callable[..., None]) -> None:
    redis.config_resetstat()
    began = time.monotonic()
    work(
        lambda _: None,
        lambda: time.monotonic() > began + 0.5,
        concurrency=16,
        poll_interval_s=0.1,
        promote_interval_s=60,
        reap_interval_s=60,
    )
    # Sixteen workers apart would ask sixteen times as often as this.
    most = 2 * (time.monotonic() - began) / 0.1 + 5
    assert 1 <= redis.info("commandstats")["cmdstat_evalsha"]["calls"] <= most


def test_what_ends_one_worker_ends_consume_after_the_jobs_of_the_others(client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, "q", ["ends", "runs", "waits"], now_ms=T)
    began = threading.Event()
    ending: list[threading.Thread] = []

    def handle(ctx: JobCtx) -> None:
        if ctx.job_id == "ends":
            assert began.wait(timeout=10)
            ending.append(threading.current_thread())
            raise Stop
        began.set()
        wait_until(lambda: ending and not ending[0].is_alive(), what="the end of the other worker")

    with pytest.raises(Stop):
        client.consume(queue="q", handler=handle, concurrency=2, promote_interval_s=60, reap_interval_s=60)
    assert redis.lrange("{q}:completed", 0, -1) == [b"runs"]
    assert redis.lrange("{q}:wait", 0, -1) == [b"waits"]  # the ack of the last job did not bring it along
    assert redis.zrange("{q}:active", 0, -1) == [b"ends"]


@pytest.mark.parametrize("workers", [0, -1])
def test_there_is_at_least_one_worker(client: OmniqClient, workers: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        client.consume(queue="q", handler=lambda _: None, concurrency=workers)
