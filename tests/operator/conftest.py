"""A connection that breaks when it is told to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.core.cutting_proxy import CuttingProxy
from tests.support.redis_server import RedisServer


@pytest.fixture
def proxy(redis_server: RedisServer, redis: Any) -> Iterator[CuttingProxy]:
    """Between a client and the server of this worker: it cuts an answer off."""
    made = CuttingProxy(redis_server.host, redis_server.port)
    yield made
    made.close()
