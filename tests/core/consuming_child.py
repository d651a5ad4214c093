"""A worker process for tests: `python -m tests.core.consuming_child URL QUEUE [drain]`; it says on stdout what happens.

The handler tells that it began, and ends when the key `release` exists; the payload may ask for something else.
"""

from __future__ import annotations

import signal
import sys
import time

from omniq_core import JobCtx, OmniqClient


def main(url: str, queue: str, drain: str) -> None:
    """Consumes until a signal, then says `left`."""
    with OmniqClient(redis_url=url) as client, OmniqClient(redis_url=url) as other:

        def handle(ctx: JobCtx) -> None:
            print(f"began {ctx.job_id}", flush=True)
            while not other.link.call("EXISTS", "release"):
                time.sleep(0.01)
            print(f"ended {ctx.job_id}", flush=True)

        before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
        print("ready", flush=True)
        client.consume(queue=queue, handler=handle, poll_interval_s=0.01, drain=drain == "drain")
        restored = (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
        print(f"left, handlers {'restored' if restored else 'NOT restored'}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
