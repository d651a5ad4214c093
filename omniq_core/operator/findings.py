"""What a check of a queue found: which kinds of trouble there are, and each finding as it stands in Redis."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from ..connection import Arg, Link
from ..keys import QueueKeys, decode_id, encode_id

FindingKind = Literal[
    "inflight",
    "ready_missing",
    "ready_extra",
    "leases",
    "counters",
    "idx",
    "ghosts",
    "orphans",
    "two_lanes",
    "states",
    "types",
    "completed_over",
    "over_limit",
    "old_index",
    "old_stats",
]
FINDING_KINDS: tuple[FindingKind, ...] = get_args(FindingKind)
"""In the order in which a page shows them."""

JOB_KINDS: frozenset[FindingKind] = frozenset({"idx", "ghosts", "orphans", "two_lanes", "states"})
"""Those whose subjects are jobs."""

COMPLETED_KEPT = 100
"""So many completed jobs of a queue the protocol keeps."""

KEPT_MS = 86_400_000
MOST_FINDINGS = 20_000
"""So many of one kind and queue are kept one by one; beyond that only their number is."""

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. `subject` is a job's id, a gid, a counter, or a key behind the queue's name; "" is the
    queue itself. `facts` are plain JSON values: counts, ms, names of lanes."""

    kind: FindingKind
    queue: str
    subject: str
    facts: Mapping[str, Any]


def findings_key(queue: str, kind: str) -> bytes:
    """The hash of one kind: subject -> facts. Raises ValueError for a bad queue name."""
    return QueueKeys(queue).of(f"x:check:{kind}")


def pack_finding(finding: Finding) -> bytes:
    """Its facts as they stand in Redis: bytes of ids that are no UTF-8 come back as they were."""
    return json.dumps(dict(finding.facts), separators=(",", ":")).encode("ascii")


def unpack_finding(queue: str, kind: FindingKind, subject: bytes, raw: object) -> Finding | None:
    """The finding of such an entry, None for one that this version cannot read."""
    try:
        facts: Any = json.loads(raw) if isinstance(raw, bytes) else None
    except ValueError:
        return None
    if not isinstance(facts, dict):
        return None
    return Finding(kind, queue, decode_id(subject), cast(dict[str, Any], facts))


def read_findings(link: Link, queue: str, kind: FindingKind, limit: int) -> tuple[Finding, ...]:
    """Up to `limit` findings of the last check of that queue, in no order; one round trip for about 500 of them.

    A repair takes those out that it dealt with. Raises what Redis raised.
    """
    found: dict[bytes, object] = {}
    cursor, name = 0, findings_key(queue, kind)
    while len(found) < limit:
        page = link.call("HSCAN", name, cursor, "COUNT", min(limit, _BATCH), read=True)
        cursor, entries = int(page[0]), cast("list[bytes] | dict[bytes, bytes]", page[1])
        pairs = entries.items() if isinstance(entries, dict) else zip(entries[::2], entries[1::2], strict=True)
        found |= dict(pairs)
        if cursor == 0:
            break
    read = (unpack_finding(queue, kind, subject, raw) for subject, raw in list(found.items())[:limit])
    return tuple(one for one in read if one is not None)


def findings_commands(queue: str, findings: Iterable[Finding]) -> list[tuple[Arg, ...]]:
    """The commands that put these in the place of all that an earlier check of the queue found. A reader sees the old
    ones of a kind or the new ones, never a part."""
    by_kind: dict[str, dict[bytes, bytes]] = {kind: {} for kind in FINDING_KINDS}
    for one in findings:
        if len(by_kind[one.kind]) < MOST_FINDINGS:
            by_kind[one.kind][encode_id(one.subject)] = pack_finding(one)
    commands: list[tuple[Arg, ...]] = []
    for kind, entries in by_kind.items():
        name = findings_key(queue, kind)
        if not entries:
            commands.append(("UNLINK", name))
            continue
        fresh, flat = name + b":new", [part for pair in entries.items() for part in pair]
        commands.append(("UNLINK", fresh))
        step = 2 * _BATCH
        commands += [("HSET", fresh, *flat[at : at + step]) for at in range(0, len(flat), step)]
        commands += [("PEXPIRE", fresh, KEPT_MS), ("RENAME", fresh, name)]
    return commands
