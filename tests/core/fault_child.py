"""A process that works or publishes while somebody breaks things, and notes what it was answered.

`python -m tests.core.fault_child work|publish URL NOTES NAME NUMBER`: NUMBER is the concurrency, or how many jobs to
publish. A note is one line, written at once: what a process noted outlives its SIGKILL.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from omniq_core import JobCtx, OmniqClient, OmniqError, working
from omniq_core.connection import REDIS_ERRORS
from omniq_core.trips import Trips

QUEUE = "q"
_FILE = -1


def note(*words: object) -> None:
    """One line with tabs between its words."""
    os.write(_FILE, ("\t".join(map(str, words)).replace("\n", " ") + "\n").encode())


class Noting(OmniqClient):
    """Notes the answer of each ack, whoever asked for it."""

    def ack_success(self, **lease: Any) -> None:
        return noted(super().ack_success, lease)

    def ack_fail(self, **lease: Any) -> tuple[str, int | None]:
        return noted(super().ack_fail, lease)


class NotingTrips(Trips):
    """The same for the acks that bring the next job along."""

    def ack_and_reserve(self, **lease: Any) -> Any:
        return noted(super().ack_and_reserve, lease)


def noted(call: Callable[..., Any], lease: dict[str, Any]) -> Any:
    """The answer of an ack, after its note."""
    try:
        answer = call(**lease)
    except OmniqError as refused:
        note("refused", lease["job_id"], lease["lease_token"], refused.code)
        raise
    except REDIS_ERRORS:
        note("untold", lease["job_id"])
        raise
    note("acked", lease["job_id"], lease["lease_token"], answer[0] if isinstance(answer, tuple) else "OK")
    return answer


class Telling(logging.Handler):
    """Everything the library says."""

    def emit(self, record: logging.LogRecord) -> None:
        note("said", record.levelname, record.getMessage())


def handle(ctx: JobCtx) -> None:
    """Does what the payload asks for: ok, bad (always raises), flaky (twice), stuck (never returns)."""
    note("ran", ctx.job_id, ctx.attempt)
    wanted = ctx.payload["do"]
    if wanted == "stuck":
        threading.Event().wait()
    if wanted == "bad" or (wanted == "flaky" and ctx.attempt < 3):
        raise ValueError("no luck")
    time.sleep(ctx.payload.get("ms", 0) / 1000)


def work(client: OmniqClient, concurrency: int) -> None:
    """Consumes until SIGTERM."""
    working.Trips = NotingTrips
    client.consume(
        queue=QUEUE,
        handler=handle,
        concurrency=concurrency,
        poll_interval_s=0.01,
        promote_interval_s=0.1,
        reap_interval_s=0.1,
    )


def publish(client: OmniqClient, name: str, count: int) -> None:
    """So many jobs, one after the other, whatever becomes of Redis; each answer is noted."""
    for n in range(count):
        try:
            made = client.publish(
                queue=QUEUE,
                payload={"do": "ok"},
                job_id=f"{name}-{n}",
                gid=(None, "A", "B")[n % 3],
                group_limit=2,
                timeout_ms=1_500,
                max_attempts=100,
                backoff_ms=10,
            )
        except REDIS_ERRORS:
            note("unanswered", f"{name}-{n}")
        else:
            note("published", made, made.created)
        time.sleep(0.002)


def main(role: str, url: str, notes: str, name: str, number: str) -> None:
    """Opens the file of notes and plays the role."""
    global _FILE
    # Until consume listens, and when it has left: whoever is asked to go then goes as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    _FILE = os.open(notes, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    logger = logging.getLogger("omniq_core")
    logger.setLevel(logging.INFO)
    logger.addHandler(Telling())
    note("began", role)
    with Noting(redis_url=url) as client:
        if role == "work":
            work(client, int(number))
        else:
            publish(client, name, int(number))


if __name__ == "__main__":
    main(*sys.argv[1:])
