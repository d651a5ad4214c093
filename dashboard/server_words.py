"""What Redis says about itself, in the words of the tiles."""

from __future__ import annotations

from collections.abc import Sequence

from omniq_core import Memory, ServerFacts

from .formatting import plural

_UNITS = (("TB", 1024**4), ("GB", 1024**3), ("MB", 1024**2), ("KB", 1024), ("B", 1))

MOST_NAMED = 3
"""So many nodes are named, the others counted."""


def server_note(server: ServerFacts) -> str:
    """What kind of server it is, and what it replicates: `Standalone`, `Primary of 2 replicas`."""
    found, where = server.replication, f" at port {server.port}" if server.port else ""
    if server.cluster:
        role = "" if found is None or found.primary else ", a replica"
        among = f"One of {plural(len(server.all), 'master')}" if server.others else "One node"
        return f"{among} of a cluster{where}{role}"
    if found is None:
        return "Only its version may be asked" if server.version else "Not permitted"
    if not found.primary:
        return "Replica" if found.link_up else "Replica without its primary"
    return f"Primary of {plural(found.replicas, 'replica')}" if found.replicas else "Standalone"


def nodes_words(servers: Sequence[ServerFacts]) -> str:
    """Which nodes of a cluster: `10.0.0.1:6379, 10.0.0.2:6379 and 3 more`. Nothing for a server of its own."""
    names = [one.node for one in servers if one.node]
    more = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


def unasked_words(servers: Sequence[ServerFacts], command: str) -> str:
    """Why a check could not be made, and on which nodes."""
    away = [one for one in servers if one.away]
    if away:
        return f"{nodes_words(away)} {'does' if len(away) == 1 else 'do'} not answer"
    return f"{command} is not permitted{' on ' + nodes_words(servers) if nodes_words(servers) else ''}"


def memory_words(memory: Memory | None) -> tuple[str, str]:
    """The figure and its unit: 1.84 and `GB of 4`. Without a limit the unit alone."""
    if memory is None:
        return "–", ""
    figure, unit = _three(memory.used)
    if not memory.most:
        return figure, unit
    most, most_unit = _three(memory.most)
    return figure, f"{unit} of {most}" if unit == most_unit else f"{unit} of {most} {most_unit}"


def micros(us: int) -> tuple[str, str]:
    """A short time: 0.6 ms, 42 ms, 1.2 s."""
    if us < 10_000:
        return f"{us // 1000}.{us % 1000 // 100}" if us >= 100 else "<0.1", "ms"
    return (f"{us // 1000:,}", "ms") if us < 1_000_000 else (f"{us // 1_000_000}.{us % 1_000_000 // 100_000}", "s")


def _three(count: int) -> tuple[str, str]:
    """Bytes in three digits, rounded down."""
    unit, scale = next(((name, size) for name, size in _UNITS if count >= size), _UNITS[-1])
    whole = count // scale
    digits = 2 if whole < 10 else 1 if whole < 100 else 0
    rest = f"{count % scale * 10**digits // scale:0{digits}}".rstrip("0") if digits and scale > 1 else ""
    return f"{whole:,}.{rest}" if rest else f"{whole:,}", unit
