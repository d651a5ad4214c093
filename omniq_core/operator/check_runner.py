"""Works through the check that somebody asked for, a few ms at a time. Any process may go on with it."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import time
from collections.abc import Callable
from typing import Any

from ..connection import REDIS_ERRORS, Link, explain_redis_error, is_outage
from ..keys import decode_text, global_key
from ..pacing import SHARE, rest_after
from ..scripts import script
from .check_queue_run import LOOKS, QueueRun, size_commands, size_of
from .check_record import CHECK, QUEUES, pack_report, parse_check
from .findings import findings_commands
from .job_check import OrphanSearch
from .key_scan import KeyScan
from .overview import state_of
from .rights import is_forbidden, refuses_writes

log = logging.getLogger(__name__)

CLAIM_MS, LOOK_S, TELL_S = 10_000, 1.0, 0.5
MOST_AT_ONCE = 8
"""So many queues are looked at in the time that others wait for their second look; they are written down in order."""

_MEASURED = 100
_ANCHOR = global_key("meta")


class CheckRunner:
    """The work of one process on the check: call `tick` again after as many seconds as it returns.

    A queue that is through is written down at once, so whoever goes on after a death begins with the one it was at.
    `clock` gives ms since the epoch. `leases_ms`: how long a lease has to be over. Not for more than one thread at
    once.
    """

    def __init__(
        self,
        link: Link,
        clock: Callable[[], int],
        *,
        leases_ms: int = 60_000,
        claim_ms: int = CLAIM_MS,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self.link, self.clock = link, clock
        self.leases_ms, self._claim_ms, self._timer = leases_ms, claim_ms, timer
        self._start_over()

    def _start_over(self) -> None:
        self._pid = os.getpid()
        self._owner = secrets.token_hex(16)
        self._name = f"{socket.gethostname()}, process {self._pid}"[:200]
        self._look_at = self._tell_at = 0.0
        self._leave()

    def _leave(self) -> None:
        self._id, self._queues, self._at = "", list[str](), 0
        self._before = self._done = self._judged = self._ahead = 0
        self._unmeasured = list[str]()
        self._runs = list[QueueRun]()
        self._at_work: QueueRun | None = None
        self._scan: KeyScan | None = None
        self._orphans = OrphanSearch(self.link)

    def look_now(self) -> None:
        """The next tick looks for a check: one has just been asked for."""
        self._look_at = 0.0

    def tick(self) -> float:
        """One small piece of work; returns the seconds until the next. Raises what Redis raised."""
        if os.getpid() != self._pid:  # a fork: the claim is the parent's
            self._start_over()
        if not self._id:
            wait = self._look_at - self._timer()
            return wait if wait > 0 else self._look()
        began, self._at_work = self._timer(), None
        try:
            wait = self._step()
        except Exception as error:
            run, why = self._at_work, _why_only_here(error)
            if run is None or not why:
                self._leave()
                raise
            # The others are checked all the same.
            if not isinstance(error, REDIS_ERRORS):
                log.exception("omniq: queue %s cannot be checked", run.queue)
            run.fail(why)
            wait = 0.0
        return max(wait, rest_after(self._timer() - began, SHARE))

    def close(self) -> None:
        """Gives the claim up, so that another process need not wait for it."""
        if self._id and os.getpid() == self._pid:
            self._leave()
            self.link.run(script("operator/check_claim"), _ANCHOR, self.clock(), self._owner, "", 0)

    def _look(self) -> float:
        self._look_at = self._timer() + LOOK_S
        state = self.link.pipeline([("HGET", CHECK, "state")])[0]
        if state != b"running" or not state_of(self.link).writable:
            return LOOK_S
        reply = self.link.run(
            script("operator/check_claim"), _ANCHOR, self.clock(), self._owner, self._name, self._claim_ms
        )
        names: Any = self.link.pipeline([("LRANGE", QUEUES, 0, -1)])[0]
        check = parse_check(reply, 0)
        if check is None or isinstance(names, Exception):
            return LOOK_S
        self._id, self._at, self._before = check.check_id, check.at, check.looked
        self._queues = [decode_text(name) for name in names]
        self._unmeasured = self._queues[self._at :]
        self._scan = KeyScan(self.link, self._queues[self._at :], self._orphans, self.clock())
        self._tell_at = 0.0
        return 0.0

    def _step(self) -> float:
        if self._unmeasured:
            return self._measure()
        scan = self._scan
        assert scan is not None
        if not scan.through:
            scan.step()
            return self._tell_now_and_then("keys")
        if self._at >= len(self._queues):
            # Queues were added while it was at the last one: the claim reads them again.
            self._leave()
            return 0.0
        if self._runs and self._runs[0].through:
            self._finish(self._runs[0])
            return 0.0
        wait = self._work(scan)
        return max(wait, self._tell_now_and_then(self._runs[0].phase)) if self._runs else 0.0

    def _work(self, scan: KeyScan) -> float:
        """A piece of the first queue that need not wait for its second look; the seconds until there is one."""
        now = self._timer()
        for run in self._runs:
            if not run.through and run.due <= now:
                self._at_work = run
                run.step()
                return 0.0
        following = self._queues[self._at + len(self._runs) :][:1]
        if following and len(self._runs) < MOST_AT_ONCE:
            options = (self._orphans, self.clock, self._timer, self.leases_ms)
            self._runs.append(QueueRun(self.link, following[0], scan, *options))
            # Who asks for this queue from now on wants another look at it.
            self._tell(self._runs[0].phase, "", b"")
            return 0.0
        return min(run.due for run in self._runs if not run.through) - now

    def _measure(self) -> float:
        part, self._unmeasured = self._unmeasured[:_MEASURED], self._unmeasured[_MEASURED:]
        replies = self.link.pipeline([command for queue in part for command in size_commands(queue)])
        each = len(replies) // len(part)
        self._ahead += sum(size_of(replies[at : at + each]) for at in range(0, len(replies), each))
        return self._tell_now_and_then("")

    def _finish(self, run: QueueRun) -> None:
        if not run.broken:
            self._tell(run.phase, "", b"")
            if not self._id:
                return  # it is another's by now, who may know better, or was stopped
            self._at_work = run
            for reply in self.link.pipeline(findings_commands(run.queue, run.found)):
                # A pipeline that is repeated after a lost answer has renamed already.
                if isinstance(reply, Exception) and "no such key" not in str(reply):
                    raise reply
            self._at_work = None
        report = run.report()
        self._done += run.expected + run.to_judge
        self._judged += run.to_judge
        self._runs.remove(run)
        self._tell("", run.queue, pack_report(report) if report else b"")
        self._at += 1

    def _tell_now_and_then(self, phase: str) -> float:
        if self._timer() >= self._tell_at:
            self._tell(phase, "", b"")
        return 0.0

    def _tell(self, phase: str, queue: str, report: bytes) -> None:
        self._tell_at = self._timer() + TELL_S
        seen, keys = (self._scan.seen, self._scan.keys) if self._scan else (0, 0)
        looked = self._before + self._done + seen + sum(run.looked + run.judged for run in self._runs)
        # Odd jobs are work too, each as much as some keys; how many there are is learned by and by.
        odd = LOOKS * self._orphans.count([run.queue for run in self._runs if run.to_judge])
        odd += self._judged + sum(run.to_judge for run in self._runs)
        expected = max(self._before + self._ahead + keys + odd, looked)
        far = (self._at, phase, looked, expected, self._at + len(self._runs) + bool(queue))
        args = (self.clock(), self._id, self._owner, self._claim_ms, *far, queue, report)
        state = decode_text(self.link.run(script("operator/check_step"), _ANCHOR, *args))
        if state != "running":
            self._leave()


def _why_only_here(error: Exception) -> str:
    """What keeps one queue from being checked, "" when it is the whole Redis that does not answer or refuses."""
    if not isinstance(error, REDIS_ERRORS):
        return f"the check failed ({type(error).__name__})"
    everywhere = is_outage(error) or (refuses_writes(error) and not is_forbidden(error))
    return "" if everywhere else explain_redis_error(error)[:200]
