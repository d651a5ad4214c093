"""The loop of a worker: find a job, run its handler, say how it ended, until it is time to stop."""

from __future__ import annotations

import json
import threading
import time
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from . import clock
from .acking import ack_until_answered
from .chores import Chores
from .connection import REDIS_ERRORS
from .errors import OmniqError
from .exec import Exec
from .heartbeat import Keeper, Lease
from .hooks import Hooks
from .models import ReserveJob, ReservePaused
from .reporting import Reporter
from .trips import NotNow, Trips
from .types import JobCtx

if TYPE_CHECKING:
    from .client import OmniqClient

Handler = Callable[[JobCtx], Any]
Answer = TypeVar("Answer")
ERROR_PAUSE_S = 0.2
LONGEST_SLEEP_S = 0.1


class Work:
    """What all workers of one consume() share. `loop` runs in as many threads as there are workers.

    `end` makes the loops end after their jobs; after `abandon` nothing is acked any more.
    """

    def __init__(
        self,
        client: OmniqClient,
        queue: str,
        handler: Handler,
        *,
        chores: Chores,
        keeper: Keeper,
        hooks: Hooks,
        report: Reporter,
        signalled: Callable[[], bool],
        poll_s: float,
        beat_s: float | None,
    ) -> None:
        self._client, self._queue, self._handler = client, queue, handler
        self._chores, self._keeper, self._hooks, self._report = chores, keeper, hooks, report
        self._signalled, self._poll_s, self._beat_s = signalled, poll_s, beat_s
        self._ended = self._abandoned = False
        self._trips = Trips(client.link, queue, may_reserve=lambda: not self.stopping() and not chores.any_due())
        # One worker at a time looks for jobs, so that many idle ones ask no more often than one.
        self._looking = threading.Lock()

    def end(self) -> None:
        """No more jobs after those that run."""
        self._ended = True

    def abandon(self) -> None:
        """The running jobs are left to the reaper, whatever becomes of them."""
        self._ended = self._abandoned = True

    def stopping(self) -> bool:
        """Whether no more job is to be taken."""
        return self._ended or self._signalled()

    def loop(self) -> None:
        """Works one job after another."""
        job = self._find()
        while job is not None:
            job = self._run(job) or self._find()

    def _find(self) -> ReserveJob | None:
        with self._looking:
            while not self.stopping():
                self._chores.run_due()
                began = time.monotonic()
                try:
                    got = self._client.reserve(queue=self._queue)
                except REDIS_ERRORS as error:
                    self._report.failed("reserve", error, began)
                    self._rest(ERROR_PAUSE_S)
                    continue
                self._report.worked("reserve", began)
                if got is None:
                    self._rest(self._poll_s)
                elif isinstance(got, ReservePaused):
                    self._rest(max(0.25, 10 * self._poll_s))
                else:
                    return got
        return None

    def _rest(self, seconds: float) -> None:
        # Slept in pieces: an Event that a signal handler sets can hang the very thread that waits for it.
        end = time.monotonic() + seconds
        while not self.stopping() and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, LONGEST_SLEEP_S))

    def _run(self, job: ReserveJob) -> ReserveJob | None:
        """Runs one job to its end; returns the next one when the ack brought it along."""
        ctx = self._context(job)
        lasts_ms = max(job.lock_until_ms - clock.now_ms(), 1)
        lease = Lease(job.job_id, job.lease_token, job.lock_until_ms, timeout_ms=lasts_ms, interval_s=self._beat_s)
        raised: BaseException | None = None
        self._keeper.hold(lease)
        try:
            self._hooks.started(ctx)
            self._handler(ctx)
        except KeyboardInterrupt:
            raise
        except (Exception, SystemExit) as error:  # whatever a handler raises is that job's failure, not ours
            raised = error
        finally:
            self._keeper.release(lease)
        if self._abandoned:
            return None
        if lease.lost:
            self._report.event("lease of %s was lost, not acked", job.job_id)
            self._hooks.lost(ctx)
            return None
        try:
            return self._succeed(ctx, lease) if raised is None else self._fail(ctx, lease, raised)
        except OmniqError as refused:
            self._report.warn("job %r was not acked (%s)", job.job_id, refused.code)
            self._hooks.lost(ctx)
        except REDIS_ERRORS:  # said as a failed ack already
            self._report.event("%s was not acked, its lease will run out", job.job_id)
        return None

    def _succeed(self, ctx: JobCtx, lease: Lease) -> ReserveJob | None:
        client, queue, job_id, token = self._client, self._queue, ctx.job_id, ctx.lease_token
        sent = False
        if not self._hooks.any:
            began = time.monotonic()
            try:
                got = self._trips.ack_and_reserve(job_id=job_id, lease_token=token)
            except NotNow:
                pass
            except REDIS_ERRORS as error:
                # It may have run: the ack alone is repeated, and a lease that nobody saw is the reaper's.
                self._report.failed("ack", error, began)
                sent = True
            else:
                self._report.event("%s done", job_id)
                return got if isinstance(got, ReserveJob) else None
        self._ack(
            lambda again: client.ack_success(queue=queue, job_id=job_id, lease_token=token, repeated=again), lease, sent
        )
        self._report.event("%s done", job_id)
        self._hooks.succeeded(ctx)
        return None

    def _fail(self, ctx: JobCtx, lease: Lease, raised: BaseException) -> None:
        client, queue, job_id, token = self._client, self._queue, ctx.job_id, ctx.lease_token
        text = f"{type(raised).__name__}: {raised}\n{''.join(traceback.format_exception(raised)).rstrip()}"
        outcome, _ = self._ack(
            lambda again: client.ack_fail(queue=queue, job_id=job_id, lease_token=token, error=text, repeated=again),
            lease,
            False,
        )
        self._report.event("%s failed (%s)", job_id, outcome)
        self._hooks.failed(ctx, raised)

    def _ack(self, send: Callable[[bool], Answer], lease: Lease, sent: bool) -> Answer:
        return ack_until_answered(
            send,
            until_ms=lease.lock_until_ms,
            stopping=self.stopping,
            report=self._report,
            sent_before=sent,
        )

    def _context(self, job: ReserveJob) -> JobCtx:
        try:
            payload: Any = json.loads(job.payload)
        except (ValueError, RecursionError):
            payload = job.payload
        return JobCtx(
            self._queue,
            job.job_id,
            job.payload,
            payload,
            job.attempt,
            job.max_attempts,
            job.lock_until_ms,
            job.lease_token,
            Exec(self._client, job.job_id),
            job.gid,
        )
