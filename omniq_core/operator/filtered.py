"""A page of the jobs of a lane that pass a filter, and how many there are; what does not fit one answer goes on."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from ..connection import Link
from .cuts import BadCursor, Position, make_cursor, read_cursor
from .filters import Filter
from .lane_scan import BUDGET_MS, Mark, Match, Scan, mark, scan_lane
from .lanes import LanePage


@dataclass(frozen=True, slots=True)
class Count:
    """How many jobs match, of how many that the lane held then, and how many of those were not searched."""

    matching: int
    total: int
    unsearched: int


@dataclass(frozen=True, slots=True)
class FilteredPage:
    """Matches in the order asked for, as of the mark: what entered the lane later is not among them.

    `jobs` are the rows found by this call; its `total` is the lane's and its cursors are of this module. `before` is
    how many match before the page, `listed` counts its rows with those that earlier calls found; `complete`: no more
    belong to it. `count` is None until the whole lane was looked at. So far `matched` were found among `scanned`
    entries, `left` are still to be looked at, `unsearched` were not searched; `going_on` is the token of the call that
    goes on from there. `mark` is the mark as a token, "" for an empty lane. This call looked at `looked` entries.
    `places` are the rows' own places in the list, as tokens (`lane_neighbours`).
    """

    jobs: LanePage
    places: tuple[str, ...]
    before: int
    listed: int
    complete: bool
    count: Count | None
    matched: int
    scanned: int
    left: int
    unsearched: int
    going_on: str | None
    mark: str
    looked: int


@dataclass(frozen=True, slots=True)
class Begin:
    """Behind which entry a page begins (`back`: before which it ends), how many match before there, what is known."""

    back: bool
    at: Position | None
    upto: Mark | None
    before: int = 0
    count: Count | None = None


@dataclass(slots=True)
class _Walk:
    """How far a page is. While it is `listing`, the walk at `at` looks for its rows; later it only counts.

    `from_top`: `matched` and `unsearched` are those of the lane up to `at`. `start` and `end` are the first and the
    last row that was listed; the first page has no `start`.
    """

    listing: bool
    from_top: bool
    at: Position | None
    upto: Mark | None
    before: int = 0
    count: Count | None = None
    listed: int = 0
    start: Position | None = None
    end: Position | None = None
    matched: int = 0
    unsearched: int = 0
    looked: int = 0


@dataclass(frozen=True, slots=True)
class _Lane:
    """What is walked along, and until when."""

    link: Link
    queue: str
    lane: str
    wanted: Filter
    newest_first: bool
    order: str
    until: float

    def scan(self, at: Position | None, upto: Mark | None, limit: int, *, back: bool = False) -> Scan:
        return scan_lane(
            self.link, self.queue, self.lane, self.wanted, cursor=at, upto=upto, newest_first=self.newest_first != back,
            order=self.order, limit=limit, budget_ms=(self.until - time.monotonic()) * 1000,
        )  # fmt: skip


def filtered_page(
    link: Link,
    queue: str,
    lane: str,
    wanted: Filter,
    *,
    size: int = 50,
    cursor: str | None = None,
    going_on: str | None = None,
    upto: str | None = None,
    until_now: bool = False,
    newest_first: bool = True,
    order: str = "entered",
    budget_ms: float = BUDGET_MS,
    recount: bool = False,
) -> FilteredPage:
    """A page of at most `size` matches, and as much of the count as `budget_ms` allow.

    `cursor` and `going_on` are tokens of such a page; `upto` is the mark of an earlier one. Without any of them the
    mark is now, and with `until_now` it is so for a cursor too. A cursor may know the count already; `recount` counts
    anew. Other arguments and errors as `scan_lane`, and BadCursor for a token that no page gave out.
    """
    lane_ = _Lane(link, queue, lane, wanted, newest_first, order, time.monotonic() + budget_ms / 1000)
    if going_on:
        return _page(lane_, _read_walk(going_on), size)
    if cursor:
        begin = read_begin(cursor)
        begin = replace(begin, upto=mark(link, queue, lane)) if until_now else begin
    else:
        begin = Begin(False, None, read_mark(upto) if upto else mark(link, queue, lane))
    count = None if recount else begin.count
    if begin.back and begin.at:
        return _page_before(lane_, begin, begin.at, size, count)
    return _page(lane_, _Walk(True, begin.at is None, begin.at, begin.upto, begin.before, count), size)


def newer_matches(
    link: Link, queue: str, lane: str, wanted: Filter, upto: str, *, budget_ms: float = BUDGET_MS
) -> tuple[int, bool]:
    """How many matches entered the lane after the mark `upto`, and whether these are all. Errors as `filtered_page`."""
    found = scan_lane(
        link, queue, lane, wanted, cursor=read_mark(upto), newest_first=False, limit=0, budget_ms=budget_ms
    )
    return found.matched, found.cursor is None


def _page(lane: _Lane, walk: _Walk, size: int) -> FilteredPage:
    matches: tuple[Match, ...] = ()
    seen: Scan | None = None
    more = not walk.listing and walk.listed >= size
    if walk.listing:
        seen = lane.scan(walk.at, walk.upto, size - walk.listed)
        matches = seen.matches
        walk.at, walk.listed, walk.looked = seen.cursor, walk.listed + len(matches), seen.scanned
        if matches:
            walk.end = matches[-1].position
            walk.start = walk.start or (None if walk.from_top else matches[0].position)
        walk.listing = seen.cursor is not None and walk.listed < size
        more = seen.cursor is not None and not walk.listing
        if walk.from_top:
            walk.matched, walk.unsearched = walk.matched + seen.matched, walk.unsearched + seen.unsearched
            if seen.cursor is None:
                walk.count = walk.count or Count(walk.matched, seen.total, walk.unsearched)
        elif not walk.listing:
            # How many match before this page is known, but not how many were not searched: they are counted anew.
            walk.from_top, walk.at = True, None
    seen = _go_on_counting(lane, walk, seen)
    return _answer(walk, seen, matches, more and (walk.count is None or _upto(walk) < walk.count.matching))


def _page_before(lane: _Lane, begin: Begin, at: Position, size: int, count: Count | None) -> FilteredPage:
    seen = lane.scan(at, begin.upto, size, back=True)
    if len(seen.matches) < size and seen.cursor is None:
        # The beginning is nearer than a page: that is the first one.
        return _page(lane, _Walk(True, True, None, begin.upto, 0, count), size)
    matches = seen.matches[::-1]
    before = max(begin.before - len(matches), 0)
    end, above = (matches[-1].position, matches[0].position) if matches else (at, seen.cursor)
    # Jobs leave, but none comes before the mark: what stood first then is still the most that can stand there.
    walk = _Walk(False, True, None, begin.upto, before, count, len(matches), above if before else None, end)
    return _answer(walk, _go_on_counting(lane, walk, seen), matches, True)


def _go_on_counting(lane: _Lane, walk: _Walk, seen: Scan | None) -> Scan:
    """Counts as far as the time goes; gives what the last walk saw."""
    if seen and (walk.count or walk.listing or time.monotonic() >= lane.until):
        return seen
    seen = lane.scan(walk.at, walk.upto, 0)
    walk.at, walk.looked = seen.cursor, walk.looked + seen.scanned
    walk.matched, walk.unsearched = walk.matched + seen.matched, walk.unsearched + seen.unsearched
    if not seen.cursor:
        walk.count = Count(walk.matched, seen.total, walk.unsearched)
    return seen


def _upto(walk: _Walk) -> int:
    return walk.before + walk.listed


def _answer(walk: _Walk, seen: Scan, matches: tuple[Match, ...], more: bool) -> FilteredPage:
    rows, count = tuple(match.row for match in matches if match.row), walk.count
    older = write_begin(Begin(False, walk.end, walk.upto, _upto(walk), count)) if more else None
    newer = write_begin(Begin(True, walk.start, walk.upto, walk.before, count)) if walk.start else None
    # A walk that only lists a later page has not begun to count.
    left = 0 if count else seen.left if walk.from_top and walk.at else seen.span
    first = _upto(walk) - len(rows) + 1
    return FilteredPage(
        jobs=LanePage(rows, seen.total, first if rows else 0, older, newer, seen.indexed),
        places=tuple(
            write_begin(Begin(False, match.position, walk.upto, at, count)) for at, match in enumerate(matches, first)
        ),
        before=walk.before,
        listed=walk.listed,
        complete=not walk.listing,
        count=count,
        matched=walk.matched,
        scanned=seen.span - left,
        left=left,
        unsearched=walk.unsearched,
        going_on=None if count and not walk.listing else _write_walk(walk),
        mark=write_mark(walk.upto) if walk.upto else "",
        looked=walk.looked,
    )


def write_mark(at: Position) -> str:
    """An entry of a lane as a token."""
    return make_cursor("n", at)


def read_mark(token: str) -> Position:
    """The opposite of `write_mark`. Raises BadCursor."""
    return read_cursor(token)[1]


def _write(*parts: Position | Count | int | None) -> str:
    texts: list[str] = []
    for part in parts:
        if isinstance(part, Position):
            texts.append(write_mark(part))
        elif isinstance(part, Count):
            texts.append(f"{part.matching}-{part.total}-{part.unsearched}")
        else:
            texts.append("" if part is None else str(int(part)))
    return ".".join(texts)


def write_begin(begin: Begin) -> str:
    """The token of a page, or of a row's place: that of the page behind it."""
    return _write(begin.back, begin.at, begin.upto, begin.before, begin.count)


