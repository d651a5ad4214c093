"""A process that works on the check until it is killed: `python -m tests.operator.check_child URL CLAIM_MS`."""

from __future__ import annotations

import sys
import time

from omniq_core import CheckRunner, OmniqClient

if __name__ == "__main__":
    with OmniqClient(redis_url=sys.argv[1]) as client:
        works = CheckRunner(client.link, lambda: time.time_ns() // 1_000_000, claim_ms=int(sys.argv[2]))
        while True:
            time.sleep(works.tick())
