"""Which groups are stuck, in all queues with jobs that wait in groups: whoever leads looks at them in turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..connection import Call, Link
from ..keys import QueueKeys, decode_id, encode_id
from ..pacing import rest_after
from ..scripts import script
from .groups import MOST_LIVE, groups_list_call, parse_groups_list, parse_rows
from .turns import next_size

SHARE = 0.05
"""The most of one process's time that this takes."""

ROUND_MS = 10_000
MOST_RECHECKED = 20
_LEAST = 20


@dataclass(frozen=True, slots=True)
class StuckGroups:
    """The stuck groups of a queue as far as they are kept by name, and how many there are beyond; jobs wait in them."""

    gids: tuple[str, ...]
    beyond: int
    waiting: int

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.gids) + self.beyond


class GroupWatch:
    """Looks at every group of every queue in rounds, a piece of about 3 ms at a time. Not for more than one thread."""

    def __init__(self, link: Link, timer: Callable[[], float] = time.perf_counter) -> None:
        self.link = link
        self._timer = timer
        self.stuck: dict[str, StuckGroups] = {}
        self.known: set[str] = set()
        """The queues that were looked at, all groups of them."""
        self._queues: list[str] = []
        self._left: list[str] = []
        self._found: dict[str, int] = {}
        self._size = 100
        self._round_at = 0
        self._ready_at = 0.0

    def step(self, now_ms: int, queues: Iterable[str]) -> float:
        """A piece of the round, or nothing; the seconds until the next. `queues`: those with jobs that wait in groups.
        Raises what Redis raised."""
        if not self._left and not self._queues:
            if now_ms < self._round_at:
                return min((self._round_at - now_ms) / 1000, 1.0)
            self._round_at = now_ms + ROUND_MS
            self._queues = sorted(queues, reverse=True)
            self.known &= set(self._queues)
            self.stuck = {name: self.stuck[name] for name in self.stuck if name in self.known}
            if not self._queues:
                return 1.0
        began = self._timer()
        if began < self._ready_at:
            return self._ready_at - began
        self._piece(self._queues[-1])
        ended = self._timer()
        rest = min(rest_after(ended - began, SHARE), 1.0)
        self._ready_at = ended + rest
        return rest

    def recheck(self) -> dict[str, Call]:
        """The reads that tell whether those found are stuck still; give the answers to `rechecked`."""
        names = sorted(self.stuck, key=lambda name: -self.stuck[name].waiting)[:MOST_RECHECKED]
        return {name: _rows(name, self.stuck[name].gids) for name in names}

    def rechecked(self, replies: Mapping[str, Any]) -> None:
        """Those that a worker or an operator has freed meanwhile are stuck no more."""
        for queue, reply in replies.items():
            known = self.stuck[queue]
            if isinstance(reply, Exception):
                continue
            found = {gid: one for gid, one in parse_rows(known.gids, reply).items() if one.state == "stuck"}
            if found or known.beyond:
                waiting = sum(one.waiting for one in found.values())
                self.stuck[queue] = StuckGroups(tuple(found), known.beyond, waiting)
            else:
                del self.stuck[queue]

    def _piece(self, queue: str) -> None:
        if not self._left:
            call, anchor, args = groups_list_call(queue, figures=False)
            names = parse_groups_list(self.link.run(call, anchor, *args, read=True))
            self._left, self._found = sorted(map(decode_id, names.seen | names.met)), {}
        else:
            part = self._left[-self._size :]
            call, anchor, args = _rows(queue, part)
            reply, took = self.link.run_timed(call, anchor, *args)
            del self._left[-len(part) :]
            self._size = next_size(self._size, took, _LEAST, MOST_LIVE)
            self._found |= {gid: one.waiting for gid, one in parse_rows(part, reply).items() if one.state == "stuck"}
        if not self._left:
            self._end(queue)

    def _end(self, queue: str) -> None:
        self._queues.pop()
        self.known.add(queue)
        gids = sorted(self._found, key=lambda gid: (-self._found[gid], gid))
        if gids:
            waiting = sum(self._found.values())
            self.stuck[queue] = StuckGroups(tuple(gids[:MOST_LIVE]), len(gids[MOST_LIVE:]), waiting)
        else:
            self.stuck.pop(queue, None)


def _rows(queue: str, gids: Iterable[str]) -> Call:
    return script("operator/groups_rows"), QueueKeys(queue).anchor, [encode_id(gid) for gid in gids]
