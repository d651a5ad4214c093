"""How well Redis itself is, and what endangers jobs: of Redis, and in the queues."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from omniq_core import Link, ServerFacts, seen_facts, server_facts

from .queue_findings import MayDo, QueueFindings, known_reports, queue_findings

CLOCKS_AGREE_MS = 250
"""Clocks that differ by more make leases and ages wrong enough to see."""
SLOW_SCRIPT_US = 100_000
"""A script that ran for longer kept everybody waiting for as long."""

Kind = Literal["eviction", "clocks", "slow"]
KINDS: tuple[Kind, ...] = ("eviction", "clocks", "slow")


@dataclass(frozen=True, slots=True)
class HealthPage:
    """The server, which of its checks found something, and which could not be made because it may not be asked; and
    what the checks of queues found."""

    server: ServerFacts
    findings: tuple[Kind, ...]
    passed: tuple[Kind, ...]
    unknown: tuple[Kind, ...]
    queues: QueueFindings

    @property
    def count(self) -> int:
        """How many findings there are."""
        return len(self.findings) + self.queues.count


def health_page(link: Link, *, now_ms: int, may_read: MayDo, may_repair: MayDo) -> HealthPage:
    """Reads the page, in three round trips. Queues that `may_read` refuses are in no figure of it."""
    server = server_facts(link, now_ms)
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


def _verdict(kind: Kind, server: ServerFacts) -> bool | None:
    if kind == "eviction":
        return server.memory.evicts_jobs if server.memory else None
    if kind == "clocks":
        # The answer was under way for some time, and nobody knows for which part of it.
        apart = server.clock_ms
        return None if apart is None else abs(apart) - server.clock_error_ms > CLOCKS_AGREE_MS
    return None if server.slow is None else any(one.took_us > SLOW_SCRIPT_US for one in server.slow)
