"""The background threads of a process: started by the first request, again after a fork, ended by stop()."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import weakref
from collections.abc import Callable
from dataclasses import astuple
from typing import Protocol

from omniq_core import (
    REDIS_ERRORS,
    Background,
    CheckRunner,
    Link,
    NoticeLimits,
    TaskRunner,
    explain_redis_error,
    is_outage,
    measure_answer,
    server_facts,
)

log = logging.getLogger(__name__)

LONGEST_PAUSE_S = 8.0
PING_MS, LOOK_MS = 2_000, 30_000


class Work(Protocol):
    """What the thread does: a piece of it, the seconds until the next, and an end."""

    def tick(self) -> float: ...

    def close(self) -> None: ...


class BackgroundThread:
    """Runs `work` in a daemon thread. An exception never ends it: it waits 1, 2, 4, 8 s and goes on.

    `tells_outages`: it logs that Redis is away. One of the threads of a process is enough.
    """

    def __init__(self, work: Work, *, tells_outages: bool = True) -> None:
        self._work, self._tells_outages = work, tells_outages
        self._said: set[str] = set()
        self._worked = False
        self._reset()
        _after_fork.add(self)

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """Is the thread alive in this process?"""
        return self._thread is not None and self._thread.is_alive()

    def ensure_started(self) -> None:
        """Starts the thread unless it runs, or `stop` was called. Cheap: every request calls it."""
        if self.running or self._stopping.is_set():
            return
        with self._lock:
            if not self.running:
                self._thread = threading.Thread(target=self._run, name="omniq-background", daemon=True)
                self._thread.start()

    def wake(self) -> None:
        """The next tick comes at once."""
        self._wake.set()

    def tell_to_stop(self) -> None:
        """The thread ends after what it is doing now."""
        self._stopping.set()
        self._wake.set()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Ends the thread for good and waits for it, `timeout_s` at most."""
        self.tell_to_stop()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout_s)

    def restart_after_fork(self) -> None:
        """In the child: the parent's thread is not here, and its lock may be held by nobody."""
        had_thread, was_stopped = self._thread is not None, self._stopping.is_set()
        self._reset()
        if was_stopped:
            self._stopping.set()
        elif had_thread:
            self.ensure_started()

    def _run(self) -> None:
        failures = 0
        stopping, wake = self._stopping, self._wake
        while not stopping.is_set():
            try:
                pause = self._work.tick()
                failures, self._worked = 0, True
                self._said.clear()
            except Exception as error:
                failures += 1
                pause = min(2.0 ** (failures - 1), LONGEST_PAUSE_S)
                self._note(error)
            wake.wait(pause)
            if not stopping.is_set():
                wake.clear()
        with contextlib.suppress(Exception):  # giving the claim up early is a courtesy
            self._work.close()

    def _note(self, error: Exception) -> None:
        # Once for each trouble until it works again: an outage of an hour is one line, without an address.
        outage = isinstance(error, REDIS_ERRORS) and is_outage(error)
        trouble = f"Redis does not answer ({explain_redis_error(error)})" if outage else type(error).__name__
        if trouble in self._said:
            return
        self._said.add(trouble)
        # A Redis that was away from the start is what the start, or the first page, has said already.
        told = outage and not (self._worked and self._tells_outages)
        level = logging.INFO if told else logging.WARNING
        log.log(level, "omniq background: %s; trying again", trouble)


class _Measured:
    """`work`, and between two pieces of it a look at the server itself: how fast it answers, and whether it is well."""

    def __init__(self, link: Link, clock: Callable[[], int], work: Work) -> None:
        self._link, self._clock, self._work = link, clock, work
        self._wanted = work
        self._ping_at = self._look_at = self._well_at = 0
        self.away_since: int | None = None

    def go_on_with(self, work: Work) -> None:
        """From the next piece on it does this work; the thread itself ends the old one, which may be in a piece."""
        self._wanted = work

    def tick(self) -> float:
        wanted = self._wanted
        try:
            if wanted is not self._work:
                ended, self._work = self._work, wanted
                ended.close()
            rest = self._piece()
        except REDIS_ERRORS as error:
            if is_outage(error):
                self.away_since = self._well_at or self.away_since or self._clock()
            raise
        self._well_at, self.away_since = self._clock(), None
        return rest

    def _piece(self) -> float:
        rest = self._work.tick()
        now = self._clock()
        if now >= self._look_at:
            self._look_at, self._ping_at = now + LOOK_MS, now + PING_MS
            server_facts(self._link, now)
        elif now >= self._ping_at:
            self._ping_at = now + PING_MS
            measure_answer(self._link)
        return rest

    def close(self) -> None:
        self._work.close()


