"""Repair of stuck groups: their count of jobs in flight, and their place among the ready ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..connection import Arg, Link
from ..keys import QueueKeys, encode_id
from ..scripts import script
from .groups import Group

MOST_REPAIRED = 100


@dataclass(frozen=True, slots=True)
class GroupRepair:
    """What would be changed: the count of jobs in flight from `before` to `after` (the same: left as it is), and
    whether the group has to `enter` groups:ready."""

    gid: str
    before: int
    after: int
    enter: bool


@dataclass(frozen=True, slots=True)
class Repaired:
    """What was changed of one group. Neither: somebody else had changed its figures since, and they were left alone."""

    gid: str
    counted: bool
    entered: bool

    @property
    def changed(self) -> bool:
        """Was anything?"""
        return self.counted or self.entered


def repair_of(group: Group) -> GroupRepair | None:
    """What a group needs; None for one that is not stuck."""
    if group.state != "stuck":
        return None
    after = group.in_flight if group.running is None else group.running
    return GroupRepair(group.gid, group.in_flight, after, not group.ready)


def repair_groups(link: Link, queue: str, repairs: Sequence[GroupRepair], *, now_ms: int) -> tuple[Repaired, ...]:
    """Does at most 100 repairs in one script, which looks again: what is no longer as it was is left alone.

    Safe while workers run. Raises ValueError for more, and what Redis raised.
    """
    if len(repairs) > MOST_REPAIRED:
        raise ValueError(f"at most {MOST_REPAIRED} groups, not {len(repairs)}")
    if not repairs:
        return ()
    args: list[Arg] = [now_ms]
    for one in repairs:
        args += (encode_id(one.gid), one.before, one.after, int(one.enter))
    reply = link.run(script("operator/repair_groups"), QueueKeys(queue).anchor, *args)
    return tuple(
        Repaired(one.gid, counted == 1, entered == 1) for one, (counted, entered) in zip(repairs, reply, strict=True)
    )
