"""How many refusals are recorded: a record that anybody could fill would soon hold nothing else."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Literal

What = Literal["change", "look", "sign-in"]
NAMELESS, NAMED = (10, 3_600_000), (60, 60_000)
"""At once, and one more after so many ms: of those nobody has signed in for, and of people who are known."""
PAUSE_MS = 10_000
"""So long nothing is tried after Redis did not take one: a stranger shall not keep it busy, nor wait for it."""
MOST_COUNTED = 1_000
SAME_MS, MOST_SAME = 600_000, 1_000
"""So long what is refused again to the same reader is not told again (a page left open asks every few seconds)."""


@dataclass(slots=True)
class _Count:
    left: float
    at_ms: int
    missed: int = 0


@dataclass(slots=True)
class Refusals:
    """What one process may still record of refusals that came before any call to Redis. Safe for many threads.

    Changes, looks and sign-ins are counted apart, and so is each person, and all strangers together: many of one hide
    none of another.
    """

    _counts: dict[tuple[What, str], _Count] = field(default_factory=dict[tuple[What, str], _Count])
    _quiet_until: int = 0
    _told_ms: dict[tuple[str, ...], int] = field(default_factory=dict[tuple[str, ...], int])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, now_ms: int, what: What, who: str) -> int | None:
        """None when this one, of somebody of that name ("": a stranger), is not to be recorded; else how many before it
        were not."""
        most, every_ms = NAMED if who else NAMELESS
        with self._lock:
            count = self._counts.pop((what, who), None) or _Count(most, now_ms)
            if len(self._counts) >= MOST_COUNTED:
                del self._counts[next(iter(self._counts))]
            self._counts[what, who] = count  # stands last now
            count.left = min(count.left + max(now_ms - count.at_ms, 0) / every_ms, most)
            count.at_ms = now_ms
            if count.left < 1 or now_ms < self._quiet_until:
                count.missed += 1
                return None
            count.left -= 1
            missed, count.missed = count.missed, 0
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
