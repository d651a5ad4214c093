"""Retries and removals of 100 jobs spread over a long failed lane: ours beside the reference, on a Redis of their own.

    python -m benchmarks.long_lists [COUNT ...]        (default 100000 400000; needs the reference: pip install omniq)

Prints for each case the slowest script (Redis's own clock, SLOWLOG) and the ratio of the two. Redis serves nobody else
meanwhile, so the slowest script is what every other client waits for.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from omniq_core import OmniqClient
from tests.core.long_lane import T, fill
from tests.support.redis_server import RedisServer

Scores = Callable[[int], int]
ORDERS: dict[str, Scores] = {
    "one failure per ms": lambda position: T + position,
    "50 failures per ms": lambda position: T + position // 50,
    "all in one ms": lambda _: T,
}
ROUNDS = 3


def slowest_ms(redis: Any, work: Callable[[], object]) -> float:
    """How long the slowest command of `work` held Redis, in ms."""
    redis.slowlog_reset()
    work()
    return max((entry["duration"] for entry in redis.slowlog_get(128)), default=0) / 1000


def take(client: Any, operation: str, ids: list[str]) -> None:
    """Retries or removes those failed jobs in one batch."""
    if operation == "retry":
        client.retry_failed_batch(queue="q", job_ids=ids)
    else:
        client.remove_jobs_batch(queue="q", lane="failed", job_ids=ids)


def measure(client: Any, redis: Any, count: int, scores: Scores, operation: str) -> list[float]:
    """The slowest script of each round; a round takes 100 fresh ids, spread evenly."""
    redis.flushall()
    ids = [f"job-{n * 7919 % count}" for n in range(count)]  # no order that an index could know
    fill(redis, "failed", ids, scores)
    times: list[float] = []
    for turn in range(ROUNDS):
        chosen = ids[turn + count // 200 :: count // 100][:100]
        times.append(slowest_ms(redis, partial(take, client, operation, chosen)))
    return times


def main(counts: list[int]) -> None:
    """Prints one line per case."""
    from omniq.client import OmniqClient as Reference

    with tempfile.TemporaryDirectory() as folder:
        server = RedisServer(Path(folder))
        server.start()
        try:
            redis = server.client(socket_timeout=60)
            redis.config_set("slowlog-log-slower-than", 0)
            ours = OmniqClient(redis=redis)
            theirs = Reference(host=server.host, port=server.port)
            print(f"{'failed jobs':>11}  {'order':<20} {'100 ids':<8} {'ours ms':>9} {'reference ms':>13} {'ratio':>7}")
            for count in counts:
                for order, scores in ORDERS.items():
                    for operation in ("retry", "remove"):
                        mine = max(measure(ours, redis, count, scores, operation))
                        other = max(measure(theirs, redis, count, scores, operation))
                        case = f"{count:>11}  {order:<20} {operation:<8}"
                        print(f"{case} {mine:>9.1f} {other:>13.1f} {other / mine:>6.0f}x", flush=True)
        finally:
            server.stop()


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [100_000, 400_000])
