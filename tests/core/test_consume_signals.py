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
from tests.support.clock import wait_until
from tests.support.redis_server import RedisServer

ROOT = Path(__file__).parents[2]


class Child:
    """The worker process and the lines it has said so far."""

    def __init__(self, url: str, drain: bool) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.core.consuming_child", url, "q", "drain" if drain else "at once"],
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
        wait_until(lambda: line in self.lines, timeout=15, what=f"{line!r} (said: {self.lines})")

    def ends(self) -> int:
        code = self.process.wait(timeout=15)
        self._reader.join(timeout=5)
        return code

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(timeout=5)
        self._reader.join(timeout=5)


@pytest.fixture
def start(redis_server: RedisServer, redis: Any) -> Iterator[Callable[..., Child]]:
    """Starts workers of queue q; those still running at the end are ended."""
    children: list[Child] = []

    def begin(*, drain: bool = True) -> Child:
        children.append(Child(redis_server.url, drain))
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
    child = start()
    child.says("ready")
    wait_until(lambda: redis.info("commandstats").get("cmdstat_evalsha", {}).get("calls", 0) > 3, timeout=15)
    child.process.send_signal(signal.SIGTERM)
    assert child.ends() == 0


def _asked(redis: Any) -> int:
    return int(redis.info("commandstats").get("cmdstat_exists", {}).get("calls", 0))
