"""Time as a test wants it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class Clock:
    """A clock that moves only when told: `clock.now_ms`, `clock.advance(ms)`; calling it gives now, in ms."""

    now_ms: int = 1_750_000_000_000

    def __call__(self) -> int:
        return self.now_ms

    def advance(self, ms: int) -> int:
        """Move on by `ms` milliseconds and return the new time."""
        self.now_ms += ms
        return self.now_ms


PATIENCE = 3
"""How many times as long as it should take: a machine that is busy with other things is no fault of ours."""


def wait_until(condition: Callable[[], object], timeout: float = 5.0, what: str = "the condition") -> None:
    """Return as soon as `condition()` is true. Raises AssertionError naming `what`, when it takes `PATIENCE` times as
    long as the `timeout` seconds it should take at most.
    """
    end = time.monotonic() + PATIENCE * timeout
    while not condition():
        assert time.monotonic() < end, f"{what} did not come true within {PATIENCE * timeout:g} s"
        time.sleep(0.01)
