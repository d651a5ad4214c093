"""One queue: its head, its figures and a page of one lane, in one round trip."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from omniq_core import (
    FilteredPage,
    LanePage,
    LaneRow,
    Link,
    QueueRead,
    QueueSnapshot,
    page_of_mark,
    queue_snapshots,
    read_queue,
    want_failures,
)

from .consumers import ConsumersPart, consumers_part
from .lane_filter import LaneFilter
from .queue_row import Limits, QueueRow, failed_tone, queue_row

LANES = {"waiting": "wait", "active": "active", "delayed": "delayed", "failed": "failed", "completed": "completed"}
"""The word of each lane in addresses, and the protocol's name for it."""

SIZES = (25, 50, 100)
SWITCHER_ROWS = 8


@dataclass(frozen=True, slots=True)
class Order:
    """An order of a lane: by when jobs `entered` it, are `due`, or lose their `lease`; the latest first or last."""

    by: str
    newest_first: bool


SORTS = {
    "waiting": {"queued": Order("entered", False), "-queued": Order("entered", True)},
    "active": {
        "lease": Order("lease", False),
        "-lease": Order("lease", True),
        "started": Order("entered", False),
        "-started": Order("entered", True),
    },
    "delayed": {"due": Order("due", False), "-due": Order("due", True)},
    "failed": {"failed": Order("entered", True), "-failed": Order("entered", False)},
    "completed": {"completed": Order("entered", True), "-completed": Order("entered", False)},
}
"""The orders of each lane by their names in addresses; the first is the usual one."""


def usual_sort(lane: str) -> str:
    """The name of a lane's usual order."""
    return next(iter(SORTS[lane]))


NO_FILTER = LaneFilter()


class UnknownQueue(LookupError):
    """No key of the protocol carries this queue's name."""


@dataclass(frozen=True, slots=True)
class LaneWish:
    """What the address asks for: a lane, the name of its order, rows per page, where the page begins, and a filter."""

    lane: str
    sort: str
    size: int = 50
    cursor: str | None = None
    filter: LaneFilter = NO_FILTER

    @property
    def order(self) -> Order:
        """What `sort` stands for."""
        return SORTS[self.lane][self.sort]


@dataclass(frozen=True, slots=True)
class Watch:
    """What an open page adds to its wish: the mark it has, rows it wants by id, whether its rows are held in place.

    A filtered page goes on looking from the token `going_on`, or should `stop`; `whole` asks for its rows also where
    they were listed before. A tick that finds it `counting` leaves its rows and its count alone.
    """

    mark: str = ""
    ids: tuple[str, ...] = ()
    hold: bool = False
    going_on: str = ""
    stop: bool = False
    whole: bool = False
    counting: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """How far a filtered page is: what was found, the token that goes on (None: through), whether it was `stopped`, and
    how many ms the rest may take (None: not known)."""

    page: FilteredPage
    going_on: str | None
    stopped: bool
    left_ms: int | None


@dataclass(frozen=True, slots=True)
class OtherQueue:
    """A line of the queue switcher."""

    queue: str
    failed: int
    tone: str


@dataclass(frozen=True, slots=True)
class QueuePage:
    """A queue's page. `others` are the queues with the most failures, at most eight, from the background's figures.

    `mark` is where the newest job stood when the page was drawn, `newer` how many entered since (0 on a first page
    that may be drawn anew; at least so many when there is `more_newer`), `named` the rows that were asked for by id.
    `matching` is how many jobs the list has on all its pages, None while they are being counted; `look` is how far that
    is, None without a filter, for a tick that leaves the rows alone, and for a lane that is broken. `consumers` are
    None but for the active lane.
    """

    head: QueueRow
    wish: LaneWish
    jobs: LanePage
    mark: str
    newer: int
    named: tuple[LaneRow, ...]
    others: tuple[OtherQueue, ...]
    queues: int
    now_ms: int
    matching: int | None
    look: Look | None = None
    more_newer: bool = False
    consumers: ConsumersPart | None = None


def queue_head(link: Link, queue: str, *, now_ms: int, limits: Limits) -> QueueRow:
    """The figures of one queue. Raises UnknownQueue."""
    snapshot = queue_snapshots(link, [queue], now_ms)[queue]
    if not snapshot.exists:
        raise UnknownQueue(queue)
    return queue_row(snapshot, now_ms, limits)


def other_queues(
    figures: Mapping[str, QueueSnapshot],
    queue: str,
    *,
    may_read: Callable[[str], bool],
) -> tuple[tuple[OtherQueue, ...], int]:
    """The lines of the switcher on the page of `queue`, and how many queues there are with it."""
    others = [one for name, one in figures.items() if name != queue and may_read(name)]
    worst = heapq.nsmallest(SWITCHER_ROWS, others, key=lambda one: (-one.failed, one.queue))
    return tuple(OtherQueue(one.queue, one.failed, failed_tone(one.failed)) for one in worst), len(others) + 1


def queue_page(
    link: Link,
    queue: str,
    wish: LaneWish,
    *,
    now_ms: int,
    may_read: Callable[[str], bool],
    limits: Limits,
    watch: Watch = Watch(),
) -> QueuePage:
    """Reads the page in one round trip. Raises UnknownQueue, and BadCursor for a cursor that no page gave out.

    A page whose last job has left becomes the page before it, at the cost of a second trip: `wish.cursor` then differs
    from the one asked for.
    """

    if wish.lane == "failed":
        want_failures(link, queue, now_ms)  # so that "By error" is there when somebody asks for it

    def read(cursor: str | None) -> QueueRead:
        return read_queue(
            link,
            queue,
            LANES[wish.lane],
            now_ms=now_ms,
            size=wish.size,
            cursor=cursor,
            newest_first=wish.order.newest_first,
            order=wish.order.by,
            mark=watch.mark,
            ids=watch.ids,
        )

    # Only in this order do jobs that come meanwhile belong before the page.
    announces = wish.order == Order("entered", newest_first=True)
    # Held rows stay the page they were drawn as, however many come before them.
    held = announces and watch.hold and watch.mark and not wish.cursor
    found = read(page_of_mark(watch.mark) if held else wish.cursor)
    if not found.snapshot.exists:
        raise UnknownQueue(queue)
    if wish.cursor and not found.page.rows and (found.page.newer or found.page.older):
        wish = replace(wish, cursor=found.page.newer or found.page.older)
        found = read(wish.cursor)
    others, queues = other_queues(found.beside.figures, queue, may_read=may_read)
    # The first page, newest first, is drawn anew at each tick, unless it is held: nothing on it can be newer.
    settled = announces and not wish.cursor and not watch.hold
    return QueuePage(
        head=queue_row(found.snapshot, now_ms, limits, away=found.beside.away),
        wish=wish,
        jobs=found.page,
        mark=found.watch.mark or "0" if settled or not watch.mark else watch.mark,
        newer=found.watch.newer if announces and not settled else 0,
        named=found.watch.rows,
        others=others,
        queues=queues,
        now_ms=now_ms,
        matching=found.page.total,
        consumers=consumers_part(found.consumers, now_ms) if found.consumers else None,
    )
