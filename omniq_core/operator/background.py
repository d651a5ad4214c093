"""What has to happen once per Redis: the search for queues, figures, history, groups, kinds of errors."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Sequence
from typing import Any

from ..connection import Link
from ..keys import global_key, validate_queue
from ..numbers import read_int
from ..pacing import rest_after
from ..scripts import script
from .counter_changes import CounterChanges
from .counter_jobs import CounterJobsWatch
from .discovery import BATCH, Discovery
from .failure_index import FailureIndex
from .group_index import GroupIndex
from .group_watch import GroupWatch
from .history_sampler import HistorySampler
from .listed import Lists
from .notice_watch import NoticeWatch
from .notices import NoticeLimits
from .overview import (
    AT,
    KEPT_MS,
    LOOKED,
    NOW,
    QUEUES,
    SCAN,
    UNREAD,
    pack_figures,
    pack_unread,
    queue_name,
    state_of,
)
from .rights import keeps_out, refuses_writes
from .snapshot import QueueSnapshot, queue_snapshots
from .top_errors import KEPT_MS as TOP_KEPT_MS
from .top_errors import TOP
from .top_watch import TopWatch

LEADER_TTL_MS, RENEW_MS = 12_000, 4_000
TRY_LEADING_MS = 2_000
"""A leader that was killed is followed by another within 14 s."""
LOOK_MS = 30_000
BUSY_MS, QUIET_MS = 2_000, 10_000
MARK_MS = 5_000
SHARE = 0.05
STEP_MS = 10.0
PASS_BUSY_MS, PASS_QUIET_MS = 2_000, 30_000
TRY_WRITING_MS = 60_000
LISTED = "list:"
"""So begins the claim of a process with a list, which gives way to one without (lua/leader.lua)."""
_ANCHOR = global_key("meta")


class Background:
    """The background of one process: call `tick` again after as many seconds as it returns.

    One process leads (`{omniq:x}:leader`); where nothing may be written each process works for itself. `clock` gives
    ms since the epoch. With an allow-list nothing is scanned: a process without one takes the lead from one with it,
    and who leads looks after the lists of all. Queues that this user may not read are left out (`ProcessState.denied`).
    `counter_at`: where a payload names its child counter. Not for more than one thread at once.
    """

    def __init__(
        self,
        link: Link,
        clock: Callable[[], int],
        allow_list: Sequence[str] = (),
        *,
        timer: Callable[[], float] = time.perf_counter,
        limits: NoticeLimits | None = None,
        counter_at: str = "",
    ) -> None:
        self.link = link
        self.clock = clock
        self._counter_at = counter_at
        self.limits = limits or NoticeLimits()
        self.leads = False
        self._timer = timer
        state_of(link).limits = self.limits
        self._list = tuple(sorted({validate_queue(name) for name in allow_list}))
        state_of(link).allow_list = self._list
        self._start_over()

    def _start_over(self) -> None:
        self._pid = os.getpid()
        self._token = (LISTED if self._list else "") + secrets.token_hex(16)
        self._lists = Lists(self.link, self._list)
        self.leads = False
        self._discovery = Discovery(self.link, timer=self._timer, clock=self.clock)
        self._failures = FailureIndex(self.link)
        self._groups = GroupIndex(self.link)
        self._changes = CounterChanges(self.link, self._timer)
        self._history = HistorySampler(self.link)
        self._begin_watching()
        self._search_at = 0.0
        self._renew_at = self._figures_at = self._mark_at = self._write_at = 0
        self._passed_at = -PASS_QUIET_MS
        self._written: set[str] = set()
        self._names: tuple[str, ...] = ()
        self._grouped: tuple[str, ...] = ()
        self._failing: tuple[str, ...] = ()
        self._in_pass = False

    def _begin_watching(self) -> None:
        self._counter_jobs = CounterJobsWatch(self.link, self._counter_at, self._timer)
        self._stuck_groups = GroupWatch(self.link, self._timer)
        self._top = TopWatch(self.link, self._timer)
        self._notices = NoticeWatch(self.link, self.limits, self._stuck_groups, self._top)

    def tick(self) -> float:
        """One small piece of work; returns the seconds until the next. Raises what Redis raised."""
        if os.getpid() != self._pid:  # a fork: the claim is the parent's
            self._start_over()
        now, state = self.clock(), state_of(self.link)
        if not state.writable and now >= self._write_at:
            first, self._write_at = self._write_at == 0, now + TRY_WRITING_MS
            if not first:
                self._elect(now)
        if state.writable and now >= self._renew_at:
            self._elect(now)
        if not self.leads and state.writable:
            self._mark(now)
            self._failures.tell(now)
            self._groups.tell(now)
            self._lists.tell(now)
            return 1.0
        busy = self._busy(now)
        rest = 1.0
        # A look at a page shortens the wait that began when nobody looked.
        due = now >= self._passed_at + (PASS_BUSY_MS if busy else PASS_QUIET_MS)
        if not self._list and (self._in_pass or due):
            rest = self._search(now)
        if state.writable and now >= self._figures_at:
            self._figure(now)
            self._figures_at = now + (BUSY_MS if self._busy(now) else QUIET_MS)
        return min(rest, self._keep_indexes(now, busy)) if state.writable else rest

    def close(self) -> None:
        """Gives the claim up, so that another process need not wait 12 s for it."""
        if self.leads and state_of(self.link).writable and os.getpid() == self._pid:
            self.leads = False
            self.link.run(script("operator/leader"), _ANCHOR, self._token, 0)

    def _elect(self, now: int) -> None:
        led = self.leads
        self.leads = False  # whatever happens to the call: a claim is only believed when it was just confirmed
        try:
            self.leads = self.link.run(script("operator/leader"), _ANCHOR, self._token, LEADER_TTL_MS) == 1
        except Exception as error:
            if not refuses_writes(error):
                raise
            self._lose_writing(now, error)
            return
        self._renew_at = now + (RENEW_MS if self.leads else TRY_LEADING_MS)
        state_of(self.link).writable = True
        if self.leads and not led:
            self._discovery.take_over(self._get(("GET", SCAN)))
            self._in_pass, self._figures_at = True, now
            # What another looked after and this one does not must not look as if it were kept.
            self._written = {name for raw in self._get(("HKEYS", NOW)) or () if (name := queue_name(raw))}

    def _lose_writing(self, now: int, error: BaseException) -> None:
        state_of(self.link).lose_writing(error)
        self._write_at = now + TRY_WRITING_MS

    def _busy(self, now: int) -> bool:
        looked = state_of(self.link).looked_ms
        if now - looked > LOOK_MS and state_of(self.link).writable:
            looked = max(looked, read_int(self._get(("HGET", NOW, LOOKED))) or 0)
        return now - looked <= LOOK_MS

    def _mark(self, now: int) -> None:
        """Somebody looked at a process that does not lead: the leader learns it by a mark."""
        looked = state_of(self.link).looked_ms
        if now < self._mark_at or now - looked > LOOK_MS:
            return
        self._mark_at = now + MARK_MS
        self._write([("HSET", NOW, LOOKED, looked), ("PEXPIRE", NOW, KEPT_MS)], now)

    def _search(self, now: int) -> float:
        started = self._timer()
        if started < self._search_at:  # what else there is to do came sooner
            return self._search_at - started
        ended = self._discovery.step(STEP_MS)
        self._in_pass = not ended
        if ended:
            self._figures_at = now  # what this pass found has figures at once
            self._passed_at = now
            return 1.0
        stopped = self._timer()
        rest = min(rest_after(stopped - started, SHARE), 5.0)
        self._search_at = stopped + rest
        return rest

    def _keep_indexes(self, now: int, busy: bool) -> float:
        try:
            rest = min(self._failures.step(now), self._groups.step(now), self._history.step(now, self._names))
            rest = min(rest, self._stuck_groups.step(now, self._grouped), self._top.step(now, self._failing))
            if self._list:  # no counter is looked for
                return rest
            rest = min(rest, self._changes.step(now, busy=busy))
            return min(rest, self._counter_jobs.step(now, self._names, self._changes.noted))
        except Exception as error:
            if keeps_out(error):  # from this queue, and only since its figures were read
                self._begin_watching()
                self._figures_at = now
                return 1.0
            if not refuses_writes(error):
                raise
            self._lose_writing(now, error)
            return 1.0

    def _figure(self, now: int) -> None:
        state = state_of(self.link)
        if not self._list:
            members = self._get(("SMEMBERS", QUEUES)) or ()
            state.names = state.names.union(name for raw in members if (name := queue_name(raw)))
        known = (frozenset(self._list) or state.names) | self._lists.told(now)
        moving, denied = set[str](), set[str]()  # moving, in a cluster: their last figures stay
        names = sorted(known - state.denied.now(now))
        read = queue_snapshots(self.link, names, now, moving=moving, denied=denied)
        state.denied.note(denied, now)
        found = [one for one in read.values() if one.exists]
        packed = {one.queue: pack_figures(one) for one in found}
        commands: list[Any] = []
        items = list(packed.items())
        for at in range(0, len(items), BATCH):
            flat = [part for pair in items[at : at + BATCH] for part in pair]
            commands.append(("HSET", NOW, *flat))
        gone = sorted(self._written - set(packed) - moving)
        if gone:
            commands.append(("HDEL", NOW, *gone))
        unread = known & state.denied.now(now)
        commands.append(("HSET", NOW, UNREAD, pack_unread(unread)) if unread else ("HDEL", NOW, UNREAD))
        commands += self._news(found, now)
        self._write([*commands, ("HSET", NOW, AT, now), ("PEXPIRE", NOW, KEPT_MS)], now)
        self._written, self._names = set(packed) | (self._written & moving), tuple(packed)
        self._grouped = tuple(one.queue for one in found if one.group_waiting)
        self._failing = tuple(one.queue for one in found if one.failed)

    def _news(self, found: list[QueueSnapshot], now: int) -> list[Any]:
        # With an allow-list no counter is looked for, so none is stuck.
        counters = () if self._list else self._changes.noted
        commands: list[Any] = [*self._notices.round(found, counters, now, self.clock())]
        top = self._top.news(now)
        return [*commands, ("SET", TOP, top, "PX", TOP_KEPT_MS)] if top else commands

    def _get(self, command: Any) -> Any:
        reply = self.link.pipeline([command])[0]
        return None if isinstance(reply, Exception) else reply

    def _write(self, commands: list[Any], now: int) -> None:
        for reply in self.link.pipeline(commands):
            if refuses_writes(reply):
                self._lose_writing(now, reply)
                return
            if isinstance(reply, Exception) and "WRONGTYPE" in str(reply):
                self.link.pipeline([("DEL", NOW)])  # the key is ours: what another type holds there is rubbish
                return
            if isinstance(reply, Exception):
                raise reply
