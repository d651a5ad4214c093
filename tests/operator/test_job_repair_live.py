"""Thousands of broken jobs (`long`), and a thirtieth of them each time, are found and repaired while workers run."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from omniq_core import JobCtx, OmniqClient, consume
from tests.core.stoppable import Stop
from tests.operator.job_checks import find, kinds, repair
from tests.support.clock import wait_until
from tests.support.factories import publish_jobs
from tests.support.invariants import check_invariants
from tests.support.programs import Program
from tests.support.redis_server import RedisServer

SIZES = [
    pytest.param(330, 66, 16, id="400"),
    pytest.param(10_000, 2_000, 500, id="12,500", marks=pytest.mark.long),
]
GROUPS = ("g0", "g1", "g2")
KINDS = (("ghosts", ""), ("two_lanes", ""), ("orphans", "put_back"), ("states", ""), ("idx", ""))
COMPLETED = {f"orphan-{n}" for n in range(4, 200, 5)}
"""Of these no more than 100 find room."""
STATES = ("wait", "active", "delayed", "failed", "completed")
pytestmark = pytest.mark.broken_data


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@contextlib.contextmanager
def two_workers(redis_server: RedisServer, redis: Any, folder: Path) -> Iterator[None]:
    """A consumer of ours and one of the reference."""
    over = threading.Event()

    class Stoppable(OmniqClient):
        def reserve(self, **arguments: Any) -> Any:
            if over.is_set():
                raise Stop
            return super().reserve(**arguments)

    def handle(ctx: JobCtx) -> None:
        if ctx.job_id.endswith("3"):
            raise ValueError("again")

    def run() -> None:
        with Stoppable(redis_url=redis_server.url) as client, contextlib.suppress(Stop):
            consume(client, queue="q", handler=handle, poll_interval_s=0.005)

    ours = threading.Thread(target=run)
    theirs = Program(folder, ["-m", "tests.operator.reference_worker", str(redis_server.port)])
    ours.start()
    try:
        wait_until(lambda: redis.llen("started") > 0, timeout=30)
        yield
    finally:
        over.set()
        ours.join(timeout=30)
        theirs.process.terminate()
        theirs.process.wait()
    assert not ours.is_alive()


def break_jobs(redis: Any, orphans: int, doubled: int, wrong: int) -> dict[str, str]:
    """Writes them by hand, each with the name of its trouble: workers that meet one are quicker than any check."""
    at, later = str(now_ms() - 60_000), str(now_ms() + 3_600_000)
    made: dict[str, str] = {}
    with redis.pipeline(transaction=False) as pipe:

        def record(job_id: str, state: str, kind: str, **more: str) -> None:
            fields = {"id": job_id, "payload": "{}", "state": state, "attempt": "1", "max_attempts": "3"}
            moments = {"created_ms": at, "updated_ms": at, "queued_ms": at, "timeout_ms": "30000", "backoff_ms": "50"}
            pipe.hset(f"{{q}}:job:{job_id}", mapping=fields | moments | more)
            made[job_id] = kind

        for n in range(orphans):
            state = STATES[n % 5] if n % 5 != 4 or n < 200 else "failed"
            record(f"orphan-{n}", state, "orphans", due_ms=later, **({"gid": f"g{n % 3}"} if n % 2 else {}))
        for n in range(doubled):
            lanes = (("failed", "delayed"), ("failed", "failed"), ("wait", "failed"))[n % 3]
            job_id = f"doubled-{n}"
            record(job_id, lanes[n % 2], "two_lanes", due_ms=later)
            for lane in lanes:
                pipe.hincrby("{q}:stats", "waiting" if lane == "wait" else lane, 1)
                if lane == "wait":
                    pipe.hincrby("{q}:stats", "waiting_total", 1)
                if lane == "delayed":
                    pipe.zadd("{q}:delayed", {job_id: later})
                else:
                    pipe.rpush("{q}:" + lane, job_id)
                pipe.zadd("{q}:idx:" + lane, {job_id: at})
        for n in range(wrong):
            record(f"wrong-{n}", STATES[n % 3], "states")
            pipe.lpush("{q}:failed", f"wrong-{n}")
            pipe.zadd("{q}:idx:failed", {f"wrong-{n}": at})
            pipe.hincrby("{q}:stats", "failed", 1)
        pipe.execute()
    return made


@pytest.mark.parametrize(("orphans", "doubled", "wrong"), SIZES)
def test_all_are_found_and_repaired_while_workers_run(
    client: OmniqClient, redis_server: RedisServer, redis: Any, tmp_path: Path, orphans: int, doubled: int, wrong: int
) -> None:
    publish_jobs(client, "q", [f"sound-{n}" for n in range(200)], now_ms=now_ms() - 1_000, backoff_ms=50)
    made = break_jobs(redis, orphans, doubled, wrong)
    with two_workers(redis_server, redis, tmp_path):
        repair_all(client, redis, made, {f"doubled-{n}" for n in range(2, doubled, 3)})
        wait_until(lambda: redis.zcard("{q}:idx:wait") == 0 == redis.zcard("{q}:active"), timeout=60)
    check_invariants(redis, "q")


def repair_all(client: OmniqClient, redis: Any, made: dict[str, str], waiting: set[str]) -> None:
    """Until nothing is found. Those that wait are taken by workers meanwhile; all others are as they were made."""
    found = find(client.link, redis, GROUPS)
    told = kinds(found)
    assert {job: told.get(job) for job in made if job not in waiting} == {
        job: kind for job, kind in made.items() if job not in waiting
    }
    assert set(told) <= set(made)
    done: Counter[str] = Counter()
    for rounds in range(6):
        for kind, choice in KINDS:
            ours = [one for one in found.values() if one.kind == kind]
            answers = repair(client.link, ours, choice=choice, now_ms=now_ms())
            done.update(answers.values())
            publish_jobs(client, "q", [f"more-{rounds}-{kind}-{n}" for n in range(10)], now_ms=now_ms())
        refused = [one for one in found.values() if one.kind == "orphans" and one.facts["state"] == "completed"]
        repair(client.link, refused, choice="remove", now_ms=now_ms(), kind="orphans")
        found = find(client.link, redis, GROUPS)
        if not found:
            break
    assert found == {}
    assert set(done) <= {"OK", "MOVED_ON", "NEWER_KEPT"}
    assert done["OK"] >= len(made) - len(waiting) - len([job for job in made if job in COMPLETED])
