"""Entries of long lists are found again, though workers moved them since they were read."""

from __future__ import annotations

import random
from typing import Any

import pytest

from omniq_core import OmniqClient
from omniq_core.keys import QueueKeys
from omniq_core.operator.job_repair import JobRepair
from omniq_core.scripts import script
from tests.core.long_lane import fill
from tests.operator.job_checks import find, kinds
from tests.support.factories import publish_jobs
from tests.support.invariants import check_invariants

T = 1_750_000_000_000
SIZES = [
    pytest.param(1_500, 30, 300, id="1,500"),
    pytest.param(200_000, 900, 5_000, id="200,000", marks=pytest.mark.long),
]
pytestmark = pytest.mark.broken_data


@pytest.mark.parametrize("lane", ["wait", "failed"])
@pytest.mark.parametrize(("size", "doubled", "moved"), SIZES)
def test_places_that_moved_are_found(
    client: OmniqClient, redis: Any, lane: str, size: int, doubled: int, moved: int
) -> None:
    ids = [f"job-{n:06d}" for n in range(size)]
    fill(redis, lane, ids, lambda n: T + n)
    rng = random.Random(7)
    # Somewhere between the others, not among those that a worker takes below.
    for job_id in rng.sample(ids[moved + 100 :], doubled):
        at = rng.choice(ids[moved + 100 :])
        redis.linsert("{q}:" + lane, "BEFORE", at, job_id)
        redis.hincrby("{q}:stats", "waiting" if lane == "wait" else lane, 1)
        if lane == "wait":
            redis.hincrby("{q}:stats", "waiting_total", 1)
    found = find(client.link, redis)
    assert set(kinds(found).values()) == {"two_lanes"} and len(found) == doubled
    work = JobRepair(client.link, "q", "two_lanes", "")
    work.take([*found.values()])
    while not work.step():
        pass
    if lane == "wait":
        for n in range(moved // 2):
            client.reserve(queue="q", now_ms_override=T + size + n)
        publish_jobs(client, "q", [f"new-{n}" for n in range(moved)], now_ms=T + size)
    else:
        fill(redis, "failed", [f"new-{n}" for n in range(moved)], lambda n: T + size + n)
    answers: list[bytes] = []
    while args := work.args(100):
        run = script("operator/repair_jobs"), QueueKeys("q").anchor, "two_lanes", "", T + size * 2, "n" * 32
        (told, _), _ = client.link.run_timed(*run, *args)
        answers += told
    assert answers == [b"OK"] * doubled
    held = redis.lrange("{q}:" + lane, 0, -1)
    assert len(held) == len(set(held))
    assert find(client.link, redis) == {}
    check_invariants(redis, "q")
