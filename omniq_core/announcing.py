"""Tells in Redis who works a queue, where and on what, for whoever looks. Never a worker's trouble."""

from __future__ import annotations

import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Sequence

from . import clock
from .connection import Link
from .keys import QueueKeys
from .reporting import Reporter
from .scripts import script

BEAT_S = 5.0
LIVES_MS = 15_000
"""How long a record stays that is not renewed: a consumer that was killed is forgotten then."""
MOST_JOBS = 16
LONGEST_NAME = 128
"""Characters of the host, and of a job id that is told; longer ids are left out."""

Held = Callable[[], Sequence[tuple[str, float]]]


class Announcer:
    """Keeps the record of one consumer, in a thread of its own, until `close`.

    `held` gives the jobs that run, each with the moment of its lease as time.monotonic() counts. What goes wrong is
    said once by `report`; the work knows nothing of it.
    """

    def __init__(self, link: Link, queue: str, concurrency: int, held: Held, report: Reporter) -> None:
        self._link, self._queue, self._concurrency, self._held, self._report = link, queue, concurrency, held, report
        self._id, self._started_ms = secrets.token_hex(8), clock.now_ms()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"omniq-announcer-{queue}", daemon=True)
        self._thread.start()

    def close(self, wait_s: float) -> None:
        """Takes the record back; waits so long at most for that."""
        self._closed.set()
        self._thread.join(timeout=wait_s)

    def _run(self) -> None:
        while not self._closed.is_set():
            self._tell(self._record)
            self._closed.wait(BEAT_S)
        self._tell(lambda: "")

    def _tell(self, record: Callable[[], str]) -> None:
        anchor, began = QueueKeys(self._queue).anchor, time.monotonic()
        try:
            self._link.run(script("announce"), anchor, clock.now_ms(), self._id, record(), LIVES_MS)
        except Exception as error:  # whatever it is, the jobs go on
            self._report.failed("announce", error, began)
        else:
            self._report.worked("announce", began)

    def _record(self) -> str:
        now, began = clock.now_ms(), time.monotonic()
        held = self._held()
        jobs = [[job_id, now - int((began - at) * 1000)] for job_id, at in held if len(job_id) <= LONGEST_NAME]
        told = {
            "v": 1,
            "host": socket.gethostname()[:LONGEST_NAME],
            "pid": os.getpid(),
            "queue": self._queue,
            "concurrency": self._concurrency,
            "running": len(held),
            "jobs": sorted(jobs, key=lambda job: job[1])[:MOST_JOBS],
            "started_ms": self._started_ms,
            "beat_ms": now,
        }
        return json.dumps(told, separators=(",", ":"))
