"""Keeps one lease while its handler runs."""

from __future__ import annotations

import logging
import threading
from types import TracebackType
from typing import Protocol

from .connection import REDIS_ERRORS
from .errors import OmniqError

log = logging.getLogger(__name__)

LONGEST_S = 10.0


class Beats(Protocol):
    """Anything with the protocol's heartbeat."""

    def heartbeat(self, *, queue: str, job_id: str, lease_token: str) -> int: ...


class Heartbeat:
    """Beats at once and then every third of the timeout (at most every 10 s) until it is left.

    `lost` turns true when the lease is no longer ours; the job must then not be acked.
    """

    def __init__(
        self, client: Beats, *, queue: str, job_id: str, lease_token: str, timeout_ms: int, interval_s: float | None
    ) -> None:
        self._client = client
        self._queue, self._job_id, self._token = queue, job_id, lease_token
        self._interval = interval_s or min(max(timeout_ms, 3) / 3000, LONGEST_S)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"omniq-heartbeat-{job_id}", daemon=True)
        self.lost = False

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                self._client.heartbeat(queue=self._queue, job_id=self._job_id, lease_token=self._token)
            except OmniqError as refused:
                self.lost = True
                log.warning("%s: lease of job %r was lost (%s)", self._queue, self._job_id, refused.code)
                return
            except REDIS_ERRORS as error:
                # The lease may still be ours when Redis is back: the next beat says.
                log.warning("%s: no heartbeat for job %r: %s", self._queue, self._job_id, error)
            if self._done.wait(self._interval):
                return
