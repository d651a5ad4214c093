"""Which errors jobs failed with lately, in all queues: whoever leads reads each new failure once, in small pieces."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from ..connection import Link
from ..keys import QueueKeys
from ..pacing import rest_after
from ..scripts import script
from .failure_index import kind_of_row, whole_id
from .fingerprint import OTHER, RULES_VERSION, ErrorKind
from .top_errors import SPAN_MS, SPANS, TopError, pack_top
from .turns import next_size

MINUTE = 60_000
HOUR_MS = SPAN_MS * SPANS
LATE_MS = 20_000
"""Failures are read when they are so old: workers' clocks are apart, and one that comes later is not read any more."""

ROUND_MS = 10_000
PUBLISH_MS = 30_000
SHARE = 0.05
"""The most of one process's time that this takes."""

MOST_KINDS = 200
_BATCH = 500
_MOST, _LEAST = 200, 10


@dataclass(slots=True)
class _Kind:
    name: str
    minutes: Counter[int] = field(default_factory=Counter[int])


@dataclass(slots=True)
class _Queue:
    """Up to where the failed lane was read, and what was found. `read`: once to its end."""

    score: bytes
    last_id: bytes = b""
    read: bool = False
    kinds: dict[str, _Kind] = field(default_factory=dict[str, _Kind])


@dataclass(frozen=True, slots=True)
class Lately:
    """How many jobs of a queue failed in the last 15 min, and in the 15 before; the kind of most of the former."""

    failed: int
    before: int
    digest: str
    name: str
    of_kind: int


class TopWatch:
    """What the process that leads knows of the failures of the last hour. Not for more than one thread at once."""

    def __init__(self, link: Link, timer: Callable[[], float] = time.perf_counter) -> None:
        self.link = link
        self._timer = timer
        self._queues: dict[str, _Queue] = {}
        self._failing: tuple[str, ...] = ()
        self._left: list[str] = []
        self._until = 0
        self._size = 50
        self._round_at = self._publish_at = 0
        self._ready_at = 0.0

    def step(self, now_ms: int, queues: Iterable[str]) -> float:
        """A piece of the round, or nothing; the seconds until the next. `queues`: those with failed jobs. Raises what
        Redis raised."""
        if not self._left:
            if now_ms < self._round_at:
                return min((self._round_at - now_ms) / 1000, 1.0)
            self._begin(now_ms, tuple(queues))
            if not self._left:
                return 1.0
        began = self._timer()
        if began < self._ready_at:
            return self._ready_at - began
        self._read(self._left[-1])
        ended = self._timer()
        rest = min(rest_after(ended - began, SHARE), 1.0)
        self._ready_at = ended + rest
        return rest

    def news(self, now_ms: int) -> bytes | None:
        """The list to be written down now; None while the last one is new enough, or a round has only just begun."""
        if now_ms < self._publish_at or not self._round_at or (self._left and now_ms < self._round_at):
            return None
        self._publish_at = now_ms + PUBLISH_MS
        unread = [name for name in self._failing if not self._queues[name].read]
        return pack_top(now_ms, self._errors(now_ms), unread)

    def lately(self, queue: str, now_ms: int) -> Lately | None:
        """What happened in a queue; None while its failures were not read."""
        known = self._queues.get(queue)
        if not known or not known.read:
            return None
        last = now_ms // MINUTE
        recent = {digest: _sum(kind, last - 14, last) for digest, kind in known.kinds.items()}
        before = sum(_sum(kind, last - 29, last - 15) for kind in known.kinds.values())
        digest = max(recent, key=lambda one: (recent[one], one), default="")
        name = known.kinds[digest].name if digest else ""
        return Lately(sum(recent.values()), before, digest, name, recent.get(digest, 0))

    def _begin(self, now: int, queues: tuple[str, ...]) -> None:
        self._round_at, self._until, self._failing = now + ROUND_MS, now - LATE_MS, queues
        oldest = now // MINUTE - HOUR_MS // MINUTE
        for name, queue in list(self._queues.items()):
            for digest, kind in list(queue.kinds.items()):
                kind.minutes = Counter({at: jobs for at, jobs in kind.minutes.items() if at > oldest})
                if not kind.minutes:
                    del queue.kinds[digest]
            if not queue.kinds and name not in queues:
                del self._queues[name]
        for name in queues:
            self._queues.setdefault(name, _Queue(b"%d" % (now - HOUR_MS)))
        for at in range(0, len(queues), _BATCH):
            part = queues[at : at + _BATCH]
            spans = {name: (b"(" + self._queues[name].score, self._until) for name in part}
            counts = self.link.pipeline([("ZCOUNT", QueueKeys(name).of("idx:failed"), *spans[name]) for name in part])
            self._left += (
                name for name, count in zip(part, counts, strict=True) if count != 0 or not self._queues[name].read
            )

    def _read(self, name: str) -> None:
        queue = self._queues[name]
        args = (RULES_VERSION, self._size, 0, queue.score, queue.last_id, self._until)
        reply, took = self.link.run_timed(script("operator/failures_read"), QueueKeys(name).anchor, *args)
        indexed, _, _, _, rows, ended = reply
        if len(rows) >= self._size:
            self._size = next_size(self._size, took, _LEAST, _MOST)
        for row in rows:
            self._count(queue, kind_of_row(row), int(float(row[2])))
        if rows:
            queue.score, queue.last_id = rows[-1][2], whole_id(rows[-1])
        if ended:
            queue.read = indexed == 1
            self._left.pop()

    def _count(self, queue: _Queue, kind: ErrorKind, at_ms: int) -> None:
        if kind.digest not in queue.kinds and len(queue.kinds) >= MOST_KINDS:
            kind = OTHER
        queue.kinds.setdefault(kind.digest, _Kind(kind.name)).minutes[at_ms // MINUTE] += 1

    def _errors(self, now: int) -> Iterator[TopError]:
        last, step = now // MINUTE, SPAN_MS // MINUTE
        for name, queue in self._queues.items():
            for digest, kind in queue.kinds.items():
                edges = [last - step * (SPANS - at) for at in range(SPANS)]
                spans = tuple(_sum(kind, edge + 1, edge + step) for edge in edges)
                if any(spans):
                    yield TopError(name, digest, kind.name, sum(spans), spans)


def _sum(kind: _Kind, first: int, last: int) -> int:
    return sum(jobs for at, jobs in kind.minutes.items() if first <= at <= last)
