"""What operators do to groups: their limits, and the repair of stuck ones."""

from __future__ import annotations

from collections.abc import Sequence

from omniq_core import GroupRepair, Link, OmniqClient, Repaired, repair_groups


def set_limit(client: OmniqClient, queue: str, gid: str, limit: int, *, seen: int, now_ms: int) -> int:
    """Sets the limit of a group, effective at once, and gives the one before.

    Raises LimitChanged when somebody else has set another one than `seen`; then nothing was changed.
    """
    return client.set_group_limit(queue=queue, gid=gid, limit=limit, seen=seen, now_ms_override=now_ms)


def repair(link: Link, queue: str, repairs: Sequence[GroupRepair], *, now_ms: int) -> tuple[Repaired, ...]:
    """Does what was confirmed where it is still needed. ValueError above 100 groups."""
    return repair_groups(link, queue, repairs, now_ms=now_ms)
