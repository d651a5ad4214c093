"""What is read of a history: spans, sums, the line of a row."""

from __future__ import annotations

import pytest
from pytest import approx

from omniq_core import (
    HistoryPoint,
    OmniqClient,
    add_histories,
    history_command,
    parse_spark,
    read_history,
    spark_command,
)
from tests.operator.test_history import DAY, GAP, HOUR, MINUTE, figures, look, looks
from tests.support.clock import Clock
from tests.support.factories import complete_jobs, fail_jobs


def test_what_is_older_than_a_ring_is_gone(client: OmniqClient, clock: Clock) -> None:
    look(client, clock)
    complete_jobs(client, "q", 7, now_ms=clock.now_ms)
    looks(client, clock, 3)
    clock.advance(HOUR - 30_000)
    looks(client, clock, 1)
    assert sum(point.started for point in read_history(client.link, "q", "1h", clock.now_ms).points) == 0
    assert sum(point.started for point in read_history(client.link, "q", "6h", clock.now_ms).points) == 7
    clock.advance(31 * DAY)
    looks(client, clock, 1)
    assert sum(point.started for point in read_history(client.link, "q", "30d", clock.now_ms).points) == 0


def test_it_says_since_when(client: OmniqClient, clock: Clock) -> None:
    clock.advance(1_234)
    look(client, clock)
    began = clock.now_ms - 1_234
    looks(client, clock, 5)
    assert read_history(client.link, "q", "1h", clock.now_ms).since_ms == began


def test_points_of_every_span_end_with_the_10_s_that_ended_last(client: OmniqClient, clock: Clock) -> None:
    for span, (count, minutes) in {
        "15m": (90, 15), "1h": (120, 60), "6h": (120, 360), "24h": (120, 1440), "30d": (120, 43_200),
    }.items():  # fmt: skip
        history = read_history(client.link, "q", span, clock.now_ms)
        assert (len(history.points), history.step_ms * count) == (count, minutes * MINUTE)
        last: HistoryPoint = history.points[-1]
        assert last.at_ms < clock.now_ms <= last.at_ms + history.step_ms + 10_000


def test_the_spark_of_a_row_is_the_last_hour_in_points_of_90_s(client: OmniqClient, clock: Clock) -> None:
    clock.now_ms -= clock.now_ms % 90_000
    look(client, clock)
    for nth in range(9):  # the 90 s from here on
        complete_jobs(client, "q", [f"c{nth}-{n}" for n in range(2)], now_ms=clock.now_ms + 1)
        fail_jobs(client, "q", [f"f{nth}"], now_ms=clock.now_ms + 1)
        looks(client, clock, 1)
    looks(client, clock, 2)
    spark = parse_spark(client.link.call(*spark_command("q")), clock.now_ms)
    assert (spark.started[-3:], spark.failed[-3:]) == ((None, approx(0.3), None), (None, approx(0.1), None))
    assert (len(spark.started), spark.since_ms) == (40, clock.now_ms - 110_000)
    clock.advance(HOUR - 110_000)
    spark = parse_spark(client.link.call(*spark_command("q")), clock.now_ms)
    assert (spark.started[0], spark.failed[:2], spark.started_s) == (approx(0.3), (approx(0.1), None), None)
    clock.advance(90_000)
    assert set(parse_spark(client.link.call(*spark_command("q")), clock.now_ms).started) == {None}
    assert parse_spark(b"", clock.now_ms).since_ms is None


def test_histories_add_up_and_one_that_is_missing_is_a_gap(client: OmniqClient, clock: Clock) -> None:
    looks(client, clock, 1, "a", "b")
    for nth in range(3):
        complete_jobs(client, "a", [f"a{nth}-{n}" for n in range(3)], now_ms=clock.now_ms)
        complete_jobs(client, "b", [f"b{nth}"], now_ms=clock.now_ms)
        looks(client, clock, 1, *(("a", "b") if nth != 1 else ("a",)))
    each = [read_history(client.link, name, "15m", clock.now_ms) for name in ("a", "b", "unknown")]
    both = add_histories(each)
    assert figures(both.points[-4:]) == [GAP, (10_000, 4, 4, 10_000, 0), GAP, GAP]
    assert both.since_ms == each[0].since_ms
    # of the last minute, of which a was seen for 30 s and b for 10
    assert both.started_s == approx(0.3 + 0.1)


def test_a_name_that_breaks_the_rule_is_refused() -> None:
    with pytest.raises(ValueError, match="not a queue name"):
        history_command("a b", "1h")
