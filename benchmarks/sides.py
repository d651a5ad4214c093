"""The two that are compared, on one server: our client and the reference SDK (a black box)."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omniq_core import OmniqClient
from tests.support.redis_server import RedisServer

from .judged import Cost


@dataclass(frozen=True, slots=True)
class Bench:
    """A throwaway Redis with both clients on it. `small` means tiny sizes, which prove only that everything runs."""

    server: RedisServer
    redis: Any
    ours: OmniqClient
    reference: Any
    rounds: int
    small: bool

    def size(self, full: int, tiny: int) -> int:
        """How many of something."""
        return tiny if self.small else full

    def timed(self, work: Callable[[], object]) -> tuple[Cost, float]:
        """What `work` cost, and how many seconds Redis spent in scripts, by its own count."""
        self.redis.config_resetstat()
        began, cpu = time.perf_counter(), time.process_time() + self._redis_cpu()
        work()
        took = time.perf_counter() - began
        cpu = time.process_time() + self._redis_cpu() - cpu
        return Cost(took, cpu), self.redis.info("commandstats")["cmdstat_evalsha"]["usec"] / 1e6

    def _redis_cpu(self) -> float:
        told = self.redis.info("cpu")
        return told["used_cpu_user"] + told["used_cpu_sys"]


def reference_client(server: RedisServer, **options: Any) -> Any:
    """A client of the reference SDK."""
    from omniq.client import OmniqClient as Reference

    made: Any = Reference
    return made(**options) if options else made(host=server.host, port=server.port)


@contextmanager
def bench(rounds: int, *, small: bool) -> Iterator[Bench]:
    """Starts the server, and ends it."""
    with tempfile.TemporaryDirectory() as folder:
        server = RedisServer(Path(folder))
        server.start()
        try:
            with server.client(socket_timeout=120) as redis, OmniqClient(host=server.host, port=server.port) as ours:
                yield Bench(server, redis, ours, reference_client(server), rounds, small)
        finally:
            server.stop()
