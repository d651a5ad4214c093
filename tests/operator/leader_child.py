"""A process that does the background work and says when it leads: `python -m tests.operator.leader_child URL`."""

from __future__ import annotations

import os
import sys
import time

from omniq_core import Background, OmniqClient

if __name__ == "__main__":
    with OmniqClient(redis_url=sys.argv[1]) as client:
        background = Background(client.link, lambda: time.time_ns() // 1_000_000)
        while True:
            rest = background.tick()
            if background.leads:
                client.link.call("HSET", "who-leads", "pid", os.getpid())
            time.sleep(rest)
