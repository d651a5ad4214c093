"""What can be repaired: the queues with findings of a kind, and what a repair of one queue would change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from omniq_core import FINDING_KINDS, FindingKind, Link, RepairPreview, preview_repair, read_health

SUBJECTS = {
    "inflight": "Group",
    "ready_missing": "Group",
    "ready_extra": "Group",
    "counters": "Counter",
    "old_stats": "Counter",
    "types": "Key",
    "leases": "",
    "completed_over": "",
    "old_index": "",
}
"""What the rows of a preview are about: jobs, unless it stands here; "" is the queue itself."""
FIELDS = {"Group": "gid", "Counter": "key", "Key": "key", "Job": "id"}


@dataclass(frozen=True, slots=True)
class Broken:
    """A queue with findings of a kind, and with how much its repair would deal."""

    queue: str
    count: int


def broken_queues(link: Link, kind: FindingKind, *, may_repair: Callable[[str], bool]) -> tuple[Broken, ...]:
    """Where the last checks found that, in the order of names; one round trip."""
    return tuple(
        Broken(report.queue, report.repair_amount(kind))
        for report in read_health(link).reports
        if report.found.get(kind) and may_repair(report.queue)
    )


def known_kind(kind: str) -> FindingKind | None:
    """The kind of that name; None for what is none."""
    return next((one for one in FINDING_KINDS if one == kind), None)


def preview(link: Link, queue: str, kind: FindingKind, choice: str, *, now_ms: int) -> RepairPreview:
    """What a repair would change now, in 4 round trips at most. ValueError for a choice that it does not give."""
    return preview_repair(link, queue, kind, choice, now_ms=now_ms)


def subject_of(kind: str) -> str:
    """What each row of a preview is about: Job, Group, Counter, Key, or "" for the queue itself."""
    return SUBJECTS.get(kind, "Job")
