"""The demo's workload dies: it comes back, but not for ever."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

from dashboard.demo.mark import claim_database
from dashboard.demo.process import Workload, start_workload
from omniq_core import OmniqClient
from tests.support.clock import wait_until
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
