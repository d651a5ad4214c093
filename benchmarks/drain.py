"""How fast consume() drains a queue, and what it costs its own process.

The reference works one job at a time, so one consume() of it is what all of ours are compared with.
"""

from __future__ import annotations

import contextlib
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from omniq_core import OmniqClient

from .judged import Result
from .sides import Bench, reference_client

Speed = tuple[float, float]
"""Jobs a second, and CPU µs per job of this process."""


class Drained(BaseException):
    """Out of the handler of the last job: ends the loop that runs it, whichever SDK's it is."""


class Countdown:
    """A handler that takes its time, and knows when the last job ended."""

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


class Drains:
    """Runs of consume(), each on a fresh queue that is filled before."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._runs = 0

    def ours(self, workers: int, takes_s: float, jobs: int) -> Speed:
        """One run of ours."""
        client = OmniqClient(host=self._bench.server.host, port=self._bench.server.port)
        return self._run(lambda **told: client.consume(**told, concurrency=workers), workers, takes_s, jobs)

    def reference(self, takes_s: float, jobs: int) -> Speed:
        """One run of the reference."""
        return self._run(reference_client(self._bench.server).consume, 1, takes_s, jobs)

    def _run(self, consume: Callable[..., Any], workers: int, takes_s: float, jobs: int) -> Speed:
        self._runs += 1
        queue = f"drain-{self._runs}"
        self._fill(queue, jobs)
        countdown = Countdown(jobs, takes_s)

        def work() -> None:
            with contextlib.suppress(Drained):
                consume(queue=queue, handler=countdown)

        thread = threading.Thread(target=work, daemon=True)
        began, cpu = time.perf_counter(), time.process_time()
        thread.start()
        if not countdown.over.wait(timeout=120):
            raise RuntimeError("not drained within 120 s")
        took, cpu = time.perf_counter() - began, time.process_time() - cpu
        self._fill(queue, workers)  # one more job for each loop: its handler ends it
        thread.join(timeout=10)
        return jobs / took, cpu / jobs * 1e6

    def _fill(self, queue: str, jobs: int) -> None:
        self._bench.ours.publish_many(queue=queue, jobs=[{"payload": {"n": n}} for n in range(jobs)])


def drains(bench: Bench) -> Iterator[Result]:
    """Trivial jobs with 1 and 8 workers, the CPU of the former, and 5 ms handlers with 16."""
    runs = Drains(bench)
    many, few = bench.size(1_500, 60), bench.size(400, 20)
    runs.ours(1, 0.0, few)
    runs.reference(0.0, few)
    one: list[Speed] = []
    eight: list[Speed] = []
    theirs: list[Speed] = []
    for _ in range(bench.rounds):
        one.append(runs.ours(1, 0.0, many))
        theirs.append(runs.reference(0.0, few))
        eight.append(runs.ours(8, 0.0, many))
    yield _compared("drain_1", one, theirs)
    yield _compared("drain_8", eight, theirs)
    yield _compared("drain_8_to_1", eight, one)
    cpu, their_cpu = (statistics.median(cpu for _, cpu in each) for each in (one, theirs))
    yield Result("cpu", cpu, f"{cpu:.0f} µs", f"{their_cpu:.0f} µs")
    slow: list[Speed] = []
    their_slow: list[Speed] = []
    for _ in range(bench.rounds):
        slow.append(runs.ours(16, 0.005, bench.size(1_000, 60)))
        their_slow.append(runs.reference(0.005, bench.size(80, 5)))
    yield _compared("drain_16", slow, their_slow)
    bench.server.flush()


def _compared(key: str, ours: list[Speed], theirs: list[Speed]) -> Result:
    ratio = statistics.median(a / b for (a, _), (b, _) in zip(ours, theirs, strict=True))
    mine, other = (statistics.median(speed for speed, _ in each) for each in (ours, theirs))
    return Result(key, ratio, f"{mine:,.0f}/s", f"{other:,.0f}/s")
