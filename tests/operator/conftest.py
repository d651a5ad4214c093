"""A connection that breaks when it is told to, and processes that are killed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from omniq_core import OmniqClient
from tests.core.cutting_proxy import CuttingProxy
from tests.support.programs import ROOT
from tests.support.redis_server import RedisServer


@pytest.fixture
def proxy(redis_server: RedisServer, redis: Any) -> Iterator[CuttingProxy]:
    """Between a client and the server of this worker: it cuts an answer off."""
    made = CuttingProxy(redis_server.host, redis_server.port)
    yield made
    made.close()


@pytest.fixture
def child() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts `python -m MODULE ...` as a process of its own."""
    started: list[subprocess.Popen[bytes]] = []

    def start(module: str, *arguments: Any) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", module, *map(str, arguments)]
        started.append(subprocess.Popen(command, cwd=ROOT))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def other(redis_server: Any, client: OmniqClient) -> Iterator[OmniqClient]:
    """A client of another process, so to say: its own link, its own state."""
    with OmniqClient(redis_url=redis_server.url) as another:
        yield another
