"""A pause with an end, a reason and a name; and that no reason is shown of a pause that is another one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from omniq_core import LONGEST_PAUSE_MS, OmniqClient, Pause, pause_queue, queue_snapshots, queue_state
from omniq_core.operator import QueueSnapshot
from tests.support.factories import publish_jobs

NOW = 1_750_000_000_000
MINUTE = 60_000
HOSTILE = "<b>\"]]'\\ \x00\u202e🔥 {0} %s\n"


def seen(client: OmniqClient, now_ms: int = NOW) -> QueueSnapshot:
    return queue_snapshots(client.link, ["q"], now_ms)["q"]


def who(client: OmniqClient) -> tuple[str, str, int | None] | str:
    """By whom, why and since when the queue is paused, in a word where that is not known."""
    pause = seen(client).pause
    if pause is None:
        return "running"
    return "outside" if pause.outside else (pause.by, pause.reason, pause.since_ms)


def paused(client: OmniqClient, **options: Any) -> bool:
    return pause_queue(client.link, "q", **{"now_ms": NOW, "by": "ana", "reason": "deploying v2", **options})


@pytest.fixture
def waits(client: OmniqClient) -> OmniqClient:
    """A job that waits."""
    publish_jobs(client, "q", ["a"], now_ms=NOW - 10_000)
    return client


@pytest.mark.parametrize("length_ms", [None, 15 * MINUTE])
def test_who_why_and_since_go_with_the_pause(waits: OmniqClient, redis: Any, length_ms: int | None) -> None:
    assert who(waits) == "running"
    assert paused(waits, length_ms=length_ms, reason=HOSTILE)
    assert who(waits) == ("ana", HOSTILE, NOW)
    assert (redis.get("{q}:paused"), waits.is_paused(queue="q")) == (b"1", True)
    left = seen(waits).pause_left_ms
    assert left is None if length_ms is None else 0 < (left or 0) <= length_ms
    assert waits.resume(queue="q", now_ms_override=NOW + 1) == 1
    assert (who(waits), redis.pttl("{q}:paused"), redis.pttl("{q}:x:pause") > 0) == ("running", -2, True)


def test_nothing_of_the_record_outlives_its_pause_by_more_than_a_minute(waits: OmniqClient, redis: Any) -> None:
    paused(waits, length_ms=LONGEST_PAUSE_MS)
    assert 0 < redis.pttl("{q}:x:pause") - LONGEST_PAUSE_MS <= MINUTE
    paused(waits, known=seen(waits).pause.name, by="x" * 500, reason="\x01" * 200)  # pyright: ignore
    assert redis.strlen("{q}:x:pause") <= 2_048
    assert who(waits) == ("x" * 64, "\x01" * 200, NOW)


def test_it_ends_by_itself_and_its_end_counts_as_a_resume(waits: OmniqClient, wait_until: Callable[..., None]) -> None:
    paused(waits, length_ms=40)
    wait_until(lambda: not waits.is_paused(queue="q"))
    later = NOW + 65_000
    ended = seen(waits, later)
    assert (ended.pause, ended.resumed_ms) == (None, NOW + 40)
    # The job waits for 75 s, nobody has ever taken one; but that is not what held it up.
    assert (queue_state(ended, NOW + 60_039), queue_state(ended, later)) == ("running", "stalled")


def test_a_resume_elsewhere_before_the_end_is_no_resume_at_the_end(waits: OmniqClient, redis: Any) -> None:
    paused(waits, length_ms=30 * MINUTE)
    redis.delete("{q}:paused")  # what the resume of another SDK does
    assert (seen(waits).resumed_ms, queue_state(seen(waits), NOW + MINUTE)) == (None, "stalled")


@pytest.mark.parametrize("length_ms", [None, 15 * MINUTE])
def test_a_pause_by_our_own_client_has_no_reason(waits: OmniqClient, redis: Any, length_ms: int | None) -> None:
    paused(waits, length_ms=length_ms)
    waits.pause(queue="q")
    assert (who(waits), redis.exists("{q}:x:pause")) == ("outside", 0)


def test_another_sdks_pause_over_one_with_an_end_takes_the_end_and_the_reason_away(
    waits: OmniqClient, redis: Any
) -> None:
    paused(waits, length_ms=15 * MINUTE)
    redis.set("{q}:paused", "1")
    assert (who(waits), seen(waits).pause_left_ms) == ("outside", None)


def test_an_end_that_somebody_moved_by_hand_is_not_the_one_we_set(waits: OmniqClient, redis: Any) -> None:
    paused(waits, length_ms=15 * MINUTE)
    redis.pexpire("{q}:paused", 20 * MINUTE)
    assert who(waits) == "outside"
    left = seen(waits).pause_left_ms or 0
    assert 19 * MINUTE < left <= 20 * MINUTE  # until is the key's, whoever set it


def test_a_job_leased_in_between_tells_an_open_pause_from_the_next(waits: OmniqClient, redis: Any) -> None:
    paused(waits)
    redis.delete("{q}:paused")
    assert who(waits) == "running"
    redis.set("{q}:paused", "1")
    assert who(waits) == ("ana", "deploying v2", NOW)  # nothing that is in Redis differs
    redis.delete("{q}:paused")
    waits.reserve(queue="q", now_ms_override=NOW)
    redis.set("{q}:paused", "1")
    assert who(waits) == "outside"


def test_a_queue_that_is_paused_is_left_alone(waits: OmniqClient, redis: Any) -> None:
    assert paused(waits, length_ms=15 * MINUTE)
    first = seen(waits).pause
    before = redis.dump("{q}:x:pause")
    assert not paused(waits, by="ben")
    assert not paused(waits, by="ben", known="outside")
    assert (redis.dump("{q}:x:pause"), redis.pttl("{q}:paused") > 0) == (before, True)
    assert first and paused(waits, by="ben", known=first.name)
    assert who(waits) == ("ben", "deploying v2", NOW)
    assert not paused(waits, by="cy", known=first.name)  # it is ben's now
    waits.resume(queue="q")
    assert not paused(waits, by="cy", known=first.name)
    assert who(waits) == "running"


def test_a_pause_from_outside_is_replaced_by_its_name(waits: OmniqClient) -> None:
    waits.pause(queue="q")
    assert not paused(waits)
    assert seen(waits).pause == Pause("outside")
    assert paused(waits, known="outside")
    assert who(waits) == ("ana", "deploying v2", NOW)


@pytest.mark.broken_data
@pytest.mark.parametrize(
    ("record", "what"),
    [
        (b"{", "outside"),
        (b"[" * 2_000, "outside"),
        (b"\xff", "outside"),
        (b'{"leases":0,"v":2,"by":"ana"}', "outside"),
        (b'{"leases":0,"v":1,"by":"\xff"}', "outside"),
        (b'{"leases":0,"v":1,"by":"ana","reason":"' + b"x" * 2_048 + b'"}', "outside"),
        (b'{"leases":0,"v":1,"by":5,"reason":[],"since_ms":"1"}', ("", "", None)),
    ],
)
def test_a_record_that_cannot_be_read_is_absent(waits: OmniqClient, redis: Any, record: bytes, what: Any) -> None:
    redis.set("{q}:paused", "1")
    redis.set("{q}:x:pause", record)
    assert who(waits) == what
    redis.delete("{q}:x:pause")
    redis.rpush("{q}:x:pause", "a")
    assert who(waits) == "outside"


def test_what_is_refused_before_any_call(waits: OmniqClient) -> None:
    for options in ({"reason": "x" * 201}, {"length_ms": 0}, {"length_ms": LONGEST_PAUSE_MS + 1}):
        with pytest.raises(ValueError):
            paused(waits, **options)
    with pytest.raises(ValueError, match="not a queue name"):
        pause_queue(waits.link, "a:b", now_ms=NOW)
    assert who(waits) == "running"


def test_a_pause_and_its_reading_are_one_round_trip_each(waits: OmniqClient) -> None:
    before = waits.link.round_trips
    paused(waits)
    assert waits.link.round_trips - before <= 2  # the script may have to be sent first
    before = waits.link.round_trips
    seen(waits)
    assert waits.link.round_trips - before == 1
