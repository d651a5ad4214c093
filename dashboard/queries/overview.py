"""All queues on one page: two round trips, whatever the number of jobs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from omniq_core import (
    DiscoveryState,
    Link,
    Notice,
    OverviewData,
    QueueSnapshot,
    RowsRead,
    read_overview,
    read_rows,
    worst,
)

from .notices import MOST_SHOWN, true_notices, wanting
from .queue_row import Limits, QueueRow, queue_row
from .rates import QueueRates, queue_rates
from .throughput import MOST_ADDED, RANGE, Throughput, throughput
from .top_errors import TopPanel, top_panel

PAGE = 100
STATE_FILTERS = ("", "attention", "running", "paused", "stalled", "idle")
_NEVER = 10**15
_WORST_FIRST = {"stalled": 0, "paused": 1, "running": 2, "idle": 3}

# What each column sorts by, in the direction that puts first what people look for.
_SORTS: dict[str, Callable[[QueueRow], tuple[int, str]]] = {
    "failed": lambda row: (-row.failed, row.queue),
    "name": lambda row: (0, row.queue),
    "state": lambda row: (_WORST_FIRST[row.state], row.queue),
    "waiting": lambda row: (-row.waiting, row.queue),
    "ungrouped": lambda row: (-row.ungrouped, row.queue),
    "grouped": lambda row: (-row.grouped, row.queue),
    "active": lambda row: (-row.active, row.queue),
    "delayed": lambda row: (-row.delayed, row.queue),
    "oldest": lambda row: (row.oldest_ms if row.oldest_ms is not None else _NEVER, row.queue),
    "activity": lambda row: (-(row.last_activity_ms or 0), row.queue),
    "rate": lambda row: (-(row.started or 0), row.queue),
}
# A queue without a value is what nobody looks for: it stands last whichever way the column is turned.
_UNKNOWN: dict[str, Callable[[QueueRow], bool]] = {
    "oldest": lambda row: row.oldest_ms is None,
    "activity": lambda row: row.last_activity_ms is None,
    "rate": lambda row: row.started is None,
}
SORTS = tuple(_SORTS) + tuple(f"-{name}" for name in _SORTS)
ASCENDING = frozenset({"name", "state"})


@dataclass(frozen=True, slots=True)
class OverviewWish:
    """What the address asks for: a name filter, a state, a sort (`-` turns it), a page from 1, the chart's range."""

    q: str = ""
    state: str = ""
    sort: str = "failed"
    page: int = 1
    range: str = RANGE


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over all queues the reader may see."""

    waiting: int
    grouped: int
    active: int
    expired: int
    delayed: int
    next_due_ms: int | None
    failed: int
    failing: int
    oldest_ms: int | None
    oldest_queue: str
    oldest_tone: str


@dataclass(frozen=True, slots=True)
class OverviewPage:
    """`rows` are read live; figures of queues on other pages are `age_ms` old (None: live too).

    `rates` are those of the rows and of the named queues, `notices` the worst of those about the reader's queues.
    `listed`: only the queues of a list are shown. `unwatched` queues have no history: there are too many. `unkept`: no
    process looks for queues and keeps figures, so that something here is missing; `refusal`: why this one does not,
    though it would: Redis takes nothing that it writes. `unsought`: no process looks for
    queues, whoever keeps figures of some. `denied` queues are in no figure: an
    access list keeps this dashboard from reading their keys; `unread`: it keeps the process from it that keeps figures.
    """

    wish: OverviewWish
    rows: tuple[QueueRow, ...]
    named: tuple[QueueRow, ...]
    rates: dict[str, QueueRates]
    totals: Totals
    throughput: Throughput
    notices: tuple[Notice, ...]
    top: TopPanel
    counts: dict[str, int]
    matched: int
    queues: int
    pages: int
    age_ms: int | None
    discovery: DiscoveryState
    seen_percent: int
    listed: bool
    unwatched: int
    unkept: bool
    refusal: str
    unsought: bool
    denied: tuple[str, ...]
    unread: tuple[str, ...]
    now_ms: int

    @property
    def unknown(self) -> bool:
        """Is nothing shown because nothing can be known, rather than because there is nothing?"""
        return not self.queues and (self.unkept or self.unsought or bool(self.denied))


def overview_page(
    link: Link,
    wish: OverviewWish,
    *,
    now_ms: int,
    may_read: Callable[[str], bool],
    limits: Limits,
    allow_list: Sequence[str] = (),
    named: Sequence[str] = (),
    works: bool = True,
) -> OverviewPage:
    """Reads the page. Queues that `may_read` refuses are in no figure of it. `works`: this process has a background.

    `named` are queues to read besides, wherever the filter and the order put them.
    """
    found = read_overview(link, now_ms, span=wish.range)
    names = [name for name in (allow_list or found.names) if may_read(name)]
    denied = set(found.denied.intersection(names))
    names = [name for name in names if name not in denied]
    known = {name: found.snapshots[name] for name in names if name in found.snapshots}
    missing = [name for name in names if name not in known]
    discovery = DiscoveryState(done=True) if allow_list else found.discovery  # another mount may search
    # The history that is kept is of all queues; whoever may not see all gets that of his own, if they are few.
    all_of_them = not allow_list and len(names) == len(found.names)
    own = () if all_of_them or len(names) > MOST_ADDED else names
    first = read_rows(link, missing, now_ms, histories=own, span=wish.range, denied=denied)
    known |= first.snapshots

    def row(snapshot: QueueSnapshot) -> QueueRow:
        return queue_row(snapshot, now_ms, limits, found.rates.get(snapshot.queue))

    unmarked = {name: row(snapshot) for name, snapshot in known.items()}
    noticed = wanting(true_notices(found.notices, unmarked))

    def marked(row: QueueRow) -> QueueRow:
        return replace(row, attention=True) if row.queue in noticed else row

    rows = [marked(row) for row in unmarked.values()]
    shown = _window(_matching(rows, wish), wish)
    wanted = dict.fromkeys([*(row.queue for row in shown), *(name for name in named if name in known)])
    late = [name for name in wanted if name not in first.snapshots]
    # Of a queue whose keys are on their way to another node the figures stay those of the background.
    then = read_rows(link, late, now_ms, histories=() if missing else own, span=wish.range, known=late, denied=denied)
    live = {name: marked(row(snapshot)) for name, snapshot in then.snapshots.items()}
    now = {row.queue: live.get(row.queue, row) for row in rows}
    rows = [row for row in now.values() if row.queue not in denied]
    matching = _matching(rows, wish)
    chart = _throughput(wish, found if all_of_them else None, first if missing else then)
    lacking = not discovery.done or bool(allow_list) or chart.begun
    # Where this process cannot write, its `found` is its own, and only the history tells of another that can.
    refusal = found.refusal if works else ""
    unkept = chart.started_s is None and bool(refusal or (lacking and not (works or found.kept)))
    # A row that left makes no room: the next one was not read.
    here = {row.queue for row in shown}
    return OverviewPage(
        wish=wish,
        rows=tuple(row for row in matching if row.queue in here),
        named=tuple(row for row in rows if row.queue in named),
        rates={name: queue_rates((first.sparks | then.sparks).get(name), now_ms) for name in wanted},
        totals=_totals(rows),
        throughput=chart,
        notices=worst(tuple(true_notices(found.notices, now)), MOST_SHOWN),
        top=top_panel(found.top, now),
        counts=_counts(rows),
        matched=len(matching),
        queues=len(rows),
        pages=max((len(matching) + PAGE - 1) // PAGE, 1),
        age_ms=found.age_ms if len(live) + len(first.snapshots) < len(rows) else None,
        discovery=discovery,
        seen_percent=min(discovery.seen * 100 // max(discovery.total, 1), 99),
        listed=bool(allow_list),
        unwatched=found.unwatched,
        unkept=unkept,
        refusal=refusal,
        unsought=not (discovery.done or works or found.searching),
        denied=tuple(sorted(denied)),
        unread=tuple(sorted(found.unread.intersection(row.queue for row in rows))),
        now_ms=now_ms,
    )


def _throughput(wish: OverviewWish, found: OverviewData | None, read: RowsRead) -> Throughput:
    if found is None or found.history is None or found.lately is None:
        return throughput(wish.range, read.histories, read.lately)
    return throughput(wish.range, [found.history], [found.lately])


def _matching(rows: Sequence[QueueRow], wish: OverviewWish) -> list[QueueRow]:
    needle = wish.q.lower()
    found = [row for row in rows if needle in row.queue.lower() and _is_in(row, wish.state)]
    name = wish.sort.removeprefix("-")
    found.sort(key=_SORTS[name], reverse=wish.sort.startswith("-"))
    if name in _UNKNOWN:
        found.sort(key=_UNKNOWN[name])
    return found


def _window(rows: Sequence[QueueRow], wish: OverviewWish) -> list[QueueRow]:
    first = (wish.page - 1) * PAGE
    return list(rows[first : first + PAGE])


def _is_in(row: QueueRow, state: str) -> bool:
    return not state or (row.attention if state == "attention" else row.state == state)


def _counts(rows: Sequence[QueueRow]) -> dict[str, int]:
    return {state: sum(_is_in(row, state) for row in rows) for state in STATE_FILTERS}


def _totals(rows: Sequence[QueueRow]) -> Totals:
    waits = [row for row in rows if row.oldest_ms is not None]
    # A paused queue waits because somebody said so; the tile asks who waits without a reason.
    moving = [row for row in waits if row.state != "paused"]
    oldest = min(moving or waits, key=lambda row: (row.oldest_ms, row.queue), default=None)
    return Totals(
        waiting=sum(row.waiting for row in rows),
        grouped=sum(row.grouped for row in rows),
        active=sum(row.active for row in rows),
        expired=sum(row.expired for row in rows),
        delayed=sum(row.delayed for row in rows),
        next_due_ms=min((row.next_due_ms for row in rows if row.next_due_ms is not None), default=None),
        failed=sum(row.failed for row in rows),
        failing=sum(row.failed > 0 for row in rows),
        oldest_ms=oldest.oldest_ms if oldest else None,
        oldest_queue=oldest.queue if oldest else "",
        oldest_tone=oldest.oldest_tone if oldest else "",
    )
