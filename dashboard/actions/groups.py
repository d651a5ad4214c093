"""What operators do to groups: their limits, and the repair of stuck ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from omniq_core import GroupRepair, Link, OmniqClient, Repaired, repair_groups

from .telling import Did, told


def _repaired(done: tuple[Repaired, ...], given: Mapping[str, Any]) -> Did:
    changed = sum(one.changed for one in done)
    wanted: Sequence[GroupRepair] = given["repairs"]
    facts = {"gid": wanted[0].gid} if len(wanted) == 1 else {}
    if len(done) == 1 and done[0].counted:
        facts |= {"before": str(wanted[0].before), "after": str(wanted[0].after)}
    return Did(changed, {"CHANGED": len(done) - changed} if changed < len(done) else {}, facts)


@told(lambda before, _given: Did(1, facts={"before": str(before)}))
def set_limit(client: OmniqClient, queue: str, gid: str, limit: int, *, seen: int, now_ms: int) -> int:
    """Sets the limit of a group, effective at once, and gives the one before.

    Raises LimitChanged when somebody else has set another one than `seen`; then nothing was changed.
    """
    return client.set_group_limit(queue=queue, gid=gid, limit=limit, seen=seen, now_ms_override=now_ms)


@told(_repaired)
def repair(link: Link, queue: str, repairs: Sequence[GroupRepair], *, now_ms: int) -> tuple[Repaired, ...]:
    """Does what was confirmed where it is still needed. ValueError above 100 groups."""
    return repair_groups(link, queue, repairs, now_ms=now_ms)
