"""The check of a queue of a million jobs: how long it takes, how long it holds Redis, what another client notices.

    make bench-dashboard                        ends with it
    python -m benchmarks.checking               a million jobs, some minutes
    python -m benchmarks.checking --part 10     a tenth of them

Limits: no command over 5 ms, PING of another client at p99 under 10 ms, progress that never goes back and says 100 %
at the end alone.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks import million
from benchmarks.pinging import Pinger
from omniq_core import CheckRunner, OmniqClient, read_health, start_check
from omniq_core.clock import now_ms
from tests.support.redis_server import RedisServer

LONGEST_MS, PING_MS = 5.0, 10.0
PING_EVERY_MS = 2.0
QUIET_S = 3.0
"""So long PINGs go alone, for comparison; a part of it when only a part is measured."""
LOOK_S = 0.1


def check(client: OmniqClient, queues: list[str]) -> list[int]:
    """Runs one as the dashboard does, in a thread of its own; the percents that a page would have shown."""
    start_check(client.link, "benchmark", queues, by="", now_ms=now_ms())
    runner, over = CheckRunner(client.link, now_ms), threading.Event()

    def run() -> None:
        while not over.is_set():
            over.wait(runner.tick())

    thread = threading.Thread(target=run)
    thread.start()
    percents: list[int] = []
    while True:
        found = read_health(client.link).check
        assert found is not None
        percents.append(found.percent)
        if found.state != "running":
            break
        time.sleep(LOOK_S)
    over.set()
    thread.join()
    return percents


def measure(redis: Any, client: OmniqClient, host: str, port: int, quiet_s: float) -> None:
    """Prints the figures of one check."""

    def line(name: str, value: float, unit: str, limit: float = 0.0) -> None:
        judged = f"at most {limit:g}  {'PASS' if value <= limit else 'OVER'}" if limit else ""
        print(f"{name:<44}{value:>12,.2f} {unit}  {judged}".rstrip(), flush=True)

    pinger = Pinger(host, port, PING_EVERY_MS)
    pinger.figures()
    time.sleep(quiet_s)
    quiet = pinger.figures()
    redis.config_set("slowlog-log-slower-than", 1_000)
    redis.config_set("slowlog-max-len", 1_000)
    redis.slowlog_reset()
    busy = cpu_s(redis)
    began = time.monotonic()
    percents = check(client, [million.LARGE, million.SMALL])
    took, busy = time.monotonic() - began, cpu_s(redis) - busy
    ping = pinger.figures()
    pinger.close()
    reports = read_health(client.link).reports
    found = sum(sum(one.found.values()) for one in reports)
    slow = sorted(redis.slowlog_get(1_000), key=lambda entry: -entry["duration"])
    line("jobs checked", sum(one.jobs for one in reports), "jobs")
    line("  that takes", took, "s")
    line("  of Redis's time", busy / took * 100, "%")
    line("  the longest command", slow[0]["duration"] / 1000 if slow else 0.0, "ms", LONGEST_MS)
    for entry in slow[:5]:
        print(f"    {entry['duration'] / 1000:.1f} ms: {entry['command'][:100]!r}")
    line("PING beside it, p99", ping[0], "ms", PING_MS)
    line("  the longest", ping[1], "ms")
    line("  p99 when nothing runs", quiet[0], "ms")
    line("findings of these sound queues", found, "", 0.5)
    line("steps back of its progress", sum(after < one for one, after in pairwise(percents)), "", 0.5)
    line("100 % before the end", sum(one == 100 for one in percents[:-1]), "", 0.5)
    assert percents[-1] == 100 and not any(one.broken or one.notes for one in reports)


def cpu_s(redis: Any) -> float:
    """The processor time of the server so far."""
    info: dict[str, float] = redis.info("cpu")
    return info["used_cpu_user"] + info["used_cpu_sys"]


def main() -> None:
    """Prints the figures."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.checking")
    options.add_argument("--part", type=int, default=1, help="10: a tenth of the jobs")
    part: int = options.parse_args().part
    with tempfile.TemporaryDirectory() as folder:
        server = RedisServer(Path(folder))
        server.start()
        try:
            with OmniqClient(redis_url=server.url) as client, server.client() as redis:
                sizes = {"waiting": 800_000 // part, "failed": 200_000 // part, "groups": max(200 // part, 1)}
                million.fill(redis, now_ms() - 3_600_000, **sizes, queues=0)
                measure(redis, client, server.host, server.port, max(QUIET_S / part, 0.1))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
