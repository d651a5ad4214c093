"""A worker process for tests, which says on stdout what happens.

`python -m tests.core.consuming_child URL QUEUE drain|at-once WORKERS`

The handler tells that it began, and ends when the key `release` exists; the payload may ask for something else.
"""

from __future__ import annotations

import signal
import sys
import time

from omniq_core import JobCtx, OmniqClient


def say(line: str) -> None:
    """One write for a line, so that two threads never mix theirs."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(url: str, queue: str, drain: str, workers: str) -> None:
    """Consumes until a signal, then says `left`."""
    with OmniqClient(redis_url=url) as client, OmniqClient(redis_url=url) as other:

        def handle(ctx: JobCtx) -> None:
            say(f"began {ctx.job_id}")
            while not other.link.call("EXISTS", "release"):
                time.sleep(0.01)
            say(f"ended {ctx.job_id}")

        before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
        say("ready")
        client.consume(
            queue=queue, handler=handle, poll_interval_s=0.01, drain=drain == "drain", concurrency=int(workers)
        )
        restored = (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
        say(f"left, handlers {'restored' if restored else 'NOT restored'}")


if __name__ == "__main__":
    main(*sys.argv[1:])
