"""Everything a queue's page shows, in one round trip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..connection import Link
from .beside import Beside, read_beside
from .consumers import Consumers, consumers_call, parse_consumers
from .lanes import LanePage, lane_page_call, parse_lane_page
from .overview import state_of
from .snapshot import QueueSnapshot, parse_snapshot, snapshot_call
from .watch import LaneWatch, lane_watch_call, parse_lane_watch


@dataclass(frozen=True, slots=True)
class QueueRead:
    """A queue's live figures, a page of a lane, what an open page asks besides, and the background's figures.

    `consumers` are read with the active lane, else None.
    """

    snapshot: QueueSnapshot
    page: LanePage
    beside: Beside
    watch: LaneWatch
    consumers: Consumers | None = None


def read_queue(
    link: Link,
    queue: str,
    lane: str,
    *,
    now_ms: int,
    size: int = 50,
    cursor: str | None = None,
    newest_first: bool = True,
    order: str = "entered",
    mark: str = "",
    ids: Sequence[str] = (),
) -> QueueRead:
    """One round trip. Raises as `lane_page` and `lane_watch_call` (which say what `mark` and `ids` are).

    A queue that does not exist is a snapshot with `exists` False.
    """
    state_of(link).looked_ms = now_ms
    page_call = lane_page_call(
        queue, lane, now_ms=now_ms, size=size, cursor=cursor, newest_first=newest_first, order=order
    )
    watch_call = lane_watch_call(queue, lane, now_ms=now_ms, mark=mark, ids=ids)
    works = [consumers_call(queue, now_ms)] if lane == "active" else []
    calls = [snapshot_call(queue, now_ms, alone=True), page_call, watch_call, *works]
    beside, scripted = read_beside(link, calls)
    return QueueRead(
        snapshot=parse_snapshot(queue, scripted[0]),
        page=parse_lane_page(scripted[1], cursor),
        beside=beside,
        watch=parse_lane_watch(scripted[2]),
        consumers=parse_consumers(scripted[3], now_ms) if works else None,
    )
