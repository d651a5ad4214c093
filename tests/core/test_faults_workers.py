"""Workers that die at any moment: every job still ends by its rules, once, and nothing stays behind."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from omniq_core import JobToPublish, OmniqClient
from tests.core.fault_crew import Crew, leases, wait_for_the_end
from tests.support.clock import wait_until
from tests.support.redis_server import RedisServer

CONCURRENCY = 4
ATTEMPTS = {"ok": 50, "flaky": 50, "bad": 3, "once": 1}


@pytest.fixture
def crew(tmp_path: Path, redis_server: RedisServer, redis: Any) -> Iterator[Crew]:
    """Nobody yet, on an empty Redis."""
    people = Crew(tmp_path, redis_server.url)
    yield people
    people.close()


@pytest.mark.parametrize(
    ("jobs", "kills", "seed"),
    [(2_000, 8, 1), pytest.param(20_000, 60, 2, marks=pytest.mark.long)],
)
def test_a_sigkill_at_any_moment(crew: Crew, client: OmniqClient, redis: Any, jobs: int, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    wanted = {f"j{n}": chance.choice(("ok",) * 7 + ("flaky", "bad", "once")) for n in range(jobs)}
    client.publish_many(queue="q", jobs=[_job(job_id, what, chance) for job_id, what in wanted.items()])
    for _ in range(3):
        crew.work(CONCURRENCY)
    for moment in sorted(chance.sample(range(jobs // 20, jobs), kills)):
        wait_until(lambda moment=moment: leases(redis) >= moment, timeout=20, what=f"lease {moment}")
        crew.kill(chance.randrange(len(crew.workers)))
        crew.work(CONCURRENCY)
    wait_for_the_end(redis, 90)
    crew.drain()

    failed = {job_id.decode(): int(redis.hget(b"{q}:job:" + job_id, "attempt")) for job_id in _list(redis, "failed")}
    bad = {job_id for job_id, what in wanted.items() if what == "bad"}
    assert {job_id: failed.get(job_id) for job_id in bad} == dict.fromkeys(bad, 3)
    # A job with a single attempt fails when that attempt was killed.
    assert {(wanted[job_id], failed[job_id]) for job_id in failed.keys() - bad} <= {("once", 1)}

    acked = crew.acked()
    assert set(acked.values()) == {1}
    assert not acked.keys() & failed.keys()
    # Those whose worker died between the ack and its note: one for each of its threads at most.
    assert len(wanted.keys() - acked.keys() - failed.keys()) <= kills * CONCURRENCY
    assert _all_attempts(crew, failed) == leases(redis)
    assert redis.mget("{q}:g:A:inflight", "{q}:g:B:inflight") == [b"0", b"0"]


def _job(job_id: str, what: str, chance: random.Random) -> JobToPublish:
    return {
        "job_id": job_id,
        "payload": {"do": "ok" if what == "once" else what, "ms": chance.choice((0, 0, 1, 5))},
        "gid": chance.choice((None, None, "A", "B")),
        "group_limit": 4,
        "max_attempts": ATTEMPTS[what],
        "timeout_ms": 700,
        "backoff_ms": chance.choice((0, 20)),
    }


def _list(redis: Any, lane: str) -> list[bytes]:
    return redis.lrange(f"{{q}}:{lane}", 0, -1)


def _all_attempts(crew: Crew, failed: dict[str, int]) -> int:
    """The last attempt of each job, summed up; that no attempt ran twice is looked at on the way."""
    ran: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for job_id, attempt in crew.notes("ran"):
        ran[job_id][int(attempt)] += 1
    twice = {job_id: attempts for job_id, attempts in ran.items() if set(attempts.values()) != {1}}
    assert not twice, f"attempts that ran twice: {twice}"
    return sum({**{job_id: max(attempts) for job_id, attempts in ran.items()}, **failed}.values())


@pytest.mark.parametrize("until_it_is_said", [False, pytest.param(True, marks=pytest.mark.long)])
def test_a_handler_that_never_returns_among_forgotten_scripts(
    crew: Crew, client: OmniqClient, redis: Any, until_it_is_said: bool
) -> None:
    client.publish(queue="q", payload={"do": "stuck"}, job_id="stuck", timeout_ms=2_000, max_attempts=1)
    crew.work(CONCURRENCY)
    wait_until(lambda: crew.notes("ran"), timeout=20, what="the handler that never returns")
    token = redis.hget("{q}:job:stuck", "lease_token")
    jobs: list[JobToPublish] = [{"payload": {"do": "ok", "ms": 5}, "job_id": f"j{n}"} for n in range(600)]
    client.publish_many(queue="q", jobs=jobs)
    for moment in sorted(random.Random(3).sample(range(1, 600), 12)):
        wait_until(lambda moment=moment: leases(redis) >= moment, timeout=20, what=f"lease {moment}")
        redis.script_flush()
    wait_until(lambda: len(crew.acked()) == 600, timeout=20, what="all other jobs")
    if until_it_is_said:
        wait_until(lambda: crew.said("'stuck' runs for 2"), timeout=20, what="a line about the job that runs so long")

    assert redis.zrange("{q}:active", 0, -1) == [b"stuck"]
    assert redis.hget("{q}:job:stuck", "lease_token") == token
    assert set(crew.acked().values()) == {1}
    assert [line.split(" runs ")[0] for line in crew.said("")] == ["q: job 'stuck'"] * until_it_is_said
    crew.kill(0)
    crew.work(1)
    wait_until(lambda: _list(redis, "failed") == [b"stuck"], timeout=20, what="the reaper")
    crew.drain()
    assert [words[0] for words in crew.notes("ran")].count("stuck") == 1
