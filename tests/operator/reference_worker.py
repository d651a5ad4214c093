"""A worker of the reference SDK, as a black box: `python -m tests.operator.reference_worker PORT`.

It notes every start in the list `started` and fails each job whose id ends in 7.
"""

from __future__ import annotations

import sys

import redis
from omniq.client import OmniqClient
from omniq.consumer import consume

if __name__ == "__main__":
    port = int(sys.argv[1])
    notes = redis.Redis(port=port)

    def handle(ctx: object) -> None:
        job_id = ctx.job_id  # type: ignore[attr-defined]
        notes.rpush("started", job_id)
        if job_id.endswith("7"):
            raise ValueError("again")

    consume(OmniqClient(host="127.0.0.1", port=port), queue="q", handler=handle, poll_interval_s=0.01)
