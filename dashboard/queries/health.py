"""How well Redis itself is: what it says, and what of it endangers jobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from omniq_core import Link, ServerFacts, seen_facts, server_facts

CLOCKS_AGREE_MS = 250
"""Clocks that differ by more make leases and ages wrong enough to see."""
SLOW_SCRIPT_US = 100_000
"""A script that ran for longer kept everybody waiting for as long."""

Kind = Literal["eviction", "clocks", "slow"]
KINDS: tuple[Kind, ...] = ("eviction", "clocks", "slow")


@dataclass(frozen=True, slots=True)
class HealthPage:
    """The server, which of its checks found something, and which could not be made because it may not be asked."""

    server: ServerFacts
    findings: tuple[Kind, ...]
    passed: tuple[Kind, ...]
    unknown: tuple[Kind, ...]


def health_page(link: Link, *, now_ms: int) -> HealthPage:
    """Reads the page, in two round trips."""
    server = server_facts(link, now_ms)
    verdicts = {kind: _verdict(kind, server) for kind in KINDS}

    def those(wanted: bool | None) -> tuple[Kind, ...]:
        return tuple(kind for kind in KINDS if verdicts[kind] is wanted)

    return HealthPage(server, findings=those(True), passed=those(False), unknown=those(None))


def known_findings(link: Link) -> int:
    """How many findings this process knows of, without a call."""
    seen = seen_facts(link)
    return sum(_verdict(kind, seen) is True for kind in KINDS) if seen else 0


def _verdict(kind: Kind, server: ServerFacts) -> bool | None:
    if kind == "eviction":
        return server.memory.evicts_jobs if server.memory else None
    if kind == "clocks":
        # The answer was under way for some time, and nobody knows for which part of it.
        apart = server.clock_ms
        return None if apart is None else abs(apart) - server.clock_error_ms > CLOCKS_AGREE_MS
    return None if server.slow is None else any(one.took_us > SLOW_SCRIPT_US for one in server.slow)