class ProcessThreads:
    """What a process does for one Redis: a thread looks for queues and keeps figures, one works on bulk tasks, and one
    on the check of queues.

    They are apart because none may wait for another: a scan takes its time, and a batch wants the next at once.
    """

    def __init__(
        self,
        link: Link,
        clock: Callable[[], int],
        allow_list: frozenset[str],
        tasks: bool,
        limits: NoticeLimits,
        counter_at: str,
    ) -> None:
        self._link, self._clock, self._counter_at = link, clock, counter_at
        self._allow_list, self._limits = allow_list, limits
        self._measured = _Measured(link, clock, self._finder())
        self._figures = BackgroundThread(self._measured)
        self._tasks: tuple[TaskRunner, BackgroundThread] | None = None
        self._checks: tuple[CheckRunner, BackgroundThread] | None = None
        if tasks:
            self.add_tasks()

    def _finder(self) -> Background:
        names = sorted(self._allow_list)
        return Background(self._link, self._clock, names, limits=self._limits, counter_at=self._counter_at)

    def widen(self, allow_list: frozenset[str], limits: NoticeLimits) -> None:
        """It looks after the queues of one more mount, too, and a notice comes when it does for one of them.

        A second leader would not do: only one of all processes writes figures, and the other would wait for ever.
        """
        both = self._allow_list | allow_list if self._allow_list and allow_list else frozenset[str]()
        soonest = NoticeLimits(*map(min, astuple(self._limits), astuple(limits)))
        if (both, soonest) == (self._allow_list, self._limits):
            return
        self._allow_list, self._limits = both, soonest
        self._measured.go_on_with(self._finder())
        self._figures.wake()
        if self._checks:
            self._checks[0].leases_ms = soonest.leases_ms

    def add_tasks(self) -> None:
        """From the next start on it works on bulk tasks and on the check, too: both write to Redis."""
        if self._tasks is None:
            tasks = TaskRunner(self._link, self._clock)
            checks = CheckRunner(self._link, self._clock, leases_ms=self._limits.leases_ms)
            self._tasks = tasks, BackgroundThread(tasks, tells_outages=False)
            self._checks = checks, BackgroundThread(checks, tells_outages=False)

    @property
    def _threads(self) -> list[BackgroundThread]:
        return [self._figures, *(runner[1] for runner in (self._tasks, self._checks) if runner)]

    @property
    def running(self) -> bool:
        """Are they alive in this process?"""
        return all(thread.running for thread in self._threads)

    @property
    def away_since(self) -> int | None:
        """When Redis answered last, in ms, if it does not answer now."""
        return self._measured.away_since

    def ensure_started(self) -> None:
        """Starts what does not run. Cheap: every request calls it."""
        for thread in self._threads:
            thread.ensure_started()

    def look_for_tasks(self) -> None:
        """A task has been written down: the runner need not find it by itself within the next second."""
        _look_now(self._tasks)

    def look_for_checks(self) -> None:
        """A check was begun, or may go on: the same for it."""
        _look_now(self._checks)

    def stop(self, timeout_s: float = 5.0) -> None:
        """Ends them for good, which gives up what they had claimed, and waits for each, `timeout_s` at most."""
        for thread in self._threads:
            thread.tell_to_stop()
        for thread in self._threads:
            thread.stop(timeout_s)


def _look_now(runner: tuple[TaskRunner | CheckRunner, BackgroundThread] | None) -> None:
    if runner:
        runner[0].look_now()
        runner[1].wake()


def background_for(
    link: Link,
    clock: Callable[[], int],
    allow_list: tuple[str, ...] = (),
    *,
    tasks: bool = True,
    limits: NoticeLimits | None = None,
    counter_at: str = "",
) -> ProcessThreads:
    """The threads of this process for that link, not started yet. The mounts of one link share them, and they do what
    any of these needs; each page leaves out what its own mount does not show.

    Without `tasks` (read only) it works on no bulk task and no check. `limits`: from when on something is a notice.
    `counter_at`: where a payload names its child counter; that of the first mount counts.
    """
    listed, limits = frozenset(allow_list), limits or NoticeLimits()
    found = _threads.get(id(link))
    if found is None:
        found = _threads[id(link)] = ProcessThreads(link, clock, listed, tasks, limits, counter_at)
        return found
    found.widen(listed, limits)
    if tasks:
        found.add_tasks()  # the first mount may only look
    return found


def _restart_all() -> None:
    for thread in list(_after_fork):
        thread.restart_after_fork()


# A thread keeps its link alive, so the id of a link that stands here is nobody else's.
_threads: weakref.WeakValueDictionary[int, ProcessThreads] = weakref.WeakValueDictionary()
_after_fork: weakref.WeakSet[BackgroundThread] = weakref.WeakSet()
os.register_at_fork(after_in_child=_restart_all)
