"""How long an answer of /metrics takes with 1,000 queues, and that no job makes it longer.

    make bench-dashboard                        has it among its parts
    python -m benchmarks.metrics                1,000 queues and a million jobs, some seconds
    python -m benchmarks.metrics --part 10      a tenth of both

Limits: 300 ms for each answer, also for the first one that comes before the background has looked at any queue; 1.3
times that without the million jobs; 15 times that of a tenth of the queues; 10 ms of Redis's time; a command for each
queue and 20 more.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import million
from benchmarks.dashboard import CLIENT, Line, sent, times_ms
from benchmarks.limits import line
from dashboard import create_app
from omniq_core import Background, OmniqClient, read_overview
from omniq_core.clock import now_ms
from tests.support.redis_server import RedisServer

ROUNDS = 41
PROMETHEUS = {
    "Accept": "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    "Accept-Encoding": "gzip",
}
"""What Prometheus asks with."""


def scrape(client: OmniqClient, *queues: str) -> Callable[[], int]:
    """A reading of all queues, or of these; gives how many bytes travelled."""
    app = create_app(redis=client, background=False, secret=CLIENT, insecure=True, queues=queues or None)
    http = app.test_client()

    def get() -> int:
        answer = http.get("/metrics", headers=PROMETHEUS)
        assert answer.status_code == 200, answer.status
        return len(answer.data)

    return get


def look(client: OmniqClient, queues: int) -> None:
    """The background looks at all queues."""
    background = Background(client.link, now_ms)
    background.tick()
    while len(read_overview(client.link, now_ms()).snapshots) < queues:
        background.tick()
    background.close()


def measure(server: RedisServer, client: OmniqClient, redis: Any, names: list[str], jobs: int, line: Line) -> None:
    """Readings before the background has looked, after it, of a tenth of the queues, and with many jobs."""
    every, some = scrape(client), scrape(client, *names[: len(names) // 10])
    line("before the background has looked", times_ms(every, 5)[-1], 300, "ms")
    look(client, len(names))
    # In turn, so that whatever else the machine does meets both.
    pairs = [(times_ms(every, 1)[0], times_ms(some, 1)[0]) for _ in range(ROUNDS)]
    took = sorted(one for one, _ in pairs)
    alone = took[ROUNDS // 2]
    line(f"/metrics of {len(names):,} queues", alone, 300, "ms")
    line("  the longest of them", took[-1], 300, "ms")
    line("  beside a tenth of the queues", sorted(one / other for one, other in pairs)[ROUNDS // 2], 15, "x")
    line("  commands sent", sent(server, every), 2 * len(names) + 20, "")
    redis.config_resetstat()
    print(f"  {every():,} bytes gzipped")
    line(
        "  Redis, all of these commands",
        sum(one["usec"] for one in redis.info("commandstats").values()) / 1000,
        10,
        "ms",
    )
    million.fill(redis, now_ms() - jobs - 60_000, waiting=jobs, failed=jobs // 5, groups=100, queues=0)
    redis.sadd("{omniq:x}:queues", million.LARGE, million.SMALL)
    look(client, len(names) + 2)
    full = times_ms(every, ROUNDS)[ROUNDS // 2]
    line(f"the same with {jobs + jobs // 5:,} jobs more", full, 300, "ms")
    line("  beside that without them", full / alone, 1.3, "x")


def main() -> None:
    """Prints the figures."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.metrics")
    options.add_argument("--part", type=int, default=1, help="10: a tenth of the queues and of the jobs")
    part: int = options.parse_args().part

    with tempfile.TemporaryDirectory() as folder:
        server = RedisServer(Path(folder))
        server.start()
        try:
            with OmniqClient(redis_url=server.url) as client, server.client() as redis:
                names = [f"queue-{n:04d}" for n in range(1_000 // part)]
                for name in names:
                    client.publish_many(queue=name, jobs=[{"payload": {"n": n}, "gid": f"g{n % 3}"} for n in range(5)])
                    client.reserve(queue=name)
                redis.sadd("{omniq:x}:queues", *names)
                measure(server, client, redis, names, 1_000_000 // part, line)
        finally:
            server.stop()


if __name__ == "__main__":
    main()
