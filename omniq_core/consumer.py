"""consume(): workers that take jobs until a signal, and the queue looked after meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypedDict

from .announcing import Announcer
from .chores import Chore, Chores
from .heartbeat import Keeper
from .hooks import FailureHook, Hook, Hooks
from .reporting import Reporter
from .stopping import stop_signals
from .working import Handler, Work

if TYPE_CHECKING:
    from .client import OmniqClient

WAIT_FOR_BEAT_S = 5.0
WAIT_AT_ONCE_S = 0.1
WAIT_FOR_RECORD_S = 1.0
NOTICE_SIGNAL_S = 0.05


class ConsumeOptions(TypedDict, total=False):
    """What `OmniqClient.consume` takes besides queue and handler: the arguments of `consume`."""

    poll_interval_s: float
    promote_interval_s: float
    promote_batch: int
    reap_interval_s: float
    reap_batch: int
    heartbeat_interval_s: float | None
    verbose: bool
    logger: Callable[[str], Any]
    stop_on_ctrl_c: bool
    drain: bool
    concurrency: int
    announce: bool
    on_start: Hook | None
    on_success: Hook | None
    on_failure: FailureHook | None
    on_lost_lease: Hook | None


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
    concurrency: int = 1,
    announce: bool = True,
    on_start: Hook | None = None,
    on_success: Hook | None = None,
    on_failure: FailureHook | None = None,
    on_lost_lease: Hook | None = None,
) -> None:
    """Works jobs until SIGTERM or SIGINT (or KeyboardInterrupt with `drain=False`), `concurrency` of them at a time.

    A single one runs in the calling thread, more run in threads. A handler that raises fails its attempt; a lease that
    was lost is never acked. With `verbose`, `logger` gets a line per event; otherwise the modules' loggers do. Hooks
    get the JobCtx, `on_failure` also what was raised; they run in the worker's thread. Intervals are seconds.
    With `announce` the dashboard shows this consumer: host, process and running jobs, told every 5 s.
    Raises ValueError for a bad queue name and for a concurrency below 1.
    """
    if concurrency < 1:
        raise ValueError("concurrency is at least 1")
    report = Reporter(queue, logger if verbose else None)
    chores = Chores(
        Chore(
            "promote",
            promote_interval_s,
            lambda: client.promote_delayed(queue=queue, max_promote=promote_batch),
            report,
        ),
        Chore("reap", reap_interval_s, lambda: client.reap_expired(queue=queue, max_reap=reap_batch), report),
    )
    keeper = Keeper(client.link, queue, chores, report)
    with stop_signals(drain=drain, stop_on_ctrl_c=stop_on_ctrl_c) as signalled:
        work = Work(
            client,
            queue,
            handler,
            chores=chores,
            keeper=keeper,
            hooks=Hooks(report, on_start, on_success, on_failure, on_lost_lease),
            report=report,
            signalled=signalled,
            poll_s=poll_interval_s,
            beat_s=heartbeat_interval_s,
        )
        announcer = Announcer(client.link, queue, concurrency, keeper.held, report) if announce else None
        wait_s = WAIT_AT_ONCE_S
        try:
            if concurrency == 1:
                work.loop()
            else:
                _run_in_threads(work, queue, concurrency)
            wait_s = WAIT_FOR_BEAT_S
        finally:
            work.abandon()
            keeper.close(wait_s)
            if announcer:
                announcer.close(min(wait_s, WAIT_FOR_RECORD_S))
        report.event("stopped consuming %s", queue)


def _run_in_threads(work: Work, queue: str, concurrency: int) -> None:
    """Returns when all workers are done; raises what ended one of them (the others finish their jobs first)."""
    ended_by: list[BaseException] = []

    def run() -> None:
        try:
            work.loop()
        except BaseException as error:  # raised again in the thread that called consume()
            ended_by.append(error)
            work.end()

    threads = [
        threading.Thread(target=run, name=f"omniq-worker-{queue}-{n + 1}", daemon=True) for n in range(concurrency)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        # A signal that another thread received waits until this one wakes.
        while thread.is_alive():
            thread.join(timeout=NOTICE_SIGNAL_S)
    if ended_by:
        raise ended_by[0]
