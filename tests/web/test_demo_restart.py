"""The demo's workload dies: it comes back, but not for ever. Its Redis dies: the demo ends and says so."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py

from dashboard.demo.mark import claim_database
from dashboard.demo.process import Workload, start_workload
from omniq_core import OmniqClient
from tests.support.clock import wait_until
from tests.support.programs import Program
from tests.support.redis_server import RedisServer
from tests.web.test_demo import demo_clients


def test_a_child_that_dies_is_started_again_a_few_times(
    throwaway_redis: RedisServer, capfd: pytest.CaptureFixture[str]
) -> None:
    with OmniqClient(redis_url=throwaway_redis.url) as client, throwaway_redis.client() as redis:
        claim_database(client)
        child = start_workload(throwaway_redis.url)
        try:
            _kill_four_times(child, redis, capfd)
        finally:
            child.stop()


def _kill_four_times(child: Workload, redis: Any, capfd: pytest.CaptureFixture[str]) -> None:
    gone: list[int] = []
    for _ in range(4):
        wait_until(lambda: child.pid not in gone and demo_clients(redis) == 1, 20, "a workload")
        gone.append(child.pid)
        os.kill(child.pid, signal.SIGKILL)
    said = ""

    def all_said() -> bool:
        nonlocal said
        said += capfd.readouterr().err
        return said.count("\n") == 4

    wait_until(all_said, 10, "the last line")
    again = "omniq-dashboard: demo: the workload died and is started again\n"
    assert said == again * 3 + "omniq-dashboard: demo: the workload died again and stays away: start the demo anew\n"
    assert not child.running
    for pid in gone:
        with pytest.raises(ProcessLookupError):  # a zombie would take the signal
            os.kill(pid, 0)


def test_a_redis_that_dies_ends_the_demo_with_one_line(tmp_path: Path) -> None:
    program = Program(tmp_path, ["-m", "dashboard", "demo", "--data", str(tmp_path / "data"), "--port", "0"])
    try:
        assert program.url
        note = next((tmp_path / "data").glob("*/server.json"))
        with redis_py.Redis(port=json.loads(note.read_text())["port"]) as redis:
            os.kill(redis.info("server")["process_id"], signal.SIGKILL)
        assert program.wait(60) == 2
        last = program.err.splitlines()[-1]
        assert "ended by itself, so the demo did too" in last
        assert "server.log" in last
        assert not note.exists()  # the next start finds nothing to attach to
    finally:
        program.end()
