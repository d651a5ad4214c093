"""heartbeat, ack_success and ack_fail, the trim at 100, and what becomes of errors."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.pair import Pair

OPERATIONS = ("heartbeat", "ack_success", "ack_fail")


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("job_id", ["running", "waiting", "failed", "nope", ""])
@pytest.mark.parametrize("token", ["", "wrong"])
def test_who_may_not_touch_a_lease(pair: Pair, name: str, job_id: str, token: str) -> None:
    _one_of_each(pair)
    before = pair.stored()
    code = "TOKEN_MISMATCH" if token else "TOKEN_REQUIRED"
    assert pair.leased(name, job_id, token=token) == ("RuntimeError", f"{name.upper()} failed: {code}")
    assert pair.stored() == before


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_job_that_is_not_leased_any_more_but_kept_its_token(pair: Pair, name: str) -> None:
    _one_of_each(pair)
    for queue in ("ours", "theirs"):
        pair.redis.zrem(f"{{{queue}}}:active", "running")
    assert pair.leased(name, "running") == ("RuntimeError", f"{name.upper()} failed: NOT_ACTIVE")
    for queue in ("ours", "theirs"):
        pair.redis.zadd(f"{{{queue}}}:active", {"running": 1})


@pytest.mark.parametrize("gid", [None, "A"])
def test_a_lease_that_ran_out_still_beats_and_acks_until_it_is_reaped(pair: Pair, gid: str | None) -> None:
    pair.publish("j", gid=gid, timeout_ms=100)
    pair.publish("k", gid=gid, timeout_ms=100)
    pair.reserve()
    pair.clock.advance(1_000)
    assert pair.leased("heartbeat", "j") == pair.clock.now_ms + 100
    pair.clock.advance(1_000)
    assert pair.leased("ack_success", "j") is None
    pair.reserve()
    pair.clock.advance(1_000)
    assert pair.do("reap_expired") == 1
    assert pair.leased("ack_success", "k") == ("RuntimeError", "ACK_SUCCESS failed: TOKEN_MISMATCH")
    assert pair.leased("heartbeat", "k") == ("RuntimeError", "HEARTBEAT failed: TOKEN_MISMATCH")


def test_the_newest_hundred_completed_are_kept(pair: Pair) -> None:
    for n in range(105):
        pair.publish(f"j{n}", gid="A" if n % 3 == 0 else None)
        pair.reserve()
        pair.clock.advance(1)
        assert pair.leased("ack_success", f"j{n}") is None
    kept = pair.stored()
    assert kept[b"completed"] == ("list", [f"j{n}".encode() for n in range(104, 4, -1)])
    assert b"job:j4" not in kept
    assert b"job:j5" in kept


def test_groups_get_their_place_back(pair: Pair) -> None:
    for n in range(4):
        pair.publish(f"g{n}", gid="A", group_limit=2, max_attempts=1 if n == 1 else 3)
        pair.clock.advance(1)
    pair.reserve()
    pair.reserve()
    assert pair.reserve() is None
    assert pair.leased("ack_fail", "g0", error="E") == ("RETRY", pair.clock.now_ms + 5_000)
    assert pair.stored()[b"g:A:inflight"] == ("string", b"1")
    assert pair.leased("ack_fail", "g1", error="E") == ("FAILED", None)
    assert [pair.reserve()[1] for _ in range(2)] == ["g2", "g3"]


@pytest.mark.parametrize(
    ("error", "stored"),
    [
        (None, None),
        ("", None),
        (" ", None),
        ("\n\t\xa0\u3000", None),
        ("\x00", b"\x00"),
        ("  x ", b"  x "),
        ("x" * 4096, b"x" * 4096),
        ("x" * 5000, b"x" * 4096),
        ("é" * 2048, "é".encode() * 2048),
        ("é" * 3000, "é".encode() * 2048),
        ("🔥" * 2000, "🔥".encode() * 1024),
        (5, b"5"),
        (ValueError("q"), b"q"),
    ],
    ids=lambda v: repr(v)[:16],
)
def test_errors_as_they_are_stored(pair: Pair, error: Any, stored: bytes | None) -> None:
    pair.publish("j", max_attempts=1)
    pair.reserve()
    pair.leased("ack_fail", "j", error=error)
    fields = pair.stored()[b"job:j"][1]
    assert isinstance(fields, dict)
    assert fields.get(b"last_error") == stored
    assert (b"last_error_ms" in fields) == (stored is not None)


def test_an_older_error_stays_when_there_is_no_new_one(pair: Pair) -> None:
    pair.publish("j", backoff_ms=0)
    for error in ("first", "  ", None):
        pair.reserve()
        pair.clock.advance(5)
        pair.leased("ack_fail", "j", error=error)
        pair.do("promote_delayed")
    fields = pair.stored()[b"job:j"][1]
    assert isinstance(fields, dict)
    assert fields[b"last_error"] == b"first"
    assert pair.stored()[b"failed"] == ("list", [b"j"])


@pytest.mark.parametrize("backoff_ms", [0, -100, 1, 86_400_000])
@pytest.mark.parametrize("gid", [None, "A"])
def test_when_the_next_attempt_is_due(pair: Pair, backoff_ms: int, gid: str | None) -> None:
    pair.publish("j", backoff_ms=backoff_ms, gid=gid)
    pair.reserve()
    pair.clock.advance(7)
    assert pair.leased("ack_fail", "j", error="E") == ("RETRY", pair.clock.now_ms + backoff_ms)
    assert pair.do("promote_delayed") == (1 if backoff_ms <= 0 else 0)


def _one_of_each(pair: Pair) -> None:
    pair.publish("failed", max_attempts=1)
    pair.reserve()
    pair.leased("ack_fail", "failed", error="E")
    pair.publish("running")
    pair.reserve()
    pair.publish("waiting")
