"""The check of a queue's groups: their counts of jobs in flight, and their places among the ready ones."""

from __future__ import annotations

from typing import Any, cast

from ..connection import Link
from ..keys import QueueKeys, decode_id
from ..scripts import script
from .findings import Finding, FindingKind
from .group_search import note_groups
from .turns import next_size

MOST_RUNNING = 2_000
"""Where more jobs run, counting those of each group in one script would hold Redis too long: these take 1.9 ms."""

MOST_GIDS = 100_000
"""So many groups of one queue are looked at."""

_PAGE = 500
_LEAST, _MOST = 20, 200
_FACTS: dict[str, tuple[str, ...]] = {
    "inflight": ("stored", "found", "waiting"),
    "ready_missing": ("in_flight", "limit", "waiting"),
    "ready_extra": ("in_flight", "limit", "waiting"),
    "over_limit": ("in_flight", "limit"),
}


class GroupCheck:
    """First the names of the groups, page by page, then the verdicts, each from one script.

    Groups that it meets among the ready ones and the running jobs are written down in x:groups. Notes: "many_running"
    (counts in flight were not compared), "many_groups" (those beyond the first 100,000 were not looked at).
    """

    def __init__(self, link: Link, queue: str, now_ms: int) -> None:
        self._link, self._queue, self._now = link, queue, now_ms
        keys = QueueKeys(queue)
        self._anchor = keys.anchor
        self._sets = [keys.of("groups:ready"), keys.of("x:groups")]
        self._cursor, self._size = 0, _LEAST
        self._gids: set[bytes] = set()
        self._left: list[bytes] | None = None
        self.looked = 0
        """Groups that were judged."""
        self.found: list[Finding] = []
        self.notes: list[str] = []

    @property
    def gids(self) -> list[str]:
        """The groups that it met; all of them once it is through."""
        return [decode_id(gid) for gid in sorted(self._gids)]

    def step(self) -> bool:
        """One page of names or one script of verdicts; True when it is through. Raises what Redis raised."""
        if self._sets:
            self._name_page()
            return False
        if self._left is None:
            reply = self._ask([])
            self._meet(set(reply[1]))
            self._left = sorted(self._gids, reverse=True)
            return not self._left
        part = self._left[: -self._size - 1 : -1]
        del self._left[-len(part) :]
        for row in self._ask(part)[1]:
            kind = row[1].decode()
            facts = dict(zip(_FACTS[kind], row[2:], strict=True))
            self.found.append(Finding(cast(FindingKind, kind), self._queue, decode_id(row[0]), facts))
        self.looked += len(part)
        return not self._left

    def _name_page(self) -> None:
        page: Any = self._link.pipeline([("ZSCAN", self._sets[-1], self._cursor, "COUNT", _PAGE)])[0]
        if isinstance(page, Exception):
            if "WRONGTYPE" not in str(page):
                raise page
            page = (0, [])  # the check of types says so
        self._cursor = int(page[0])
        names = {pair[0] for pair in page[1]}
        if len(self._sets) == 1:
            self._meet(names)
        else:
            self._gids |= names
        if self._cursor == 0 or "many_groups" in self.notes:
            self._sets.pop()
            self._cursor = 0

    def _meet(self, names: set[bytes]) -> None:
        fresh = names - self._gids
        if fresh and len(self._gids) + len(fresh) > MOST_GIDS:
            self._note("many_groups")
            return
        self._gids |= fresh
        # Where x:groups has another type, the next reader of the groups takes it away: it is ours.
        self._link.pipeline(note_groups(self._queue, dict.fromkeys(fresh, False), self._now))

    def _ask(self, part: list[bytes]) -> Any:
        reply, took = self._link.run_timed(script("operator/check_groups"), self._anchor, MOST_RUNNING, *part)
        self._size = next_size(self._size, took, _LEAST, _MOST)
        if (reply[0] or 0) > MOST_RUNNING:
            self._note("many_running")
        return reply

    def _note(self, code: str) -> None:
        if code not in self.notes:
            self.notes.append(code)
