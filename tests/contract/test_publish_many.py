"""publish_many leaves what publishing the same jobs one by one leaves, job for job and key for key."""

from __future__ import annotations

import random
from typing import Any

import pytest

from omniq_core import JobToPublish, OmniqClient
from tests.contract.pair import OURS, THEIRS, Pair, outcome
from tests.support.clock import Clock
from tests.support.snapshot import snapshot

GIDS = (None, None, "A", " A ", "b:wait", "🔥", "")


def _mixed(count: int, clock: Clock, *, repeats: bool = False) -> list[JobToPublish]:
    draw = random.Random(count)
    jobs: list[JobToPublish] = []
    for n in range(count):
        job: Any = {"payload": {"n": n, "é": "x" * draw.choice((0, 3, 200))}, "job_id": f"é/{n}"}
        if repeats and n and draw.random() < 0.1:
            job["job_id"] = f"é/{draw.randrange(n)}"
        if draw.random() < 0.3:
            job["due_ms"] = clock.now_ms + draw.choice((-5, 0, 1, 60_000))
        elif draw.random() < 0.2:
            job["group_limit"] = draw.randrange(-1, 4)
        if draw.random() < 0.2:
            job.update({"max_attempts": draw.randrange(3), "timeout_ms": 1_000, "backoff_ms": 0})
        job["gid"] = draw.choice(GIDS)
        jobs.append(job)
    return jobs


@pytest.mark.parametrize("count", [1, 99, 100, 101, 650])
def test_the_keys_are_those_of_the_reference_publishing_one_by_one(pair: Pair, clock: Clock, count: int) -> None:
    jobs = _mixed(count, clock)
    mine = pair.client.publish_many(queue=OURS, jobs=jobs, now_ms_override=clock.now_ms)
    theirs = [pair.reference.publish(queue=THEIRS, now_ms_override=clock.now_ms, **job) for job in jobs]
    assert mine == theirs
    assert {one.created for one in mine} == {True}
    pair.compare_keys()


def test_both_sides_work_on_in_the_same_order(pair: Pair, clock: Clock) -> None:
    jobs = _mixed(230, clock)
    pair.client.publish_many(queue=OURS, jobs=jobs, now_ms_override=clock.now_ms)
    for job in jobs:
        pair.reference.publish(queue=THEIRS, now_ms_override=clock.now_ms, **job)
    clock.advance(60_000)
    pair.do("promote_delayed")
    worked = 0
    while leased := pair.reserve():
        pair.leased("ack_success", leased[1])
        worked += 1
    assert worked == 230


def test_five_thousand_with_repeated_ids_groups_and_delays(client: OmniqClient, redis: Any, clock: Clock) -> None:
    jobs = _mixed(5_000, clock, repeats=True)
    before = client.link.round_trips
    many = client.publish_many(queue="many", jobs=jobs, now_ms_override=clock.now_ms)
    assert client.link.round_trips - before <= 50 + 2  # the scripts, the first one's source, the queue's name
    single = [client.publish(queue="single", now_ms_override=clock.now_ms, **job) for job in jobs]
    assert [(str(one), one.created) for one in many] == [(str(one), one.created) for one in single]
    assert 400 < [one.created for one in many].count(False) < 600
    assert snapshot(redis, "many", own=False) == snapshot(redis, "single", own=False)


def test_ids_that_stand_in_any_lane_are_answered_as_one_by_one(client: OmniqClient, redis: Any, clock: Clock) -> None:
    for queue in ("many", "single"):
        for state in ("failed", "completed", "active", "wait"):
            client.publish(queue=queue, payload={}, job_id=state, max_attempts=1, now_ms_override=clock.now_ms)
            if state == "wait":
                continue
            job: Any = client.reserve(queue=queue, now_ms_override=clock.now_ms)
            lease = {"queue": queue, "job_id": state, "lease_token": job.lease_token, "now_ms_override": clock.now_ms}
            if state == "failed":
                client.ack_fail(**lease)
            elif state == "completed":
                client.ack_success(**lease)
    ids = ("failed", "completed", "completed", "active", "wait", "new")
    jobs: list[JobToPublish] = [{"payload": {"again": True}, "job_id": job_id} for job_id in ids]
    later = clock.advance(5)
    many = client.publish_many(queue="many", jobs=jobs, now_ms_override=later)
    single = [client.publish(queue="single", now_ms_override=later, **job) for job in jobs]
    assert [one.created for one in many] == [one.created for one in single] == [False, True, False, False, False, True]
    assert _without_tokens(redis, "many") == _without_tokens(redis, "single")


def _without_tokens(redis: Any, queue: str) -> Any:
    redis.hset(f"{{{queue}}}:job:active", "lease_token", "held")
    return snapshot(redis, queue, own=False)


BAD: list[tuple[Any, str]] = [
    ({"payload": "x"}, "TypeError"),
    ({"payload": {"a": {1}}}, "TypeError"),
    ({"payload": {}, "max_attempts": None}, "TypeError"),
    ({"payload": {}, "due_ms": "x"}, "ValueError"),
    ({"payload": {}, "due_ms": 10**14}, "ValueError"),
    ({"payload": {}, "gid": 5}, "TypeError"),
    ({"payload": {}, "job_id": "\ud800"}, "ValueError"),
    ({"payload": [float("nan")]}, "ValueError"),
    ({"payload": {}, "queue": "other"}, "TypeError"),
    ({"job_id": "a"}, "TypeError"),
    ("payload", "TypeError"),
    (None, "TypeError"),
]


@pytest.mark.parametrize(("bad", "kind"), BAD, ids=ascii)
def test_one_bad_job_is_named_and_nothing_is_published(client: OmniqClient, redis: Any, bad: Any, kind: str) -> None:
    jobs: list[Any] = [{"payload": {}} for _ in range(150)]
    jobs[149] = bad
    with pytest.raises((TypeError, ValueError), match=r"^jobs\[149\]: ") as caught:
        client.publish_many(queue="q", jobs=jobs)
    assert type(caught.value).__name__ == kind
    assert redis.dbsize() == 0


def test_payload_types_come_before_the_queue_and_the_queue_before_numbers(client: OmniqClient, redis: Any) -> None:
    for job, kind in (({"payload": "x"}, "TypeError"), ({"payload": {}, "max_attempts": None}, "ValueError")):
        assert outcome(client.publish_many, queue="a b", jobs=[job]) == (kind,)
    assert redis.dbsize() == 0


def test_no_jobs_are_no_call(client: OmniqClient, redis: Any) -> None:
    assert client.publish_many(queue="q", jobs=[]) == []
    assert (client.link.round_trips, redis.dbsize()) == (0, 0)
