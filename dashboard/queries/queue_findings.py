"""What checks of queues found, as one reader may see it: by kind, with what could not be looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from omniq_core import (
    FINDING_KINDS,
    JOB_KINDS,
    Check,
    Finding,
    FindingKind,
    Health,
    Link,
    Report,
    read_health,
    read_overview,
)

from .tasks import read_with_tasks

FRESH_MS = 2_000
"""So long a page believes what another request of this process has just read."""
MOST_ROWS = 20
"""So many rows of a kind are shown, the first of each queue before the others."""

GROUP_KINDS = frozenset[FindingKind]({"inflight", "ready_missing", "ready_extra", "over_limit"})
UNJUDGED: dict[str, frozenset[FindingKind]] = {
    "no_scan": frozenset({"orphans", "types"}),
    "many_running": frozenset({"inflight", "over_limit"}),
    "many_groups": GROUP_KINDS,
    "no_jobs": JOB_KINDS,
}
"""Of which kinds a note of a check says that not all was looked at. A note that is not known may mean any of them."""

MayDo = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class KindFound:
    """Findings of one kind: `count` of them in `queues`, the first as rows. A repair would deal with `amount`, which
    counts what its button names (leases, jobs), of the queues that this reader may repair."""

    kind: FindingKind
    count: int
    amount: int
    queues: tuple[str, ...]
    rows: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class KindPassed:
    """A kind of which nothing was found in `queues` of all queues that were checked, which hold so many jobs and
    groups."""

    kind: FindingKind
    queues: int
    jobs: int
    groups: int


@dataclass(frozen=True, slots=True)
class Unjudged:
    """What could not be looked at in some queues: a code of the check, or (`broken`) why it ended there."""

    why: str
    broken: bool
    queues: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QueueFindings:
    """`queues` were checked between `first_ms` and `last_ms`. `check` is the one that runs or ran last; `took_ms` it
    took when it was the one of all these queues, else None. Not `may_check`: nothing may be written here."""

    queues: int
    first_ms: int
    last_ms: int
    took_ms: int | None
    check: Check | None
    may_check: bool
    kinds: tuple[KindFound, ...]
    passed: tuple[KindPassed, ...]
    unjudged: tuple[Unjudged, ...]

    @property
    def count(self) -> int:
        """How many findings there are."""
        return sum(one.count for one in self.kinds)


_seen: WeakKeyDictionary[Link, tuple[int, Health]] = WeakKeyDictionary()


def queue_findings(link: Link, *, now_ms: int, may_read: MayDo, may_repair: MayDo) -> QueueFindings:
    """Reads them, in one round trip. What `may_read` refuses is in no figure."""
    health = _read(link, now_ms)
    reports = [one for one in health.reports if may_read(one.queue)]
    whole = len(reports) == len(health.reports)
    return QueueFindings(
        queues=len(reports),
        first_ms=min((one.at_ms for one in reports), default=0),
        last_ms=max((one.at_ms for one in reports), default=0),
        took_ms=_took(health.check, reports) if whole else None,
        check=health.check,
        may_check=health.may_check,
        kinds=tuple(found for kind in FINDING_KINDS if (found := _found(kind, reports, may_repair))),
        passed=tuple(passed for kind in FINDING_KINDS if (passed := _passed(kind, reports))),
        unjudged=tuple(_unjudged(reports)),
    )


def known_reports(link: Link, *, now_ms: int) -> tuple[Report, ...]:
    """The reports of all queues, at most 2 s old: one round trip for all pages of a process."""
    seen = _seen.get(link)
    if seen is None or not 0 <= now_ms - seen[0] < FRESH_MS:
        found = read_with_tasks(link, now_ms=now_ms)
        _seen[link] = (now_ms, found)
        return found.reports
    return seen[1].reports


def names_to_check(link: Link, *, now_ms: int, listed: Sequence[str]) -> list[str]:
    """The queues of the list, else all that are known: those first that were never checked, then by when they were. So
    one check after the other gets through more than one can take. One round trip, two without a list."""
    checked = {one.queue: one.at_ms for one in read_health(link).reports}
    return sorted(listed or read_overview(link, now_ms).names, key=lambda name: (checked.get(name, 0), name))


def last_check(link: Link, *, now_ms: int) -> Check | None:
    """The check that runs or ran last, as it is now. One round trip."""
    return _read(link, now_ms).check


def look_again(link: Link) -> None:
    """A check has just been told something: the next page reads."""
    _seen.pop(link, None)


def _read(link: Link, now_ms: int) -> Health:
    found = read_health(link)
    _seen[link] = (now_ms, found)
    return found


def _took(check: Check | None, reports: Sequence[Report]) -> int | None:
    if check is None or check.state != "finished" or check.ended_ms is None or check.rested or not reports:
        return None
    began = check.started_ms
    return check.ended_ms - began if all(began <= one.at_ms <= check.ended_ms for one in reports) else None


def _found(kind: FindingKind, reports: Sequence[Report], may_repair: MayDo) -> KindFound | None:
    having = [one for one in reports if one.found.get(kind)]
    if not having:
        return None
    rows = {one.queue: [row for row in one.rows if row.kind == kind] for one in having}
    each = max(MOST_ROWS // len(having), 1)
    return KindFound(
        kind,
        sum(one.found[kind] for one in having),
        sum(one.repair_amount(kind) for one in having if may_repair(one.queue)),
        tuple(rows),
        tuple(row for those in rows.values() for row in those[:each])[:MOST_ROWS],
    )


def _passed(kind: FindingKind, reports: Sequence[Report]) -> KindPassed | None:
    if any(one.found.get(kind) for one in reports):
        return None
    judged = [one for one in reports if not one.broken and kind not in _not_judged(one)]
    if not judged:
        return None
    return KindPassed(kind, len(judged), sum(one.jobs for one in judged), sum(one.groups for one in judged))


def _not_judged(report: Report) -> frozenset[FindingKind]:
    every = frozenset(FINDING_KINDS)
    missing = frozenset[FindingKind]().union(*(UNJUDGED.get(code, every) for code in report.notes))
    # Where an old SDK wrote no index, its entries are not looked at one by one.
    unseen = frozenset[FindingKind]({"idx"} if report.found.get("old_index") else ())
    return missing | unseen


def _unjudged(reports: Sequence[Report]) -> Iterable[Unjudged]:
    by_why: dict[tuple[bool, str], list[str]] = {}
    for one in reports:
        for why in (one.broken,) if one.broken else one.notes:
            by_why.setdefault((not one.broken, why), []).append(one.queue)
    for (noted, why), queues in sorted(by_why.items()):
        yield Unjudged(why, not noted, tuple(queues))
