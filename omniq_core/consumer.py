"""consume(): reserve, run the handler under a heartbeat, ack, and look after the queue between jobs."""

from __future__ import annotations

import json
import logging
import time
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .connection import REDIS_ERRORS
from .errors import OmniqError
from .exec import Exec
from .heartbeat import Heartbeat
from .models import ReserveJob, ReservePaused
from .stopping import stop_signals
from .types import JobCtx

if TYPE_CHECKING:
    from .client import OmniqClient

log = logging.getLogger(__name__)

Handler = Callable[[JobCtx], Any]
ERROR_PAUSE_S = 0.2


class _Chore:
    """Something done at most once per interval, whose failure never stops the loop."""

    def __init__(self, what: str, interval_s: float, work: Callable[[], int]) -> None:
        self._what, self._interval, self._work = what, interval_s, work
        self._last = float("-inf")

    def run_if_due(self) -> None:
        if time.monotonic() - self._last < self._interval:
            return
        self._last = time.monotonic()
        try:
            self._work()
        except REDIS_ERRORS as error:
            log.warning("%s failed: %s", self._what, error)


def consume(
    client: OmniqClient,
    *,
    queue: str,
    handler: Handler,
    poll_interval_s: float = 0.05,
    promote_interval_s: float = 1.0,
    promote_batch: int = 1000,
    reap_interval_s: float = 1.0,
    reap_batch: int = 1000,
    heartbeat_interval_s: float | None = None,
    verbose: bool = False,
    logger: Callable[[str], Any] = print,
    stop_on_ctrl_c: bool = True,
    drain: bool = True,
) -> None:
    """Works one job after another until SIGTERM or SIGINT (or KeyboardInterrupt with `drain=False`).

    A handler that raises fails its attempt; a lease that was lost is never acked. With `verbose`, `logger` gets a line
    per event; otherwise the module's logger does.
    """

    def say(line: str) -> None:
        if verbose:
            logger(f"[omniq] {line}")
        else:
            log.debug("%s", line)

    chores = (
        _Chore("promote", promote_interval_s, lambda: client.promote_delayed(queue=queue, max_promote=promote_batch)),
        _Chore("reap", reap_interval_s, lambda: client.reap_expired(queue=queue, max_reap=reap_batch)),
    )
    with stop_signals(drain=drain, stop_on_ctrl_c=stop_on_ctrl_c) as stopping:
        while not stopping():
            for chore in chores:
                chore.run_if_due()
            try:
                got = client.reserve(queue=queue)
            except REDIS_ERRORS as error:
                log.warning("%s: reserve failed: %s", queue, error)
                time.sleep(ERROR_PAUSE_S)
                continue
            if got is None:
                time.sleep(poll_interval_s)
            elif isinstance(got, ReservePaused):
                time.sleep(max(0.25, 10 * poll_interval_s))
            else:
                _run_one(client, queue, handler, got, heartbeat_interval_s, say)
        say(f"stopped consuming {queue}")


def _run_one(
    client: OmniqClient,
    queue: str,
    handler: Handler,
    job: ReserveJob,
    interval_s: float | None,
    say: Callable[[str], None],
) -> None:
    try:
        payload: Any = json.loads(job.payload)
    except (ValueError, RecursionError):
        payload = job.payload
    ctx = JobCtx(
        queue,
        job.job_id,
        job.payload,
        payload,
        job.attempt,
        job.max_attempts,
        job.lock_until_ms,
        job.lease_token,
        Exec(client, job.job_id),
        job.gid,
    )
    token = job.lease_token
    error: str | None = None
    beat = Heartbeat(
        client, queue=queue, job_id=job.job_id, lease_token=token, timeout_ms=_lease_ms(job), interval_s=interval_s
    )
    with beat:
        try:
            handler(ctx)
        except KeyboardInterrupt:
            raise
        except (Exception, SystemExit) as raised:  # whatever a handler raises is that job's failure, not ours
            error = f"{type(raised).__name__}: {raised}\n{''.join(traceback.format_exception(raised)).rstrip()}"
    if beat.lost:
        say(f"lease of {job.job_id} was lost, not acked")
        return
    try:
        if error is None:
            client.ack_success(queue=queue, job_id=job.job_id, lease_token=token)
            say(f"{job.job_id} done")
        else:
            outcome, _ = client.ack_fail(queue=queue, job_id=job.job_id, lease_token=token, error=error)
            say(f"{job.job_id} failed ({outcome})")
    except OmniqError as refused:
        log.warning("%s: job %r was not acked (%s)", queue, job.job_id, refused.code)
    except REDIS_ERRORS as lost:
        log.warning("%s: job %r was not acked, its lease will run out: %s", queue, job.job_id, lost)


def _lease_ms(job: ReserveJob) -> int:
    return max(job.lock_until_ms - time.time_ns() // 1_000_000, 1)
