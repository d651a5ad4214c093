"""What a dialog says before bulk work begins."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from omniq_core import Counting, Filter, KindSelection, Link, Matching, Selection, failed_since, read_rows

from .queue import LANES, UnknownQueue
from .rates import queue_rates

RECENT_MS = 60_000


def counted(link: Link, queue: str, lane: str, selection: Selection, so_far: Counting | None = None) -> Counting:
    """Fixes the mark and counts, or goes on counting: about 150 ms at most. `lane` is a word of addresses."""
    return selection.count(link, queue, LANES[lane], so_far)


@dataclass(frozen=True, slots=True)
class QueueAhead:
    """Who waits before jobs that join the tail: `waiting` jobs, grouped ones too, and how many started a second in the
    last minute, None when nobody looked."""

    waiting: int
    started_s: float | None

    def start_ms(self, jobs: int) -> int | None:
        """How long it takes until so many more have started, at that rate and to the second; None where it cannot be
        told."""
        return math.ceil((self.waiting + jobs) / self.started_s) * 1000 if self.started_s else None


def queue_ahead(link: Link, queue: str, *, now_ms: int) -> QueueAhead:
    """Who waits in the queue, in one round trip. Raises UnknownQueue."""
    read = read_rows(link, [queue], now_ms)
    found = read.snapshots[queue]
    if not found.exists:
        raise UnknownQueue(queue)
    return QueueAhead(found.waiting_total, queue_rates(read.sparks[queue], now_ms).started_s)


def failed_lately(link: Link, queue: str, selection: Selection, *, now_ms: int) -> int:
    """How many of the selection failed in the last minute (as far as 150 ms of counting went)."""
    if isinstance(selection, KindSelection):
        return failed_since(link, queue, selection.digest, now_ms - RECENT_MS)
    wanted = selection.wanted if isinstance(selection, Matching) else Filter()
    since = max(wanted.since_ms, now_ms - RECENT_MS)
    return Matching(replace(wanted, since_ms=since)).count(link, queue, "failed").count
