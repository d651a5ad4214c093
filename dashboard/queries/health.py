"""How well Redis itself is, and what endangers jobs: of Redis, and in the queues."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from omniq_core import Link, ServerFacts, SlowScript, seen_facts, server_facts

from .queue_findings import MayDo, QueueFindings, known_reports, queue_findings

CLOCKS_AGREE_MS = 250
"""Clocks that differ by more make leases and ages wrong enough to see."""
SLOW_SCRIPT_US = 100_000
"""A script that ran for longer kept everybody waiting for as long."""

_QUEUE = re.compile(rb"\{([A-Za-z0-9._-]{1,128})\}:")

Kind = Literal["eviction", "clocks", "slow"]
KINDS: tuple[Kind, ...] = ("eviction", "clocks", "slow")


@dataclass(frozen=True, slots=True)
class HealthPage:
    """The server, which of its checks found something, and which could not be made because it may not be asked; and
    what the checks of queues found. Of a cluster a check found something when it did on one of the masters, and passed
    when it did on all."""

    server: ServerFacts
    findings: tuple[Kind, ...]
    passed: tuple[Kind, ...]
    unknown: tuple[Kind, ...]
    queues: QueueFindings

    def failing(self, kind: Kind) -> tuple[ServerFacts, ...]:
        """The servers that this check found something on."""
        return tuple(one for one in self.server.all if _verdict_of_one(kind, one))

    def unasked(self, kind: Kind) -> tuple[ServerFacts, ...]:
        """The servers that it could not be made on."""
        return tuple(one for one in self.server.all if _verdict_of_one(kind, one) is None)

    @property
    def fullest(self) -> ServerFacts:
        """The server with the least memory left below its limit; without a limit, the one that uses most."""
        return max(self.server.all, key=_fullness)

    @property
    def least_kept(self) -> ServerFacts:
        """The server whose memory is kept worst: a save or a write that failed, else nothing that is kept."""
        return min(self.server.all, key=_kept)

    @property
    def count(self) -> int:
        """How many findings there are."""
        return len(self.findings) + self.queues.count


def health_page(link: Link, *, now_ms: int, may_read: MayDo, may_repair: MayDo) -> HealthPage:
    """Reads the page, in three round trips. Queues that `may_read` refuses are in no figure of it."""
    server = server_facts(link, now_ms)
    server = replace(_seen_by(server, may_read), others=tuple(_seen_by(one, may_read) for one in server.others))
    verdicts = {kind: _verdict(kind, server) for kind in KINDS}

    def those(wanted: bool | None) -> tuple[Kind, ...]:
        return tuple(kind for kind in KINDS if verdicts[kind] is wanted)

    queues = queue_findings(link, now_ms=now_ms, may_read=may_read, may_repair=may_repair)
    return HealthPage(server, findings=those(True), passed=those(False), unknown=those(None), queues=queues)


def known_findings(link: Link, *, now_ms: int, may_read: MayDo) -> int:
    """How many findings there are in the queues that may be read, as of at most 2 s ago, and in the server as this
    process knows it. At most one round trip."""
    seen = seen_facts(link)
    server = sum(_verdict(kind, seen) is True for kind in KINDS) if seen else 0
    reports = known_reports(link, now_ms=now_ms)
    return server + sum(sum(one.found.values()) for one in reports if one.found and may_read(one.queue))


def _seen_by(server: ServerFacts, may_read: MayDo) -> ServerFacts:
    return replace(server, slow=tuple(_as_seen(one, may_read) for one in server.slow)) if server.slow else server


def _as_seen(slow: SlowScript, may_read: MayDo) -> SlowScript:
    """That script without the name of a queue that its reader may not see."""
    named = _QUEUE.search(slow.command)
    if named is None or may_read(named[1].decode("ascii")):
        return slow
    return replace(slow, command=slow.command[: named.start()] + b"(another queue)")


def _verdict(kind: Kind, server: ServerFacts) -> bool | None:
    """True when it found something on one of the servers, None when it could not be made on one of them."""
    verdicts = [_verdict_of_one(kind, one) for one in server.all]
    return True if True in verdicts else None if None in verdicts else False


def _verdict_of_one(kind: Kind, server: ServerFacts) -> bool | None:
    if kind == "eviction":
        return server.memory.evicts_jobs if server.memory else None
    if kind == "clocks":
        # The answer was under way for some time, and nobody knows for which part of it.
        apart = server.clock_ms
        return None if apart is None else abs(apart) - server.clock_error_ms > CLOCKS_AGREE_MS
    return None if server.slow is None else any(one.took_us > SLOW_SCRIPT_US for one in server.slow)


def _fullness(server: ServerFacts) -> tuple[float, int]:
    memory = server.memory
    return (memory.used / memory.most if memory.most else 0.0, memory.used) if memory else (-1.0, 0)


def _kept(server: ServerFacts) -> int:
    kept = server.persistence
    if kept is None:
        return 3
    if not (kept.aof_fine or not kept.aof) or not kept.save_fine:
        return 0
    return 2 if kept.aof or kept.saved_ms else 1
