"""Fixtures for every test: a real Redis per test worker, clients on it, time that stands still."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from omniq_core import OmniqClient
from tests.support import clock as clock_support
from tests.support.invariants import check_invariants
from tests.support.redis_cluster import ThreeMasters
from tests.support.redis_server import RedisServer

# In these folders every test leaves sound queues behind, unless it is marked broken_data.
_CHECKED = {"core", "operator", "contract"}

# Trees of pages are thousands of objects that live for one test: to look for cycles among them each 700 costs a tenth.
gc.set_threshold(100_000, 20, 100)


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """The Redis of this test worker: `.host .port .url .pid .client() .flush()`. To stop one, use `throwaway_redis`."""
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def redis(redis_server: RedisServer) -> Iterator[Any]:
    """A redis-py client (bytes, no retries) of an empty server."""
    redis_server.flush()
    with redis_server.client() as client:
        yield client


@pytest.fixture
def client(redis_server: RedisServer, redis: Any) -> Iterator[OmniqClient]:
    """Our client, on the same empty server."""
    del redis  # asked for so that the server is empty
    with OmniqClient(redis_url=redis_server.url) as ours:
        yield ours


@pytest.fixture
def reference(redis_server: RedisServer, redis: Any) -> Iterator[Any]:
    """The reference SDK (omniq 4.0.0), used as a black box, on the same empty server."""
    del redis
    from omniq.client import OmniqClient as ReferenceClient

    theirs: Any = ReferenceClient(host=redis_server.host, port=redis_server.port)
    yield theirs
    theirs.ops.r.close()


@pytest.fixture(scope="session")
def _three_masters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ThreeMasters]:
    made = ThreeMasters(tmp_path_factory.mktemp("cluster"))
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture
def cluster(_three_masters: ThreeMasters) -> ThreeMasters:
    """An empty cluster of three masters, one for all tests of this worker."""
    _three_masters.flush()
    return _three_masters


@pytest.fixture
def throwaway_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """An empty server of this test alone: it may be stopped, started again (same port, empty) and reconfigured."""
    with RedisServer(tmp_path_factory.mktemp("throwaway")) as server:
        yield server


@pytest.fixture
def clock() -> clock_support.Clock:
    """`clock.now_ms`, `clock.advance(ms)`; give `clock.now_ms` as now_ms_override, or the clock as a callable."""
    return clock_support.Clock()


@pytest.fixture
def wait_until() -> Callable[..., None]:
    """`wait_until(condition, timeout=5.0)`: the only way in which a test waits."""
    return clock_support.wait_until


@pytest.fixture(autouse=True)
def _sound_queues(request: pytest.FixtureRequest) -> Iterator[None]:
    checked = _CHECKED & set(request.path.relative_to(request.config.rootpath).parts)
    if not checked or "redis" not in request.fixturenames or request.node.get_closest_marker("broken_data"):
        yield
        return
    redis = request.getfixturevalue("redis")  # now, so that it is still open when the test is over
    yield
    check_invariants(redis)


@pytest.fixture(autouse=True)
def _counts_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dialog counts for 150 ms and then goes on in another answer: on a busy machine at another place each time."""
    monkeypatch.setattr("omniq_core.operator.selection.COUNT_MS", 20_000.0)


@pytest.fixture(autouse=True)
def _no_background_stays() -> Iterator[None]:
    """The threads of an application that a test forgot would work the tasks of the next ones, on the same server."""
    yield
    background = sys.modules.get("dashboard.background")
    for threads in list(background._threads.values()) if background else ():
        threads.stop()
