"""The jobs that wait in one group, page by page, and how the group stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..connection import Link
from ..keys import QueueKeys, encode_id
from ..scripts import script
from .beside import Beside, read_beside
from .cuts import Position, read_cursor
from .groups import Group, parse_rows, want_groups
from .lanes import LARGEST_PAGE, LanePage, LaneRow, parse_lane_page
from .snapshot import QueueSnapshot, parse_snapshot, snapshot_call
from .watch import lane_watch_call, parse_lane_watch


@dataclass(frozen=True, slots=True)
class GroupJobs:
    """A page of the jobs that wait in a group. `group` is None when it has no key; `named` are the rows asked for by
    id, whatever lane they stand in."""

    snapshot: QueueSnapshot
    group: Group | None
    page: LanePage
    named: tuple[LaneRow, ...]
    beside: Beside


def group_jobs(
    link: Link,
    queue: str,
    gid: str,
    *,
    now_ms: int,
    size: int = 50,
    cursor: str | None = None,
    last_first: bool = False,
    ids: Sequence[str] = (),
) -> GroupJobs:
    """One round trip. A queue that does not exist is a snapshot with `exists` False.

    Raises BadCursor, ValueError for a bad name, a size outside 1 to 100 or more than 20 ids, and what Redis raised.
    """
    if not 1 <= size <= LARGEST_PAGE:
        raise ValueError(f"a page has 1 to {LARGEST_PAGE} rows, not {size}")
    want_groups(link, queue, now_ms)
    kind, at = read_cursor(cursor) if cursor else ("", Position(b"", b"", b""))
    anchor, raw = QueueKeys(queue).anchor, encode_id(gid)
    page = (script("operator/group_page"), anchor, [raw, size, int(last_first), kind, at.score, at.job_id, at.digest])
    rows = (script("operator/groups_rows"), anchor, [raw])
    watch = lane_watch_call(queue, "wait", now_ms=now_ms, ids=ids)
    beside, scripted = read_beside(link, [snapshot_call(queue, now_ms, alone=True), page, rows, watch])
    if isinstance(scripted[2], Exception):
        raise scripted[2]
    return GroupJobs(
        snapshot=parse_snapshot(queue, scripted[0]),
        group=parse_rows([gid], scripted[2]).get(gid),
        page=parse_lane_page(scripted[1], cursor),
        named=parse_lane_watch(scripted[3]).rows,
        beside=beside,
    )
