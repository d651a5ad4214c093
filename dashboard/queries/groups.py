"""The groups of a queue: a page of them in two round trips, whatever their number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from omniq_core import MOST_LIVE, Group, GroupFigures, GroupRepair, Link, group_jobs, group_rows, read_groups, repair_of

from .queue import OtherQueue, UnknownQueue, other_queues
from .queue_row import Limits, QueueRow, queue_row

STATES = ("stuck", "busy", "ready", "idle")
MOST_REPAIRED = 100
TOLD = 2
"""So many stuck groups are spoken of by name."""

# What each column sorts by, in the direction that puts first what people look for.
_SORTS: dict[str, Callable[[GroupFigures], tuple[int, int, str]]] = {
    "state": lambda one: (one.state != "stuck", -one.waiting, one.gid),
    "group": lambda one: (0, 0, one.gid),
    "waiting": lambda one: (0, -one.waiting, one.gid),
    "inflight": lambda one: (0, -one.in_flight, one.gid),
}
SORTS = tuple(_SORTS) + tuple(f"-{name}" for name in _SORTS)
ASCENDING = frozenset({"group"})


@dataclass(frozen=True, slots=True)
class GroupsWish:
    """What the address asks for: a state, a text in the name, a sort (`-` turns it), rows per page, a page from 1."""

    state: str = ""
    group: str = ""
    sort: str = "state"
    size: int = 50
    page: int = 1
    lane: str = "groups"


@dataclass(frozen=True, slots=True)
class Sums:
    """Of all groups: how many are in each state, their jobs in flight, their limits."""

    states: dict[str, int]
    in_flight: int
    limits: int


@dataclass(frozen=True, slots=True)
class GroupsPage:
    """`matched` of `known` groups pass the filter. `rows` and `named` (those asked for by name) are live.

    `sums` and sorting by figures need the figures of all groups: of over 400 they are the background's, taken at
    `at_ms`. Without them `sums` is None and the rows are sorted by name, whatever was wished. `stuck` are the first few
    that are. `counted`: the jobs that run were counted, so that a wrong count of a group is found. `searched`: groups
    without a job that anybody meets are known, too. `wish.page` is the page shown, at most the last one.
    """

    head: QueueRow
    wish: GroupsWish
    rows: tuple[Group, ...]
    named: tuple[Group, ...]
    counted: bool
    matched: int
    known: int
    full: bool
    pages: int
    sums: Sums | None
    at_ms: int | None
    kept: bool
    searched: bool
    stuck: tuple[Group, ...]
    others: tuple[OtherQueue, ...]
    queues: int
    now_ms: int

    @property
    def first(self) -> int:
        """The 1-based position of the first row."""
        return (self.wish.page - 1) * self.wish.size + 1 if self.rows else 0

    @property
    def total(self) -> int:
        """How many groups there are at least: more can be ready than are known by name."""
        return max(self.known, self.head.groups_ready)


@dataclass(frozen=True, slots=True)
class StuckGroups:
    """What a repair would change, at most 100 groups of `total`, and how many jobs wait in them."""

    repairs: tuple[GroupRepair, ...]
    total: int
    waiting: int


def groups_page(
    link: Link,
    queue: str,
    wish: GroupsWish,
    *,
    now_ms: int,
    may_read: Callable[[str], bool],
    limits: Limits,
    named: Sequence[str] = (),
    works: bool = True,
) -> GroupsPage:
    """Reads the page in two round trips. `works`: this process has a background. Raises UnknownQueue."""
    read = read_groups(link, queue, now_ms=now_ms)
    if not read.snapshot.exists:
        raise UnknownQueue(queue)
    rows: dict[str, Group] = {}
    figures: Sequence[GroupFigures] | None = read.figures
    if len(read.names) <= MOST_LIVE:
        rows = group_rows(link, queue, read.names)
        figures = [one.figures for one in rows.values()]
    listed = figures
    if listed is None:
        listed = [GroupFigures(gid, 0, 0, 1, "idle") for gid in read.names]  # only the names are known
        wish = replace(wish, state="", sort=wish.sort if wish.sort in ("group", "-group") else "group")
    needle = wish.group.lower()
    matching = [one for one in listed if needle in one.gid.lower() and wish.state in ("", one.state)]
    gids = [one.gid for one in _sorted(matching, wish.sort)]
    pages = max((len(gids) + wish.size - 1) // wish.size, 1)
    wish = replace(wish, page=min(wish.page, pages))
    shown = gids[(wish.page - 1) * wish.size : wish.page * wish.size]
    stuck = [one.gid for one in _sorted((one for one in figures or () if one.state == "stuck"), "state")[:TOLD]]
    missing = [gid for gid in dict.fromkeys((*shown, *named, *stuck)) if gid not in rows]
    rows |= group_rows(link, queue, missing)
    others, queues = other_queues(read.beside.figures, queue, may_read=may_read)
    return GroupsPage(
        head=queue_row(read.snapshot, now_ms, limits, away=read.beside.away),
        wish=wish,
        rows=tuple(rows[gid] for gid in shown if gid in rows),
        named=tuple(rows[gid] for gid in named if gid in rows),
        counted=all(one.running is not None for one in rows.values()),
        matched=len(gids),
        known=len(listed),
        full=read.full,
        pages=pages,
        sums=None if figures is None else _sums(figures),
        at_ms=read.at_ms if len(read.names) > MOST_LIVE else None,
        kept=read.kept,
        searched=read.searched and (works or read.searching),
        stuck=tuple(one for gid in stuck if (one := rows.get(gid)) and one.state == "stuck"),
        others=others,
        queues=queues,
        now_ms=now_ms,
    )


def group_there(link: Link, queue: str, gid: str, *, now_ms: int) -> bool:
    """Whether the group has any key, in one round trip. Raises UnknownQueue."""
    found = group_jobs(link, queue, gid, now_ms=now_ms, size=1)
    if not found.snapshot.exists:
        raise UnknownQueue(queue)
    return found.group is not None


def stuck_groups(link: Link, queue: str, *, now_ms: int) -> StuckGroups:
    """What would have to be repaired, in two round trips. Raises UnknownQueue."""
    read = read_groups(link, queue, now_ms=now_ms)
    if not read.snapshot.exists:
        raise UnknownQueue(queue)
    gids = read.names
    if len(gids) > MOST_LIVE:
        gids = [one.gid for one in read.figures or () if one.state == "stuck"]
    found = [one for one in group_rows(link, queue, gids[:MOST_LIVE]).values() if one.state == "stuck"]
    taken = sorted(found, key=lambda one: (-one.waiting, one.gid))[:MOST_REPAIRED]
    repairs = tuple(repair for one in taken if (repair := repair_of(one)))
    return StuckGroups(
        repairs, max(len(found), len(gids) if len(gids) > MOST_LIVE else 0), sum(g.waiting for g in taken)
    )


def _sorted(figures: Iterable[GroupFigures], sort: str) -> list[GroupFigures]:
    return sorted(figures, key=_SORTS[sort.removeprefix("-")], reverse=sort.startswith("-"))


def _sums(figures: Iterable[GroupFigures]) -> Sums:
    states = Counter(one.state for one in figures)
    return Sums(
        states={state: states[state] for state in STATES},
        in_flight=sum(max(one.in_flight, 0) for one in figures),
        limits=sum(one.limit for one in figures),
    )
