"""Which queues, groups and child counters exist: a scan of the keyspace in small steps, shared by all through Redis."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from typing import Any

from ..clock import now_ms
from ..connection import Link
from ..explaining import is_moving
from ..keys import QueueKeys
from .counter_search import CounterSearch
from .group_search import GroupSearch
from .overview import QUEUES, SCAN, DiscoveryState, pack_scan, queue_name, read_scan, state_of
from .rights import ASK_AGAIN_MS, is_forbidden, keeps_out, refuses_writes

COUNT = 1000
BATCH = 500
MOST_QUEUES = 20_000
SCAN_TTL_MS = 60_000
OLD_LIST = b"omniq:queues"
"""Written by SDKs 2.x and 3.x: a set of bases, `{name}`. Read where it is, never written."""

# The one pattern lets the keys of lanes, groups and counters through and keeps those of jobs and indexes in Redis.
MATCH = b"{*}:[acdfghpsw]*"
_SUFFIXES = ("stats", "wait", "active", "delayed", "failed", "completed", "paused", "has_groups")
PROTOCOL_KEYS = (*_SUFFIXES, "groups:ready", "idx:wait", "idx:active", "idx:delayed", "idx:failed", "idx:completed")
_KEY = re.compile(rb"\{([A-Za-z0-9._-]{1,128})\}:(?:" + "|".join(_SUFFIXES).encode() + rb")")


class Discovery:
    """The search of one process. `step` goes on for a few ms; the whole pass ends when `pass_ended` turns true."""

    def __init__(
        self, link: Link, *, timer: Callable[[], float] = time.perf_counter, clock: Callable[[], int] = now_ms
    ) -> None:
        self.link = link
        self.passes = 0
        self._timer, self._clock = timer, clock
        self._cursor = 0
        self._seen = 0
        self._misses: dict[str, int] = {}
        self._done = False
        self._refused_until = self._old_refused_until = 0
        self._counters = CounterSearch(link, self._write)
        self._groups = GroupSearch(link, clock, self._write_groups)

    def take_over(self, raw_scan: object) -> None:
        """Goes on where another process stopped, as `{omniq:x}:scan` tells."""
        state, cursor = read_scan(raw_scan)
        self._cursor, self._seen, self._done = cursor, state.seen if cursor else 0, state.done and not state.refused
        self._counters.take_over()
        self._groups.take_over()

    def step(self, budget_ms: float) -> bool:
        """Scans until the time is used up, at least one call; True when the pass came to its end.

        Queues that turn up are known at once; at the end of a pass those without keys are counted, and leave after
        two passes. Raises what Redis raised; a refused write only sets `writable` of the process to False, and where
        SCAN is not permitted a pass is over at once.
        """
        end = self._timer() + budget_ms / 1000
        found: set[str] = set()
        total = 0
        refused = self._clock() < self._refused_until
        while not refused:
            replies = self.link.pipeline([("DBSIZE",), ("SCAN", self._cursor, "MATCH", MATCH, "COUNT", COUNT)])
            refused = any(map(is_forbidden, replies))
            if refused:
                self._cursor, self._seen, self._refused_until = 0, 0, self._clock() + ASK_AGAIN_MS
                break
            size, page = _good(replies)
            total, self._cursor = int(size), int(page[0])
            self._seen = min(self._seen + COUNT, total)
            found |= {name for raw in page[1] if (name := queue_of(raw))}
            self._counters.meet(page[1])
            self._groups.meet(page[1])
            if self._cursor == 0 or self._timer() >= end:
                break
        ended = self._cursor == 0
        self._add(found | self._old_list() if ended else found)
        self._counters.store()
        self._groups.store()
        if ended:
            self._check()
            self._counters.end_pass()
            self.passes += 1
            self._done = self._done or not refused
            self._seen = 0
        self._publish(DiscoveryState(self._done or refused, total if self._done else self._seen, total, refused))
        return ended

    def _add(self, found: Iterable[str]) -> None:
        state = state_of(self.link)
        fresh = sorted(set(found) - state.names)
        living = [name for name, keys in self._alive(fresh).items() if keys]
        state.names = state.names.union(living[: max(MOST_QUEUES - len(state.names), 0)])
        if found and state.writable:
            names = sorted(set(found) & state.names)
            self._write([("SADD", QUEUES, *names[at : at + BATCH]) for at in range(0, len(names), BATCH)])

    def _old_list(self) -> set[str]:
        if self._clock() < self._old_refused_until:
            return set()
        reply = self.link.pipeline([("SSCAN", OLD_LIST, 0, "COUNT", MOST_QUEUES)])[0]
        if isinstance(reply, Exception):  # another type, or not permitted
            self._old_refused_until = self._clock() + ASK_AGAIN_MS if is_forbidden(reply) else 0
            return set()
        return {name for raw in reply[1] if (name := queue_name(raw.strip(b"{}")))}

    def _check(self) -> None:
        state = state_of(self.link)
        known = {
            name for raw in self._replies([("SMEMBERS", QUEUES)], lenient=True)[0] or () if (name := queue_name(raw))
        }
        alive = self._alive(sorted(known | state.names))
        misses = {name: self._misses.get(name, 0) + 1 for name, keys in alive.items() if not keys}
        gone = sorted(name for name, count in misses.items() if count >= 2)
        self._misses = {name: count for name, count in misses.items() if count < 2}
        state.names = frozenset(alive).difference(gone)
        if gone and state.writable:
            self._write([("SREM", QUEUES, *gone[at : at + BATCH]) for at in range(0, len(gone), BATCH)])

    def _alive(self, names: list[str]) -> dict[str, int]:
        """How many keys each has. One that may not be read is there: its keys were met."""
        state, now = state_of(self.link), self._clock()
        denied = state.denied.now(now)
        found = dict.fromkeys(denied.intersection(names), 1)
        names = [name for name in names if name not in denied]
        for at in range(0, len(names), BATCH):
            part = names[at : at + BATCH]
            commands = [("EXISTS", *(QueueKeys(name).of(suffix) for suffix in PROTOCOL_KEYS)) for name in part]
            # One whose keys are on their way to another node of a cluster is there.
            replies = self.link.pipeline(commands)
            state.denied.note((name for name, reply in zip(part, replies, strict=True) if keeps_out(reply)), now)
            replies = [1 if is_moving(reply) or keeps_out(reply) else reply for reply in replies]
            found |= dict(zip(part, _good(replies), strict=True))
        return found

    def _publish(self, state: DiscoveryState) -> None:
        state_of(self.link).discovery = state
        if state_of(self.link).writable:
            self._write([("SET", SCAN, pack_scan(state, self._cursor), "PX", SCAN_TTL_MS)])

    def _write(self, commands: list[Any]) -> None:
        if commands:
            self._judge(self.link.pipeline(commands))

    def _judge(self, replies: list[Any]) -> None:
        for reply in replies:
            if refuses_writes(reply):
                state_of(self.link).lose_writing(reply)
                return
            if isinstance(reply, Exception) and "WRONGTYPE" not in str(reply):
                raise reply

    def _write_groups(self, commands: list[Any]) -> None:
        """Of a queue whose keys this user may not write no group is noted; that is no word about all the others."""
        replies = self.link.pipeline(commands) if commands else []
        self._judge([reply for reply in replies if not keeps_out(reply)])

    def _replies(self, commands: list[Any], *, lenient: bool = False) -> list[Any]:
        replies = self.link.pipeline(commands)
        return [None if isinstance(reply, Exception) else reply for reply in replies] if lenient else _good(replies)


def _good(replies: list[Any]) -> list[Any]:
    for reply in replies:
        if isinstance(reply, Exception):
            raise reply
    return replies


def queue_of(key: object) -> str | None:
    """The queue a key of the protocol belongs to, None for any other key (one pair of braces, the name's rule)."""
    match = _KEY.fullmatch(key) if isinstance(key, bytes) else None
    return match[1].decode() if match else None
