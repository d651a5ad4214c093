"""A walk along a lane for the jobs that pass a filter: bounded in time, going on from where it stopped."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from ..connection import Link
from ..keys import QueueKeys, decode_id
from ..scripts import script
from .cuts import Position
from .filters import Filter
from .lanes import OWN_ORDERS, LaneRow, lane_page_call, protocol_lane, read_row
from .payload_match import payload_matches

Cursor = Position
"""Where a walk stands: it goes on behind this entry."""

Mark = Position
"""The entry that entered a lane last, at some moment. What enters later is after the mark."""

BUDGET_MS = 150.0
CHUNK_S = 0.003
FIRST_WORK, LEAST_WORK, MOST_WORK = 400, 20, 6000
_NOWHERE = Position(b"", b"", b"")


@dataclass(frozen=True, slots=True)
class Match:
    """A job that passes. `id_cut`: only the first 1 KB of its id is here, so no action can name it.

    `position` is where it stands, for a cursor; `row` is None where no rows were wanted.
    """

    job_id: str
    id_cut: bool
    position: Position
    row: LaneRow | None


@dataclass(frozen=True, slots=True)
class Scan:
    """What a walk saw. `matched` counts all matches, `matches` holds those that were collected, in the walk's order.

    `scanned` entries were looked at, `left` are still to be; `unsearched` of the scanned have an error or a payload
    over 64 KB that was not looked into (and are no matches). `total` is the length of the lane, `span` how much of it
    a walk from its beginning looks at. `cursor` is where to go on, None when the walk is through. `indexed` as in
    `LanePage`.
    """

    matches: tuple[Match, ...]
    matched: int
    scanned: int
    left: int
    unsearched: int
    total: int
    span: int
    cursor: Cursor | None
    indexed: bool


def mark(link: Link, queue: str, lane: str) -> Mark | None:
    """The newest entry of a lane by the index, None when it is empty. One round trip.

    Raises ValueError for a bad name, and what Redis raised.
    """
    reply = link.run_many([lane_page_call(queue, lane, now_ms=0, size=1)])[0]
    if isinstance(reply, Exception):
        raise reply
    return Position(*reply[6]) if reply[6] else None


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one step of a walk saw: as in `Scan`, but `hits` are {what is told of a match, its place} as Redis answers
    them. Redis was busy with it for `took_s` seconds."""

    hits: tuple[tuple[Any, Any], ...]
    matched: int
    scanned: int
    left: int
    unsearched: int
    total: int
    span: int
    indexed: bool
    took_s: float


class Walk:
    """A walk along a lane, a step at a time. `cursor` is where it stands, None also once it is through.

    `told` is what is told of a match: "" its id, "row" what a list shows, "facts" what an export tells. Other arguments
    as in `scan_lane`. Raises ValueError for a bad name or order.
    """

    def __init__(
        self,
        link: Link,
        queue: str,
        lane: str,
        wanted: Filter,
        *,
        cursor: Cursor | None,
        upto: Mark | None,
        newest_first: bool,
        order: str,
        told: str,
    ) -> None:
        lane = protocol_lane(lane)
        if order != "entered" and OWN_ORDERS.get(order) != lane:
            raise ValueError(f"{lane} has no order {order!r}")
        self.cursor = cursor
        self._link, self._anchor, self._wanted, self._told = link, QueueKeys(queue).anchor, wanted, told
        self._before, self._upto = [lane, int(order != "entered"), int(newest_first)], upto or _NOWHERE
        self._tests, self._work = wanted.args(), FIRST_WORK

    def step(self, limit: int) -> Chunk:
        """The next chunk, with at most so many matches (0: they are only counted). One round trip that holds Redis for
        about 3 ms; the first is smaller. Raises what Redis raised."""
        args = [*self._before, *(self.cursor or _NOWHERE), *self._upto, self._work, limit, self._told, *self._tests]
        reply, took_s = self._link.run_timed(script("operator/lane_scan"), self._anchor, *args)
        total, indexed, span, left, looked, sure, large, stands, hits = reply
        asked = [hit for hit in hits if hit[2] is None or payload_matches(hit[2], self._wanted.payload)]
        matched = sure + sum(hit[2] is not None for hit in asked)
        self.cursor = Position(*stands) if stands else None
        self._work = _next_work(self._work, took_s)
        hits = tuple((raw, place) for raw, place, _ in asked)
        return Chunk(hits, matched, looked, left, large, total, span, indexed == 1, took_s)


def scan_lane(
    link: Link,
    queue: str,
    lane: str,
    wanted: Filter,
    *,
    cursor: Cursor | None = None,
    upto: Mark | None = None,
    newest_first: bool = True,
    order: str = "entered",
    limit: int = 50,
    rows: bool = True,
    budget_ms: float = BUDGET_MS,
) -> Scan:
    """Walks from `cursor` (from the end of the lane without one) until `limit` matches are collected, the lane is
    through, or `budget_ms` have passed; at least one chunk. A `limit` of 0 collects nothing and counts to the end.

    `upto` leaves out what entered the lane after it. `order` and `newest_first` as in `lane_page_call`. `rows`: whole
    rows instead of ids only. Each chunk is one round trip and holds Redis for about 3 ms. Raises ValueError for a bad
    name or order, and what Redis raised.
    """
    walk = Walk(
        link, queue, lane, wanted, cursor=cursor, upto=upto, newest_first=newest_first, order=order,
        told="row" if rows else "",
    )  # fmt: skip
    began = time.monotonic()
    found: list[Match] = []
    matched = scanned = unsearched = 0
    while True:
        chunk = walk.step(max(limit - len(found), 0))
        matched, scanned, unsearched = matched + chunk.matched, scanned + chunk.scanned, unsearched + chunk.unsearched
        if limit:
            found.extend(_match(raw, position, rows) for raw, position in chunk.hits)
        spent_ms = (time.monotonic() - began) * 1000
        if walk.cursor is None or (limit and len(found) >= limit) or spent_ms >= budget_ms:
            return Scan(
                tuple(found), matched, scanned, chunk.left, unsearched, chunk.total, chunk.span, walk.cursor,
                chunk.indexed,
            )  # fmt: skip


def _next_work(work: int, took_s: float) -> int:
    """What the next chunk may do. It grows slowly: what comes may be dearer than what was."""
    wanted = work * CHUNK_S / max(took_s, 0.0001)
    return int(min(max(wanted, LEAST_WORK), work * 1.5 + 1, MOST_WORK))


def _match(raw: Any, position: Any, rows: bool) -> Match:
    id_bytes, full_length = raw[0], raw[1]
    row = read_row(raw) if rows else None
    return Match(decode_id(id_bytes), len(id_bytes) < full_length, Position(*position), row)
