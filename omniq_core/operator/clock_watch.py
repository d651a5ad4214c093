"""Whose clock is apart. Redis keeps only moments that workers and publishers wrote down by their own clocks.

A moment that changed between two looks was written between them: what it says beyond them its clock is wrong by, at
least. Of a clock whose moments others overwrite at once, and of one that writes nothing, nobody learns anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..numbers import read_int
from .notices import Notice
from .snapshot import QueueSnapshot

KNOWN_MS = 60_000
"""A clock that was seen apart counts as such for so long after it last was."""

TIMES = 2
"""Once may be a call that was on its way for long."""

_Moments = tuple[tuple[str, int | None], ...]


@dataclass(frozen=True, slots=True)
class _Seen:
    ahead_ms: int
    times: int
    at_ms: int


class ClockWatch:
    """What the leader has seen of others' clocks. `least_ms`: what is no further apart is not noted."""

    def __init__(self, least_ms: int) -> None:
        self._least_ms = least_ms
        self._before: dict[str, _Moments] = {}
        self._began_ms = 0
        self._seen: dict[tuple[str, str], _Seen] = {}

    def look(self, snapshots: Sequence[QueueSnapshot], began_ms: int, ended_ms: int) -> tuple[Notice, ...]:
        """Figures that were read between these two moments; returns the queues with a clock that is apart."""
        moments = {one.queue: _moments(one) for one in snapshots}
        for queue, found in moments.items():
            for (who, was), (_, is_now) in zip(self._before.get(queue, ()), found, strict=False):
                if is_now is not None and is_now != was:
                    self._note(queue, who, self._ahead(is_now, ended_ms), ended_ms)
        self._before, self._began_ms = moments, began_ms
        self._seen = {key: one for key, one in self._seen.items() if 0 <= ended_ms - one.at_ms <= KNOWN_MS}
        apart: dict[str, Notice] = {}
        for (queue, who), one in self._seen.items():
            if one.times >= TIMES and (who == "worker" or queue not in apart):
                apart[queue] = Notice("clocks", queue, one.ahead_ms, text=who)
        return tuple(apart.values())

    def _ahead(self, moment: int, ended_ms: int) -> int:
        return moment - ended_ms if moment > ended_ms else min(moment - self._began_ms, 0)

    def _note(self, queue: str, who: str, ahead_ms: int, now_ms: int) -> None:
        if abs(ahead_ms) < self._least_ms:
            return
        known = self._seen.get((queue, who))
        times = known.times + 1 if known and (known.ahead_ms > 0) == (ahead_ms > 0) else 1
        self._seen[queue, who] = _Seen(ahead_ms, times, now_ms)


def own_clock(reply: Any, before_ms: int, after_ms: int) -> Iterable[Notice]:
    """How far this process's clock is from the server's TIME, which it asked for between these two moments."""
    if isinstance(reply, Exception):  # TIME may be forbidden
        return
    seconds, rest = read_int(reply[0]), read_int(reply[1])
    if seconds is None or rest is None:
        return
    server = seconds * 1000 + rest // 1000
    if not before_ms <= server <= after_ms:
        ahead = before_ms - server if server < before_ms else after_ms - server
        yield Notice("clocks", "", ahead, text="dashboard")


def _moments(one: QueueSnapshot) -> _Moments:
    return ("worker", one.last_reserve_ms), ("worker", one.last_finish_ms), ("publisher", one.last_enqueue_ms)
