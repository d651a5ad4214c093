"""A page of a lane by cursor: neither repeats nor skips a row while jobs come and go around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..connection import Call, Link
from ..keys import QueueKeys, decode_id, decode_text
from ..numbers import read_int, read_moment
from ..scripts import script
from .cuts import Position, cut_text, make_cursor, read_cursor

LANES = ("wait", "active", "delayed", "failed", "completed")
LARGEST_PAGE = 100
COUNTED_POSITIONS = 1000
OWN_ORDERS = {"lease": "active", "due": "delayed"}
"""Orders by a lane's own scores, and the lane that has them: the end of a lease, the moment a job is due."""


@dataclass(frozen=True, slots=True)
class LaneRow:
    """One job of a page. Times are ms, None where nothing is recorded; texts are cut, the `_bytes` are full lengths.

    `missing`: the lane names a job whose record is gone; `key_type` then tells what stands in its place: "none",
    "hash" (one without an id), another type of Redis. `id_cut`: the id is over 1 KB and shown cut, so no action can
    name this job. An error or a payload over 4 KB is "" here; its length tells that there is one. `score_ms` is when
    the job entered the lane, by the index. `due_ms` in delayed and `lock_until_ms` in active are what workers go by.
    `position` is a waiting job's place in its group, or among the ungrouped: from 1, 1,001 for any behind the first
    1,000, None when its list does not hold it.
    """

    job_id: str
    id_cut: bool
    state: str
    gid: str
    attempt: int
    max_attempts: int
    timeout_ms: int
    score_ms: int | None
    queued_ms: int | None
    last_started_ms: int | None
    completed_ms: int | None
    failed_ms: int | None
    due_ms: int | None
    lock_until_ms: int | None
    error: str
    error_bytes: int
    payload_excerpt: str
    payload_bytes: int
    position: int | None
    missing: bool
    key_type: str = ""


@dataclass(frozen=True, slots=True)
class LanePage:
    """Rows in the order asked for. `first` is the place of the first row in that order, from 1, or 0 without rows.

    `older` and `newer` are the cursors of the pages beside it, None at the ends; in an order by lease or by due time
    they lead to lower and to higher scores. `indexed` is False for a lane that
    an old SDK filled: its pages are by place, so rows may shift, and grouped waiting jobs are not in it. `broken` names
    the part of the queue (`failed`, `idx:failed`) that is of another type than the protocol's, and that type: what
    the lane holds is then not known.
    """

    rows: tuple[LaneRow, ...]
    total: int
    first: int
    older: str | None
    newer: str | None
    indexed: bool
    broken: tuple[str, str] | None = None


def lane_page_call(
    queue: str,
    lane: str,
    *,
    now_ms: int,
    size: int = 50,
    cursor: str | None = None,
    newest_first: bool = True,
    order: str = "entered",
) -> Call:
    """The read of one page, for a pipeline with others; give the reply and the same cursor to `parse_lane_page`.

    `order` is `entered`, `lease` (active only) or `due` (delayed only); in these two `newest_first` means the latest
    moment first. Raises BadCursor, and ValueError for a bad queue, lane or order or a size outside 1 to 100.
    """
    lane = protocol_lane(lane)
    if order != "entered" and OWN_ORDERS.get(order) != lane:
        raise ValueError(f"{lane} has no order {order!r}")
    if not 1 <= size <= LARGEST_PAGE:
        raise ValueError(f"a page has 1 to {LARGEST_PAGE} rows, not {size}")
    kind, at = read_cursor(cursor) if cursor else ("", Position(b"", b"", b""))
    args = [now_ms, lane, size, int(newest_first), kind, at.score, at.job_id, at.digest, int(order != "entered")]
    return script("operator/lane_page"), QueueKeys(queue).anchor, args


def parse_lane_page(reply: Any, cursor: str | None = None) -> LanePage:
    """What the script answered. An entry that failed in its pipeline is raised here."""
    if isinstance(reply, Exception):
        raise reply
    total, indexed, low, newest_first, found, oldest, newest, wrong = reply
    broken = (decode_text(wrong[0]), decode_text(wrong[1])) if wrong else None
    rows = [read_row(raw) for raw in found]
    if not rows:
        return LanePage((), total, 0, *_beside_nothing(cursor, total), indexed == 1, broken)
    older = make_cursor("o", Position(*oldest)) if low > 0 else None
    newer = make_cursor("n", Position(*newest)) if low + len(rows) < total else None
    first = low + 1
    if newest_first:
        rows.reverse()
        first = total - (low + len(rows)) + 1
    return LanePage(tuple(rows), total, first, older, newer, indexed == 1, broken)


def lane_page(
    link: Link,
    queue: str,
    lane: str,
    *,
    now_ms: int,
    size: int = 50,
    cursor: str | None = None,
    newest_first: bool = True,
    order: str = "entered",
) -> LanePage:
    """One page of a lane in one round trip. Errors as `lane_page_call`, and what Redis raised."""
    call = lane_page_call(queue, lane, now_ms=now_ms, size=size, cursor=cursor, newest_first=newest_first, order=order)
    return parse_lane_page(link.run_many([call])[0], cursor)


def _beside_nothing(cursor: str | None, total: int) -> tuple[str | None, str | None]:
    """The rows on the cursor's far side are all gone: the way back begins with the row of the cursor itself."""
    if not cursor or total == 0:
        return None, None
    kind, at = read_cursor(cursor)
    if kind in "oO":
        return None, make_cursor("N" if kind == "o" else "n", at)
    return make_cursor("O" if kind == "n" else "o", at), None


def page_of_mark(mark: str) -> str:
    """The cursor of the page, newest first, that began with the newest job when `LaneWatch.mark` was read."""
    behind_all_of_that_moment = b"\xff" * 256
    return make_cursor("O", Position(mark.encode("utf-8", "replace"), behind_all_of_that_moment, b""))


def protocol_lane(lane: str) -> str:
    """The protocol's name of a lane, for that name or for the word of the pages. ValueError for any other."""
    lane = "wait" if lane == "waiting" else lane
    if lane not in LANES:
        raise ValueError(f"not a lane: {lane!r}")
    return lane


def read_row(raw: Any) -> LaneRow:
    """A row as the scripts answer it."""
    id_bytes: bytes = raw[0]
    missing = len(raw) == 4
    kept: list[bytes | None] = [None] * 11 if missing else raw[3]
    error, error_bytes, payload, payload_bytes, position = (None, 0, None, 0, None) if missing else raw[4:9]
    state, gid, attempt, max_attempts, timeout, *moments = kept
    queued, started, completed, failed, due, lock = (read_moment(moment) for moment in moments)
    return LaneRow(
        job_id=decode_id(id_bytes),
        id_cut=len(id_bytes) < raw[1],
        state=decode_text(state or b""),
        gid=decode_id(gid or b""),
        attempt=read_int(attempt) or 0,
        max_attempts=read_int(max_attempts) or 0,
        timeout_ms=read_int(timeout) or 0,
        score_ms=None if raw[2].startswith(b"@") else read_int(raw[2]),
        queued_ms=queued,
        last_started_ms=started,
        completed_ms=completed,
        failed_ms=failed,
        due_ms=due,
        lock_until_ms=lock,
        error=cut_text(error or b"", error_bytes),
        error_bytes=error_bytes,
        payload_excerpt=cut_text(payload or b"", payload_bytes),
        payload_bytes=payload_bytes,
        position=None if position is None else position + 1,
        missing=missing,
        key_type=decode_text(raw[3]) if missing else "",
    )
