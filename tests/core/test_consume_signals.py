"""consume() in a real process: what SIGTERM and SIGINT do to a running handler."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from omniq_core import OmniqClient
from omniq_core.operator.consumers import consumers_call, parse_consumers
from tests.support.clock import wait_until
from tests.support.redis_server import RedisServer

ROOT = Path(__file__).parents[2]
CHILD = (sys.executable, "-m", "tests.core.consuming_child")


class Child:
    """The worker process and the lines it has said so far."""

    def __init__(self, url: str, drain: bool, workers: int) -> None:
        self.process = subprocess.Popen(
            [*CHILD, url, "q", "drain" if drain else "at-once", str(workers)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as out:
            self.lines.extend(line.rstrip("\n") if line else "" for line in iter(out.readline, ""))

    def says(self, line: str) -> None:
        wait_until(lambda: line in self.lines, timeout=10, what=f"{line!r} (said: {self.lines})")

    def ends(self) -> int:
        code = self.process.wait(timeout=30)
        self._reader.join(timeout=15)
        return code

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(timeout=15)
        self._reader.join(timeout=15)


@pytest.fixture
def start(redis_server: RedisServer, redis: Any) -> Iterator[Callable[..., Child]]:
    """Starts workers of queue q; those still running at the end are ended."""
    children: list[Child] = []

    def begin(*, drain: bool = True, workers: int = 1) -> Child:
        children.append(Child(redis_server.url, drain, workers))
        return children[-1]

    yield begin
    for child in children:
        child.stop()


@pytest.fixture
def two_jobs(client: OmniqClient) -> OmniqClient:
    for job_id in ("first", "second"):
        client.publish(queue="q", payload={}, job_id=job_id)
    return client


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_first_signal_lets_the_running_job_finish(
    start: Callable[..., Child], two_jobs: OmniqClient, redis: Any, number: signal.Signals
) -> None:
    child = start()
    child.says("began first")
    child.process.send_signal(number)
    redis.set("release", "1")
    assert child.ends() == 0
    assert child.lines == ["ready", "began first", "ended first", "left, handlers restored"]
    assert redis.lrange("{q}:completed", 0, -1) == [b"first"]
    assert redis.lrange("{q}:wait", 0, -1) == [b"second"]


def test_a_second_sigint_leaves_at_once_and_the_job_to_the_reaper(
    start: Callable[..., Child], two_jobs: OmniqClient, redis: Any
) -> None:
    child = start()
    child.says("began first")
    child.process.send_signal(signal.SIGINT)
    # Two of the same signal at once count as one: the handler must have gone round its loop in between.
    asked = _asked(redis)
    wait_until(lambda: _asked(redis) > asked + 2, what="the handler's next looks")
    child.process.send_signal(signal.SIGINT)
    assert child.ends() == 0
    assert child.lines == ["ready", "began first", "left, handlers restored"]
    assert redis.zrange("{q}:active", 0, -1) == [b"first"]


def test_without_drain_sigint_leaves_at_once(start: Callable[..., Child], two_jobs: OmniqClient, redis: Any) -> None:
    child = start(drain=False)
    child.says("began first")
    child.process.send_signal(signal.SIGINT)
    assert child.ends() == 0
    assert child.lines[-1] == "left, handlers restored"
    assert redis.zrange("{q}:active", 0, -1) == [b"first"]


def test_without_drain_sigterm_still_lets_the_job_finish(
    start: Callable[..., Child], two_jobs: OmniqClient, redis: Any
) -> None:
    child = start(drain=False)
    child.says("began first")
    child.process.send_signal(signal.SIGTERM)
    redis.set("release", "1")
    assert child.ends() == 0
    assert redis.lrange("{q}:completed", 0, -1) == [b"first"]


def test_an_idle_worker_leaves_soon(start: Callable[..., Child], redis: Any) -> None:
    redis.config_resetstat()  # other tests have asked this server, too
    child = start()
    child.says("ready")
    wait_until(lambda: redis.info("commandstats").get("cmdstat_evalsha", {}).get("calls", 0) > 3)
    child.process.send_signal(signal.SIGTERM)
    assert child.ends() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_first_signal_lets_all_running_jobs_finish(
    start: Callable[..., Child], client: OmniqClient, redis: Any, number: signal.Signals
) -> None:
    for n in range(4):
        client.publish(queue="q", payload={}, job_id=f"j{n}")
    child = start(workers=3)
    for n in range(3):
        child.says(f"began j{n}")
    child.process.send_signal(number)
    _let_it_notice(redis, workers=3)
    redis.set("release", "1")
    assert child.ends() == 0
    assert child.lines[-1] == "left, handlers restored"
    assert sorted(redis.lrange("{q}:completed", 0, -1)) == [b"j0", b"j1", b"j2"]
    assert redis.lrange("{q}:wait", 0, -1) == [b"j3"]


def test_a_second_sigint_leaves_all_running_jobs_to_the_reaper(
    start: Callable[..., Child], two_jobs: OmniqClient, redis: Any
) -> None:
    child = start(workers=2)
    child.says("began first")
    child.says("began second")
    child.process.send_signal(signal.SIGINT)
    _let_it_notice(redis, workers=2)
    child.process.send_signal(signal.SIGINT)
    assert child.ends() == 0
    assert child.lines[-1] == "left, handlers restored"
    assert sorted(redis.zrange("{q}:active", 0, -1)) == [b"first", b"second"]


def test_a_sigkill_leaves_the_jobs_to_the_reaper(start: Callable[..., Child], client: OmniqClient, redis: Any) -> None:
    client.publish(queue="q", payload={}, job_id="j", timeout_ms=300, backoff_ms=0)
    child = start(workers=2)
    child.says("began j")
    wait_until(lambda: len(redis.keys("{q}:x:consumer:*")) == 1, what="what it says of itself")
    (record,) = redis.keys("{q}:x:consumer:*")
    child.process.kill()
    child.process.wait(timeout=15)
    assert 0 < redis.pttl(record) <= 15_000
    redis.pexpire(record, 1)  # those 15 s
    redis.set("release", "1")
    other = start()
    other.says("ended j")
    wait_until(lambda: _announced(client) == [other.process.pid], what="the one that lives, alone")
    wait_until(lambda: redis.lrange("{q}:completed", 0, -1) == [b"j"])
    assert redis.hget("{q}:job:j", "attempt") == b"2"


def _announced(client: OmniqClient) -> list[int]:
    reply = client.link.run_many([consumers_call("q", 0)])[0]
    return [one.pid for one in parse_consumers(reply, 0).listed]


def _let_it_notice(redis: Any, workers: int) -> None:
    """The main thread, which handles signals, may be waiting for its workers: each handler goes round 20 times."""
    asked = _asked(redis)
    wait_until(lambda: _asked(redis) > asked + 20 * workers, what="the handlers' next looks")


def _asked(redis: Any) -> int:
    return int(redis.info("commandstats").get("cmdstat_exists", {}).get("calls", 0))
