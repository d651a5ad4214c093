"""Keeps the leases of all running jobs of a consumer, and its chores going, in one thread."""

from __future__ import annotations

import threading
import time

from . import clock
from .chores import Chores
from .connection import REDIS_ERRORS, Link
from .keys import QueueKeys, decode_text, encode_id
from .reporting import Reporter
from .scripts import script

LONGEST_S = 10.0
# The first beat is due at once, but a job that is over within this time needs none.
FIRST_S = 0.02
AGAIN_S = 1.0
NEVER = float("inf")
# A handler that takes this many timeouts may never return; it is said, and its lease is kept all the same.
MANY_TIMEOUTS = 10


def beat_every_s(timeout_ms: int, interval_s: float | None) -> float:
    """Seconds between beats: what was asked for, else a third of the timeout and 10 s at most."""
    return interval_s or min(max(timeout_ms, 3) / 3000, LONGEST_S)


class Lease:
    """One running job. `lost` turns true when the lease is no longer ours; the job must then not be acked."""

    __slots__ = ("began", "due", "every", "job_id", "lock_until_ms", "long_at", "lost", "token")

    def __init__(
        self, job_id: str, token: str, lock_until_ms: int, *, timeout_ms: int, interval_s: float | None
    ) -> None:
        self.job_id, self.token, self.lock_until_ms = job_id, token, lock_until_ms
        self.every = beat_every_s(timeout_ms, interval_s)
        self.began = time.monotonic()
        self.due = self.began + min(FIRST_S, self.every)
        self.long_at = self.began + MANY_TIMEOUTS * timeout_ms / 1000
        self.lost = False


class Keeper:
    """Beats every held lease at once and then in its interval: one round trip for all that are due together.

    The chores of the queue are done in between, so that they go on while all workers are busy. The thread begins with
    the first lease and sleeps while there is none.
    """

    def __init__(self, link: Link, queue: str, chores: Chores, report: Reporter) -> None:
        self._link, self._queue, self._chores, self._report = link, queue, chores, report
        self._changed = threading.Condition()
        self._leases: set[Lease] = set()
        self._wakes_at = -NEVER
        self._closed = False
        self._thread: threading.Thread | None = None

    def hold(self, lease: Lease) -> None:
        """Keeps this lease from now on."""
        with self._changed:
            self._leases.add(lease)
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name=f"omniq-keeper-{self._queue}", daemon=True)
                self._thread.start()
            if lease.due < self._wakes_at:
                self._changed.notify()

    def held(self) -> list[tuple[str, float]]:
        """The jobs whose leases are kept now, each with the moment it began, as time.monotonic() counts."""
        with self._changed:
            return [(lease.job_id, lease.began) for lease in self._leases]

    def release(self, lease: Lease) -> None:
        """Keeps it no longer. An answer to a beat that is under way counts no more."""
        with self._changed:
            self._leases.discard(lease)

    def close(self, wait_s: float) -> None:
        """Lets go of all leases; waits so long at most for a beat that is under way."""
        with self._changed:
            self._closed = True
            self._leases.clear()
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(timeout=wait_s)

    def _run(self) -> None:
        while True:
            with self._changed:
                due = self._wait_for_work()
                if due is None:
                    return
            if due:
                self._beat(due)
                self._tell_long(due)
            self._chores.run_due()

    def _wait_for_work(self) -> list[Lease] | None:
        """The leases to beat now (none when a chore is due), or None at the end."""
        while not self._closed:
            now = time.monotonic()
            due = [lease for lease in self._leases if lease.due <= now]
            chores_at = self._chores.next_due() if self._leases else NEVER
            if due or chores_at <= now:
                self._wakes_at = -NEVER
                for lease in due:
                    lease.due = now + lease.every
                return due
            self._wakes_at = min(chores_at, *(lease.due for lease in self._leases), NEVER)
            self._changed.wait(None if self._wakes_at == NEVER else self._wakes_at - now)
        return None

    def _beat(self, leases: list[Lease]) -> None:
        anchor, now, beat = QueueKeys(self._queue).anchor, clock.now_ms(), script("heartbeat")
        began = time.monotonic()
        try:
            replies = self._link.run_many([(beat, anchor, [now, encode_id(one.job_id), one.token]) for one in leases])
        except REDIS_ERRORS as error:
            self._beat_failed(leases, error, began)
            return
        for lease, reply in zip(leases, replies, strict=True):
            if isinstance(reply, Exception):
                self._beat_failed([lease], reply, began)
            elif reply[0] == b"OK":
                lease.lock_until_ms = int(reply[1])
                self._report.worked("heartbeat", began)
            else:
                self._drop(lease, decode_text(reply[0]))

    def _tell_long(self, leases: list[Lease]) -> None:
        now = time.monotonic()
        for lease in leases:
            if now >= lease.long_at and not lease.lost:
                lease.long_at = NEVER
                self._report.warn("job %r runs for %.0f s now, its lease is kept", lease.job_id, now - lease.began)

    def _beat_failed(self, leases: list[Lease], error: Exception, began: float) -> None:
        # The lease may still be ours when Redis is back: the next beat says.
        self._report.failed("heartbeat", error, began)
        for lease in leases:
            lease.due = time.monotonic() + min(lease.every, AGAIN_S)

    def _drop(self, lease: Lease, code: str) -> None:
        with self._changed:
            if lease not in self._leases:
                return  # acked meanwhile, by us
            self._leases.discard(lease)
            lease.lost = True
        self._report.warn("lease of job %r was lost (%s), its end will not be acked", lease.job_id, code)
