"""Works through bulk tasks, a batch at a time, so that Redis always has time for others. Any process may."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, cast

from ..connection import REDIS_ERRORS, Link, explain_redis_error, is_outage
from ..explaining import is_moving
from ..keys import QueueKeys, decode_text
from ..pacing import SHARE, Pace, rest_after
from ..scripts import script
from .activity import Activity, note_activity
from .check_record import start_check
from .overview import state_of
from .repair_kinds import REPAIR, RepairSelection, task_selection
from .repair_work import Batch, RepairWork
from .rights import keeps_out, refuses_writes
from .selection import Found, Selection
from .task_activity import ended, taken_over
from .task_record import Task, parse_task
from .tasks import close_entry, open_names_command, parse_names

log = logging.getLogger(__name__)

CLAIM_MS = 10_000
LOOK_S, PROBED_S = 1.0, 60.0
PER_BATCH_S = 0.25
"""A paced task moves about so many seconds' worth of jobs at once."""

Name = tuple[str, str]


@dataclass(slots=True)
class Held:
    """A task this process works on: what it knows of it, and when its next batch is due."""

    task: Task
    selection: Selection | RepairWork
    due: float
    renew: float
    pace: Pace = field(default_factory=Pace)


class TaskRunner:
    """The work of one process on all open tasks: call `tick` again after as many seconds as it returns.

    What it does to jobs is one script per batch that also writes down what it did, so whatever dies goes on elsewhere
    after `claim_ms`. A batch whose answer is lost is never sent again: the task says how far it came. `clock` gives ms
    since the epoch. Not for more than one thread at once.
    """

    def __init__(
        self,
        link: Link,
        clock: Callable[[], int],
        *,
        claim_ms: int = CLAIM_MS,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self.link, self.clock = link, clock
        self._claim_ms, self._timer = claim_ms, timer
        self._start_over()

    def _start_over(self) -> None:
        self._pid = os.getpid()
        self._owner = secrets.token_hex(16)
        self._name = f"{socket.gethostname()}, process {self._pid}"[:200]
        self._held: dict[Name, Held] = {}
        self._look_at = self._rest_until = 0.0

    def tick(self) -> float:
        """One small piece of work; returns the seconds until the next. Raises what Redis raised."""
        if os.getpid() != self._pid:  # a fork: the claims are the parent's
            self._start_over()
        if self._timer() >= self._look_at:
            self._look()
            self._look_at = self._timer() + LOOK_S
        now = self._timer()
        due = sorted((held for held in self._held.values() if held.due <= now), key=lambda held: held.due)
        if due and now >= self._rest_until:
            self._work(due[0])
            now = self._timer()
        for held in list(self._held.values()):
            if now >= held.renew:
                self._renew(held)
        waits = [self._look_at, *(max(held.due, self._rest_until) for held in self._held.values())]
        return max(min(waits) - now, 0.0)

    def look_now(self) -> None:
        """The next tick looks for tasks: one has just been written down."""
        self._look_at = 0.0

    def close(self) -> None:
        """Gives its claims up, so that another process need not wait for them."""
        held, self._held = (self._held if os.getpid() == self._pid else {}), {}
        for queue, task_id in held:
            given_up = (self.clock(), task_id, self._owner, "", 0)
            self.link.run(script("operator/task_claim"), QueueKeys(queue).anchor, *given_up)

    def _look(self) -> None:
        """Takes every open task that nobody holds; drops from the index what is over."""
        names = parse_names(self.link.pipeline([open_names_command()])[0])
        refused = state_of(self.link).denied
        for queue, task_id in names:
            if queue in refused.now(self.clock()):  # to this process: another may have the right
                continue
            held = self._held.get((queue, task_id))
            # One that probes waits for a person, whose word is looked for here.
            if held and held.task.state != "probing":
                continue
            try:
                task = self._claim(queue, task_id)
            except REDIS_ERRORS as error:
                if is_moving(error):  # the others go on meanwhile
                    continue
                if keeps_out(error):
                    refused.note([queue], self.clock())
                    continue
                if is_outage(error) or refuses_writes(error):
                    raise
                # What stands there is no task: the others must not wait for it.
                close_entry(self.link, queue, task_id, self.clock())
                continue
            if held and task is None:
                self._drop(held)
            if held or task is None:
                continue
            try:
                selection = task_selection(task.action, task.selection)
            except ValueError:
                self._give_up(task, "Its selection cannot be read by this version.")
                continue
            if task.taken_from:
                self._note(taken_over(task, self.clock(), self._name))
            if isinstance(selection, RepairSelection):
                selection = RepairWork(self.link, queue, selection)
            self._held[queue, task_id] = Held(task, selection, due=self._timer(), renew=self._renewal())

    def _renew(self, held: Held) -> None:
        try:
            kept = self._claim(held.task.queue, held.task.task_id) is not None
        except REDIS_ERRORS as error:
            if not is_moving(error) and not keeps_out(error):
                raise
            kept = False  # the next look takes it again
        if not kept:
            self._drop(held)

    def _claim(self, queue: str, task_id: str) -> Task | None:
        """The task as it stands when it is ours now; None when another's, or over (then it leaves the index)."""
        claim = (self.clock(), task_id, self._owner, self._name, self._claim_ms)
        reply = self.link.run(script("operator/task_claim"), QueueKeys(queue).anchor, *claim)
        task = parse_task(queue, task_id, reply)
        if task is None:
            self._close_if_over(queue, task_id)
        elif (queue, task_id) in self._held:
            held = self._held[queue, task_id]
            if held.task.state != task.state:
                held.due = self._timer()
            held.task, held.renew = task, self._renewal()
        return task

    def _close_if_over(self, queue: str, task_id: str) -> None:
        reply = self.link.run(script("operator/task_over"), QueueKeys(queue).anchor, task_id)
        if reply == 0:
            return
        task = None if reply == 1 else parse_task(queue, task_id, reply)
        if task is not None:
            self._note(ended(task, self.clock()))
            if task.action == REPAIR:
                self._check_again(task)
        close_entry(self.link, queue, task_id, self.clock())

    def _note(self, entry: Activity) -> None:
        """Into the record of what was done here. The task itself says the same, so that nothing waits for it."""
        try:
            note_activity(self.link, entry)
        except REDIS_ERRORS as error:
            why = explain_redis_error(error)
            log.warning("omniq: the record lacks how task %s of %s went on: %s", entry.facts["task"], entry.queue, why)

    def _check_again(self, task: Task) -> None:
        """What was repaired is no finding any more, which only another check of the queue can say."""
        try:
            now, check_id = self.clock(), secrets.token_hex(8)
            start_check(self.link, check_id, [task.queue], by=task.actor, now_ms=now, beside=True)
        except REDIS_ERRORS as error:
            log.warning("omniq: %s is not checked after its repair: %s", task.queue, explain_redis_error(error))

    def _renewal(self) -> float:
        return self._timer() + self._claim_ms / 3000

    def _drop(self, held: Held) -> None:
        self._held.pop((held.task.queue, held.task.task_id), None)

    def _work(self, held: Held) -> None:
        task = held.task
        try:
            if task.state == "probing":
                self._watch_probe(held)
                return
            limit = self._limit(held)
            if isinstance(held.selection, RepairWork):
                began = self._timer()
                batch = held.selection.next(task, limit)
                if batch is None:  # a read: these take a fifth of the time of Redis at most, as those of a check do
                    now = self._timer()
                    held.due = now + rest_after(now - began, SHARE)
                    return
                self._send(held, batch, limit)
            else:
                found = held.selection.find(self.link, task.queue, task.lane, task.mark, task.cursor, limit, task.done)
                self._step(held, found)
        except (*REDIS_ERRORS, ValueError) as error:
            # What it did is written down with it: the next look reads how far the task came.
            self._drop(held)
            if is_moving(error):  # its keys are on their way to another node of a cluster: nothing was done
                return
            if keeps_out(error):
                state_of(self.link).denied.note([task.queue], self.clock())
                return
            if not isinstance(error, ValueError) and (is_outage(error) or refuses_writes(error)):
                raise
            self._give_up(task, decode_text(str(error).encode("utf-8", "replace"))[:200])

    def _limit(self, held: Held) -> int:
        task = held.task
        limits = [held.pace.size, max(task.left, 1)]
        if task.probe_left:
            limits.append(task.probe_left)
        elif task.per_s:
            limits.append(max(int(task.per_s * PER_BATCH_S), 1))
        return min(limits)

    def _step(self, held: Held, found: Found) -> None:
        flat = [part for pair in found.jobs for part in pair]
        self._send(held, Batch("task_step", flat, found.cursor, found.finished), len(found.jobs))

    def _send(self, held: Held, batch: Batch, jobs: int) -> None:
        task = held.task
        head = (self.clock(), secrets.token_hex(16), task.task_id, self._owner, self._claim_ms, task.batches)
        anchor = QueueKeys(task.queue).anchor
        reply, took = self.link.run_timed(
            script(f"operator/{batch.script}"), anchor, *head, batch.cursor, int(batch.finished), *batch.args
        )
        now = self._timer()
        # A batch smaller than it might have been says nothing about how large the next may be.
        size, rest = held.pace.size, held.pace.after(took)
        if jobs < size:
            held.pace.size = min(held.pace.size, size)
        self._rest_until = now + rest
        status, *counts = cast(list[Any], reply)
        status = decode_text(status)
        if status == "OK":
            done, skipped, cursor, probe_left = counts
            held.task = replace(
                task, done=done, skipped=skipped, cursor=cursor, probe_left=probe_left, batches=task.batches + 1
            )
            held.renew = self._renewal()
        if status == "OK" or (status in ("STALE", "probing") and self._claim(task.queue, task.task_id) is not None):
            paced = jobs / task.per_s if task.per_s and not task.probe_left else 0.0
            # Behind by less than a second is caught up with, a longer delay is not.
            held.due = max(held.due + paced, now - 1.0) if paced else now
            return
        self._drop(held)
        if status != "LOST":
            self._close_if_over(task.queue, task.task_id)

    def _watch_probe(self, held: Held) -> None:
        task = held.task
        jobs, *ended = self.link.run(script("operator/task_probe"), QueueKeys(task.queue).anchor, task.task_id)
        held.due = self._timer() + (PROBED_S if sum(ended) == jobs else LOOK_S)

    def _give_up(self, task: Task, fault: str) -> None:
        """Nothing this process can do lets it go on: people see why, and may try again."""
        args = (self.clock(), task.task_id, "fault", fault)
        self.link.run(script("operator/task_order"), QueueKeys(task.queue).anchor, *args)
        self._close_if_over(task.queue, task.task_id)
