"""Child counters: a page of them in two round trips, whatever their number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from omniq_core import (
    ChildCounter,
    CounterChange,
    CounterJobs,
    DiscoveryState,
    Link,
    counter_list,
    last_change,
    read_counter,
    read_counters,
)

PAGE = 50
MOST_SORTED = 2_000
"""So many counters are read at each look, to sort by their figures. Of more the page's own are, and the others are
sorted and counted as the background last saw them."""

CounterState = Literal["broken", "alone", "stuck", "quiet", "watching", "moving"]
STATES: tuple[CounterState, ...] = ("alone", "stuck", "quiet", "moving", "watching", "broken")


@dataclass(frozen=True, slots=True)
class Patience:
    """From how many ms without a change a counter is quiet, and from how many it is stuck."""

    quiet_ms: int = 600_000
    stuck_ms: int = 1_800_000


@dataclass(frozen=True, slots=True)
class CounterRow:
    """A counter and how it goes. `change`: when it last changed, None while nobody has noted it.

    `watching`: nothing changed since it was found, which is too short a time to call it quiet. `alone`: it stands
    still, and no job that waits, runs or is delayed was found that names it. `jobs`: what they say of it, None while
    they were not looked at since it last changed, or when it may not be told (`untold`).
    """

    counter: ChildCounter
    change: CounterChange | None
    state: CounterState
    jobs: CounterJobs | None
    untold: bool = False

    @property
    def key(self) -> str:
        """The completion key."""
        return self.counter.key


_RANK = {"broken": 0, "alone": 1, "stuck": 2, "quiet": 3, "watching": 4, "moving": 5}
Told = Callable[[CounterJobs], bool]
"""May what the jobs of all queues say of a counter be told?"""
_Sort = Callable[[CounterRow], tuple[float, float, str]]

# What each column sorts by, in the direction that puts first what people look for; broken counters come before that.
_SORTS: dict[str, _Sort] = {
    "change": lambda row: (row.change is None, row.change.at_ms if row.change else 0, row.key),
    "key": lambda row: (0, 0, row.key),
    "state": lambda row: (_RANK[row.state], row.change.at_ms if row.change else 0, row.key),
    "progress": lambda row: (0 if row.counter.fault else 1, _share(row.counter), row.key),
    "remaining": lambda row: (0 if row.counter.fault else 1, -(row.counter.remaining or 0), row.key),
}
SORTS = tuple(_SORTS) + tuple(f"-{name}" for name in _SORTS)
ASCENDING = frozenset({"key", "progress"})


@dataclass(frozen=True, slots=True)
class ChildrenWish:
    """What the address asks for: a text the key contains, a state, a sort (`-` turns it), a page from 1."""

    key: str = ""
    state: str = ""
    sort: str = "change"
    page: int = 1


@dataclass(frozen=True, slots=True)
class ChildrenPage:
    """`matched` of `known` counters pass the filter; those that ended since they were found are in neither, unless
    there are too many to read all of them (`live` False). `states`: how many with that text in their key are in each.

    `named`: counters asked for by their key. `wish.page` is the page shown, at most the last one. `full`, `searched`:
    see `CounterList`. `unsought`: no process looks for counters.
    `denied`: so many could not be read, as an access list refuses their keys; they are in no other figure.
    """

    wish: ChildrenWish
    rows: tuple[CounterRow, ...]
    named: tuple[CounterRow, ...]
    states: dict[str, int]
    matched: int
    known: int
    pages: int
    denied: int
    live: bool
    full: bool
    searched: bool
    unsought: bool
    discovery: DiscoveryState
    seen_percent: int

    @property
    def first(self) -> int:
        """The 1-based position of the first row."""
        return (self.wish.page - 1) * PAGE + 1 if self.rows else 0


def children_page(
    link: Link,
    wish: ChildrenWish,
    *,
    now_ms: int,
    patience: Patience,
    told: Told,
    named: Sequence[str] = (),
    works: bool = True,
) -> ChildrenPage:
    """Reads the page. `works`: this process has a background. ValueError for a text in `named` that is no key."""
    listed = counter_list(link, now_ms)
    needle = wish.key.lower()
    keys = [key for key in listed.keys if needle in key.lower()]
    known, live = len(listed.keys), len(keys) <= MOST_SORTED

    def row(counter: ChildCounter, change: CounterChange | None) -> CounterRow:
        return counter_row(counter, change, listed.jobs.get(counter.key), now_ms, patience, told)

    denied = set[str]()

    def read(wanted: Sequence[str]) -> dict[str, CounterRow]:
        found = read_counters(link, list(dict.fromkeys(wanted)), denied=denied, now_ms=now_ms)
        changes = {key: last_change(counter, listed.noted.get(key), now_ms) for key, counter in found.items()}
        return {key: row(counter, changes[key]) for key, counter in found.items()}

    rows: dict[str, CounterRow] = {}
    if live:
        rows = read([*keys, *named])
        present = [key for key in keys if key in rows]
        known -= len(keys) - len(present)
        keys = present
        seen = [rows[key] for key in keys]
    else:
        noted = [listed.noted[key] for key in keys if key in listed.noted]
        seen = [row(one.counter, one.change) for one in noted]
    states = Counter[str](row.state for row in seen)
    states["watching"] += len(keys) - len(seen)
    keys = _ordered(keys, seen, wish)
    pages = max((len(keys) + PAGE - 1) // PAGE, 1)
    wish = replace(wish, page=min(wish.page, pages))
    shown = keys[(wish.page - 1) * PAGE : wish.page * PAGE]
    if not live:
        rows = read([*shown, *named])
    return ChildrenPage(
        wish=wish,
        rows=tuple(rows[key] for key in shown if key in rows),
        named=tuple(rows[key] for key in named if key in rows),
        states=dict(states),
        matched=len(keys),
        known=known,
        pages=pages,
        denied=len(denied),
        live=live,
        full=listed.full,
        searched=listed.searched,
        unsought=not (works or listed.searching),
        discovery=listed.discovery,
        seen_percent=min(listed.discovery.seen * 100 // max(listed.discovery.total, 1), 99),
    )


def child_counter(link: Link, key: str, *, now_ms: int, patience: Patience, told: Told) -> CounterRow | None:
    """One counter, None when it is gone. ValueError for a key that is none."""
    found = read_counter(link, key, now_ms)
    return counter_row(*found, now_ms, patience, told) if found else None


def counter_row(
    counter: ChildCounter,
    change: CounterChange | None,
    jobs: CounterJobs | None,
    now_ms: int,
    patience: Patience,
    told: Told | None = None,
) -> CounterRow:
    """How a counter goes, by the time since its last change and by `jobs`, if they were looked at since and its reader
    may be `told`."""
    still_ms = now_ms - change.at_ms if change else 0
    state: CounterState = "moving" if change and change.how != "found" else "watching"
    if still_ms >= patience.quiet_ms:
        state = "quiet"
    if still_ms >= patience.stuck_ms:
        state = "stuck"
    if not change or (jobs and jobs.look.began_ms < change.at_ms):
        jobs = None
    untold = jobs is not None and told is not None and not told(jobs)
    if untold:
        jobs = None
    if state in ("quiet", "stuck") and jobs and not jobs.live and jobs.look.telling:
        state = "alone"
    return CounterRow(counter, change, "broken" if counter.fault else state, jobs, untold)


def _ordered(keys: Sequence[str], seen: Sequence[CounterRow], wish: ChildrenWish) -> list[str]:
    """The keys that are in the state asked for, sorted. Those that nobody has read yet stand last."""
    known = {row.key for row in seen}
    unread = [key for key in keys if key not in known] if wish.state in ("", "watching") else []
    matching = [row for row in seen if wish.state in ("", row.state)]
    turned = wish.sort.startswith("-")
    if wish.sort.removeprefix("-") == "key":
        return sorted([*(row.key for row in matching), *unread], reverse=turned)
    return [row.key for row in sorted(matching, key=_SORTS[wish.sort.removeprefix("-")], reverse=turned)] + unread


def _share(counter: ChildCounter) -> float:
    return (counter.done or 0) / counter.total if counter.total else 0.0