def read_begin(token: str) -> Begin:
    """The opposite of `write_begin`. Raises BadCursor."""
    back, at, upto, before, count = _parts(token, 5)
    return Begin(_number(back) == 1, _place(at), _place(upto), _number(before), _count(count))


def _write_walk(walk: _Walk) -> str:
    return _write(
        walk.listing, walk.from_top, walk.at, walk.upto, walk.before, walk.count, walk.listed, walk.start, walk.end,
        walk.matched, walk.unsearched,
    )  # fmt: skip


def _read_walk(token: str) -> _Walk:
    listing, from_top, at, upto, before, count, listed, start, end, matched, unsearched = _parts(token, 11)
    return _Walk(
        _number(listing) == 1, _number(from_top) == 1, _place(at), _place(upto), _number(before), _count(count),
        _number(listed), _place(start), _place(end), _number(matched), _number(unsearched),
    )  # fmt: skip


def _parts(token: str, wanted: int, by: str = ".") -> list[str]:
    parts = token.split(by)
    if len(parts) != wanted:
        raise BadCursor("not a cursor of this list")
    return parts


def _place(text: str) -> Position | None:
    return read_mark(text) if text else None


def _count(text: str) -> Count | None:
    return Count(*map(_number, _parts(text, 3, "-"))) if text else None


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise BadCursor("not a cursor of this list")
    return int(text)
