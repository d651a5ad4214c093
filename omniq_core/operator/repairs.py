"""What a repair would change, looked at anew, and its beginning as a bulk task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, cast

from ..connection import Link
from ..keys import QueueKeys, decode_text, encode_id
from ..numbers import read_int
from ..scripts import script
from .findings import COMPLETED_KEPT, JOB_KINDS, MOST_FINDINGS, Finding, findings_key, read_findings
from .groups import Group, group_rows
from .job_repair import is_placed
from .repair_kinds import GROUP_KINDS, REPAIR, RepairSelection, repair_of_kind
from .repair_rows import LANE_WORDS, RepairRow, is_left, job_row
from .tasks import open_entry, task_fields

MOST_ROWS = 50


@dataclass(frozen=True, slots=True)
class RepairPreview:
    """What a repair would deal with: `count` of them, the first as rows. `waiting` jobs can start after it.

    Of those that were looked at `right` are right by now, or no longer as the check found them: they stay as they are.
    Of a kind `most` are kept one by one, so there may be others where `count` is as many.
    """

    most: ClassVar[int] = MOST_FINDINGS
    queue: str
    kind: str
    choice: str
    count: int
    rows: tuple[RepairRow, ...]
    waiting: int = 0
    right: int = 0

    @property
    def changes_nothing(self) -> bool:
        """Are these all jobs that nobody knows a place for? Then they can only be removed."""
        return self.kind == "orphans" and not self.more and bool(self.rows) and all(map(is_left, self.rows))

    @property
    def more(self) -> int:
        """How many it would deal with besides those of the rows."""
        shown = len({row.subject for row in self.rows}) if repair_of_kind(self.kind, self.choice).by_subject else 0
        return max(self.count - self.right - shown, 0) if shown else 0


def preview_repair(link: Link, queue: str, kind: str, choice: str = "", *, now_ms: int) -> RepairPreview:
    """What a repair would change, as the queue is now. At most 4 round trips, changes nothing.

    Raises ValueError for a kind without a repair or a choice that it does not give, and what Redis raised.
    """
    wanted = repair_of_kind(kind, choice)
    waiting = right = 0
    if not wanted.by_subject:
        count, rows = _of_queue(kind, _look(link, queue, now_ms))
    else:
        count = cast(int, link.call("HLEN", findings_key(queue, kind), read=True))
        found = sorted(read_findings(link, queue, cast(Any, kind), MOST_ROWS), key=lambda one: one.subject)
        if kind in GROUP_KINDS:
            rows, waiting = _of_groups(link, queue, kind, found)
        elif kind == "counters":
            stored = {name: (before, after) for name, before, after in _look(link, queue, now_ms).counters}
            rows = [RepairRow(one.subject, "Stored", *stored[one.subject]) for one in found if one.subject in stored]
            rows = [row for row in rows if row.before != row.after]
        elif kind in JOB_KINDS:
            rows = _of_jobs(link, queue, choice, found)
        else:
            rows = _of_types(link, queue, found)
        # All of them were looked at, and are right by now.
        count = count if rows or count > MOST_ROWS else 0
        right = len(found) - len({row.subject for row in rows}) if count else 0
    return RepairPreview(queue, kind, choice, count, tuple(rows[:MOST_ROWS]), waiting, right)


def start_repair(
    link: Link, queue: str, task_id: str, *, kind: str, choice: str = "", total: int, actor: str, now_ms: int
) -> Literal["begun", "begun_before", "changed"]:
    """Writes a repair of `total` down for the next runner, unless a task of this id is there already.

    `changed`: the findings are no longer as many as that, and nothing was begun. Raises ValueError as `preview_repair`.
    """
    wanted = repair_of_kind(kind, choice)
    open_entry(link, queue, task_id, now_ms)
    fields = task_fields(REPAIR, RepairSelection(kind, choice).text(), total=total, actor=actor, now_ms=now_ms)
    found = kind if wanted.by_subject else ""
    flat = [part for pair in fields.items() for part in pair]
    answer = decode_text(
        link.run(script("operator/repair_start"), QueueKeys(queue).anchor, task_id, found, total, *flat)
    )
    if answer == "begun":
        open_entry(link, queue, task_id, now_ms)
    return cast(Literal["begun", "begun_before", "changed"], answer)


@dataclass(frozen=True, slots=True)
class _Queue:
    """Its counters (name, stored, found), its lanes (name, jobs, of these in the index), and leases that ran out."""

    has_stats: bool
    counters: Sequence[tuple[str, int | str, int]]
    lanes: Sequence[tuple[str, int, int]]
    expired: int


def _look(link: Link, queue: str, now_ms: int) -> _Queue:
    reply = link.run(script("operator/repair_look"), QueueKeys(queue).anchor, now_ms, read=True)
    stats, counters, lanes, expired = cast(list[Any], reply)
    return _Queue(
        stats == 1,
        [(decode_text(name), _stored(stored), found) for name, stored, found in counters],
        sorted((decode_text(lane), jobs, indexed) for lane, jobs, indexed in lanes),
        expired,
    )


def _stored(raw: Any) -> int | str:
    """A counter as it stands; what is no number as it is."""
    number = read_int(raw)
    return number if number is not None else decode_text(raw)[:40] if raw else 0


def _of_queue(kind: str, queue: _Queue) -> tuple[int, list[RepairRow]]:
    if kind == "leases":
        return queue.expired, [RepairRow("", "Leases that ran out", queue.expired, 0)] if queue.expired else []
    if kind == "completed_over":
        kept = next(jobs for lane, jobs, _ in queue.lanes if lane == "completed")
        over = max(kept - COMPLETED_KEPT, 0)
        return over, [RepairRow("", "Completed jobs kept", kept, COMPLETED_KEPT)] if over else []
    if kind == "old_index":
        lacking = [(lane, jobs, indexed) for lane, jobs, indexed in queue.lanes if indexed < jobs]
        rows = [
            RepairRow("", f"{LANE_WORDS[lane]} jobs in the index", indexed, jobs) for lane, jobs, indexed in lacking
        ]
        return sum(jobs - indexed for _, jobs, indexed in lacking), rows
    if queue.has_stats:
        return 0, []
    return 1, [RepairRow(name, "Stored", "Missing", found) for name, _, found in queue.counters]


def _of_groups(link: Link, queue: str, kind: str, found: Sequence[Finding]) -> tuple[list[RepairRow], int]:
    groups = group_rows(link, queue, [one.subject for one in found])
    unknown = [one.subject for one in found if one.subject not in groups] if kind == "ready_extra" else []
    nothing_else = _still_ready(link, queue, unknown)
    rows: list[RepairRow] = []
    waiting = 0
    for one in found:
        group = groups.get(one.subject)
        if group is None:
            if one.subject in nothing_else:
                rows.append(RepairRow(one.subject, "Ready set", "In it", "Not in it"))
            continue
        counted = group.in_flight
        if kind == "inflight":
            # Where too many run to be counted by a page, the check has counted them.
            running = group.running if group.running is not None else read_int(one.facts.get("found"))
            if running is None or running == counted:
                continue
            rows.append(RepairRow(group.gid, "In flight", counted, running))
            counted = running
        moved = _ready_row(group, counted)
        rows += moved
        waiting += group.waiting if moved and not group.ready else 0
    return rows, waiting


def _still_ready(link: Link, queue: str, gids: Sequence[str]) -> frozenset[str]:
    """Which of these stand in the ready set, though there is nothing else of them."""
    name = QueueKeys(queue).of("groups:ready")
    scores = link.pipeline([("ZSCORE", name, encode_id(gid)) for gid in gids]) if gids else []
    return frozenset(gid for gid, score in zip(gids, scores, strict=True) if isinstance(score, (bytes, float, int)))


def _ready_row(group: Group, in_flight: int) -> list[RepairRow]:
    due = group.waiting > 0 and in_flight < group.limit
    if due == group.ready:
        return []
    words = ("Missing", "In it") if due else ("In it", "Not in it")
    return [RepairRow(group.gid, "Ready set", *words)]


def _of_jobs(link: Link, queue: str, choice: str, found: Sequence[Finding]) -> list[RepairRow]:
    found = [one for one in found if is_placed(one)]
    if not found:
        return []
    ids = [encode_id(one.subject) for one in found]
    prints = link.run(script("operator/jobs_prints"), QueueKeys(queue).anchor, *ids, read=True)
    # Another digest: its record or its place has changed since.
    same = [one for one, (now, _) in zip(found, prints, strict=True) if decode_text(now) == one.facts["print"]]
    return [job_row(one, choice) for one in same]


def _of_types(link: Link, queue: str, found: Sequence[Finding]) -> list[RepairRow]:
    base = QueueKeys(queue).of("")
    names = [base + one.subject.encode("utf-8", "surrogateescape") for one in found]
    types = [decode_text(reply) for reply in link.pipeline([("TYPE", name) for name in names])] if names else []
    return [
        RepairRow(one.subject, "Type", f"A {is_now}", "Put aside for 7 d")
        for one, is_now in zip(found, types, strict=True)
        if is_now not in ("none", one.facts.get("wanted"))
    ]
