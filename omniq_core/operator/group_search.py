"""Which groups there are: picked out of the pages that the search for queues reads anyway."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from ..connection import Link
from ..keys import QueueKeys
from .groups import MOST_GROUPS
from .overview import state_of

TOLD_AGAIN_MS = 3_600_000
KEPT_MS = 7 * 24 * 3_600_000
"""A list lives for so long after the last time one of its groups was met."""

MOST_TOLD = 200_000
BATCH = 500

# The last suffix is the key's own: `a:wait` is a valid name.
GROUP_KEY = re.compile(rb"\{([A-Za-z0-9._-]{1,128})\}:g:(.+):(wait|inflight|limit)", re.DOTALL)

Write = Callable[[list[Any]], None]


class GroupSearch:
    """The groups one process met, written into `{queue}:x:groups` by when they were last seen at work: 0 for those that
    only have a count or a limit left. Each is written once an hour.

    `write` sends commands that change something and takes care of a Redis that refuses them; then the process keeps
    the names for itself.
    """

    def __init__(self, link: Link, clock: Callable[[], int], write: Write) -> None:
        self.link = link
        self._clock = clock
        self._write = write
        self._told: dict[tuple[bytes, bytes], int] = {}
        self._met: dict[bytes, dict[bytes, bool]] = {}

    def take_over(self) -> None:
        """Another process kept the lists until now."""
        self._told.clear()

    def meet(self, keys: Iterable[object]) -> None:
        """Notes the groups among the keys of one page of the scan."""
        now = self._clock()
        for key in keys:
            match = GROUP_KEY.fullmatch(key) if isinstance(key, bytes) else None
            if match is None or now - self._told.get((match[1], match[2]), -TOLD_AGAIN_MS) < TOLD_AGAIN_MS:
                continue
            at_work = self._met.setdefault(match[1], {})
            at_work[match[2]] = at_work.get(match[2], False) or match[3] == b"wait"

    def store(self) -> None:
        """Makes what was met known to the pages."""
        now, state = self._clock(), state_of(self.link)
        met, self._met = self._met, {}
        if len(self._told) > MOST_TOLD:
            self._told.clear()
        for queue, groups in met.items():
            name = queue.decode("ascii")
            if state.writable:
                self._told.update(((queue, gid), now) for gid in groups)
                self._write(note_groups(name, groups, now))
            else:
                known = state.groups.get(name, frozenset()).union(groups)
                state.groups = {**state.groups, name: frozenset(sorted(known)[:MOST_GROUPS])}


def note_groups(queue: str, groups: dict[bytes, bool], now_ms: int) -> list[Any]:
    """The commands that write groups down: True for those that are at work, as of now."""
    key = QueueKeys(queue).of("x:groups")
    commands: list[Any] = []
    for at_work in (True, False):
        names = sorted(gid for gid, works in groups.items() if works is at_work)
        for at in range(0, len(names), BATCH):
            pairs = [part for gid in names[at : at + BATCH] for part in (now_ms if at_work else 0, gid)]
            commands.append(("ZADD", key, "GT" if at_work else "NX", *pairs))
    if commands:
        commands += [("ZREMRANGEBYRANK", key, 0, -MOST_GROUPS - 1), ("PEXPIRE", key, KEPT_MS)]
    return commands
