"""How fast consume() drains a queue: ours beside the reference SDK (a black box), in turn on one server.

    python -m benchmarks.drain [ROUNDS]        (starts a Redis of its own; 5 rounds unless told)

The reference works one job at a time, so one consume() of it is what all of ours are compared with.
Printed: the median of each in jobs a second, their ratio, and the CPU that each takes per job of this process.
"""

from __future__ import annotations

import contextlib
import logging
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from omniq_core import OmniqClient
from tests.support.redis_server import RedisServer

# name, workers, seconds that a handler takes, jobs for ours, jobs for the reference
SHAPES = (
    ("trivial jobs, 1 worker", 1, 0.0, 2_000, 600),
    ("trivial jobs, 8 workers", 8, 0.0, 2_000, 600),
    ("5 ms handlers, 16 workers", 16, 0.005, 2_000, 300),
)


class Drained(BaseException):
    """Out of the handler of the last job: ends the loop that runs it, whichever SDK's it is."""


class Countdown:
    """A handler that takes its time, and knows when the first job began and the last one ended."""

    def __init__(self, jobs: int, takes_s: float) -> None:
        self._left, self._takes_s = jobs, takes_s
        self._lock = threading.Lock()
        self.over = threading.Event()

    def __call__(self, _ctx: Any) -> None:
        if self._takes_s:
            time.sleep(self._takes_s)
        with self._lock:
            self._left -= 1
            if self._left <= 0:
                self.over.set()
        if self._left < 0:
            raise Drained


def drain(consume: Callable[[Countdown], None], countdown: Countdown) -> tuple[float, float]:
    """Seconds until the last job ended, and the CPU seconds of this process in them."""

    def run() -> None:
        with contextlib.suppress(Drained):
            consume(countdown)

    thread = threading.Thread(target=run, daemon=True)
    began, cpu = time.perf_counter(), time.process_time()
    thread.start()
    if not countdown.over.wait(timeout=120):
        raise RuntimeError("not drained within 120 s")
    return time.perf_counter() - began, time.process_time() - cpu


def ours(server: RedisServer, queue: str, workers: int, takes_s: float, jobs: int) -> tuple[float, float]:
    """Jobs a second and CPU µs per job of one run."""
    with OmniqClient(redis_url=server.url) as filling:
        _fill(filling, queue, jobs)
        client = OmniqClient(redis_url=server.url)
        countdown = Countdown(jobs, takes_s)
        work: Callable[[Countdown], None] = lambda handler: client.consume(  # noqa: E731
            queue=queue, handler=handler, concurrency=workers
        )
        seconds, cpu = drain(work, countdown)
        _end(filling, queue, workers)
    return jobs / seconds, cpu / jobs * 1e6


def reference(server: RedisServer, queue: str, takes_s: float, jobs: int) -> tuple[float, float]:
    """The same of the reference SDK."""
    from omniq.client import OmniqClient as ReferenceClient

    with OmniqClient(redis_url=server.url) as filling:
        _fill(filling, queue, jobs)
        countdown = Countdown(jobs, takes_s)

        def work(handler: Countdown) -> None:
            client: Any = ReferenceClient(host=server.host, port=server.port)
            client.consume(queue=queue, handler=handler)

        seconds, cpu = drain(work, countdown)
        _end(filling, queue, 1)
    return jobs / seconds, cpu / jobs * 1e6


def _fill(client: OmniqClient, queue: str, jobs: int) -> None:
    for _ in range(jobs):
        client.publish(queue=queue, payload={"n": 1})


def _end(client: OmniqClient, queue: str, workers: int) -> None:
    # One more job for each loop: its handler ends it.
    _fill(client, queue, workers)
    end = time.monotonic() + 10
    while threading.active_count() > 1 and time.monotonic() < end:
        time.sleep(0.02)


def main(rounds: int) -> None:
    """Prints one line per shape."""
    logging.disable()
    threading.excepthook = lambda _args: None
    with tempfile.TemporaryDirectory() as folder:
        server = RedisServer(Path(folder))
        server.start()
        try:
            for name, workers, takes_s, our_jobs, their_jobs in SHAPES:
                mine: list[tuple[float, float]] = []
                theirs: list[tuple[float, float]] = []
                for n in range(rounds):
                    mine.append(ours(server, f"ours-{workers}-{n}", workers, takes_s, our_jobs))
                    theirs.append(reference(server, f"theirs-{workers}-{n}", takes_s, their_jobs))
                fast, slow = (statistics.median(one[0] for one in each) for each in (mine, theirs))
                cpu, their_cpu = (statistics.median(one[1] for one in each) for each in (mine, theirs))
                print(
                    f"{name:26} ours {fast:6,.0f}/s, reference {slow:6,.0f}/s: ratio {fast / slow:5.1f}; "
                    f"CPU per job {cpu:4.0f} against {their_cpu:4.0f} µs",
                    flush=True,
                )
        finally:
            server.stop()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
