"""What a dialog says before bulk work begins."""

from __future__ import annotations

from dataclasses import replace

from omniq_core import Counting, Filter, KindSelection, Link, Matching, Selection, failed_since, queue_snapshots

from .queue import LANES, UnknownQueue

RECENT_MS = 60_000


def counted(link: Link, queue: str, lane: str, selection: Selection, so_far: Counting | None = None) -> Counting:
    """Fixes the mark and counts, or goes on counting: about 150 ms at most. `lane` is a word of addresses."""
    return selection.count(link, queue, LANES[lane], so_far)


def waiting_now(link: Link, queue: str, *, now_ms: int) -> int:
    """How many jobs wait in the queue, grouped ones too. Raises UnknownQueue."""
    found = queue_snapshots(link, [queue], now_ms)[queue]
    if not found.exists:
        raise UnknownQueue(queue)
    return found.waiting_total


def failed_lately(link: Link, queue: str, selection: Selection, *, now_ms: int) -> int:
    """How many of the selection failed in the last minute (as far as 150 ms of counting went)."""
    if isinstance(selection, KindSelection):
        return failed_since(link, queue, selection.digest, now_ms - RECENT_MS)
    wanted = selection.wanted if isinstance(selection, Matching) else Filter()
    since = max(wanted.since_ms, now_ms - RECENT_MS)
    return Matching(replace(wanted, since_ms=since)).count(link, queue, "failed").count
