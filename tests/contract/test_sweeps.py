"""promote_delayed and reap_expired."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.pair import Pair

MOST: list[Any] = [0, 1, 2, 3, 1000, -1, -5, "2", 1.9]


@pytest.mark.parametrize("most", MOST, ids=repr)
def test_promoting_at_most(pair: Pair, most: Any) -> None:
    now = pair.clock.now_ms
    for job_id, due, gid in (("d", 9, None), ("c", 5, "A"), ("b", 5, None), ("a", 5, "A"), ("later", 11, None)):
        pair.publish(job_id, due_ms=now + due, gid=gid)
    assert pair.do("promote_delayed", max_promote=most) == 0
    pair.clock.advance(10)
    took = 4 if int(most) < 0 else min(int(most), 4)
    assert pair.do("promote_delayed", max_promote=most) == took
    left = pair.stored()[b"delayed"][1]
    assert isinstance(left, dict)
    assert sorted(left) == sorted([*(b"a", b"b", b"c", b"d")[took:], b"later"])


@pytest.mark.parametrize("most", MOST, ids=repr)
def test_reaping_at_most(pair: Pair, most: Any) -> None:
    for job_id, timeout, gid in (("d", 9, None), ("c", 5, "A"), ("b", 5, None), ("a", 5, "B"), ("later", 11, None)):
        pair.publish(job_id, timeout_ms=timeout, gid=gid, max_attempts=1 if job_id in "ab" else 3)
        pair.reserve()
    pair.publish("next", gid="A")
    pair.clock.advance(10)
    took = 4 if int(most) < 0 else min(int(most), 4)
    assert pair.do("reap_expired", max_reap=most) == took
    left = pair.stored()[b"active"][1]
    assert isinstance(left, dict)
    assert sorted(left) == sorted([*(b"a", b"b", b"c", b"d")[took:], b"later"])


@pytest.mark.parametrize("most", [None, "x"])
def test_what_is_no_number_is_refused(pair: Pair, most: Any) -> None:
    assert pair.do("promote_delayed", max_promote=most)[0] in ("TypeError", "ValueError")
    assert pair.do("reap_expired", max_reap=most)[0] in ("TypeError", "ValueError")


def test_an_unknown_queue_stays_unknown(pair: Pair) -> None:
    assert pair.do("promote_delayed") == 0
    assert pair.do("reap_expired") == 0
    assert pair.stored() == {}


def test_a_job_due_this_very_millisecond_is_due(pair: Pair) -> None:
    pair.publish("j", due_ms=pair.clock.now_ms + 10, timeout_ms=10)
    pair.clock.advance(9)
    assert pair.do("promote_delayed") == 0
    pair.clock.advance(1)
    assert pair.do("promote_delayed") == 1
    pair.reserve()
    pair.clock.advance(9)
    assert pair.do("reap_expired") == 0
    pair.clock.advance(1)
    assert pair.do("reap_expired") == 1


def test_a_reaped_job_keeps_its_older_error_and_counts_its_attempts(pair: Pair) -> None:
    pair.publish("j", max_attempts=2, backoff_ms=0, timeout_ms=10, gid="A")
    pair.reserve()
    pair.leased("ack_fail", "j", error="E: first")
    pair.do("promote_delayed")
    pair.reserve()
    pair.clock.advance(10)
    assert pair.do("reap_expired") == 1
    assert pair.stored()[b"failed"] == ("list", [b"j"])
    assert pair.reserve() is None
