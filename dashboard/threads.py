"""One daemon thread that does a piece of work again and again, also after a fork, until it is stopped for good."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import traceback
import weakref
from typing import Protocol

from omniq_core import REDIS_ERRORS, explain_redis_error, is_outage

from .outage_words import outage_line

log = logging.getLogger(__name__)

LONGEST_PAUSE_S = 8.0


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
        self._traced: set[str] = set()
        self._worked = False
        self._reset()
        _after_fork.add(self)

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def stopped(self) -> bool:
        """Was it ended for good?"""
        return self._stopping.is_set()

    @property
    def running(self) -> bool:
        """Is the thread alive in this process?"""
        return self._thread is not None and self._thread.is_alive()

    def ensure_started(self) -> None:
        """Starts the thread unless it runs, or `stop` was called. Cheap: every request calls it."""
        if self.running or self.stopped:
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
        had_thread, was_stopped = self._thread is not None, self.stopped
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
        trouble = outage_line(explain_redis_error(error)) if outage else type(error).__name__
        if trouble in self._said:
            return
        self._said.add(trouble)
        # A Redis that was away from the start is what the start, or the first page, has said already.
        told = outage and not (self._worked and self._tells_outages)
        level = logging.INFO if told else logging.WARNING
        log.log(level, "omniq background: %s; trying again%s", trouble, "" if outage else self._trace(error))

    def _trace(self, error: Exception) -> str:
        """Where a mistake happened, once for its kind. Not its text, nor those of its causes: a password may stand
        there."""
        where = "".join(traceback.format_tb(error.__traceback__)).rstrip()
        kind = f"{type(error).__name__}\n{where}"
        if kind in self._traced:
            return ""
        self._traced.add(kind)
        return f"\n{where}"


def _restart_all() -> None:
    for thread in list(_after_fork):
        thread.restart_after_fork()


_after_fork: weakref.WeakSet[BackgroundThread] = weakref.WeakSet()
os.register_at_fork(after_in_child=_restart_all)
