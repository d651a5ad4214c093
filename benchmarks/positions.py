"""A page of 100 waiting jobs with their positions: how long Redis is held for it, however the jobs are grouped.

    python -m benchmarks.positions        (starts a Redis of its own; aim: under 5 ms)

A position costs up to 1,000 steps in its list, so the newest jobs of long lists are the worst page there is.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from omniq_core import OmniqClient, lane_page
from omniq_core.ids import new_ulid
from tests.support.redis_server import RedisServer

SHAPES = ((1, 50_000), (6, 5_000), (11, 3_000), (25, 2_000), (100, 1_100))
ROUNDS = 60
FIRST_MS = 1_750_000_000_000


def fill(redis: Any, groups: int, each: int) -> None:
    """`each` jobs in each of `groups` groups, in turn; a single group means ungrouped."""
    pipe = redis.pipeline(transaction=False)
    for n in range(groups * each):
        job, gid = new_ulid(), f"acct_{n % groups}" if groups > 1 else ""
        pipe.rpush(f"{{q{groups}}}:g:{gid}:wait" if gid else f"{{q{groups}}}:wait", job)
        pipe.zadd(f"{{q{groups}}}:idx:wait", {job: FIRST_MS + n})
        fields: dict[str, Any] = {"id": job, "state": "wait", "gid": gid, "payload": '{"a":"' + "b" * 80 + '"}'}
        pipe.hset(f"{{q{groups}}}:job:{job}", mapping=fields | {"queued_ms": FIRST_MS + n, "max_attempts": 3})
        if n % 5_000 == 4_999:
            pipe.execute()
    pipe.execute()


def held_ms(redis: Any, client: OmniqClient, queue: str, newest_first: bool) -> tuple[float, float]:
    """The fastest and the median run of the script, in ms, by Redis's own clock."""
    times: list[float] = []
    for _ in range(ROUNDS):
        redis.config_resetstat()
        lane_page(client.link, queue, "wait", now_ms=1, size=100, newest_first=newest_first)
        times.append(redis.info("commandstats")["cmdstat_evalsha"]["usec"] / 1000)
    times.sort()
    return times[0], times[ROUNDS // 2]


def main() -> None:
    """Prints one line per shape and order."""
    with tempfile.TemporaryDirectory() as folder:
        server = RedisServer(Path(folder))
        server.start()
        try:
            with OmniqClient(redis_url=server.url) as client, server.client() as redis:
                for groups, each in SHAPES:
                    fill(redis, groups, each)
                    lane_page(client.link, f"q{groups}", "wait", now_ms=1)
                    for newest_first in (False, True):
                        best, median = held_ms(redis, client, f"q{groups}", newest_first)
                        order = "newest first" if newest_first else "oldest first"
                        print(f"{groups:4} lists of {each:6,}, {order}: {best:5.2f} ms, median {median:5.2f} ms")
        finally:
            server.stop()


if __name__ == "__main__":
    main()
