"""Numbers as Redis may hold them."""

from __future__ import annotations

import pytest

from omniq_core.numbers import read_count, read_int, read_moment


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        (b"42", 42),
        (b"-7", -7),
        (b" 8 ", 8),
        (b"1e+14", 10**14),
        (b"1.9", 1),
        (5, 5),
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
