"""What needs somebody's attention, as a page shows it to this reader."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from omniq_core import Notice

from .queue_row import QueueRow

MOST_SHOWN = 5
_NEEDS_A_LOOK = frozenset({"stalled", "leases", "failing", "groups"})


def true_notices(found: Iterable[Notice], rows: Mapping[str, QueueRow]) -> Iterator[Notice]:
    """Those that still hold, with the figures of the rows, so that both agree: one may be some seconds older.

    Queues that are not among the rows are none of this reader's.
    """
    for notice in found:
        row = rows.get(notice.queue)
        if not notice.queue:
            yield notice
        elif row and (true := _as_of(row, notice)):
            yield true


def wanting(notices: Iterable[Notice]) -> frozenset[str]:
    """The queues that stand under Attention because of a notice."""
    return frozenset(one.queue for one in notices if one.kind in _NEEDS_A_LOOK)


def _as_of(row: QueueRow, notice: Notice) -> Notice | None:
    kind = notice.kind
    if kind == "stalled":
        return replace(notice, count=row.waiting, more=row.expired) if row.state == "stalled" else None
    if kind == "leases":
        return replace(notice, count=row.expired) if row.expired and row.state != "stalled" else None
    if kind == "groups":
        return notice if row.grouped else None
    if kind == "paused":
        if row.state != "paused" or not row.waiting:
            return None
        if notice.since_ms is None:  # when it began is not known, but since when jobs wait
            return replace(notice, count=row.waiting, since_ms=row.oldest_ms, text="outside")
        return replace(notice, count=row.waiting)
    return notice
