"""Child counters as they stand, whoever wrote them, and taking one away whole."""

from __future__ import annotations

from typing import Any

import pytest

from omniq_core import ChildCounter, OmniqClient, finish_counter, read_counters, remove_counter
from tests.support.snapshot import snapshot


def seen(client: OmniqClient, key: str) -> str:
    """What stands for the counter as it is now."""
    return read_counters(client.link, [key])[key].seen


def test_a_counter_shows_what_is_missing_and_what_is_done(client: OmniqClient) -> None:
    client.childs_init(key="order", expected=7)
    client.child_ack(key="order", child_id="c1")
    client.child_ack(key="order", child_id="c2")
    found = read_counters(client.link, ["order"])["order"]
    assert found == ChildCounter("order", "5", 1, remaining=5, done=2, fault="")
    assert found.total == 7


@pytest.mark.broken_data
@pytest.mark.parametrize(
    ("count", "remaining", "fault"),
    [
        ("-1", -1, "below_one"),
        ("0", 0, "below_one"),
        ("abc", None, "no_number"),
        ("", None, "no_number"),
        ("inf", None, "no_number"),
        ("9" * 33, None, "no_number"),
        ("1e+14", 10**14, ""),
        ("3", 3, ""),
    ],
)
def test_counts_that_others_wrote(
    client: OmniqClient, redis: Any, count: str, remaining: int | None, fault: str
) -> None:
    redis.set("{cc:k}:count", count)
    redis.sadd("{cc:k}:done", "a")
    found = read_counters(client.link, ["k"])["k"]
    assert (found.count, found.count_bytes) == (count[:32], len(count))
    assert (found.remaining, found.done, found.fault) == (remaining, 1, fault)
    assert found.total == (None if fault or remaining is None else remaining + 1)


@pytest.mark.broken_data
def test_keys_of_other_types_raise_nothing(client: OmniqClient, redis: Any) -> None:
    redis.sadd("{cc:lost}:done", "a", "b")
    redis.rpush("{cc:list}:count", "1")
    redis.set("{cc:text}:count", "4")
    redis.set("{cc:text}:done", "x")
    found = read_counters(client.link, ["lost", "list", "text"])
    assert [(c.count, c.remaining, c.done, c.total, c.fault) for c in found.values()] == [
        (None, None, 2, None, "no_count"),
        (None, None, 0, None, "count_type"),
        ("4", 4, None, None, "done_type"),
    ]


@pytest.mark.broken_data
def test_a_count_of_five_megabytes_is_cut_in_redis(client: OmniqClient, redis: Any) -> None:
    redis.set("{cc:big}:count", "7" * 5_000_000)
    redis.config_resetstat()
    found = read_counters(client.link, ["big"])["big"]
    assert (found.count, found.count_bytes, found.fault) == ("7" * 32, 5_000_000, "no_number")
    assert redis.info("stats")["total_net_output_bytes"] < 10_000


def test_those_that_are_gone_are_left_out(client: OmniqClient) -> None:
    client.childs_init(key="a", expected=1)
    client.childs_init(key="c", expected=1)
    assert list(read_counters(client.link, ["c", "b", "a"])) == ["c", "a"]
    assert read_counters(client.link, []) == {}


@pytest.mark.parametrize("key", ["", "a{b", "a}b", "x" * 513])
def test_what_is_no_key_is_refused_before_any_call(client: OmniqClient, key: str) -> None:
    before = client.link.round_trips
    with pytest.raises(ValueError, match="not a completion key"):
        read_counters(client.link, [key])
    with pytest.raises(ValueError, match="not a completion key"):
        remove_counter(client.link, key, "")
    assert client.link.round_trips == before


def test_removing_takes_both_keys_and_nothing_else(client: OmniqClient, redis: Any) -> None:
    for key in ("a", "ab"):
        client.childs_init(key=key, expected=2)
        client.child_ack(key=key, child_id="x")
    untouched = snapshot(redis, "cc:ab")
    assert remove_counter(client.link, "a", seen(client, "a")) == "OK"
    assert snapshot(redis, "cc:a") == {}
    assert snapshot(redis, "cc:ab") == untouched
    assert client.child_ack(key="a", child_id="y") == -1


@pytest.mark.broken_data
@pytest.mark.parametrize("half", ["count", "done"])
def test_half_a_counter_can_be_removed(client: OmniqClient, redis: Any, half: str) -> None:
    redis.rpush(f"{{cc:a}}:{half}", "of another type")
    assert remove_counter(client.link, "a", seen(client, "a")) == "OK"
    assert redis.dbsize() == 0


def test_what_moved_on_since_it_was_shown_is_left_alone(client: OmniqClient, redis: Any) -> None:
    client.childs_init(key="a", expected=3)
    shown = seen(client, "a")
    client.child_ack(key="a", child_id="x")
    before = snapshot(redis, "cc:a")
    for end in (remove_counter, finish_counter):
        assert end(client.link, "a", shown) == "CHANGED"
        assert end(client.link, "a", "") == "CHANGED"
        assert end(client.link, "gone", shown) == "GONE"
    assert snapshot(redis, "cc:a") == before
    redis.srem("{cc:a}:done", "x")
    redis.set("{cc:a}:count", "3")
    assert remove_counter(client.link, "a", shown) == "OK", "as it was shown"


def test_the_next_child_ends_a_counter(client: OmniqClient) -> None:
    """By the protocol's own ack: exactly one child sees 0, one that was done changes nothing, later ones get -1."""
    client.childs_init(key="a", expected=5)
    assert client.child_ack(key="a", child_id="x") == 4
    assert finish_counter(client.link, "a", seen(client, "a")) == "OK"
    assert finish_counter(client.link, "a", seen(client, "a")) == "LAST"
    found = read_counters(client.link, ["a"])["a"]
    assert (found.remaining, found.done, found.total) == (1, 1, 2)
    assert [client.child_ack(key="a", child_id=child) for child in ("x", "y", "z")] == [1, 0, -1]


@pytest.mark.broken_data
@pytest.mark.parametrize("count", ["-1", "0", "abc", "9" * 33, None])
def test_no_child_can_end_a_broken_one(client: OmniqClient, redis: Any, count: str | None) -> None:
    redis.sadd("{cc:a}:done", "x")
    if count is not None:
        redis.set("{cc:a}:count", count)
    before = snapshot(redis, "cc:a")
    assert finish_counter(client.link, "a", seen(client, "a")) == "BROKEN"
    assert snapshot(redis, "cc:a") == before
