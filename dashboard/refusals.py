"""How many refusals are recorded: a record that anybody could fill would soon hold nothing else."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

NAMELESS, NAMED = (10, 3_600_000), (60, 60_000)
"""At once, and one more after so many ms: of those nobody has signed in for, and of people who are known."""
PAUSE_MS = 10_000
"""So long nothing is tried after Redis did not take one: a stranger shall not keep it busy, nor wait for it."""
SAME_MS, MOST_SAME = 600_000, 1_000
"""So long what is refused again to the same reader is not told again (a page left open asks every few seconds)."""


@dataclass(slots=True)
class Refusals:
    """What one process may still record of refusals that came before any call to Redis. Safe for many threads."""

    _left: dict[bool, float] = field(default_factory=lambda: {True: float(NAMED[0]), False: float(NAMELESS[0])})
    _at_ms: dict[bool, int] = field(default_factory=dict[bool, int])
    _missed: dict[bool, int] = field(default_factory=lambda: {True: 0, False: 0})
    _quiet_until: int = 0
    _told_ms: dict[tuple[str, ...], int] = field(default_factory=dict[tuple[str, ...], int])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, now_ms: int, *, named: bool) -> int | None:
        """None when this one is not to be recorded; else how many before it were not."""
        most, every_ms = NAMED if named else NAMELESS
        with self._lock:
            passed = max(now_ms - self._at_ms.get(named, now_ms), 0)
            left = min(self._left[named] + passed / every_ms, most)
            self._left[named], self._at_ms[named] = left, now_ms
            if left < 1 or now_ms < self._quiet_until:
                self._missed[named] += 1
                return None
            self._left[named] = left - 1
            missed, self._missed[named] = self._missed[named], 0
            return missed

    def is_new(self, what: tuple[str, ...], now_ms: int) -> bool:
        """Was `what` (who, which right, which queue) not told of in the last ten minutes? From now on it was."""
        with self._lock:
            if now_ms - self._told_ms.get(what, now_ms - SAME_MS) < SAME_MS:
                return False
            self._told_ms.pop(what, None)
            if len(self._told_ms) >= MOST_SAME:
                del self._told_ms[next(iter(self._told_ms))]
            self._told_ms[what] = now_ms
            return True

    def pause(self, now_ms: int) -> None:
        """Redis did not take one."""
        with self._lock:
            self._quiet_until = now_ms + PAUSE_MS
