"""Paths, axes and words of a chart."""

from __future__ import annotations

import pytest

from dashboard.formatting import rate
from dashboard.rate_charts import rate_chart, spark_paths
from omniq_core import History, HistoryPoint, Spark

STEP = 10_000


def history(*rates: float | None, failed: tuple[int, ...] = (), since: int = 0) -> History:
    """A point of 10 s for each: so many started a second, as many ended; None is a gap."""
    points = tuple(
        HistoryPoint(at * STEP, 0, 0, 0, 0, 0, None, None)
        if value is None
        else HistoryPoint(
            at * STEP, STEP, round(value * 10), round(value * 10), STEP, failed[at] if failed else 0, None, None
        )
        for at, value in enumerate(rates)
    )
    return History(STEP, points, since, None, None, None)


def test_a_gap_is_a_gap_in_the_lines_and_a_grey_field() -> None:
    chart = rate_chart(history(30, 15, None, None, 30, None, 30, 30), "1 h")
    # the top of the axis is 30, so 15 a second stand at half of 150
    assert chart.started == "M0 0l1 75M4 0h.5M6 0l1 0"
    assert chart.area == "M0 0l1 75V150H0zM4 0h.5V150H4zM6 0l1 0V150H6z"
    assert chart.gaps == "M1 0H4V150H1zM4 0H6V150H4z"
    assert chart.figures == "30 30 0;15 15 0;;;30 30 0;;30 30 0;30 30 0"


def test_before_the_first_look_nothing_is_missing() -> None:
    assert rate_chart(history(None, None, None, 1, 1, since=3 * STEP), "1 h").gaps == ""


def test_what_was_seen_last_is_not_final_yet_and_no_gap_until_a_minute_is_over() -> None:
    assert rate_chart(history(1, 1, None, None), "1 h").gaps == ""
    assert rate_chart(history(1, *[None] * 7), "1 h").gaps == "M0 0H7V150H0z"


@pytest.mark.parametrize(
    ("most", "axis"),
    [
        (870, ("900", "600", "300", "0")),
        (905, ("1,200", "800", "400", "0")),
        (0.3, ("0.3", "0.2", "0.1", "0")),
        (0.2, ("0.24", "0.16", "0.08", "0")),
        (3, ("3", "2", "1", "0")),
        (0, ("3", "2", "1", "0")),
        (2_431, ("3,000", "2,000", "1,000", "0")),
    ],
)
def test_the_axis_ends_with_a_round_number(most: float, axis: tuple[str, ...]) -> None:
    assert rate_chart(history(most, 0), "1 h").axis == axis


def test_failures_have_bars_and_an_axis_of_their_own() -> None:
    chart = rate_chart(history(9, 9, 9, 9, failed=(0, 20, 1, 0)), "1 h")
    assert (chart.failed_axis, chart.failed_width) == (("2", "0"), 15)
    assert chart.failed == "M4 36v-36h3v36zm4 0v-2h3v2z"  # 2 a second; 0.1 a second is not nothing


def test_the_chart_in_words() -> None:
    assert rate_chart(history(1, 2, None, 4), "1 h").sentence == (
        "Jobs per second over the last 1 h. Started from 1.0 to 4.0, at last 4.0. Ended from 1.0 to 4.0, at last 4.0. "
        "Failed always 0, at last 0. Nothing is known of 1 point of 4."
    )
    assert "Nothing was seen" in rate_chart(history(None, None), "1 h").sentence


def test_a_sparkline_has_gaps_and_ticks() -> None:
    once = 1 / 90  # one failure in a point
    spark = Spark((None, 10.0, 5.0, None, 10.0), (None, once, 1e6 * once, None, 10 * once), 0, None, None, None)
    paths = spark_paths(spark)
    assert paths.line == "M1 5l1 7M4 5h.5"
    assert paths.bad == "M1 20v-2m1 2v-8m2 8v-4"
    assert paths.failed == "M1 19l1-17M4 19h.5"
    flat = spark_paths(Spark((0.0, 0.0), (0.0, 0.0), 0, None, None, None))
    assert (flat.line, flat.bad) == ("M0 19l1 0", "")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "–"), (0.0, "0"), (0.04, "<0.1"), (0.1, "0.1"), (0.3, "0.3"), (3.19, "3.1"), (9.99, "9.9"), (10, "10"),
        (182.9, "182"), (1_234.5, "1,234"), (12_345_678, "12.3 M"),
    ],
)  # fmt: skip
def test_a_rate_in_words(value: float | None, words: str) -> None:
    assert rate(value) == words
