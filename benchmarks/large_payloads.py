"""Lists of 25 jobs with 5 MB each, and the page of one: time, size, and how long Redis was held for it.

    python -m benchmarks.large_payloads [MEGABYTES]        (default 5; starts a Redis of its own)

For comparison: the same 25 payloads read with HGET in one pipeline, which is what a list that ships payloads does.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dashboard import create_app
from omniq_core import OmniqClient
from tests.support.factories import complete_jobs, delay_jobs, fail_jobs, lease_jobs, publish_jobs
from tests.support.redis_server import RedisServer

NOW = 1_750_000_000_000
ROUNDS = 20


def fill(client: OmniqClient, size: int) -> None:
    """25 jobs of `size` bytes in each lane of the queue named after it."""
    payload = {"text": "x" * size}
    complete_jobs(client, "completed", 25, now_ms=NOW, payload=payload)
    fail_jobs(client, "failed", 25, now_ms=NOW, payload=payload)
    lease_jobs(client, "active", 25, now_ms=NOW, payload=payload)
    publish_jobs(client, "waiting", 25, now_ms=NOW, payload=payload)
    delay_jobs(client, "delayed", 25, now_ms=NOW, due_ms=NOW + 1_000, payload=payload)


def median_ms(work: Callable[[], object]) -> float:
    """The median time of ROUNDS runs, in ms, after one that does not count."""
    work()
    times: list[float] = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        work()
        times.append((time.perf_counter() - begun) * 1000)
    return sorted(times)[ROUNDS // 2]


def held_ms(redis: Any, work: Callable[[], object]) -> float:
    """The slowest command of `work` by Redis's own clock, in ms."""
    redis.slowlog_reset()
    work()
    return max((entry["duration"] for entry in redis.slowlog_get(128)), default=0) / 1000


def main(megabytes: float) -> None:
    """Prints one line per page."""
    with tempfile.TemporaryDirectory() as folder:
        server = RedisServer(Path(folder))
        server.start()
        try:
            with OmniqClient(redis_url=server.url) as client, server.client() as redis:
                redis.config_set("slowlog-log-slower-than", 0)
                fill(client, int(megabytes * 1_000_000))
                report(client, redis)
        finally:
            server.stop()


def report(client: OmniqClient, redis: Any) -> None:
    """Measures every page."""
    app = create_app(redis=client, clock=lambda: NOW, secret="x", insecure=True, background=False)
    http = app.test_client()
    paths = [f"/queues/{lane}/{lane}" for lane in ("waiting", "active", "delayed", "failed", "completed")]
    paths += ["/queues/failed/jobs/job-1", "/queues/failed/jobs/job-1?show=all"]
    print(f"{'page':<42}{'median ms':>10}{'bytes':>12}{'Redis held ms':>15}")
    for path in paths:
        size = len(http.get(path).data)
        held = held_ms(redis, lambda path=path: http.get(path))
        print(f"{path:<42}{median_ms(lambda path=path: http.get(path)):>10.1f}{size:>12,}{held:>15.2f}")

    def all_payloads() -> None:
        pipe = redis.pipeline(transaction=False)
        for n in range(1, 26):
            pipe.hget(f"{{waiting}}:job:job-{n}", "payload")
        pipe.execute()

    begun = time.perf_counter()
    all_payloads()
    print(f"{'25 payloads by HGET, no page':<42}{(time.perf_counter() - begun) * 1000:>10.1f}")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 5)
