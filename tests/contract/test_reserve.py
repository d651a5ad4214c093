"""reserve, pause and resume: the same jobs in the same order as the reference."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.pair import Pair
from tests.support.invariants import check_invariants


def test_an_empty_and_an_unknown_queue(pair: Pair) -> None:
    assert pair.reserve() is None
    assert pair.stored() == {}
    pair.publish("j")
    assert pair.reserve()[0] == "JOB"
    assert pair.reserve() is None


def test_lanes_take_turns_and_groups_come_in_the_order_they_became_ready(pair: Pair) -> None:
    for n in range(6):
        pair.publish(f"u{n}")
        pair.clock.advance(1)
    for n in range(4):
        for gid in ("B", "A"):
            pair.publish(f"{gid}{n}", gid=gid, group_limit=2)
            pair.clock.advance(1)
    served: list[str] = []
    for _ in range(14):
        pair.clock.advance(1)
        job = pair.reserve()
        served.append(job[1] if job else "-")
    assert served == ["B0", "u0", "A0", "u1", "B1", "u2", "A1", "u3", "u4", "u5", "-", "-", "-", "-"]
    for job_id in ("A0", "B0", "u0"):
        pair.clock.advance(1)
        pair.leased("ack_success", job_id)
    assert [pair.reserve()[1] for _ in range(2)] == ["A2", "B2"]


@pytest.mark.parametrize("turn", ["0", "1", "2", "x", "", "00"])
def test_whose_turn_it_is(pair: Pair, turn: str) -> None:
    for queue in ("ours", "theirs"):
        pair.redis.set(f"{{{queue}}}:lane:rr", turn)
    pair.publish("u1")
    pair.publish("g1", gid="A")
    pair.publish("u2")
    pair.publish("g2", gid="B")
    order = [pair.reserve()[1] for _ in range(4)]
    assert order == (["u1", "g1", "u2", "g2"] if turn in ("1", "2") else ["g1", "u1", "g2", "u2"])


@pytest.mark.broken_data
def test_a_ready_group_whose_list_is_empty_is_passed_over(pair: Pair) -> None:
    for queue in ("ours", "theirs"):
        pair.redis.zadd(f"{{{queue}}}:groups:ready", {"E": 1, "F": 2})
        pair.redis.hset(f"{{{queue}}}:stats", "groups_ready", 2)
    pair.publish("g", gid="F")
    pair.publish("u")
    assert [pair.reserve()[1] for _ in range(2)] == ["g", "u"]
    check_invariants(pair.redis, "ours")


@pytest.mark.broken_data
def test_ten_groups_are_tried_then_the_other_lane(pair: Pair) -> None:
    for queue in ("ours", "theirs"):
        pair.redis.zadd(f"{{{queue}}}:groups:ready", {f"E{n:02}": 1 for n in range(12)})
        pair.redis.hset(f"{{{queue}}}:stats", "groups_ready", 12)
    pair.publish("u")
    assert pair.reserve()[1] == "u"
    assert pair.stored()[b"groups:ready"] == ("zset", {b"E10": 1.0, b"E11": 1.0})


@pytest.mark.parametrize("gid", [None, "A"])
@pytest.mark.parametrize("timeout_ms", [0, -5, 1, 60_001])
def test_the_length_of_a_lease(pair: Pair, gid: str | None, timeout_ms: int) -> None:
    pair.publish("j", timeout_ms=timeout_ms, gid=gid)
    assert pair.reserve()[3] == pair.clock.now_ms + (timeout_ms if timeout_ms > 0 else 60_000)


@pytest.mark.parametrize("max_attempts", [0, -1, 1, 2])
def test_attempts_count_up_to_the_maximum(pair: Pair, max_attempts: int) -> None:
    pair.publish("j", max_attempts=max_attempts, backoff_ms=0)
    outcomes: list[Any] = []
    while job := pair.reserve():
        assert job[5] == max_attempts
        outcomes.append(pair.leased("ack_fail", "j", error="E")[0])
        pair.clock.advance(1)
        pair.do("promote_delayed")
    assert outcomes == ["RETRY"] * (max(max_attempts, 1) - 1) + ["FAILED"]


def test_pausing_stops_reserves_only(pair: Pair) -> None:
    assert pair.do("is_paused") is False
    pair.publish("j1", max_attempts=1)
    pair.publish("j2", max_attempts=2)
    pair.publish("g1", gid="A")
    pair.publish("g2", gid="A")
    pair.publish("d", due_ms=pair.clock.now_ms + 5)
    for _ in range(3):
        pair.reserve()
    assert pair.do("pause") == "OK"
    assert pair.do("pause") == "OK"
    assert pair.do("is_paused") is True
    assert pair.reserve() == "PAUSED"
    pair.leased("ack_fail", "j1", error="E")
    pair.leased("ack_fail", "j2", error="E")
    pair.leased("ack_success", "g1")
    assert pair.do("retry_failed", job_id="j1") is None
    pair.clock.advance(10_000)
    assert pair.do("promote_delayed") == 2
    assert pair.do("remove_job", job_id="d", lane="wait") == "OK"
    assert pair.reserve() == "PAUSED"
    assert pair.do("resume") == 1
    assert pair.do("resume") == 0
    assert pair.reserve()[0] == "JOB"


def test_an_unknown_queue_can_be_paused(pair: Pair) -> None:
    assert pair.do("resume") == 0
    assert pair.do("pause") == "OK"
    assert pair.reserve() == "PAUSED"
    assert set(pair.stored()) == {b"paused"}
