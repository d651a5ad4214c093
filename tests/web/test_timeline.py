"""What a job's few moments say, and what they don't."""

from __future__ import annotations

import pytest

from dashboard.queries.timeline import Step, Times, timeline

NOW = 1_000_000


def times(state: str, **given: int) -> Times:
    """Moments of a job, 0 where nothing is recorded."""
    names = ("attempt", "published", "first_started", "last_started", "completed", "failed", "due", "updated")
    usual = dict.fromkeys((*names, "lock_until", "last_error"), 0)
    return Times(state=state, **(usual | given))


def told(state: str, **given: int) -> list[tuple[str, int, str]]:
    found = timeline(times(state, **given), NOW)
    return [(s.what, s.at_ms, f"{s.gap} since {s.since_ms}" if s.since_ms else s.gap) for s in found]


def test_waiting() -> None:
    assert told("wait", published=940_000, updated=940_000) == [("Published", 940_000, "Waiting for since 940000")]


def test_waiting_again_after_a_retry() -> None:
    steps = told(
        "wait", published=100_000, first_started=160_000, last_started=160_000, last_error=161_500, updated=995_000
    )
    assert steps == [
        ("Published", 100_000, "Waited 1 min"),
        ("Started", 160_000, "Ran 1.5 s"),
        ("Waiting again", 995_000, "For since 995000"),
    ]


def test_active() -> None:
    one = {"attempt": 1, "published": 900_000, "first_started": 970_000, "last_started": 970_000}
    assert told("active", **one, lock_until=1_030_000) == [
        ("Published", 900_000, "Waited 1 min 10 s"),
        ("Started", 970_000, "Running for since 970000"),
        ("Lease runs out", 1_030_000, ""),
    ]
    assert told("active", **one, lock_until=NOW)[-1] == ("Lease ran out", NOW, "")
    assert told("active", **one)[-1][0] == "Started"  # no lock recorded


@pytest.mark.parametrize(
    ("attempt", "between"),
    [
        (1, "8 min 20 s and attempts before a retry, not recorded"),
        (2, "8 min 20 s until the next attempt"),
        (3, "8 min 20 s and one more attempt, not recorded"),
        (4, "8 min 20 s and 2 more attempts, not recorded"),
        (2_000, "8 min 20 s and 1,998 more attempts, not recorded"),
    ],
)
def test_what_lies_between_two_starts_is_not_invented(attempt: int, between: str) -> None:
    steps = told(
        "failed", attempt=attempt, published=100_000, first_started=100_707, last_started=600_707, failed=610_000
    )
    assert steps == [
        ("Published", 100_000, "Waited 707 ms"),
        ("First start", 100_707, between),
        ("Last start", 600_707, "Ran 9.3 s"),
        ("Failed for good", 610_000, "8 min 30 s after publishing"),
    ]


def test_completed() -> None:
    steps = told("completed", published=1_000, first_started=1_100, last_started=1_100, completed=3_807, attempt=1)
    assert steps == [
        ("Published", 1_000, "Waited 100 ms"),
        ("Started", 1_100, "Ran 2.7 s"),
        ("Completed", 3_807, "2.8 s after publishing"),
    ]


def test_a_failure_after_an_older_success_counts_to_the_failure() -> None:
    steps = told("failed", published=1_000, last_started=2_000, first_started=2_000, failed=3_000, completed=900_000)
    assert steps[-1] == ("Failed for good", 3_000, "2 s after publishing")


def test_delayed() -> None:
    assert told("delayed", published=940_000, due=1_060_000) == [("Published", 940_000, ""), ("Due", 1_060_000, "")]
    again = {"published": 940_000, "first_started": 950_000, "last_started": 950_000, "last_error": 950_250}
    assert told("delayed", **again, due=1_000) == [
        ("Published", 940_000, "Waited 10 s"),
        ("Started", 950_000, "Ran 250 ms"),
        ("Next attempt due", 1_000, "Waits for a worker to promote it"),
    ]


def test_a_lease_that_ran_out_leaves_no_end() -> None:
    # The error is of an earlier attempt, so it does not say when this one ended.
    steps = told("delayed", first_started=10, last_started=900_000, attempt=2, last_error=20, due=2_000_000)
    assert steps[1] == ("Last start", 900_000, "How long it ran was not recorded")


def test_clocks_that_are_apart_give_no_negative_time() -> None:
    steps = told("completed", published=5_000, first_started=4_000, last_started=4_000, completed=4_500, attempt=1)
    assert [gap for _, _, gap in steps] == ["Waited 0 ms", "Ran 500 ms", "0 ms after publishing"]


def test_nothing_recorded() -> None:
    assert timeline(times("failed"), NOW) == ()
    assert timeline(times("strange"), NOW) == ()
    assert timeline(times("strange", published=1), NOW) == (Step("publish", "", "Published", 1, ""),)
