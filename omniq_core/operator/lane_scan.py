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
    lane = protocol_lane(lane)
    if order != "entered" and OWN_ORDERS.get(order) != lane:
        raise ValueError(f"{lane} has no order {order!r}")
    anchor, chunk = QueueKeys(queue).anchor, script("operator/lane_scan")
    before = [lane, int(order != "entered"), int(newest_first)]
    tests, began, work = wanted.args(), time.monotonic(), FIRST_WORK
    found: list[Match] = []
    matched = scanned = unsearched = 0
    while True:
        places = [*(cursor or _NOWHERE), *(upto or _NOWHERE)]
        want = [max(limit - len(found), 0), int(rows)]
        reply, took_s = link.run_timed(chunk, anchor, *before, *places, work, *want, *tests)
        total, indexed, span, left, looked, sure, large, stands, hits = reply
        asked = [hit for hit in hits if hit[2] is None or payload_matches(hit[2], wanted.payload)]
        matched += sure + sum(hit[2] is not None for hit in asked)
        if limit:
            found.extend(_match(raw, position, rows) for raw, position, _ in asked)
        scanned, unsearched = scanned + looked, unsearched + large
        cursor = Position(*stands) if stands else None
        spent_ms = (time.monotonic() - began) * 1000
        if cursor is None or (limit and len(found) >= limit) or spent_ms >= budget_ms:
            return Scan(tuple(found), matched, scanned, left, unsearched, total, span, cursor, indexed == 1)
        work = _next_work(work, took_s)


def _next_work(work: int, took_s: float) -> int:
    """What the next chunk may do. It grows slowly: what comes may be dearer than what was."""
    wanted = work * CHUNK_S / max(took_s, 0.0001)
    return int(min(max(wanted, LEAST_WORK), work * 1.5 + 1, MOST_WORK))


def _match(raw: Any, position: Any, rows: bool) -> Match:
    id_bytes, full_length = raw[0], raw[1]
    row = read_row(raw) if rows else None
    return Match(decode_id(id_bytes), len(id_bytes) < full_length, Position(*position), row)
