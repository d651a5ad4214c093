"""The notices, round by round: whoever leads looks at the figures it has just read, and asks for a little more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from ..clock import now_ms as wall_clock
from ..connection import Link
from ..keys import QueueKeys
from ..numbers import read_int
from ..replies import scored
from . import notice_rules as rules
from .children import NotedCounter
from .clock_watch import ClockWatch, own_clock
from .group_watch import GroupWatch
from .history import read_history
from .notices import KEPT_MS, NOTICES, Notice, NoticeBoard, NoticeKey, NoticeLimits, pack_board, read_board
from .permitted import if_permitted, info_of
from .server_facts import seen_facts
from .snapshot import QueueSnapshot
from .top_watch import TopWatch

MOST_ASKED = 20
"""So many queues with leases that ran out are asked when the first did."""

Command = tuple[bytes | str | int, ...]


class NoticeWatch:
    """The rounds of one process. What must outlive it stands in Redis, so that another goes on where it stopped.

    `wall` is this process's own clock, which is compared with the server's. Not for more than one thread at once.
    """

    def __init__(
        self,
        link: Link,
        limits: NoticeLimits,
        groups: GroupWatch,
        top: TopWatch,
        *,
        wall: Callable[[], int] = wall_clock,
    ) -> None:
        self.link = link
        self._limits = limits
        self._groups, self._top = groups, top
        self._wall = wall
        self._clocks = ClockWatch(max(limits.clocks_ms // 2, 1))
        self._paused_at: dict[str, int] = {}

    def round(
        self,
        snapshots: Sequence[QueueSnapshot],
        counters: Sequence[NotedCounter] | None,
        began_ms: int,
        ended_ms: int,
    ) -> list[Command]:
        """What is to be written down after a round, mostly nothing. The figures were read between the two moments, the
        counters some time before (None: not yet). Raises what Redis raised when it did not answer."""
        late = sorted((one for one in snapshots if one.expired), key=lambda one: -one.expired)[:MOST_ASKED]
        asked = [("ZRANGE", QueueKeys(one.queue).of("active"), 0, 0, "WITHSCORES") for one in late]
        calls = self._groups.recheck()
        before = self._wall()
        plain, scripted = self.link.read_many(
            [("GET", NOTICES), if_permitted("INFO", "memory"), ("TIME",), *asked], list(calls.values())
        )
        after = self._wall()
        raw, info, server, *firsts = plain
        self._groups.rechecked(dict(zip(calls, scripted, strict=True)))
        board = read_board(raw)
        apart = self._clocks.look(snapshots, began_ms, ended_ms)
        if board.is_early(ended_ms):
            return []
        limits, snapshots = self._limits, [self._since_resumed(one, ended_ms) for one in snapshots]
        ended = {one.queue: at for one, reply in zip(late, firsts, strict=True) if (at := _first(reply)) is not None}
        found = [
            *rules.memory(info_of(info), limits, board, seen_facts(self.link)),
            *rules.stalled(snapshots, ended_ms, limits),
            *rules.leases(snapshots, ended, ended_ms, limits, board),
            *self._failing(snapshots, ended_ms, board),
            *self._stuck(snapshots),
            *rules.counters(counters or (), ended_ms, limits),
            *rules.paused(snapshots, ended_ms, limits),
            *rules.clocks([*own_clock(server, before, after), *apart], limits, board),
        ]
        return self._written(raw, board, board.after(found, ended_ms, self._unknown(snapshots, counters, ended_ms)))

    def _since_resumed(self, one: QueueSnapshot, now_ms: int) -> QueueSnapshot:
        """Another SDK notes nothing when it resumes a queue, but we saw that it was paused."""
        if one.paused:
            self._paused_at[one.queue] = now_ms
        elif one.resumed_ms is None and one.queue in self._paused_at:
            return replace(one, resumed_ms=self._paused_at[one.queue])
        return one

    def _written(self, raw: object, old: NoticeBoard, new: NoticeBoard) -> list[Command]:
        if new.kept:
            return [("SET", NOTICES, pack_board(new), "PX", KEPT_MS)]
        return [("DEL", NOTICES)] if raw is not None or old.kept else []

    def _failing(self, snapshots: Iterable[QueueSnapshot], now_ms: int, board: NoticeBoard) -> Iterator[Notice]:
        for one in snapshots:
            lately = self._top.lately(one.queue, now_ms)
            found = rules.failing(one.queue, lately, self._limits, board) if lately else None
            if found and lately and not board.showing("failing", one.queue):
                # Jobs that were retried before this process read them are known to the history alone.
                points = read_history(self.link, one.queue, "1h", now_ms).points[-60:-30]
                before = max(lately.before, sum(point.failed for point in points))
                found = rules.failing(one.queue, replace(lately, before=before), self._limits, board)
            if found:
                yield found

    def _stuck(self, snapshots: Iterable[QueueSnapshot]) -> Iterator[Notice]:
        for one in snapshots:
            stuck = self._groups.stuck.get(one.queue)
            if stuck and one.group_waiting:
                yield Notice("groups", one.queue, stuck.count, stuck.waiting)

    def _unknown(
        self, snapshots: Sequence[QueueSnapshot], counters: object, now_ms: int
    ) -> Callable[[NoticeKey], bool]:
        grouped = {one.queue for one in snapshots if one.group_waiting}
        failed = {one.queue for one in snapshots if one.failed}

        def unknown(key: NoticeKey) -> bool:
            kind, queue = key
            if kind == "groups":
                return queue in grouped - self._groups.known
            if kind == "failing":
                return queue in failed and self._top.lately(queue, now_ms) is None
            return kind == "counters" and counters is None

        return unknown


def _first(reply: Any) -> int | None:
    return next((read_int(score) for _, score in scored(reply)), None)
