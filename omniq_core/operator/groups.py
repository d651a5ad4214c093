"""The groups of a queue: which there are, how each stands, and which of them are stuck."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, cast

from ..connection import Call, Link
from ..keys import QueueKeys, decode_id, encode_id
from ..numbers import read_int, read_moment
from ..scripts import script
from .beside import Beside, read_beside
from .looks import note_look
from .overview import LEADER, SCAN, ProcessState, read_scan, state_of
from .snapshot import QueueSnapshot, parse_snapshot, snapshot_call

MOST_GROUPS = 10_000
MOST_LIVE = 400
"""So many groups are read in one script; of a queue with more the background keeps figures, for sorting and sums."""

GroupState = Literal["ready", "busy", "idle", "stuck"]


class GroupFigures(NamedTuple):
    """What lists of groups are sorted, filtered and summed by."""

    gid: str
    waiting: int
    in_flight: int
    limit: int
    state: GroupState


@dataclass(frozen=True, slots=True)
class Group:
    """A group at one moment. `in_flight` is the count that workers go by, `running` how many of its jobs they really
    hold: None where over 1,000 jobs of the queue run, which nobody counts.

    `oldest_ms` is since when its first job waits. `ready`: it is in groups:ready, since `ready_ms` if that is known.
    """

    gid: str
    waiting: int
    oldest_ms: int | None
    in_flight: int
    running: int | None
    limit: int
    ready: bool
    ready_ms: int | None

    @property
    def state(self) -> GroupState:
        """Idle without waiting jobs, busy without a free slot, stuck when workers cannot see its slot, else ready."""
        if not self.waiting:
            return "idle"
        counted = self.in_flight if self.running is None else self.running
        if counted >= self.limit:
            return "busy"
        return "ready" if self.ready and self.in_flight == counted else "stuck"

    @property
    def figures(self) -> GroupFigures:
        """Its part of a list."""
        return GroupFigures(self.gid, self.waiting, self.in_flight, self.limit, self.state)


@dataclass(frozen=True, slots=True)
class GroupsRead:
    """A queue's live figures and its groups.

    `names` are all that are known; `full`: there may be more. With over 400 of them `figures` are those the background
    took at `at_ms`, None where there are none (yet). `kept`: a background is there, which takes figures. `searched`:
    a background of this process would look for groups among all keys; `searching`: that of some process does. Else one
    that is not ready, with no job that runs or waits long, is not known.
    """

    snapshot: QueueSnapshot
    names: tuple[str, ...]
    full: bool
    figures: tuple[GroupFigures, ...] | None
    at_ms: int | None
    kept: bool
    searched: bool
    searching: bool
    beside: Beside


def want_groups(link: Link, queue: str, now_ms: int) -> None:
    """Somebody looks at the groups of this queue: the background keeps its list and figures for a minute."""
    state = state_of(link)
    state.looked_ms = now_ms
    note_look(state.groups_looked, queue, now_ms)


def read_groups(link: Link, queue: str, *, now_ms: int) -> GroupsRead:
    """Which groups there are, in one round trip. Raises ValueError for a bad name, and what Redis raised.

    A queue that does not exist is a snapshot with `exists` False.
    """
    want_groups(link, queue, now_ms)
    calls = [snapshot_call(queue, now_ms, alone=True), groups_list_call(queue)]
    beside, scripted = read_beside(link, calls, [("EXISTS", LEADER), ("GET", SCAN)])
    led, scan = beside.replies
    listed, state = parse_groups_list(scripted[1]), state_of(link)
    figures, at_ms = unpack_group_figures(listed.packed)
    if figures is None:
        found = listed.seen | listed.met | state.groups.get(queue, frozenset())
        names = tuple(map(decode_id, sorted(found)[:MOST_GROUPS]))
    else:
        names = tuple(one.gid for one in figures)
    return GroupsRead(
        snapshot=parse_snapshot(queue, scripted[0]),
        names=names,
        full=len(names) >= MOST_GROUPS,
        figures=figures,
        at_ms=at_ms,
        kept=led == 1,
        searched=_is_searched(state, scan),
        searching=isinstance(scan, bytes),
        beside=beside,
    )


def _is_searched(state: ProcessState, scan: object) -> bool:
    if isinstance(scan, bytes):  # by whichever process leads, even where this one has a list of queues
        return not read_scan(scan)[0].refused
    return not (state.allow_list or state.discovery.refused)


def group_rows(link: Link, queue: str, gids: Sequence[str]) -> dict[str, Group]:
    """How at most 400 groups stand, in one round trip and the order given; those without a key are left out.

    Raises ValueError for more, and what Redis raised.
    """
    if len(gids) > MOST_LIVE:
        raise ValueError(f"at most {MOST_LIVE} groups, not {len(gids)}")
    if not gids:
        return {}
    args = list(map(encode_id, gids))
    return parse_rows(gids, link.run(script("operator/groups_rows"), QueueKeys(queue).anchor, *args, read=True))


def parse_rows(gids: Iterable[str], reply: Any) -> dict[str, Group]:
    """What the script answered."""
    found: dict[str, Group] = {}
    for gid, row in zip(gids, reply, strict=True):
        if row:
            waiting, oldest, in_flight, running, limit, ready = row
            found[gid] = Group(
                gid, waiting, read_moment(oldest), in_flight, running, limit, ready is not None, read_moment(ready)
            )
    return found


def groups_list_call(queue: str, *, figures: bool = True) -> Call:
    """The read of the names, for a pipeline with others."""
    return script("operator/groups_list"), QueueKeys(queue).anchor, [MOST_GROUPS, int(figures)]


class GroupNames(NamedTuple):
    """The packed figures; the names the background has seen, those met just now."""

    packed: bytes | None
    seen: frozenset[bytes]
    met: frozenset[bytes]


def parse_groups_list(reply: Any) -> GroupNames:
    """What the script answered. An entry that failed in its pipeline is raised here."""
    if isinstance(reply, Exception):
        raise reply
    packed, seen, ready, running, waiting = reply
    return GroupNames(packed, frozenset(seen), frozenset((*ready, *running, *waiting)) - {b""})


def pack_group_figures(groups: Iterable[GroupFigures], at_ms: int) -> bytes:
    """The figures as `{queue}:x:groups:now` keeps them."""
    return json.dumps({"v": 1, "at": at_ms, "g": list(groups)}, separators=(",", ":")).encode()


def unpack_group_figures(raw: object) -> tuple[tuple[GroupFigures, ...] | None, int | None]:
    """The opposite of `pack_group_figures`; None for what cannot be read."""
    try:
        known = cast(dict[str, Any], json.loads(raw)) if isinstance(raw, bytes) else {}
        if known.get("v") != 1:
            return None, None
        return tuple(GroupFigures(*one) for one in known["g"]), read_int(known["at"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None, None
