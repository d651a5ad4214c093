"""When each child counter last changed. Redis keeps no time of it, so every figure is noted when it is first seen."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..connection import Link
from ..keys import decode_id, global_key
from ..pacing import rest_after
from ..scripts import script
from .children import CHANGES, MOST_COUNTERS, NotedCounter, counter_name, pack_counter, read_counters, unpack_note
from .overview import state_of
from .rights import Denied

KEPT_MS = 31 * 86_400_000
"""So long a dashboard may be away and still know how long a counter has stood still."""

PIECE = 200
SHARE = 0.05
"""The most of one process's time that this takes: 10,000 counters are read in about 15 s."""

BUSY_MS, QUIET_MS = 2_000, 10_000
_ANCHOR = global_key("meta")


class CounterChanges:
    """Reads all known counters in rounds, some at a time, and notes in Redis which changed. What it knows stands there
    alone, so any process may go on, and a restart forgets nothing. Not for more than one thread at once.
    """

    def __init__(self, link: Link, timer: Callable[[], float] = time.perf_counter) -> None:
        self.link = link
        self.noted: tuple[NotedCounter, ...] | None = None
        """Every counter as the last round saw it; None before the first has ended."""
        self._noted: list[NotedCounter] = []
        self._timer = timer
        self._left: list[bytes] = []
        self._round_at = 0
        self._ready_at = 0.0
        self._all_known = self._all_known_next = False
        self._denied = Denied[str]()

    def step(self, now_ms: int, *, busy: bool) -> float:
        """A piece of the round, or nothing; the seconds until the next. `busy`: somebody looks. Raises what Redis
        raised."""
        if not self._left:
            if now_ms < self._round_at:
                return min((self._round_at - now_ms) / 1000, 1.0)
            self._begin(now_ms, busy)
            if not self._left:
                self.noted = ()
                return 1.0
        began = self._timer()
        if began < self._ready_at:
            return self._ready_at - began
        part, self._left = self._left[-PIECE:], self._left[:-PIECE]
        self._note(part, now_ms)
        if not self._left:
            self.noted, self._noted = tuple(self._noted), []
        rest = rest_after(self._timer() - began, SHARE)
        self._ready_at = self._timer() + rest
        return min(rest, 1.0)

    def _begin(self, now_ms: int, busy: bool) -> None:
        state = state_of(self.link)
        self._round_at = now_ms + (BUSY_MS if busy else QUIET_MS)
        # A counter that is new to a round after one that knew all of them began in between. Of any other nobody knows
        # when it did.
        self._all_known = self._all_known_next
        looked = state.discovery.done and not state.discovery.refused
        self._all_known_next = looked and len(state.counters) < MOST_COUNTERS
        noted = self.link.pipeline([("HKEYS", CHANGES)])[0]
        noted = () if isinstance(noted, Exception) else noted
        names = state.counters.union(name for name in noted if counter_name(name))
        denied = self._denied.now(now_ms)
        self._left = sorted((name for name in names if decode_id(name) not in denied), reverse=True)

    def _note(self, names: list[bytes], now_ms: int) -> None:
        denied = set[str]()
        found = read_counters(self.link, [decode_id(name) for name in names], denied=denied)
        self._denied.note(denied, now_ms)
        names = [name for name in names if decode_id(name) not in denied]
        if not names:
            return
        figures: list[bytes] = []
        for name in names:
            counter = found.get(decode_id(name))
            figures += (name, pack_counter(counter) if counter else b"")
        how = "started" if self._all_known else "found"
        self.link.run(script("operator/counters_note"), _ANCHOR, now_ms, MOST_COUNTERS, how, KEPT_MS, *figures)
        notes = self.link.pipeline([("HMGET", CHANGES, *names)])[0]
        for name, raw in zip(names, () if isinstance(notes, Exception) else notes, strict=False):
            note = unpack_note(decode_id(name), raw)
            if note:
                self._noted.append(note)
