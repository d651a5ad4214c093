"""200,000 failed jobs by error: how long the first reading takes, what others feel of it, and a page after that.

    python -m benchmarks.by_error        (starts a Redis of its own; aims: a page in 300 ms, no script over 8 ms)

The background of one process does the reading, as it does in the dashboard; another client sends PING all the while.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.pinging import Pinger
from dashboard import create_app
from omniq_core import Background, OmniqClient, failure_kinds
from omniq_core.clock import now_ms
from tests.support.redis_server import RedisServer

JOBS, QUEUE = 200_000, "payments"
LOOKS = 20


def error(n: int) -> str:
    """One of eight kinds, with details that differ from job to job."""
    return (
        f"ConnectionError: HTTPSConnectionPool(host='api{n % 9}.paygate.example', port=443): Max retries exceeded with "
        f"url: /v2/charges/ch_{n:x}Qm/capture (Caused by ConnectTimeoutError: timed out after 10.{n % 10} s)",
        f"context deadline exceeded: POST https://ledger.example/v2/{n} ({n % 9_000} ms)\ngoroutine {n} [running]:\n",
        f"TypeError: Cannot read properties of undefined (reading 'amount')\n    at capture (/app/pay.js:{n % 90}:31)",
        f"ValueError: no such account acct_{n:x}{n % 10}",
        f"KeyError: 'user_{n}'",
        f"SMTPRecipientsRefused: 550 5.1.1 mailbox user{n}@contoso.example does not exist",
        f"OSError: [Errno 28] No space left on device: '/scratch/{n:x}.tmp'",
        f"bulk index: 409 version_conflict: document products/{n} has a newer version",
    )[n % 8]


def fill(redis: Any, begin_ms: int) -> None:
    """The failed lane, a millisecond between two jobs; errors of 1 to 2 KB, as with a traceback."""
    pipe = redis.pipeline(transaction=False)
    trace = "\nTraceback (most recent call last):\n" + '  File "/srv/app/worker.py", line 10, in run\n' * 30
    for n in range(JOBS):
        job, at = f"01KKAVN0RC{n:016d}", begin_ms + n
        fields = {"id": job, "state": "failed", "payload": "{}", "attempt": 1, "max_attempts": 1, "timeout_ms": 30_000}
        fields |= {"last_started_ms": at, "failed_ms": at + 5, "last_error_ms": at + 5, "last_error": error(n) + trace}
        pipe.hset(f"{{{QUEUE}}}:job:{job}", mapping=fields)
        pipe.lpush(f"{{{QUEUE}}}:failed", job)
        pipe.zadd(f"{{{QUEUE}}}:idx:failed", {job: at + 5})
        if n % 5_000 == 4_999:
            pipe.execute()
    pipe.execute()


def read_all(client: OmniqClient, server: RedisServer) -> None:
    """Lets the background read, and prints what it took and what another process felt of it."""
    longest: list[float] = []
    background, pinger = Background(client.link, now_ms), Pinger(server.host, server.port)
    pinger.longest_ms()
    began, cpu = time.perf_counter(), time.process_time()
    while not failure_kinds(client.link, QUEUE, now_ms=now_ms()).complete:
        until = time.perf_counter() + 0.5
        while time.perf_counter() < until:
            time.sleep(background.tick())
        longest.append(pinger.longest_ms())
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    pinger.close()
    print(f"read {JOBS:,} errors in {took:.1f} s, {cpu:.1f} s of them at work")
    print(
        f"longest PING of another process in half a second: median {median(longest):.1f} ms, most {max(longest):.1f} ms"
    )


def look(client: OmniqClient, path: str) -> None:
    """Prints what a page takes: the median, the longest, and its size."""
    visitor = create_app(redis=client, background=False, secret="benchmark", insecure=True).test_client()
    times: list[float] = []
    size = 0
    for _ in range(LOOKS):
        began = time.perf_counter()
        page = visitor.get(path)
        times.append((time.perf_counter() - began) * 1000)
        assert page.status_code == 200, page.status
        size = len(page.data)
    times.sort()
    print(f"{path}: {times[LOOKS // 2]:.1f} ms, longest {times[-1]:.1f} ms, {size / 1024:.0f} KB")


def main() -> None:
    """Prints the figures."""
    with tempfile.TemporaryDirectory() as folder:
        server = RedisServer(Path(folder))
        server.start()
        try:
            with OmniqClient(redis_url=server.url) as client, server.client() as redis:
                fill(redis, now_ms() - JOBS)
                before = redis.info("memory")["used_memory"]
                redis.config_set("slowlog-log-slower-than", 1_000)
                redis.slowlog_reset()
                read_all(client, server)
                slow = [entry["duration"] / 1000 for entry in redis.slowlog_get(1_000)]
                after = redis.info("memory")["used_memory"]
                print(
                    f"longest command {max(slow, default=0):.1f} ms; the index takes {(after - before) / 2**20:.1f} MiB"
                )
                found = failure_kinds(client.link, QUEUE, now_ms=now_ms())
                print(f"{len(found.kinds)} kinds, {found.grouped:,} of {found.total:,} jobs")
                for path in ("failures", f"failures/{found.kinds[0].digest}", "failures?range=7d&sort=last"):
                    look(client, f"/queues/{QUEUE}/{path}")
        finally:
            server.stop()


if __name__ == "__main__":
    main()
