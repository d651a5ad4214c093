"""Pauses of the dashboard and those of the reference SDK, on one queue."""

from __future__ import annotations

import signal
import time
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from omniq_core import OmniqClient, pause_queue, queue_snapshots
from tests.support.clock import Clock
from tests.support.programs import Program
from tests.support.redis_server import RedisServer


def test_a_pause_ends_for_the_reference_when_nobody_of_ours_is_there(
    redis_server: RedisServer, reference: Any, clock: Clock, wait_until: Callable[..., None]
) -> None:
    with OmniqClient(redis_url=redis_server.url) as client:
        client.publish(queue="q", payload={}, job_id="a", now_ms_override=clock.now_ms)
        assert pause_queue(client.link, "q", now_ms=clock.now_ms, by="ana", reason="deploying v2", length_ms=150)
        assert (reference.is_paused(queue="q"), reference.reserve(queue="q").status) == (True, "PAUSED")
    wait_until(lambda: not reference.is_paused(queue="q"))
    assert reference.reserve(queue="q").job_id == "a"


def test_a_pause_and_a_resume_of_the_reference_take_our_reason_away(
    client: OmniqClient, reference: Any, clock: Clock
) -> None:
    def pause() -> Any:
        found = queue_snapshots(client.link, ["q"], clock.now_ms)["q"]
        return found.pause and (found.pause.by or "outside", found.pause_left_ms is None)

    assert pause_queue(client.link, "q", now_ms=clock.now_ms, by="ana", length_ms=60_000)
    assert pause() == ("ana", False)
    reference.pause(queue="q")
    assert pause() == ("outside", True)
    reference.resume(queue="q")
    assert pause() is None
    reference.pause(queue="q")
    assert pause() == ("outside", True)
    assert client.resume(queue="q", now_ms_override=clock.now_ms) == 1
    assert reference.is_paused(queue="q") is False


@pytest.mark.long
def test_every_process_of_the_dashboard_killed_and_the_reference_works_again_in_time(
    client: OmniqClient, redis: Any, redis_server: RedisServer, tmp_path: Path, wait_until: Callable[..., None]
) -> None:
    client.publish(queue="q", payload={}, job_id="a")
    serve = Program(tmp_path, ["-m", "dashboard", "serve", "--redis", redis_server.url, "--port", "0"])
    worker: Program | None = None
    try:
        url = serve.url
        until = datetime.fromtimestamp(int(time.time()) + 3, UTC)  # 2 to 3 s from now
        form = urlencode({"until": "at", "at": f"{until:%Y-%m-%dT%H:%M:%S}", "reason": "deploying v2"}).encode()
        headers = {"Sec-Fetch-Site": "same-origin"}
        request = urllib.request.Request(f"{url}/queues/q/pause", data=form, headers=headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 200
        left_ms = redis.pttl("{q}:paused")
        serve.send(signal.SIGKILL)
        serve.wait()
        assert 0 < left_ms <= 3_000
        worker = Program(tmp_path, ["-m", "tests.operator.reference_worker", str(redis_server.port)])
        wait_until(lambda: redis.lrange("started", 0, -1) == [b"a"])
        assert time.time() >= until.timestamp()
    finally:
        serve.end()
        if worker:
            worker.end()
