"""Numbers as Redis may hold them."""

from __future__ import annotations

from typing import Any

import pytest
import redis as redis_py

from omniq_core import OmniqClient
from omniq_core.numbers import read_count, read_int, read_moment
from omniq_core.replies import scored


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        (b"42", 42),
        (b"-7", -7),
        (b" 8 ", 8),
        (b"1e+14", 10**14),
        (b"1.9", 1),
        (5, 5),
        (1_750_000_000_000.0, 1_750_000_000_000),
        (float("inf"), None),
        (1e15, None),
        (b"", None),
        (None, None),
        (b"abc", None),
        (b"inf", None),
        (b"nan", None),
        (b"1e300", None),
        (b"9" * 16, None),
        (b"1" * 5_000_000, None),
        (b"\xff\x00", None),
        ("7", None),
    ],
)
def test_a_number_is_read_or_absent(raw: object, number: int | None) -> None:
    assert read_int(raw) == number


def test_a_count_is_never_below_zero_and_a_moment_never_zero() -> None:
    assert [read_count(b"-3"), read_count(b"x"), read_count(b"3")] == [0, 0, 3]
    assert [read_moment(b"0"), read_moment(b""), read_moment(b"9")] == [None, None, 9]


def test_entries_with_scores_are_the_same_in_either_protocol(redis: Any) -> None:
    redis.zadd("scores", {"b": 2, "a": 1_750_000_000_000, "c": float("inf")})
    address = redis.connection_pool.connection_kwargs
    for protocol in (2, 3):
        with redis_py.Redis(host=address["host"], port=address["port"], protocol=protocol) as given:
            link = OmniqClient(redis=given).link
            reply, none, refused = link.pipeline(
                [("ZRANGE", key, 0, -1, "WITHSCORES") for key in ("scores", "nothing")] + [("ZRANGE", "scores", "x", 0)]
            )
            assert [(member, read_int(score)) for member, score in scored(reply)] == [
                (b"b", 2),
                (b"a", 1_750_000_000_000),
                (b"c", None),
            ]
            assert (scored(none), scored(refused), scored(None)) == ([], [], [])
    redis.delete("scores")
