"""The jobs beside a job in a list, so that the page of one leads to the next."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from ..connection import Link
from ..keys import encode_id
from .cuts import BadCursor, Position, make_cursor, read_cursor
from .failures import kind_jobs_call
from .filtered import read_begin, write_begin
from .filters import Filter
from .lane_scan import scan_lane
from .lanes import LaneRow, parse_lane_page

TURN_MS = 75.0
"""How long each neighbour is looked for."""
LOOKED_AT = 10
"""So many jobs of a kind are read each way: one that left the lane is passed over."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A job beside another one, and its own place as a token. `job_id` is None when it was not reached in the time
    given: then `at` is the cursor of the page of the list that it is on."""

    job_id: str | None
    at: str


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Who stands beside a job, and its `position` (from 1) among `total`; None where that is not known."""

    position: int | None
    total: int | None
    previous: Neighbour | None
    next: Neighbour | None


def lane_neighbours(
    link: Link,
    queue: str,
    lane: str,
    wanted: Filter,
    at: str,
    *,
    newest_first: bool = True,
    order: str = "entered",
    budget_ms: float = TURN_MS,
) -> Neighbours:
    """The jobs before and behind a place of `filtered_page` that stand there now. Two round trips or more.

    The position and the total are those of the page that named the place. Errors as `filtered_page`.
    """
    begin = read_begin(at)
    if begin.back or not begin.at:
        raise BadCursor("not a place in this list")

    def beside(back: bool) -> Neighbour | None:
        until = time.monotonic() + budget_ms / 1000
        stands, number = begin.at, begin.before
        while stands:
            seen = scan_lane(
                link, queue, lane, wanted, cursor=stands, upto=begin.upto, newest_first=newest_first != back,
                order=order, limit=1, budget_ms=(until - time.monotonic()) * 1000,
            )  # fmt: skip
            for match in seen.matches:
                number = max(number - 1, 1) if back else number + 1
                if match.row and not match.row.missing and not match.id_cut:
                    place = replace(begin, at=match.position, before=number)
                    return Neighbour(match.job_id, write_begin(place))
            stands = seen.cursor
            if stands and time.monotonic() >= until:
                return Neighbour(None, write_begin(replace(begin, back=back, at=stands, before=number - back)))
        return None

    total = begin.count.matching if begin.count else None
    return Neighbours(
        position=begin.before,
        total=total,
        previous=beside(True) if begin.before > 1 else None,
        next=None if total is not None and begin.before >= total else beside(False),
    )


def kind_place(row: LaneRow) -> str | None:
    """A job's place in the list of its kind, as a token; None for one that left the lane."""
    if row.score_ms is None or row.missing or row.id_cut:
        return None
    return make_cursor("o", Position(str(row.score_ms).encode(), encode_id(row.job_id), b""))


def kind_neighbours(link: Link, queue: str, digest: str, at: str, *, newest_first: bool = True) -> Neighbours:
    """The jobs before and behind a place of `kind_place`, as of now. One round trip. Errors as `kind_jobs`."""
    _, here = read_cursor(at)
    cursors = {kind: make_cursor(kind, here) for kind in ("n", "o")}
    calls = [
        kind_jobs_call(queue, digest, size=LOOKED_AT, cursor=cursor, newest_first=newest_first)
        for cursor in cursors.values()
    ]
    newer, older = (parse_lane_page(reply) for reply in link.run_many(calls))
    before, behind = (newer, older) if newest_first else (older, newer)
    stood = before.first + len(before.rows) if before.rows else 1
    total = before.total
    # One that left the list has no number in it any more.
    held = behind.first == stood + 1 if behind.rows else stood == total
    ways = (cursors["n"], cursors["o"]) if newest_first else (cursors["o"], cursors["n"])
    return Neighbours(
        position=stood if held else None,
        total=total if held else None,
        previous=_nearest(before.rows[::-1], ways[0]),
        next=_nearest(behind.rows, ways[1]),
    )


def _nearest(rows: tuple[LaneRow, ...], cursor: str) -> Neighbour | None:
    for row in rows:
        if row.state == "failed" and (place := kind_place(row)):
            return Neighbour(row.job_id, place)
    return Neighbour(None, cursor) if len(rows) == LOOKED_AT else None
