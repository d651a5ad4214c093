"""childs_init and child_ack: completion counters."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.pair import outcome
from tests.support.snapshot import snapshot


class Counters:
    """Both clients on a counter of their own; the answers and the keys of both must agree."""

    def __init__(self, client: Any, reference: Any, redis: Any) -> None:
        self.sides = ((client, "mine"), (reference, "theirs"))
        self.redis = redis

    def do(self, name: str, **arguments: Any) -> Any:
        answers = [outcome(getattr(client, name), key=key, **arguments) for client, key in self.sides]
        assert answers[0] == answers[1]
        assert snapshot(self.redis, "cc:mine") == snapshot(self.redis, "cc:theirs")
        return answers[0]


@pytest.fixture
def counters(client: Any, reference: Any, redis: Any) -> Counters:
    return Counters(client, reference, redis)


def test_a_counter_from_start_to_end_and_again(counters: Counters) -> None:
    assert counters.do("child_ack", child_id="early") == -1
    for _ in range(2):
        assert counters.do("childs_init", expected=3) is None
        assert counters.do("childs_init", expected=5) == ("RuntimeError", "CHILDS_INIT failed: ALREADY_INIT")
        remainders = [counters.do("child_ack", child_id=child) for child in ("a", " a ", "b", "a", 5, "b", "c")]
        assert remainders == [2, 2, 1, 1, 0, -1, -1]


@pytest.mark.parametrize("expected", [0, -1, "0"])
def test_a_counter_needs_a_child(counters: Counters, expected: Any) -> None:
    assert counters.do("childs_init", expected=expected) == ("RuntimeError", "CHILDS_INIT failed: BAD_EXPECTED")


@pytest.mark.parametrize("expected", [1, "2", 1.5, True, 99_999_999_999_999])
def test_numbers_of_children(counters: Counters, expected: Any) -> None:
    assert counters.do("childs_init", expected=expected) is None
    assert counters.do("child_ack", child_id="x") == int(expected) - 1


@pytest.mark.parametrize("expected", [None, "x"])
def test_what_is_no_number(counters: Counters, expected: Any) -> None:
    assert counters.do("childs_init", expected=expected)[0] in ("TypeError", "ValueError")


@pytest.mark.parametrize("child_id", ["", " ", None, "\n"])
def test_a_child_needs_an_id(counters: Counters, child_id: Any) -> None:
    counters.do("childs_init", expected=2)
    assert counters.do("child_ack", child_id=child_id) == ("ValueError",)


@pytest.mark.parametrize("count", ["0", "-3"])
def test_a_counter_that_went_too_far_ends(counters: Counters, count: str) -> None:
    for key in ("mine", "theirs"):
        counters.redis.set(f"{{cc:{key}}}:count", count)
    assert counters.do("child_ack", child_id="a") == 0


@pytest.mark.parametrize(("count", "remaining"), [("abc", -1), ("", -1), ("1e+14", 99_999_999_999_999)])
def test_a_counter_that_is_hardly_a_number(client: Any, redis: Any, count: str, remaining: int) -> None:
    redis.set("{cc:mine}:count", count)
    assert client.child_ack(key="mine", child_id="a") == remaining
    if remaining < 0:
        assert snapshot(redis, "cc:mine") == {b"count": ("string", count.encode())}


def test_leftovers_of_an_earlier_run_do_not_count(counters: Counters) -> None:
    for key in ("mine", "theirs"):
        counters.redis.sadd(f"{{cc:{key}}}:done", "a", "b")
    assert counters.do("childs_init", expected=2) is None
    assert counters.do("child_ack", child_id="a") == 1


@pytest.mark.parametrize("key", ["", " ", "a{b", "a}b", "x" * 129, None])
def test_keys_that_are_refused(counters: Counters, key: Any) -> None:
    for client, _ in counters.sides:
        assert outcome(client.childs_init, key=key, expected=1) == ("ValueError",)
        assert outcome(client.child_ack, key=key, child_id="a") == ("ValueError",)
    assert counters.redis.dbsize() == 0


@pytest.mark.parametrize("key", [" padded ", "é", "a b", "x" * 128, "a:b", "🔥"], ids=ascii)
def test_one_starts_and_the_other_ends(counters: Counters, key: str) -> None:
    (ours, _), (theirs, _) = counters.sides
    ours.childs_init(key=key, expected=2)
    assert theirs.child_ack(key=key.strip(), child_id="a") == 1
    assert ours.child_ack(key=key, child_id="a") == 1
    assert ours.child_ack(key=key, child_id="b") == 0
    assert theirs.child_ack(key=key, child_id="b") == -1
    assert counters.redis.dbsize() == 0
