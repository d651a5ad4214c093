"""The check of queues as a record in Redis, and what the last one of each queue found. One check at a time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any, Literal, cast

from ..connection import Link
from ..keys import decode_id, decode_text, encode_id, global_key, validate_queue
from ..numbers import read_count, read_moment
from ..scripts import script
from .findings import COMPLETED_KEPT, FINDING_KINDS, MOST_FINDINGS, Finding, FindingKind, pack_finding
from .overview import state_of
from .rights import unless_absent

CHECK, HEALTH, QUEUES = global_key("check"), global_key("health"), global_key("check:queues")
MOST_CHECKED = 2_000
"""So many queues one check can be asked for at a time."""

MOST_ROW_BYTES = 1_000
"""A finding of more bytes is counted, and stands in no report: its job may have any id."""
ROWS = 10
"""So many findings of each kind and queue stand in its report; the others are read by `read_findings`."""
_ANCHOR = global_key("meta")
HEALTH_READS = (("HGETALL", CHECK), ("LLEN", QUEUES), ("HGETALL", HEALTH))
"""The reads of `read_health`, for a pipeline with others."""


@dataclass(frozen=True, slots=True)
class Check:
    """The check as it stands. Times are ms. `state`: `running`, `stopped` (can go on), `finished`. `at` of `queues` are
    through, the next one is in `phase`. `looked` of about `expected` entries of lanes were looked at. `rested`: it was
    stopped for a while or changed hands, so its end is not as far from its start as it took."""

    check_id: str
    state: str
    by: str
    started_ms: int
    ended_ms: int | None
    at: int
    queues: int
    phase: str
    looked: int
    expected: int
    runs_in: str
    rested: bool

    @property
    def percent(self) -> int:
        """How far it is; 100 only when it is through."""
        if self.state == "finished":
            return 100
        return min(99, self.looked * 100 // self.expected) if self.expected else 0


@dataclass(frozen=True, slots=True)
class Report:
    """What the last check of a queue found: how many of each kind, and the first few. `notes` say what could not be
    looked at (codes), `broken` why nothing could be."""

    queue: str
    at_ms: int
    jobs: int
    groups: int
    found: dict[FindingKind, int]
    rows: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    broken: str = ""

    def repair_amount(self, kind: FindingKind) -> int:
        """With how much one repair of this queue would deal: what its button counts (leases, jobs, groups)."""
        names = {"leases": "expired", "completed_over": "stored", "old_index": "jobs"}
        count = self.found.get(kind, 0)
        if kind not in names:
            return min(count, MOST_FINDINGS)
        facts = [row.facts.get(names[kind]) for row in self.rows if row.kind == kind]
        stored = sum(value for value in facts if isinstance(value, int))
        return stored - COMPLETED_KEPT * count if kind == "completed_over" else stored


@dataclass(frozen=True, slots=True)
class Health:
    """All reports by queue, and the check that runs or ran last. Not `may_check`: nothing may be written here."""

    reports: tuple[Report, ...]
    check: Check | None
    may_check: bool


def start_check(
    link: Link, check_id: str, queues: Sequence[str], *, by: str, now_ms: int, beside: bool = False
) -> tuple[str, bool]:
    """Begins a check of these queues (2,000 at most), or adds them to the one that runs; its id, and whether it is new.

    One that was stopped is replaced. `beside`: it looks at these queues and is stopped again, so it can still go on.
    Raises ValueError for none, for too many and for a bad name, and what Redis raised.
    """
    names = [validate_queue(name) for name in queues]
    if not 0 < len(names) <= MOST_CHECKED:
        raise ValueError(f"1 to {MOST_CHECKED:,} queues, not {len(names):,}")
    found, new = link.run(script("operator/check_start"), _ANCHOR, now_ms, check_id, by, int(beside), *names)
    return decode_text(found), new == 1


def order_check(link: Link, order: Literal["stop", "resume"], *, now_ms: int) -> str | None:
    """Stops the check before its next step, or lets a stopped one go on; the state it was in, None without one."""
    was = link.run(script("operator/check_order"), _ANCHOR, now_ms, order)
    return decode_text(was) if was else None


def read_health(link: Link, *, may_check: bool = True) -> Health:
    """The check and all reports, in one round trip."""
    return parse_health(link, link.pipeline(HEALTH_READS), may_check=may_check)


def parse_health(link: Link, replies: Sequence[Any], *, may_check: bool = True) -> Health:
    """What HEALTH_READS gave. What may not be read counts as absent; see `unless_absent`."""
    kept, queues, found = map(unless_absent, replies)
    return Health(
        reports=tuple(one for name, raw in sorted(_pairs(found).items()) if (one := _report(name, raw))),
        check=parse_check(kept, queues),
        may_check=may_check and state_of(link).writable,
    )


def parse_check(reply: Any, queues: Any) -> Check | None:
    """A check from its hash; None for what is none."""
    kept = _pairs(reply)
    if b"id" not in kept:
        return None

    def text(name: bytes) -> str:
        return decode_text(kept.get(name, b""))

    return Check(
        check_id=text(b"id"),
        state=text(b"state"),
        by=text(b"by"),
        started_ms=read_count(kept.get(b"started_ms")),
        ended_ms=read_moment(kept.get(b"ended_ms")),
        at=read_count(kept.get(b"at")),
        queues=read_count(queues),
        phase=text(b"phase"),
        looked=read_count(kept.get(b"looked")),
        expected=read_count(kept.get(b"expected")),
        runs_in=text(b"owner_name") if read_count(kept.get(b"owner_until")) else "",
        rested=b"rested" in kept,
    )


def first_rows(findings: Iterable[Finding]) -> list[Finding]:
    """The first few of a kind, as they stand in a report; each is small."""
    small = (one for one in findings if len(one.subject) + len(pack_finding(one)) <= MOST_ROW_BYTES)
    return list(islice(small, ROWS))


def pack_report(report: Report) -> bytes:
    """As it stands in Redis."""
    rows = [[one.kind, encode_id(one.subject).hex(), dict(one.facts)] for one in report.rows]
    kept = {"v": 1, "at": report.at_ms, "jobs": report.jobs, "groups": report.groups, "found": report.found}
    kept |= {"rows": rows, "notes": report.notes, "broken": report.broken}
    return json.dumps(kept, separators=(",", ":")).encode("ascii")


@lru_cache(MOST_CHECKED)  # most of them are the same at each look
def _report(name: bytes, raw: bytes) -> Report | None:
    try:
        queue, kept = validate_queue(decode_text(name)), json.loads(raw)
        found: dict[FindingKind, int] = {
            kind: int(kept["found"][kind]) for kind in FINDING_KINDS if kept["found"].get(kind)
        }
        rows = [
            Finding(kind, queue, decode_id(bytes.fromhex(subject)), cast(dict[str, Any], facts))
            for kind, subject, facts in kept["rows"]
            if kind in FINDING_KINDS and isinstance(facts, dict)
        ]
        notes = tuple(map(str, kept["notes"]))
        figures = (int(kept["at"]), int(kept["jobs"]), int(kept["groups"]))
        return Report(queue, *figures, found, tuple(rows), notes, str(kept["broken"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _pairs(reply: Any) -> dict[bytes, bytes]:
    if not reply:
        return {}
    if isinstance(reply, dict):
        return cast(dict[bytes, bytes], reply)
    return dict(zip(reply[::2], reply[1::2], strict=True))
