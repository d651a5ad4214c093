"""Walks through lists while workers shorten and lengthen them, and a memory of the ids that stand there."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, cast

from ..connection import Arg, Link
from ..keys import QueueKeys, encode_id
from ..scripts import script

STEP_S = 0.0015
FIRST_WORK, LEAST_WORK, MOST_WORK = 200, 20, 1000
LEAST_WINDOW = 20
"""New entries of one list that are read at a time, at least: of short lists many are read in one script."""

_OVERLAP = 32
_MOST_RETURNS = 50

Steps = Generator[None, None, None]
"""One script at each step."""


class Work:
    """How many jobs the next script may look at, so that it holds Redis for about 1.5 ms."""

    def __init__(self) -> None:
        self.size = FIRST_WORK

    def after(self, took_s: float) -> None:
        """Learns from a script that took so long. It grows slowly: what comes may be dearer than what was."""
        wanted = self.size * STEP_S / max(took_s, 0.0001)
        self.size = int(min(max(wanted, LEAST_WORK), self.size * 1.5 + 1, MOST_WORK))


class IdSet:
    """Ids by 8 bytes each, so that a million of them are no burden; sorted in small parts when first asked for."""

    def __init__(self) -> None:
        self._parts = [array("q") for _ in range(256)]
        self._sorted = bytearray(256)

    def add(self, ids: Iterable[bytes]) -> None:
        """Notes ids, one that comes twice twice."""
        parts, sorted_ = self._parts, self._sorted
        for known in map(hash, ids):
            parts[known & 255].append(known)
            sorted_[known & 255] = 0

    def __contains__(self, job_id: object) -> bool:
        known = hash(job_id)
        part = self._part(known & 255)
        at = bisect_left(part, known)
        return at < len(part) and part[at] == known

    def doubled(self) -> set[int]:
        """The hashes of ids that were noted more than once."""
        twice: set[int] = set()
        for at in range(256):
            part = self._part(at)
            twice.update(one for one, after in pairwise(part) if one == after)
        return twice

    def _part(self, at: int) -> array[int]:
        if not self._sorted[at]:
            self._parts[at] = array("q", sorted(self._parts[at]))
            self._sorted[at] = 1
        return self._parts[at]


@dataclass(slots=True)
class ListWalk:
    """Where a walk through one list stands. Waiting lists are walked from the tail: workers take the head away, and
    what is pushed at the tail moves nothing out of sight. Others grow at the head, and are walked from there.

    Each window overlaps the last one. Where nothing of that one is met any more, entries have left behind the walk, and
    it goes back.
    """

    suffix: bytes
    from_tail: bool
    done: bool = False
    _offset: int = 0
    _first: int = 0
    _size: int = 0
    _returns: int = 0
    _last: list[bytes] = field(default_factory=lambda: cast(list[bytes], []))

    @property
    def overlap(self) -> int:
        """So many entries of the last window are read once more."""
        return min(self._offset, _OVERLAP)

    def window(self, size: int) -> tuple[int, int]:
        """The next places to read, as LRANGE takes them, with `size` new entries."""
        self._first = self._offset - self.overlap
        self._size = size + self._offset - self._first
        if self.from_tail:
            return -self._first - self._size, -self._first - 1
        return self._first, self._first + self._size - 1

    def accept(self, ids: Sequence[bytes]) -> int:
        """Takes what stands there, in the walk's order; returns from which on it is new."""
        fresh = self._seen_of(ids)
        if fresh is None:
            if self._first > 0 and self._returns < _MOST_RETURNS:
                self._returns += 1
                self._offset = max(self._first - self._size, 0)
                return len(ids)
            fresh = 0
        self._offset = self._first + len(ids)
        self._last = [*self._last, *ids[fresh:]][-_OVERLAP:]
        self.done = len(ids) < self._size
        return fresh

    def _seen_of(self, ids: Sequence[bytes]) -> int | None:
        """How many of them were seen before; None when that cannot be told."""
        if not self._last:
            return 0
        where = {job_id: at for at, job_id in enumerate(ids)}
        for back, known in enumerate(reversed(self._last)):
            expected = self._offset - 1 - back - self._first
            if 0 <= expected < len(ids) and ids[expected] == known:
                return expected + 1
            if known in where:
                return where[known] + 1
        return None

    def place(self, at: int) -> int:
        """Where the entry of the last window at `at` stands: counted from the tail it is negative, -1 the last."""
        return -(self._first + at + 1) if self.from_tail else self._first + at


@dataclass(frozen=True, slots=True)
class Window:
    """New entries of one list: ids and their places, and those of them that are not plainly sound there."""

    suffix: bytes
    ids: Sequence[bytes]
    places: Sequence[int]
    odd: Sequence[bytes]


def walk_lists(
    link: Link, queue: str, suffixes: Iterable[bytes], work: Work, *, judged: bool
) -> Generator[list[Window], None, None]:
    """Every entry of these lists, a script at a time. `judged`: each job is looked at, else they are only read.

    Raises what Redis raised, also for a fixed key of the wrong type.
    """
    anchor, waiting = QueueKeys(queue).anchor, iter(suffixes)
    begun: list[ListWalk] = []
    while True:
        # Those that were begun come first: the less passes between two windows of a list, the less moves in it.
        now: list[ListWalk] = []
        room, begun = _taken(begun, now, work.size)
        for suffix in waiting if room >= LEAST_WINDOW else ():
            now.append(ListWalk(suffix, suffix not in (b"failed", b"completed")))
            room -= LEAST_WINDOW
            if room < LEAST_WINDOW:
                break
        if not now:
            return
        size = LEAST_WINDOW + max(room, 0) // len(now)
        args: list[Arg] = [int(judged)]
        for one in now:
            args += (one.suffix, *one.window(size))
        reply, took_s = link.run_timed(script("operator/jobs_windows"), anchor, *args)
        work.after(took_s)
        yield [_window(one, ids, odd) for one, (ids, odd) in zip(now, cast(list[Any], reply), strict=True)]
        begun = [*(one for one in now if not one.done), *begun]


def _taken(begun: list[ListWalk], now: list[ListWalk], room: int) -> tuple[int, list[ListWalk]]:
    """As many walks as there is room for, one at least, into `now`; the room and the walks that are left."""
    for at, one in enumerate(begun):
        cost = one.overlap + LEAST_WINDOW
        if now and cost > room:
            return 0, begun[at:]
        now.append(one)
        room -= cost
    return room, []


def _window(walk: ListWalk, ids: list[bytes], odd: list[int]) -> Window:
    suspects = [ids[at - 1] for at in odd]
    if walk.from_tail:
        ids.reverse()
    fresh = walk.accept(ids)
    return Window(walk.suffix, ids[fresh:], [walk.place(at) for at in range(fresh, len(ids))], suspects)


def waiting_list(gid: str) -> bytes:
    """The key of a group's waiting list, behind the queue's name."""
    return b"g:" + encode_id(gid) + b":wait"
