"""A consumer in a thread of the test."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from omniq_core import JobCtx, OmniqClient, consume
from tests.core.stoppable import Stop
from tests.support.clock import wait_until
from tests.support.redis_server import RedisServer


@pytest.fixture
def work(redis_server: RedisServer, redis: Any) -> Iterator[Callable[..., None]]:
    """Consumes queue q in a thread until `until()` is true, then ends it by an error out of its next reserve."""
    threads: list[threading.Thread] = []
    over = threading.Event()

    def begin(
        handler: Callable[[JobCtx], Any],
        until: Callable[[], object],
        port: int = redis_server.port,
        url: str = "",
        lasts_s: float = 15,
        **options: Any,
    ) -> None:
        address: dict[str, Any] = {"redis_url": url} if url else {"host": redis_server.host, "port": port}

        class Stoppable(OmniqClient):
            def reserve(self, **arguments: Any) -> Any:
                if over.is_set():
                    raise Stop
                return super().reserve(**arguments)

        def run() -> None:
            with Stoppable(**address) as client, contextlib.suppress(Stop):
                consume(client, queue="q", handler=handler, **{"poll_interval_s": 0.005, **options})

        thread = threading.Thread(target=run)
        threads.append(thread)
        thread.start()
        try:
            wait_until(until, timeout=lasts_s)
        finally:
            over.set()
            thread.join(timeout=30)
        assert not thread.is_alive()

    yield begin
    over.set()
    for thread in threads:
        thread.join(timeout=30)
