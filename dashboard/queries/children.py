"""Child counters: a page of them in two round trips, whatever their number."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from omniq_core import ChildCounter, DiscoveryState, Link, counter_list, read_counters

PAGE = 50
MOST_SORTED = 2_000
"""So many counters are read at each look, to sort by their figures. Of more only the page's own are, by key."""

# What each column sorts by, in the direction that puts first what people look for; broken counters come before that.
_SORTS: dict[str, Callable[[ChildCounter], tuple[float, float, str]]] = {
    "key": lambda counter: (0, 0, counter.key),
    "progress": lambda counter: (0 if counter.fault else 1, _share(counter), counter.key),
    "remaining": lambda counter: (0 if counter.fault else 1, -(counter.remaining or 0), counter.key),
}
SORTS = tuple(_SORTS) + tuple(f"-{name}" for name in _SORTS)
ASCENDING = frozenset({"key", "progress"})


@dataclass(frozen=True, slots=True)
class ChildrenWish:
    """What the address asks for: a text the key contains, a sort (`-` turns it), a page from 1."""

    key: str = ""
    sort: str = "key"
    page: int = 1


@dataclass(frozen=True, slots=True)
class ChildrenPage:
    """`matched` of `known` counters pass the filter; those that ended since they were found are in neither, unless
    there are too many to read all of them (`sortable` False: then the rows are sorted by key, whatever was wished).

    `wish.page` is the page shown, at most the last one. `full`, `searched`: see `CounterList`.
    """

    wish: ChildrenWish
    rows: tuple[ChildCounter, ...]
    matched: int
    known: int
    pages: int
    sortable: bool
    full: bool
    searched: bool
    discovery: DiscoveryState
    seen_percent: int

    @property
    def first(self) -> int:
        """The 1-based position of the first row."""
        return (self.wish.page - 1) * PAGE + 1 if self.rows else 0


def children_page(link: Link, wish: ChildrenWish, *, now_ms: int) -> ChildrenPage:
    """Reads the page."""
    listed = counter_list(link, now_ms)
    known = len(listed.keys)
    needle = wish.key.lower()
    keys = [key for key in listed.keys if needle in key.lower()]
    sortable = len(keys) <= MOST_SORTED
    if sortable:
        found = read_counters(link, keys)
        known -= len(keys) - len(found)
        keys = _sorted(found.values(), wish.sort)
    else:
        found = {}
        keys = keys[::-1] if wish.sort == "-key" else keys
        wish = wish if wish.sort in ("key", "-key") else replace(wish, sort="key")
    pages = max((len(keys) + PAGE - 1) // PAGE, 1)
    wish = replace(wish, page=min(wish.page, pages))
    shown = keys[(wish.page - 1) * PAGE : wish.page * PAGE]
    if not sortable:
        found = read_counters(link, shown)
    return ChildrenPage(
        wish=wish,
        rows=tuple(found[key] for key in shown if key in found),
        matched=len(keys),
        known=known,
        pages=pages,
        sortable=sortable,
        full=listed.full,
        searched=listed.searched,
        discovery=listed.discovery,
        seen_percent=min(listed.discovery.seen * 100 // max(listed.discovery.total, 1), 99),
    )


def named_counters(link: Link, keys: Iterable[str]) -> tuple[ChildCounter, ...]:
    """Those of these counters that are still there, in one round trip."""
    return tuple(read_counters(link, list(keys)).values())


def child_counter(link: Link, key: str) -> ChildCounter | None:
    """One counter, None when it is gone. ValueError for a key that is none."""
    return read_counters(link, [key]).get(key)


def _sorted(counters: Iterable[ChildCounter], sort: str) -> list[str]:
    rows = sorted(counters, key=_SORTS[sort.removeprefix("-")], reverse=sort.startswith("-"))
    return [row.key for row in rows]


def _share(counter: ChildCounter) -> float:
    return (counter.done or 0) / counter.total if counter.total else 0.0
