"""The groups of the queues that somebody looks at: their list is completed, their figures are kept for large lists."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..connection import Link
from ..keys import QueueKeys, decode_id, encode_id, global_key
from ..scripts import script
from .group_search import BATCH, note_groups
from .groups import MOST_LIVE, GroupFigures, groups_list_call, pack_group_figures, parse_groups_list, parse_rows
from .looks import Looks
from .overview import state_of
from .turns import ROUND_MS, Turns, next_size

LOOKED_AT = global_key("groups")
"""Zset of queues: when somebody last looked at their groups. Whoever leads keeps the figures of these."""

KEPT_MS = 30_000
"""Figures that nobody takes anew are too old to sort by."""

_LEAST = 20


@dataclass(slots=True)
class _Queue:
    """The round of one queue: the groups that are still to be read, and what was read."""

    round_at: int = 0
    size: int = 100
    listed: frozenset[bytes] = frozenset()
    left: list[str] = field(default_factory=list[str])
    figures: list[GroupFigures] = field(default_factory=list[GroupFigures])
    gone: list[bytes] = field(default_factory=list[bytes])


class GroupIndex:
    """Reads the groups of a queue in rounds, a piece of about 3 ms at a time. Not for more than one thread at once."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self._looks = Looks(link, LOOKED_AT, lambda: state_of(link).groups_looked)
        self._turns = Turns(self._looks, _Queue, self._work)

    def tell(self, now_ms: int) -> None:
        """Somebody looked at groups in a process that does not lead: the leader learns of it."""
        self._looks.tell(now_ms)

    def step(self, now_ms: int) -> float:
        """One piece of work on one queue; how many seconds to leave Redis alone now. Raises what Redis raised."""
        return self._turns.step(now_ms)

    def _work(self, name: str, queue: _Queue, now: int) -> float | None:
        if queue.left:
            return self._read(name, queue, now)
        return self._begin(name, queue, now) if now >= queue.round_at else None

    def _begin(self, name: str, queue: _Queue, now: int) -> float:
        listing, anchor, args = groups_list_call(name, figures=False)
        reply, took = self.link.run_timed(listing, anchor, *args)
        found = parse_groups_list(reply)
        queue.round_at = now + ROUND_MS
        queue.listed = found.seen
        queue.left = [decode_id(gid) for gid in sorted(found.seen | found.met, reverse=True)]
        self._write(name, note_groups(name, dict.fromkeys(found.met - found.seen, True), now))
        return took

    def _read(self, name: str, queue: _Queue, now: int) -> float:
        part = queue.left[-queue.size :]
        args = map(encode_id, part)
        reply, took = self.link.run_timed(script("operator/groups_rows"), QueueKeys(name).anchor, *args)
        del queue.left[-queue.size :]
        rows = parse_rows(part, reply)
        queue.figures += (one.figures for one in rows.values())
        queue.gone += (raw for gid in part if gid not in rows and (raw := encode_id(gid)) in queue.listed)
        queue.size = next_size(queue.size, took, _LEAST, MOST_LIVE)
        if not queue.left:
            self._end(name, queue, now)
        return took

    def _end(self, name: str, queue: _Queue, now: int) -> None:
        keys, figures = QueueKeys(name), queue.figures
        commands: list[tuple[str | bytes | int, ...]] = [
            ("ZREM", keys.of("x:groups"), *queue.gone[at : at + BATCH]) for at in range(0, len(queue.gone), BATCH)
        ]
        if len(figures) > MOST_LIVE:
            commands.append(("SET", keys.of("x:groups:now"), pack_group_figures(figures, now), "PX", KEPT_MS))
        self._write(name, commands)
        queue.figures, queue.gone = [], []

    def _write(self, name: str, commands: list[tuple[str | bytes | int, ...]]) -> None:
        for reply in self.link.pipeline(commands) if commands else ():
            if isinstance(reply, Exception):
                if "WRONGTYPE" not in str(reply):
                    raise reply
                self.link.pipeline([("DEL", QueueKeys(name).of("x:groups"))])  # ours: another type there is rubbish
                return
