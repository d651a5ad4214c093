"""The check of a queue as a whole: types of its fixed keys, counters, leases, what old SDKs left out."""

from __future__ import annotations

from typing import Any, cast

from ..connection import Link
from ..keys import QueueKeys
from ..scripts import script
from .findings import Finding, FindingKind

MOST_COUNTED = 1_000
"""So many groups are counted one by one in the script; where there are more, only the idx says how many jobs wait."""

_FACTS: dict[str, tuple[str, ...]] = {
    "types": ("wanted", "is"),
    "counters": ("stored", "found", "indexed", "summed"),
    "leases": ("expired", "oldest", "last_reserve"),
    "completed_over": ("stored",),
    "old_index": ("jobs",),
    "old_stats": ("jobs",),
}


class QueueCheck:
    """One script, one moment. The counters of waiting jobs in groups are found wrong only when they agree with neither
    the idx (`indexed`) nor the groups that are known (`summed`): write the groups down first (x:groups), and judge
    `found` again when the idx turns out to be broken.
    """

    def __init__(self, link: Link, queue: str, now_ms: int, leases_ms: int) -> None:
        self._link, self._queue = link, queue
        self._args = (now_ms, leases_ms, MOST_COUNTED)
        self.looked = 0
        """Queues: 1 when it is through."""
        self.found: list[Finding] = []
        self.notes: list[str] = []

    def step(self) -> bool:
        """All of it; True. Raises what Redis raised."""
        rows = self._link.run(script("operator/check_queue"), QueueKeys(self._queue).anchor, *self._args, read=True)
        self.found = sorted(map(self._finding, rows), key=lambda one: (one.kind, one.subject))
        self.looked = 1
        return True

    def _finding(self, row: list[Any]) -> Finding:
        kind, subject = row[0].decode(), row[1].decode()
        facts = dict(zip(_FACTS[kind], map(_plain, row[2:]), strict=False))
        return Finding(cast(FindingKind, kind), self._queue, subject, facts)


def _plain(value: object) -> object:
    return value.decode() if isinstance(value, bytes) else value
