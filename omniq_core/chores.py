"""What a consumer does for the whole queue now and then: promote what is due, reap what ran out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from .reporting import Reporter


class Chore:
    """Something done at most once per interval, by whichever thread comes first; its failure stops nobody."""

    def __init__(self, what: str, interval_s: float, work: Callable[[], int], report: Reporter) -> None:
        self._what, self._interval, self._work, self._report = what, interval_s, work, report
        self._busy = threading.Lock()
        self.due = float("-inf")

    def run_if_due(self) -> None:
        """Does it, when its time has come and nobody else is at it."""
        if time.monotonic() < self.due or not self._busy.acquire(blocking=False):
            return
        began = time.monotonic()
        try:
            if began < self.due:
                return
            self.due = began + self._interval
            self._work()
        except Exception as error:  # a batch of nonsense is said, too, and the jobs go on
            self._report.failed(self._what, error, began)
        else:
            self._report.worked(self._what, began)
        finally:
            self._busy.release()


class Chores:
    """All chores of one consumer."""

    def __init__(self, *chores: Chore) -> None:
        self._chores = chores

    def any_due(self) -> bool:
        """Whether one of them should be done before the next reserve."""
        return time.monotonic() >= self.next_due()

    def next_due(self) -> float:
        """When the next one is due, as time.monotonic() counts."""
        return min(chore.due for chore in self._chores)

    def run_due(self) -> None:
        """Does those whose time has come."""
        for chore in self._chores:
            chore.run_if_due()
