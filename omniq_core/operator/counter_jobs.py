"""Which counters that stand still no job names any more: whoever leads looks at the jobs of all queues, in rounds."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from ..connection import Link
from ..keys import QueueKeys, encode_id, global_key
from ..pacing import rest_after
from ..scripts import script
from .children import NotedCounter, counter_name
from .counter_look import LOOK, CounterLook, pack_look
from .turns import next_size

COUNTER_STILL_MS = 300_000
"""Jobs are looked at for counters that have not changed for so long. Where none stands still nothing is read."""

ROUND_MS, AGAIN_MS = 60_000, 2_000
"""From the end of a look to the next, and to the one that has to confirm what it found."""

KEPT_MS = 3_600_000
MOST_ASKED = 2_000
"""So many counters are looked for at once, those that have stood still longest."""

SHARE = 0.03
"""The most of one process's time that this takes."""

# In the order in which a job moves on, so that few pass by unseen; the second look is for those that did.
LANES = ("delayed", "wait", "active", "failed", "completed")
LIVE = frozenset({"delayed", "wait", "active"})
_LEAST_WORK, _MOST_WORK = 40, 2_000
_START = ("", "", "")
_ANCHOR = global_key("meta")


class CounterJobsWatch:
    """Reads which counter each job names, a piece of about 3 ms at a time. That none names one is written down when two
    looks in a row found none: a job that moved behind the back of one is met by the other. Not for more than one
    thread at once. `counter_at`: where a payload names its counter, keys joined by dots; "" looks at nothing.
    """

    def __init__(self, link: Link, counter_at: str, timer: Callable[[], float] = time.perf_counter) -> None:
        self.link = link
        self._path, self._timer = counter_at, timer
        self._left: list[tuple[str, str]] = []
        self._cursor: Sequence[bytes | str] = _START
        self._wanted: frozenset[bytes] = frozenset()
        self._alone: frozenset[bytes] = frozenset()
        self._live: Counter[bytes] = Counter()
        self._failed: Counter[bytes] = Counter()
        self._sums: Counter[str] = Counter()
        self._work = 400
        self._round_at = self._began_ms = 0
        self._ready_at = 0.0

    def step(self, now_ms: int, queues: Sequence[str], noted: Iterable[NotedCounter] | None) -> float:
        """A piece of the look, or nothing; the seconds until the next. `noted`: all counters as they were last seen,
        None when that is not known yet. Raises what Redis raised."""
        if not self._left:
            if now_ms < self._round_at or not self._path or noted is None:
                return min(max(self._round_at - now_ms, 1_000) / 1000, 1.0)
            self._begin(now_ms, queues, noted)
            if not self._wanted:
                return 1.0
        began = self._timer()
        if began < self._ready_at:
            return self._ready_at - began
        if self._left:
            self._piece(*self._left[-1])
        if not self._left:
            self._end(now_ms)
        ended = self._timer()
        rest = rest_after(ended - began, SHARE)
        self._ready_at = ended + rest
        return min(rest, 1.0)

    def _begin(self, now_ms: int, queues: Sequence[str], noted: Iterable[NotedCounter]) -> None:
        still = [one for one in noted if not one.counter.fault and now_ms - one.change.at_ms >= COUNTER_STILL_MS]
        still.sort(key=lambda one: one.change.at_ms)
        self._wanted = frozenset(encode_id(one.counter.key) for one in still[:MOST_ASKED])
        self._round_at, self._began_ms = now_ms + ROUND_MS, now_ms
        if self._wanted:
            self._left = [(queue, lane) for queue in sorted(queues, reverse=True) for lane in reversed(LANES)]
            self._live, self._failed = Counter(), Counter()
            self._sums = Counter(queues=len(queues))

    def _piece(self, queue: str, lane: str) -> None:
        args = (lane, self._path, self._work, *self._cursor)
        reply, took_s = self.link.run_timed(script("operator/counter_jobs"), QueueKeys(queue).anchor, *args)
        looked, unread, cursor, named, indexed = reply
        self._work = next_size(self._work, took_s, _LEAST_WORK, _MOST_WORK)
        self._sums["live" if lane in LIVE else "ended"] += looked
        self._sums["unread"] += unread
        for raw, count in named:
            name = raw.strip()
            if counter_name(name) is None:
                continue
            self._sums["named"] += count
            if name in self._wanted and lane != "completed":
                (self._live if lane in LIVE else self._failed)[name] += count
        self._cursor = cursor or _START
        if not cursor:
            self._sums["unindexed"] += lane == "wait" and not indexed
            self._left.pop()

    def _end(self, now_ms: int) -> None:
        alone = frozenset(name for name in self._wanted if not self._live[name])
        told = {name: b"%d|%d" % (self._live[name], self._failed[name]) for name in self._wanted}
        told = {name: figures for name, figures in told.items() if name not in alone or name in self._alone}
        self._round_at = now_ms + (AGAIN_MS if alone - self._alone else ROUND_MS)
        self._alone = alone
        sums = self._sums
        look = CounterLook(
            began_ms=self._began_ms,
            ended_ms=now_ms,
            queues=sums["queues"],
            live=sums["live"],
            ended=sums["ended"],
            named=sums["named"],
            unread=sums["unread"],
            unindexed=sums["unindexed"],
        )
        flat = [part for name in sorted(told) for part in (name, told[name])]
        self.link.run(script("operator/counter_jobs_note"), _ANCHOR, KEPT_MS, LOOK, pack_look(look), *flat)
