"""Figures, against values worked out by hand."""

from __future__ import annotations

import pytest

from dashboard.formatting import (
    RowIds,
    age,
    compact,
    duration,
    moment,
    number,
    plural,
    relative,
    row_id,
    size,
    split_ulid,
)


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (None, "–"),
        (0, "0"),
        (4213, "4,213"),
        (9_999_999, "9,999,999"),
        (10_000_000, "10.0 M"),
        (12_345_678, "12.3 M"),
        (99_990_000, "99.9 M"),
        (123_456_789, "123 M"),
        (999_999_999, "999 M"),
        (1_234_567_890, "1.23 bn"),
        (123_456_789_012, "123 bn"),
        (1_050_000_000_000, "1.05 tn"),
        (-12_345_678, "-12.3 M"),
    ],
)
def test_compact(n: int | None, text: str) -> None:
    assert compact(n) == text


def test_number_stays_exact() -> None:
    assert number(123_456_789_012) == "123,456,789,012"
    assert number(None) == "–"


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (None, "–"),
        (0, "0 ms"),
        (707, "707 ms"),
        (999, "999 ms"),
        (1_000, "1 s"),
        (5_000, "5 s"),
        (10_289, "10.3 s"),
        (10_349, "10.3 s"),
        (59_949, "59.9 s"),
        (59_950, "1 min"),
        (59_999, "1 min"),
        (60_000, "1 min"),
        (372_000, "6 min 12 s"),
        (848_500, "14 min 08 s"),
        (900_000, "15 min"),
        (3_600_000, "1 h 00 min"),
        (7_440_000, "2 h 04 min"),
        (18_000_000, "5 h 00 min"),
        (86_400_000, "1 d"),
        (97_200_000, "1 d 03 h"),
        (31 * 86_400_000 + 5 * 3_600_000, "31 d"),
        (-1_500, "-1.5 s"),
    ],
)
def test_duration(ms: int | None, text: str) -> None:
    assert duration(ms) == text


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (None, "–"),
        (0, "0 s"),
        (99, "0 s"),
        (100, "0.1 s"),
        (499, "0.4 s"),
        (999, "0.9 s"),
        (1_000, "1 s"),
        (41_999, "41 s"),
        (59_999, "59 s"),
        (60_000, "1 min"),
        (848_500, "14 min 08 s"),
    ],
)
def test_age(ms: int | None, text: str) -> None:
    assert age(ms) == text


@pytest.mark.parametrize(
    ("gap", "text"),
    [
        (0, "now"),
        (-999, "now"),
        (-1_000, "1 s ago"),
        (-119_999, "1 min ago"),
        (-7_199_999, "1 h ago"),
        (-86_400_000 * 1000, "1,000 d ago"),
        (240_000, "in 4 min"),
        (999, "now"),
    ],
)
def test_relative(gap: int, text: str) -> None:
    assert relative(1_000_000_000_000 + gap, 1_000_000_000_000) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (None, "–"),
        (0, "0 B"),
        (812, "812 B"),
        (1_023, "1023 B"),
        (1_024, "1 KB"),
        (1_536, "1.5 KB"),
        (262_144, "256 KB"),
        (1_887_437, "1.8 MB"),
        (5 * 1024**2, "5 MB"),
        (3 * 1024**3, "3 GB"),
    ],
)
def test_size(count: int | None, text: str) -> None:
    assert size(count) == text


def test_plural() -> None:
    assert [plural(n, "job") for n in (0, 1, 4213)] == ["0 jobs", "1 job", "4,213 jobs"]
    assert plural(2, "is", "are") == "2 are"


def test_a_moment() -> None:
    at = moment(1_773_112_338_391, 1_773_112_338_391 + 125_000)
    assert at.iso == "2026-03-10T03:12:18.391Z"
    assert at.title == "2026-03-10 03:12:18.391 UTC"
    assert at.clock == "03:12:18.391"
    assert at.ago == "2 min ago"


@pytest.mark.parametrize("ms", [-5, 10**15, 10**30])
def test_a_number_that_is_no_time_is_shown_as_it_is(ms: int) -> None:
    at = moment(ms, 1_773_112_338_391)
    assert (at.iso, at.ago) == ("", f"{ms:,}")


def test_row_ids_are_digests_of_the_raw_bytes() -> None:
    assert row_id("job", "01KKAVR0BETBK4K3Y0RVX5WBE6") == "job-d5dd57d97397bc53"
    assert row_id("job", "\udcff") == "job-85e53271e14006f0"


def test_an_id_that_stands_in_a_list_again_gets_a_number() -> None:
    ids = RowIds()
    assert [ids("job", "a"), ids("job", "b"), ids("job", "a"), ids("job", "a")] == [
        "job-86f7e437faa5a7fc",
        "job-e9d71f5ee7c92d6d",
        "job-86f7e437faa5a7fc-2",
        "job-86f7e437faa5a7fc-3",
    ]


def test_only_a_ulid_is_split() -> None:
    assert split_ulid("01KKAVR0BETBK4K3Y0RVX5WBE6") == ("01KKAVR0BE", "TBK4K3Y0RVX5WBE6")
    for text in ("user/234", "01KKAVR0BETBK4K3Y0RVX5WBE", "81KKAVR0BETBK4K3Y0RVX5WBE6", "01kkavr0betbk4k3y0rvx5wbe6"):
        assert split_ulid(text) == ("", text)
