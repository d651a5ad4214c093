"""The dashboard on a Redis with 1,000,000 waiting and 200,000 failed jobs, 5,000 groups and 1,000 other queues.

    make bench-dashboard                        (about five minutes, 2 GB for its Redis)
    make bench-dashboard ARGS="--part 10"       a tenth of everything

Limits: a lane page of 50 rows, first or deep, 20 ms, 60 commands and 1.3 times the same page at 1,000 jobs; no command
over 8 ms; 10,000 retried in 3 s, another client's PING (one each ms) below 10 ms at p99; by error 300 ms after the
first reading; 64 MiB of memory after 10,000 requests. rq-dashboard stands beside it, at the same sizes.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import limits, million, rq_beside
from benchmarks.pinging import Pinger
from dashboard import create_app
from omniq_core import Background, Filter, Matching, OmniqClient, TaskRunner, failure_kinds, read_task, start_task
from omniq_core.clock import now_ms
from omniq_core.operator.cuts import Position, make_cursor
from tests.support.redis_server import RedisServer

ROUNDS, REQUESTS = 25, 10_000
CLIENT = "benchmark"
Line = Callable[[str, float, float, str], None]


def visitor(client: OmniqClient) -> Any:
    """Who opens pages, as Flask's own client."""
    return create_app(redis=client, background=False, secret=CLIENT, insecure=True).test_client()


def deep(begin_ms: int, lane: str, position: int) -> str:
    """The page that begins after this job, as a link of the pager would say it."""
    letter, kind = ("W", "n") if lane == "waiting" else ("F", "o")
    job_id = f"01KKAVN0RC{letter}{position:015d}"
    return make_cursor(kind, Position(str(begin_ms + position).encode(), job_id.encode(), b""))


def times_ms(work: Callable[[], object], rounds: int) -> list[float]:
    """How long each of the rounds took, in order of length; one before them does not count."""
    work()
    times: list[float] = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1000)
    return sorted(times)


def sent(server: RedisServer, work: Callable[[], object]) -> int:
    """How many commands clients send during `work`; those that scripts call do not count."""
    with server.client() as watching, server.client() as marking, watching.monitor() as monitor:
        work()
        marking.echo("that was all")
        count = 0
        for command in monitor.listen():
            if "that was all" in command["command"]:
                return count
            count += command["client_type"] != "lua"
    raise AssertionError("the monitor ended")


