"""One queue: its head, its figures and a page of one lane, in one round trip."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from omniq_core import LanePage, Link, queue_snapshots, read_queue

from .queue_row import Limits, QueueRow, queue_row

LANES = {"waiting": "wait", "active": "active", "delayed": "delayed", "failed": "failed", "completed": "completed"}
"""The word of each lane in addresses, and the protocol's name for it."""

SIZES = (25, 50, 100)
NEWEST_FIRST = {
    "failed": "failed",
    "completed": "completed",
    "waiting": "-queued",
    "active": "-started",
    "delayed": "-due",
}
SWITCHER_ROWS = 8


class UnknownQueue(LookupError):
    """No key of the protocol carries this queue's name."""


@dataclass(frozen=True, slots=True)
class LaneWish:
    """What the address asks for: a lane, its order (`newest_first`), rows per page, and where the page begins."""

    lane: str
    newest_first: bool = True
    size: int = 50
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class OtherQueue:
    """A line of the queue switcher."""

    queue: str
    failed: int
    tone: str


@dataclass(frozen=True, slots=True)
class QueuePage:
    """A queue's page. `others` are the queues with the most failures, at most eight, from the background's figures."""

    head: QueueRow
    wish: LaneWish
    jobs: LanePage
    others: tuple[OtherQueue, ...]
    queues: int
    now_ms: int


def queue_head(link: Link, queue: str, *, now_ms: int, limits: Limits) -> QueueRow:
    """The figures of one queue. Raises UnknownQueue."""
    snapshot = queue_snapshots(link, [queue], now_ms)[queue]
    if not snapshot.exists:
        raise UnknownQueue(queue)
    return queue_row(snapshot, now_ms, limits)


def queue_page(
    link: Link, queue: str, wish: LaneWish, *, now_ms: int, may_read: Callable[[str], bool], limits: Limits
) -> QueuePage:
    """Reads the page. Raises UnknownQueue, and BadCursor for a cursor that no page gave out."""
    found = read_queue(
        link, queue, LANES[wish.lane], now_ms=now_ms, size=wish.size, cursor=wish.cursor, newest_first=wish.newest_first
    )
    if not found.snapshot.exists:
        raise UnknownQueue(queue)
    others = [
        queue_row(snapshot, now_ms, limits)
        for name, snapshot in found.figures.items()
        if name != queue and may_read(name)
    ]
    others.sort(key=lambda row: (-row.failed, row.queue))
    return QueuePage(
        head=queue_row(found.snapshot, now_ms, limits),
        wish=wish,
        jobs=found.page,
        others=tuple(OtherQueue(row.queue, row.failed, row.failed_tone) for row in others[:SWITCHER_ROWS]),
        queues=len(others) + 1,
        now_ms=now_ms,
    )
