"""The background threads of a process: started by the first request, again after a fork, ended by stop()."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import astuple

from omniq_core import (
    REDIS_ERRORS,
    Background,
    CheckRunner,
    Link,
    NoticeLimits,
    TaskRunner,
    is_outage,
    measure_answer,
    server_facts,
)

from .threads import BackgroundThread, Work

PING_MS, LOOK_MS = 2_000, 30_000


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
    def stopped(self) -> bool:
        """Were they ended for good?"""
        return self._figures.stopped

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
    if found is None or found.stopped:  # what was ended for good does nothing for anybody
        found = _threads[id(link)] = ProcessThreads(link, clock, listed, tasks, limits, counter_at)
        return found
    found.widen(listed, limits)
    if tasks:
        found.add_tasks()  # the first mount may only look
    return found


# A thread keeps its link alive, so the id of a link that stands here is nobody else's.
_threads: weakref.WeakValueDictionary[int, ProcessThreads] = weakref.WeakValueDictionary()
