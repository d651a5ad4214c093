"""Other queues on Redis from PyPI: publishing one by one, and one worker that drains trivial jobs.

Each is used as its own introduction shows, with one worker in the process and no results kept where that can be said.
They promise other things than OmniQ does (groups, leases, a failed lane), so this is an order of magnitude, no race.
A run is a process of its own: `python -m benchmarks.peers NAME HOST PORT JOBS`.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import logging
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from . import peer_jobs
from .sides import Bench

Times = tuple[float, float]
"""Seconds of publishing all jobs, and of draining them."""


def run_omniq_core(host: str, port: int, jobs: int) -> Times:
    """Ours."""
    from omniq_core import OmniqClient

    return _omniq(OmniqClient(host=host, port=port), jobs)


def run_omniq(host: str, port: int, jobs: int) -> Times:
    """The reference SDK."""
    from omniq.client import OmniqClient

    return _omniq(OmniqClient(host=host, port=port), jobs)


def _omniq(client: Any, jobs: int) -> Times:
    client.publish(queue="warm", payload={})
    publishing = _timed(lambda: [client.publish(queue="peers", payload={"n": n}) for n in range(jobs)])
    work = threading.Thread(target=client.consume, kwargs={"queue": "peers", "handler": peer_jobs.nothing}, daemon=True)
    return publishing, _timed(lambda: (work.start(), _wait(jobs)))


def run_rq(host: str, port: int, jobs: int) -> Times:
    """rq, with the worker that does not fork."""
    import redis
    from rq import Queue, SimpleWorker

    connection = redis.Redis(host=host, port=port)
    queue = Queue("peers", connection=connection)
    publishing = _timed(lambda: [queue.enqueue(peer_jobs.nothing, n, result_ttl=0) for n in range(jobs)])
    worker = SimpleWorker([queue], connection=connection)
    return publishing, _timed(lambda: worker.work(burst=True, logging_level="ERROR"))


def run_huey(host: str, port: int, jobs: int) -> Times:
    """huey, with one worker thread."""
    from huey import RedisHuey

    queue = RedisHuey("peers", host=host, port=port, results=False)
    task = queue.task()(peer_jobs.nothing)
    publishing = _timed(lambda: [task(n) for n in range(jobs)])
    consumer = queue.create_consumer(workers=1, periodic=False, check_worker_health=False)
    drained = _timed(lambda: (consumer.start(), _wait(jobs)))
    consumer.stop(graceful=True)
    return publishing, drained


def run_saq(host: str, port: int, jobs: int) -> Times:
    """saq, one job at a time."""
    from saq import Queue, Worker

    async def go() -> Times:
        queue = Queue.from_url(f"redis://{host}:{port}")
        await queue.connect()
        began = time.perf_counter()
        for n in range(jobs):
            await queue.enqueue("nothing_async", n=n, ttl=-1)
        publishing = time.perf_counter() - began
        worker = Worker(queue, functions=[peer_jobs.nothing_async], concurrency=1)
        running = asyncio.create_task(worker.start())
        drained = await _until_done(jobs)
        await worker.stop()
        running.cancel()
        return publishing, drained

    return asyncio.run(go())


def run_bullmq(host: str, port: int, jobs: int) -> Times:
    """bullmq, one job at a time."""
    from bullmq import Queue, Worker

    async def go() -> Times:
        options: Any = {"connection": f"redis://{host}:{port}"}
        queue = Queue("peers", options)
        await queue.add("warm", {})
        began = time.perf_counter()
        for n in range(jobs):
            await queue.add("nothing", {"n": n})
        publishing = time.perf_counter() - began
        began = time.perf_counter()
        worker = Worker("peers", peer_jobs.nothing_async, {**options, "concurrency": 1})
        await _until_done(jobs + 1)
        drained = time.perf_counter() - began
        await worker.close(True)
        await queue.close()
        return publishing, drained

    return asyncio.run(go())


RUNS: dict[str, Callable[[str, int, int], Times]] = {
    "omniq-dashboard": run_omniq_core,
    "omniq": run_omniq,
    "rq": run_rq,
    "huey": run_huey,
    "saq": run_saq,
    "bullmq": run_bullmq,
}


def compare(bench: Bench) -> None:
    """A line for each: jobs a second, and how many times as fast ours is."""
    jobs = bench.size(1_000, 20)
    times: dict[str, list[Times]] = {name: [] for name in RUNS if _installed(name)}
    for _ in range(max(1, bench.rounds // 3)):
        for name in times:
            bench.server.flush()
            command = [
                sys.executable,
                "-m",
                "benchmarks.peers",
                name,
                bench.server.host,
                str(bench.server.port),
                str(jobs),
            ]
            said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout
            publishing, drained = said.split()[-2:]
            times[name].append((float(publishing), float(drained)))
    print(f"\n{'one by one, 1 worker, trivial jobs':<36} {'publish':>10} {'ours is':>9} {'drain':>10} {'ours is':>9}")
    ours = times["omniq-dashboard"]
    for name, each in times.items():
        speeds = [jobs / statistics.median(column) for column in zip(*each, strict=True)]
        faster = [
            statistics.median(theirs[at] / mine[at] for mine, theirs in zip(ours, each, strict=True)) for at in (0, 1)
        ]
        label = f"{name} {importlib.metadata.version(name)}"
        print(
            f"{label:<36} {speeds[0]:>8,.0f}/s {faster[0]:>8.1f}x {speeds[1]:>8,.0f}/s {faster[1]:>8.1f}x", flush=True
        )


def _installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _wait(jobs: int) -> None:
    while peer_jobs.done < jobs:
        time.sleep(0.002)


async def _until_done(jobs: int) -> float:
    began = time.perf_counter()
    while peer_jobs.done < jobs:
        await asyncio.sleep(0.002)
    return time.perf_counter() - began


def main(name: str, host: str, port: int, jobs: int) -> None:
    """One run; says both times."""
    logging.disable()
    print(*RUNS[name](host, port, jobs), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
