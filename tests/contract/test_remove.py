"""remove_job and remove_jobs_batch."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.pair import Pair
from tests.contract.states import EVERY_ID, one_of_each

LANES = ("wait", "gwait", "delayed", "failed", "completed", "active", "bogus", "", " wait", "WAIT")
FITS = {"u1": "wait", "g1": "gwait", "d1": "delayed", "dg": "delayed", "f1": "failed", "fg": "failed"}
FITS["c1"] = "completed"


def _reason(job_id: str, lane: str) -> str | None:
    if job_id in ("nope", ""):
        return "NO_JOB"
    if job_id in ("a1", "ag"):
        return "ACTIVE"
    if (job_id, lane) == ("g1", "wait"):
        return "NOT_IN_LANE"  # its state is wait, but it waits in its group
    return None if FITS[job_id] == lane else "LANE_MISMATCH"


@pytest.mark.parametrize("lane", LANES)
def test_every_job_and_every_lane(pair: Pair, lane: str) -> None:
    one_of_each(pair)
    for job_id in EVERY_ID:
        reason = _reason(job_id, lane)
        expected = ("RuntimeError", f"REMOVE_JOB failed: {reason}") if reason else "OK"
        assert pair.do("remove_job", job_id=job_id, lane=lane) == expected


@pytest.mark.parametrize("lane", LANES)
def test_every_job_in_one_batch(pair: Pair, lane: str) -> None:
    one_of_each(pair)
    answer = pair.do("remove_jobs_batch", job_ids=list(EVERY_ID), lane=lane)
    if lane not in LANES[:5]:
        assert answer == ("RuntimeError", "REMOVE_JOBS_BATCH failed: BAD_LANE")
        return
    reasons = ["BAD_JOB_ID" if job_id == "" else _reason(job_id, lane) for job_id in EVERY_ID]
    assert [reason for _, _, reason in answer] == reasons


def test_an_empty_batch_asks_nothing(pair: Pair) -> None:
    assert pair.do("remove_jobs_batch", job_ids=[], lane="bogus") == []


@pytest.mark.parametrize("lane", ["wait", "gwait", "delayed", "failed", "completed"])
def test_a_repeated_id_is_gone_the_second_time(pair: Pair, lane: str) -> None:
    one_of_each(pair)
    job_id = next(name for name, fits in FITS.items() if fits == lane)
    answer = pair.do("remove_jobs_batch", job_ids=[job_id, "nope", job_id], lane=lane)
    assert answer == [(job_id, "OK", None), ("nope", "ERR", "NO_JOB"), (job_id, "ERR", "NO_JOB")]


@pytest.mark.broken_data
@pytest.mark.parametrize("lane", ["wait", "failed", "completed", "delayed"])
def test_a_repeated_id_that_its_lane_lost_answers_the_same_twice(pair: Pair, lane: str) -> None:
    one_of_each(pair)
    job_id = next(name for name, fits in FITS.items() if fits == lane)
    for queue in ("ours", "theirs"):
        key = f"{{{queue}}}:{lane}"
        pair.redis.zrem(key, job_id) if lane == "delayed" else pair.redis.lrem(key, 0, job_id)
    answer = pair.do("remove_jobs_batch", job_ids=[job_id, job_id], lane=lane)
    assert answer == [(job_id, "ERR", "NOT_IN_LANE")] * 2


def test_a_group_leaves_ready_with_its_last_waiting_job(pair: Pair) -> None:
    for job_id in ("g1", "g2", "g3"):
        pair.publish(job_id, gid="A")
    ready = pair.clock.now_ms
    assert pair.do("remove_job", job_id="g2", lane="gwait") == "OK"
    assert pair.stored()[b"groups:ready"] == ("zset", {b"A": float(ready)})
    assert pair.do("remove_jobs_batch", job_ids=["g3", "g1"], lane="gwait") is not None
    assert b"groups:ready" not in pair.stored()
    pair.publish("g4", gid="A")
    assert pair.reserve()[1] == "g4"


def test_a_group_without_room_stays_out_of_ready(pair: Pair) -> None:
    for job_id in ("g1", "g2", "g3"):
        pair.publish(job_id, gid="A")
    pair.reserve()
    assert pair.do("remove_job", job_id="g2", lane="gwait") == "OK"
    assert b"groups:ready" not in pair.stored()
    assert pair.reserve() is None
    pair.leased("ack_success", "g1")
    assert pair.reserve()[1] == "g3"


@pytest.mark.broken_data
def test_a_forgotten_group_is_found_again_by_a_removal_with_score_0(pair: Pair) -> None:
    for job_id in ("g1", "g2"):
        pair.publish(job_id, gid="A")
    for queue in ("ours", "theirs"):
        pair.redis.zrem(f"{{{queue}}}:groups:ready", "A")
        pair.redis.hset(f"{{{queue}}}:stats", "groups_ready", 0)
    assert pair.do("remove_job", job_id="g1", lane="gwait") == "OK"
    assert pair.stored()[b"groups:ready"] == ("zset", {b"A": 0.0})


@pytest.mark.parametrize("job_id", ["ERR", "OK", "user/234", "..", "a:b", "🔥", "a\nb"], ids=ascii)
def test_each_removal_takes_exactly_that_job(pair: Pair, job_id: str) -> None:
    for name in ("before", job_id, "after"):
        pair.publish(name)
        pair.publish("g" + name, gid="a:wait")
    assert pair.do("remove_job", job_id=job_id, lane="wait") == "OK"
    assert pair.do("remove_jobs_batch", job_ids=["g" + job_id], lane="gwait") == [("g" + job_id, "OK", None)]
    left: Any = pair.stored()
    assert left[b"wait"] == ("list", [b"before", b"after"])
    assert left[b"g:a:wait:wait"] == ("list", [b"gbefore", b"gafter"])


@pytest.mark.parametrize("operation", ["retry_failed", "remove_job"])
def test_an_id_may_be_given_as_a_number(pair: Pair, operation: str) -> None:
    pair.publish("5", max_attempts=1)
    pair.reserve()
    pair.leased("ack_fail", "5", error="E")
    lane: dict[str, str] = {"lane": "failed"} if operation == "remove_job" else {}
    assert pair.do(operation, job_id=5, **lane) in (None, "OK")
    assert pair.do(operation, job_id=6, **lane)[0] == "RuntimeError"
