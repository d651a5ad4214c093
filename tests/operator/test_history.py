"""What happened over time: every figure here was worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from omniq_core import HistorySampler, OmniqClient, read_history
from omniq_core.operator import history_record as record
from tests.support.clock import Clock
from tests.support.factories import complete_jobs, delay_jobs, fail_jobs, lease_jobs, publish_jobs

RECORD = "{q}:x:hist:1"
SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
GAP = (0, 0, 0, 0, 0)


def look(client: OmniqClient, clock: Clock, *names: str) -> None:
    """The looks of one round, by a process that has only just begun."""
    HistorySampler(client.link).step(clock.now_ms, names or ("q",))


def looks(client: OmniqClient, clock: Clock, count: int, *names: str) -> None:
    """So many rounds, 10 s apart; the clock then stands at the last one."""
    for _ in range(count):
        clock.advance(10_000)
        look(client, clock, *names)


def figures(points: Any) -> list[tuple[int, int, int, int, int]]:
    return [(p.seen_ms, p.started, p.ended, p.closed_ms, p.failed) for p in points]


def fine(
    client: OmniqClient, clock: Clock, count: int, queue: str | None = "q"
) -> list[tuple[int, int, int, int, int]]:
    """The newest buckets of 10 s: seen, started, ended, closed, failed."""
    return figures(read_history(client.link, queue, "15m", clock.now_ms).points[-count:])


def test_each_10_s_say_what_happened_in_them(client: OmniqClient, clock: Clock) -> None:
    publish_jobs(client, "q", 1, now_ms=clock.now_ms)
    look(client, clock)
    # 1: three leases; one succeeds, one fails for good, one is still active
    at = clock.now_ms + 3_000
    complete_jobs(client, "other", 1, now_ms=at)  # another queue
    job: Any = client.reserve(queue="q", now_ms_override=at)
    client.ack_success(queue="q", job_id=job.job_id, lease_token=job.lease_token, now_ms_override=at)
    fail_jobs(client, "q", ["bad"], now_ms=at)
    token = lease_jobs(client, "q", ["again"], now_ms=at, max_attempts=2, timeout_ms=60_000)["again"]
    looks(client, clock, 1)
    # 2: the active one fails and will be retried; five are published
    client.ack_fail(queue="q", job_id="again", lease_token=token, now_ms_override=clock.now_ms + 1)
    publish_jobs(client, "q", ["a", "b", "c", "d", "e"], now_ms=clock.now_ms + 2_000, timeout_ms=4_000, max_attempts=1)
    looks(client, clock, 1)
    # 3: one is leased, and its lease runs out; the delayed one is promoted and leased in a later one
    client.reserve(queue="q", now_ms_override=clock.now_ms + 1)
    assert client.reap_expired(queue="q", now_ms_override=clock.now_ms + 9_000) == 1
    looks(client, clock, 1)
    # 4: nothing
    looks(client, clock, 1)
    assert fine(client, clock, 5) == [
        (0, 0, 0, 0, 0),  # the first look only learns where the counters stand
        (10_000, 3, 2, 10_000, 1),
        (10_000, 0, 1, 10_000, 0),
        (10_000, 1, 1, 0, 0),  # closed 10 s ago: its failures are counted at the next look
        (10_000, 0, 0, 0, 0),
    ]
    looks(client, clock, 1)
    assert fine(client, clock, 3)[0] == (10_000, 1, 1, 10_000, 1)  # the lease that ran out was its last attempt


def test_who_waits_and_for_how_long(client: OmniqClient, clock: Clock) -> None:
    publish_jobs(client, "q", ["a", "b"], now_ms=clock.now_ms - 5_000, step_ms=0)
    publish_jobs(client, "q", ["c"], now_ms=clock.now_ms - 1_000, gid="G")
    delay_jobs(client, "q", ["later"], now_ms=clock.now_ms, due_ms=clock.now_ms + HOUR)
    look(client, clock)
    newest = read_history(client.link, "q", "15m", clock.now_ms).points[-1]
    assert (newest.waiting, newest.oldest_ms) == (3, 5_000)
    for _ in range(3):
        client.reserve(queue="q", now_ms_override=clock.now_ms)
    looks(client, clock, 1)
    newest, before = reversed(read_history(client.link, "q", "15m", clock.now_ms).points[-2:])
    assert (newest.waiting, newest.oldest_ms, before.waiting) == (0, None, 3)


def test_a_bucket_that_exists_is_left_as_it_is(client: OmniqClient, redis: Any, clock: Clock) -> None:
    publish_jobs(client, "q", 3, now_ms=clock.now_ms)
    look(client, clock)
    client.reserve(queue="q", now_ms_override=clock.now_ms)
    looks(client, clock, 1)
    as_it_was = redis.get(RECORD)
    client.reserve(queue="q", now_ms_override=clock.now_ms)
    clock.advance(9_999)
    look(client, clock)
    assert redis.get(RECORD) == as_it_was
    clock.advance(1)
    look(client, clock)
    assert fine(client, clock, 2) == [(10_000, 1, 0, 0, 0), (10_000, 1, 0, 0, 0)]


def test_a_gap_where_nobody_looked_and_after_it(client: OmniqClient, clock: Clock) -> None:
    fail_jobs(client, "q", 1, now_ms=clock.now_ms)
    looks(client, clock, 3)
    fail_jobs(client, "q", ["x1", "x2"], now_ms=clock.now_ms + 1)  # while a bucket runs that nobody will see end
    clock.advance(20_000)
    fail_jobs(client, "q", ["y"], now_ms=clock.now_ms - 1)
    looks(client, clock, 1)
    history = read_history(client.link, "q", "15m", clock.now_ms)
    assert figures(history.points[-6:]) == [
        GAP,
        (10_000, 0, 0, 10_000, 0),
        (10_000, 0, 0, 10_000, 0),
        GAP,
        GAP,
        GAP,  # what the counters moved by is of all three: nobody knows how much of it was here
    ]
    assert [point.waiting for point in history.points[-4:]] == [0, None, None, 0]
    looks(client, clock, 1)
    assert fine(client, clock, 2) == [GAP, (10_000, 0, 0, 0, 0)]


def test_a_counter_that_fell_is_a_gap(client: OmniqClient, redis: Any, clock: Clock) -> None:
    complete_jobs(client, "q", 3, now_ms=clock.now_ms)
    looks(client, clock, 2)
    redis.set("{q}:lease:seq", 1)
    looks(client, clock, 1)
    assert fine(client, clock, 2) == [(10_000, 0, 0, 0, 0), GAP]
    complete_jobs(client, "q", ["n"], now_ms=clock.now_ms)
    looks(client, clock, 1)
    assert fine(client, clock, 2) == [GAP, (10_000, 1, 1, 0, 0)]


@pytest.mark.broken_data
@pytest.mark.parametrize("spoil", ["lease:seq", "active", "wait", "idx:failed"])
def test_what_cannot_be_read_is_a_gap(client: OmniqClient, redis: Any, clock: Clock, spoil: str) -> None:
    complete_jobs(client, "q", 3, now_ms=clock.now_ms)
    looks(client, clock, 2)
    redis.delete(f"{{q}}:{spoil}")
    redis.hset(f"{{q}}:{spoil}", "no", "such type")
    looks(client, clock, 1)
    assert fine(client, clock, 2) == [(10_000, 0, 0, 0, 0), GAP]


def test_failures_that_were_retried_within_20_s_are_not_counted(client: OmniqClient, clock: Clock) -> None:
    look(client, clock)
    fail_jobs(client, "q", ["stays", "goes", "late"], now_ms=clock.now_ms)
    looks(client, clock, 2)
    client.retry_failed(queue="q", job_id="goes", now_ms_override=clock.now_ms)
    looks(client, clock, 1)
    assert fine(client, clock, 3)[0] == (10_000, 3, 3, 10_000, 2)
    client.retry_failed(queue="q", job_id="late", now_ms_override=clock.now_ms)
    looks(client, clock, 1)
    assert fine(client, clock, 4)[0] == (10_000, 3, 3, 10_000, 2), "a figure that is final stays"


def test_coarser_points_add_up_and_leave_gaps_out(client: OmniqClient, clock: Clock) -> None:
    clock.now_ms -= clock.now_ms % HOUR  # the hour begins
    look(client, clock)
    for second in range(0, 60, 10):  # 6 looks of the first minute: 2 jobs each, one of them fails
        complete_jobs(client, "q", [f"ok{second}"], now_ms=clock.now_ms + 1_000)
        fail_jobs(client, "q", [f"bad{second}"], now_ms=clock.now_ms + 1_000)
        publish_jobs(client, "q", [f"w{second}"], now_ms=clock.now_ms + 5_000, due_ms=clock.now_ms + HOUR)
        looks(client, clock, 1)
    clock.advance(60_000)  # nobody looks in the second minute
    looks(client, clock, 9)  # the first of these is a gap, six are final, and the last two are not yet
    minutes = read_history(client.link, "q", "6h", clock.now_ms)  # points of 3 min
    newest = minutes.points[-1]
    assert (minutes.step_ms, newest.at_ms) == (3 * MINUTE, clock.now_ms - clock.now_ms % (3 * MINUTE))
    assert figures(minutes.points[-2:]) == [(110_000, 12, 12, 110_000, 6), (10_000, 0, 0, 10_000, 0)]
    hours = read_history(client.link, "q", "30d", clock.now_ms)  # points of 6 h
    assert figures(hours.points[-1:]) == [(120_000, 12, 12, 120_000, 6)]
    assert minutes.points[-2].started_s == pytest.approx(12 / 110)


def test_the_rates_are_those_of_the_last_minute(client: OmniqClient, clock: Clock) -> None:
    look(client, clock)
    for n in range(9):
        complete_jobs(client, "q", [f"j{n}"], now_ms=clock.now_ms)
        fail_jobs(client, "q", [f"f{n}"] if n % 3 == 0 else [], now_ms=clock.now_ms)
        looks(client, clock, 1)
    history = read_history(client.link, "q", "1h", clock.now_ms)
    # the last six: 6 jobs, and those of n = 3 and 6; failures of the six that end 20 s earlier: n = 3 and 6
    assert (history.started_s, history.ended_s) == (pytest.approx(8 / 60), pytest.approx(8 / 60))
    assert history.failed_s == pytest.approx(2 / 60)
    clock.advance(30_000)
    assert read_history(client.link, "q", "1h", clock.now_ms).started_s is not None
    clock.advance(10_000)
    assert read_history(client.link, "q", "1h", clock.now_ms).started_s is None, "nobody looks any more"


def test_a_rate_is_by_the_time_between_two_looks(client: OmniqClient, clock: Clock) -> None:
    clock.advance(9_000)
    look(client, clock)
    complete_jobs(client, "q", 3, now_ms=clock.now_ms)
    clock.advance(1_500)  # another leader begins its round sooner
    look(client, clock)
    point = read_history(client.link, "q", "15m", clock.now_ms).points[-1]
    assert (point.seen_ms, point.started_s) == (1_500, 2.0)


def test_a_record_has_one_size_and_dies_31_days_after_the_last_look(
    client: OmniqClient, redis: Any, clock: Clock
) -> None:
    name = "a" * 128
    publish_jobs(client, name, 1, now_ms=clock.now_ms)
    key = f"{{{name}}}:x:hist:1"
    for days in (0, 0, 1, 40):
        clock.advance(10_000 + days * DAY)
        look(client, clock, name)
        assert redis.memory_usage(key) <= 64 * 1024
    assert redis.strlen(key) == record.HOURS.end
    assert 30.9 * DAY < redis.pttl(key) <= 31 * DAY


def test_a_clock_that_was_far_ahead_is_put_right(client: OmniqClient, clock: Clock) -> None:
    looks(client, clock, 2)
    complete_jobs(client, "q", 1, now_ms=clock.now_ms)
    looks(client, clock, 3)
    clock.advance(HOUR)
    looks(client, clock, 2)
    clock.advance(-HOUR)
    looks(client, clock, 2)
    assert fine(client, clock, 1) == [(10_000, 0, 0, 0, 0)]
    assert sum(point.seen_ms for point in read_history(client.link, "q", "1h", clock.now_ms).points) <= 60_000
    clock.advance(-30_000)  # one that is a little behind changes nothing
    before = client.link.call("GET", RECORD)
    look(client, clock)
    assert client.link.call("GET", RECORD) == before


@pytest.mark.parametrize("rubbish", ["short", "of another type"])
def test_rubbish_in_place_of_a_record_is_thrown_away(
    client: OmniqClient, redis: Any, clock: Clock, rubbish: str
) -> None:
    publish_jobs(client, "q", 1, now_ms=clock.now_ms)
    if rubbish == "short":
        redis.set(RECORD, "x" * 100)
    else:
        redis.hset(RECORD, "a", "b")
    nothing = read_history(client.link, "q", "1h", clock.now_ms)
    assert (nothing.since_ms, len(nothing.points), set(figures(nothing.points))) == (None, 120, {GAP})
    looks(client, clock, 2)
    assert fine(client, clock, 1) == [(10_000, 0, 0, 0, 0)]