def pages(
    server: RedisServer, client: OmniqClient, begin_ms: int, sizes: dict[str, int], rounds: int, line: Line
) -> None:
    """Lane pages, first and deep, beside those of a thousand jobs."""
    http = visitor(client)

    def look(path: str) -> Callable[[], None]:
        def get() -> None:
            answer = http.get(path)
            assert answer.status_code == 200 and answer.data.count(b'class="row-check"') == 50, (path, answer.status)

        return get

    for lane in ("waiting", "failed"):
        for place, share in (("first", 0.0), ("deep", 0.5)):
            paths: list[str] = []
            for queue, count in ((million.LARGE, sizes[lane]), (million.SMALL, 1_000)):
                cursor = f"?cursor={deep(begin_ms, lane, int(count * share))}" if share else ""
                paths.append(f"/queues/{queue}/{lane}{cursor}")
            # In turn, so that whatever else the machine does meets both.
            gets = [look(path) for path in paths]
            took = [[times_ms(get, 1)[0] for get in gets] for _ in range(rounds)]
            found = [sorted(times)[rounds // 2] for times in zip(*took, strict=True)]
            line(f"{lane}, {place} page of 50", found[0], 20, "ms")
            line("  commands sent", sent(server, gets[0]), 60, "")
            line("  beside the same page at 1,000 jobs", found[0] / found[1], 1.3, "x")
    for path in ("/", "/?size=100", "/queues/" + million.LARGE + "/groups"):
        answer = http.get(path)
        if answer.status_code == 200:
            line(path, times_ms(lambda path=path: http.get(path), rounds)[rounds // 2], 80, "ms")


def by_error(client: OmniqClient, line: Line) -> None:
    """The failures by error, after the background read them."""
    background = Background(client.link, now_ms)
    began = time.perf_counter()
    while not failure_kinds(client.link, million.LARGE, now_ms=now_ms()).complete:
        time.sleep(background.tick())
    print(f"  the first reading took {time.perf_counter() - began:.1f} s")
    http = visitor(client)
    line("by error", times_ms(lambda: http.get(f"/queues/{million.LARGE}/failures"), 5)[-1], 300, "ms")


def bulk(server: RedisServer, client: OmniqClient, line: Line) -> None:
    """Retries every failure with one error, as fast as Redis bears, while another client pings."""
    wanted = Matching(Filter(q="ValueError"))
    began = time.perf_counter()
    counted = wanted.count(client.link, million.LARGE, "failed")
    while not counted.finished:
        counted = wanted.count(client.link, million.LARGE, "failed", counted)
    print(f"  {counted.count:,} of the failed jobs match, counted in {time.perf_counter() - began:.1f} s")
    pinger = Pinger(server.host, server.port, every_ms=1)
    time.sleep(0.5)
    pinger.figures()
    runner, now = TaskRunner(client.link, now_ms), now_ms()
    began = time.perf_counter()
    task = {"action": "retry", "lane": "failed", "selection": wanted, "counted": counted, "actor": CLIENT}
    start_task(client.link, million.LARGE, "b" * 16, now_ms=now, **task)  # pyright: ignore[reportArgumentType]
    while (found := read_task(client.link, million.LARGE, "b" * 16)) and found.state != "finished":
        time.sleep(runner.tick())
    took = time.perf_counter() - began
    runner.close()
    p99, longest = pinger.figures()
    pinger.close()
    assert found and found.done == counted.count
    line(f"retry of {found.done:,}", took, 3, "s")
    line("  PING of another client meanwhile, p99", p99, 10, "ms")
    print(f"  the longest of them {longest:.1f} ms")


def memory(server: RedisServer, requests: int, line: Line) -> None:
    """A process that answered that many requests."""
    child = [sys.executable, "-m", "benchmarks.many_requests", server.url, str(requests)]
    ran = subprocess.run(child, capture_output=True, text=True, check=True)
    line(f"memory after {requests:,} requests", float(ran.stdout.split()[-1]), 64, "MiB")


def main() -> None:
    """Prints the figures."""
    options = argparse.ArgumentParser(prog="make bench-dashboard")
    options.add_argument("--part", type=int, default=1, help="10: a tenth of the jobs, groups, queues and requests")
    part: int = options.parse_args().part
    sizes = {"waiting": 1_000_000 // part, "failed": 200_000 // part}
    exceeded: list[str] = []

    def line(name: str, value: float, limit: float, unit: str) -> None:
        limits.line(name, value, limit, unit)
        if value > limit:
            exceeded.append(name.strip())

    with tempfile.TemporaryDirectory() as folder:
        server = RedisServer(Path(folder))
        server.start()
        try:
            with OmniqClient(redis_url=server.url) as client, server.client() as redis:
                begin_ms = now_ms() - sizes["waiting"] - 60_000
                million.fill(redis, begin_ms, **sizes, groups=5_000 // part, queues=1_000 // part)
                redis.sadd("{omniq:x}:queues", *(f"queue-{n:04d}" for n in range(1_000 // part)))
                redis.sadd("{omniq:x}:queues", million.LARGE, million.SMALL)
                redis.config_set("slowlog-log-slower-than", 1_000)
                redis.config_set("slowlog-max-len", 10_000)
                redis.slowlog_reset()
                pages(server, client, begin_ms, sizes, max(ROUNDS // part, 1), line)
                by_error(client, line)
                bulk(server, client, line)
                memory(server, REQUESTS // part, line)
                slow = sorted(redis.slowlog_get(10_000), key=lambda entry: -entry["duration"])[:3]
                line("longest command of all that", slow[0]["duration"] / 1000 if slow else 0.0, 8, "ms")
                for entry in slow:
                    print(f"  {entry['duration'] / 1000:.1f} ms: {entry['command'][:110].decode(errors='replace')}")
        finally:
            server.stop()
    print(f"over their limit: {', '.join(exceeded) or 'none'}")
    rq_beside.measure(sizes["waiting"], sizes["failed"], 1_000 // part)


if __name__ == "__main__":
    main()
