"""What a round of looks at all queues costs Redis, every 10 s, and how long the page takes that shows what they found.

    make bench-dashboard                        ends with it
    python -m benchmarks.sampling               1,000 queues, about a minute
    python -m benchmarks.sampling --part 10     a tenth of them

Limits at 1,000 queues: 80 ms of Redis's time for a round, no command over 2 ms, 80 ms for the page of all queues.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import million
from benchmarks.dashboard import Line, times_ms, visitor
from benchmarks.limits import line
from omniq_core import Background, HistorySampler, OmniqClient
from omniq_core.clock import now_ms
from tests.support.redis_server import RedisServer

ROUND_MS = 10_000
ROUNDS = 400
"""More than an hour: the last ones close minutes and hours, and the records are as long as they become."""
JUDGED = 40


def one_round(sampler: HistorySampler, begin_ms: int, names: Sequence[str]) -> None:
    """All pieces of the round of one bucket; the rests between them go by on its clock alone."""
    at = begin_ms
    while at < begin_ms + ROUND_MS:
        at += max(int(sampler.step(at, names) * 1000), 1)


def redis_ms(redis: Any) -> float:
    """How long scripts took since the last reset. What they call is in it; a round sends hardly anything else."""
    stats: dict[str, dict[str, float]] = redis.info("commandstats")
    return sum(stats[name]["usec"] for name in ("cmdstat_evalsha", "cmdstat_eval") if name in stats) / 1000


def cpu_ms(redis: Any) -> float:
    """The processor time of the server so far, which other work on the machine moves least."""
    info: dict[str, float] = redis.info("cpu")
    return (info["used_cpu_user"] + info["used_cpu_sys"]) * 1000


def measure(redis: Any, client: OmniqClient, names: Sequence[str], rounds: int, line: Line) -> None:
    """The rounds up to now, and the page that shows them."""
    sampler = HistorySampler(client.link)
    begin_ms = now_ms() // ROUND_MS * ROUND_MS - rounds * ROUND_MS
    took: list[float] = []
    busy: list[float] = []
    for nth in range(rounds):
        if nth == rounds - min(JUDGED, rounds):
            redis.config_set("slowlog-log-slower-than", 500)
            redis.slowlog_reset()
        redis.config_resetstat()
        before = cpu_ms(redis)
        one_round(sampler, begin_ms + nth * ROUND_MS, names)
        took.append(redis_ms(redis))
        busy.append(cpu_ms(redis) - before)
    judged, busy = sorted(took[-JUDGED:]), sorted(busy[-JUDGED:])
    slow = sorted(redis.slowlog_get(1_000), key=lambda entry: -entry["duration"])[:3]
    line(f"a round of {len(names):,} looks, Redis", judged[len(judged) // 2], 80, "ms")
    line("  the longest of the rounds", judged[-1], 80, "ms")
    line("  the processor time of a round", busy[len(busy) // 2], 80, "ms")
    line("  the most of them", busy[-1], 80, "ms")
    line("  the longest command", slow[0]["duration"] / 1000 if slow else 0.0, 2, "ms")
    for entry in slow:
        print(f"    {entry['duration'] / 1000:.1f} ms: {entry['command'][:110].decode(errors='replace')}")
    Background(client.link, now_ms).tick()  # the figures that the page sorts by
    http = visitor(client)
    line("the page of all of them", times_ms(lambda: http.get("/"), 25)[12], 80, "ms")


def main() -> None:
    """Prints the figures."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.sampling")
    options.add_argument("--part", type=int, default=1, help="10: a tenth of the queues and of the rounds")
    part: int = options.parse_args().part

    with tempfile.TemporaryDirectory() as folder:
        server = RedisServer(Path(folder))
        server.start()
        try:
            with OmniqClient(redis_url=server.url) as client, server.client() as redis:
                names = [f"queue-{n:04d}" for n in range(1_000 // part)]
                million.fill(redis, now_ms() - 60_000, waiting=100, failed=10, groups=5, queues=len(names))
                redis.sadd("{omniq:x}:queues", *names)
                measure(redis, client, names, max(ROUNDS // part, 2), line)
        finally:
            server.stop()


if __name__ == "__main__":
    main()
