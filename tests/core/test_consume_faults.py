"""Two consumers under faults: handlers that raise or outlast their leases, connections cut before the answer."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections import Counter
from typing import Any

import pytest

from omniq_core import JobCtx, OmniqClient
from omniq_core.scripts import script
from tests.core.cutting_proxy import CuttingProxy
from tests.core.stoppable import Stop
from tests.support.clock import wait_until
from tests.support.redis_server import RedisServer

CUT = ("ack_reserve", "ack_success", "ack_fail", "reserve", "heartbeat")
WORKERS = 4
JOBS = 600


@pytest.mark.parametrize("seed", [1, 2])
def test_every_job_comes_to_its_end_and_no_group_is_stuck(
    client: OmniqClient, redis: Any, redis_server: RedisServer, seed: int
) -> None:
    chance = random.Random(seed)
    for n in range(JOBS):
        client.publish(
            queue="q",
            payload={},
            job_id=f"j{n}",
            gid=chance.choice(("", "", "A", "B", "C")),
            group_limit=2,
            timeout_ms=400,
            backoff_ms=5,
            max_attempts=50,
        )
    proxy = CuttingProxy(redis_server.host, redis_server.port)
    over, lock, runs = threading.Event(), threading.Lock(), Counter[str]()

    class Stoppable(OmniqClient):
        def reserve(self, **arguments: Any) -> Any:
            if over.is_set():
                raise Stop
            return super().reserve(**arguments)

    def handle(ctx: JobCtx) -> None:
        with lock:
            runs[ctx.job_id] += 1
            dice, word = chance.random(), chance.choice(CUT)
        if dice < 0.02:
            proxy.cut(script(word).sha)
        elif dice < 0.05:
            raise ValueError("no luck")
        elif dice < 0.06:
            time.sleep(0.6)  # longer than the lease: the beats must keep it

    def consume() -> None:
        with contextlib.suppress(Stop), Stoppable(host="127.0.0.1", port=proxy.port) as far:
            far.consume(
                queue="q",
                handler=handle,
                concurrency=WORKERS,
                poll_interval_s=0.01,
                promote_interval_s=0.05,
                reap_interval_s=0.05,
            )

    def over_and_done() -> bool:
        left = redis.hmget("{q}:stats", "waiting_total", "active", "delayed")
        return all(int(count or 0) == 0 for count in left)

    threads = [threading.Thread(target=consume) for _ in range(2)]
    try:
        for thread in threads:
            thread.start()
        wait_until(over_and_done, timeout=40, what="the end of all jobs")
    finally:
        over.set()
        for thread in threads:
            thread.join(timeout=10)
        proxy.close()
    assert not any(thread.is_alive() for thread in threads)
    assert len(runs) == JOBS
    assert proxy.cuts > 0
    assert redis.llen("{q}:failed") == 0
    # A lease whose answer was cut ran no handler; nothing else may be leased without one.
    # A cut answer may have been that of all workers of one consumer, and each of their leases was seen by nobody.
    assert sum(runs.values()) <= int(redis.get("{q}:lease:seq")) <= sum(runs.values()) + proxy.cuts * WORKERS
