"""Figures of a queue come from its structures, whatever its stats hash says."""

from __future__ import annotations

from typing import Any

import pytest

from omniq_core import OmniqClient
from omniq_core.operator import QueueSnapshot, queue_snapshots
from omniq_core.operator.snapshot import parse_snapshot, snapshot_call
from tests.operator.failing import index_all
from tests.support.clock import Clock
from tests.support.factories import complete_jobs, delay_jobs, fail_jobs, lease_jobs, publish_jobs


def one(client: OmniqClient, queue: str, now_ms: int) -> QueueSnapshot:
    return queue_snapshots(client.link, [queue], now_ms)[queue]


def alone(client: OmniqClient, queue: str, now_ms: int) -> QueueSnapshot:
    return parse_snapshot(queue, client.link.run_many([snapshot_call(queue, now_ms, alone=True)])[0])


def fill(client: OmniqClient, t: int) -> None:
    fail_jobs(client, "q", ["f1", "f2"], now_ms=t)
    complete_jobs(client, "q", ["c1"], now_ms=t + 10)
    lease_jobs(client, "q", ["a1"], now_ms=t + 20, timeout_ms=1_000)
    lease_jobs(client, "q", ["a2"], now_ms=t + 21, timeout_ms=90_000)
    delay_jobs(client, "q", ["d1", "d2"], now_ms=t + 30, due_ms=t + 5_000)
    publish_jobs(client, "q", ["w1", "w2", "w3"], now_ms=t + 40)
    publish_jobs(client, "q", ["g1", "g2"], now_ms=t + 50, gid="G")


def test_every_figure_of_a_full_queue(client: OmniqClient, clock: Clock) -> None:
    t = clock.now_ms
    fill(client, t)
    assert one(client, "q", t + 1_020) == QueueSnapshot(
        queue="q",
        exists=True,
        waiting=3,
        group_waiting=2,
        waiting_total=5,
        active=2,
        expired=1,
        delayed=2,
        failed=2,
        completed=1,
        groups_ready=1,
        groups=None,
        oldest_waiting_ms=t + 40,
        next_due_ms=t + 5_000,
        last_activity_ms=t + 51,
        last_enqueue_ms=t + 51,
        last_reserve_ms=t + 21,
        last_finish_ms=t + 10,
    )


@pytest.mark.broken_data
def test_counters_that_lie_or_are_gone_change_no_figure(client: OmniqClient, redis: Any, clock: Clock) -> None:
    fill(client, clock.now_ms)
    truth = one(client, "q", clock.now_ms + 1_020)
    redis.hset("{q}:stats", mapping=dict.fromkeys(("waiting", "group_waiting", "active", "failed"), "999"))
    assert one(client, "q", clock.now_ms + 1_020) == truth
    redis.delete("{q}:stats")
    without = one(client, "q", clock.now_ms + 1_020)
    assert (without.waiting_total, without.active, without.failed, without.completed) == (5, 2, 2, 1)
    assert without.last_activity_ms is None


@pytest.mark.broken_data
@pytest.mark.parametrize("value", ["abc", "1e300", "", "9" * 40, "x" * 5_000_000])
def test_a_moment_that_is_no_number_is_absent_and_stays_in_redis(
    client: OmniqClient, redis: Any, clock: Clock, value: str
) -> None:
    publish_jobs(client, "q", 1, now_ms=clock.now_ms)
    redis.hset("{q}:stats", "last_reserve_ms", value)
    before = redis.info("stats")["total_net_output_bytes"]
    assert one(client, "q", clock.now_ms).last_reserve_ms is None
    assert redis.info("stats")["total_net_output_bytes"] - before < 20_000


def test_scientific_notation_is_a_moment(client: OmniqClient, redis: Any, clock: Clock) -> None:
    publish_jobs(client, "q", 1, now_ms=clock.now_ms)
    redis.hset("{q}:stats", "last_reserve_ms", "1e+14")
    assert one(client, "q", clock.now_ms).last_reserve_ms == 10**14


@pytest.mark.broken_data
def test_a_key_of_the_wrong_type_hides_only_itself(client: OmniqClient, redis: Any, clock: Clock) -> None:
    fill(client, clock.now_ms)
    for name in ("failed", "idx:failed", "active", "stats", "groups:ready", "x:pause"):
        redis.delete(f"{{q}}:{name}")
        redis.set(f"{{q}}:{name}", "rubbish")
    found = one(client, "q", clock.now_ms)
    assert (found.exists, found.failed, found.active, found.waiting_total, found.delayed) == (True, 0, 0, 5, 2)
    assert found.broken_lanes == ("active", "failed")


def test_a_pause_tells_how_long_and_a_resume_when(client: OmniqClient, redis: Any, clock: Clock) -> None:
    publish_jobs(client, "q", 1, now_ms=clock.now_ms)
    client.pause(queue="q")
    plain = one(client, "q", clock.now_ms)
    assert (plain.paused, plain.pause_left_ms, plain.resumed_ms) == (True, None, None)
    redis.pexpire("{q}:paused", 60_000)
    left = one(client, "q", clock.now_ms).pause_left_ms
    assert left is not None and 0 < left <= 60_000
    redis.delete("{q}:paused")
    redis.set("{q}:x:pause", f'{{"v":1,"by":"ana","resumed_ms":{clock.now_ms}}}', px=60_000)
    assert one(client, "q", clock.now_ms).resumed_ms == clock.now_ms


@pytest.mark.parametrize(
    "record", [b"{", b"[]", b'{"v":2,"resumed_ms":5}', b'{"v":1,"resumed_ms":"5"}', b"\xff", b"[" * 2000]
)
def test_a_pause_record_that_cannot_be_read_is_absent(
    client: OmniqClient, redis: Any, clock: Clock, record: bytes
) -> None:
    publish_jobs(client, "q", 1, now_ms=clock.now_ms)
    redis.set("{q}:x:pause", record, px=60_000)
    assert one(client, "q", clock.now_ms).resumed_ms is None


@pytest.mark.broken_data
def test_lanes_of_an_old_sdk_without_index(client: OmniqClient, redis: Any, clock: Clock) -> None:
    redis.rpush("{old}:wait", "a", "b")
    redis.rpush("{old}:g:G:wait", "c")
    redis.set("{old}:has_groups", "1")
    redis.hset("{old}:stats", mapping={"waiting": "2", "group_waiting": "1"})
    found = one(client, "old", clock.now_ms)
    assert (found.waiting, found.group_waiting, found.has_index, found.oldest_waiting_ms) == (2, 1, False, None)


@pytest.mark.broken_data
def test_only_the_counter_knows_grouped_jobs_without_index(client: OmniqClient, redis: Any, clock: Clock) -> None:
    redis.rpush("{old}:g:G:wait", "c")
    redis.set("{old}:has_groups", "1")
    redis.hset("{old}:stats", mapping={"waiting": "0", "group_waiting": "1"})
    assert one(client, "old", clock.now_ms).waiting_total == 1
    redis.delete("{old}:has_groups")
    assert one(client, "old", clock.now_ms).waiting_total == 0


@pytest.mark.broken_data
def test_groups_at_their_limit_have_jobs_and_no_free_slot(client: OmniqClient, redis: Any, clock: Clock) -> None:
    for gid, limit, running in (("full", 1, 1), ("room", 3, 2), ("two", 2, 2), ("idle", 1, 1)):
        lease_jobs(client, "q", [f"{gid}{n}" for n in range(running)], now_ms=clock.now_ms, gid=gid, group_limit=limit)
    for gid, waiting in (("full", 2), ("room", 1), ("two", 1), ("leaked", 1)):
        publish_jobs(client, "q", [f"{gid}-{n}" for n in range(waiting)], now_ms=clock.now_ms, gid=gid)
    redis.set("{q}:g:leaked:inflight", 5)  # nobody holds a job of it, so no job of it is waited for
    assert alone(client, "q", clock.now_ms).full_groups == 2
    assert one(client, "q", clock.now_ms).full_groups is None
    redis.zadd("{q}:active", {f"x{n}": clock.now_ms for n in range(194)})
    assert alone(client, "q", clock.now_ms).full_groups == 2
    redis.zadd("{q}:active", {"one more": clock.now_ms})
    assert alone(client, "q", clock.now_ms).full_groups is None


def test_kinds_of_errors_are_counted_where_all_jobs_are_in_the_index(client: OmniqClient, clock: Clock) -> None:
    fail_jobs(client, "q", 3, now_ms=clock.now_ms, error=lambda n: ("A: a", "B: b")[n % 2])
    assert alone(client, "q", clock.now_ms).kinds is None
    index_all(client, clock, queue="q")
    assert alone(client, "q", clock.now_ms).kinds == 2
    fail_jobs(client, "q", ["c"], now_ms=clock.now_ms, error="C: c")
    assert alone(client, "q", clock.now_ms).kinds is None


def test_an_unknown_queue_does_not_exist_and_a_bad_name_is_refused(client: OmniqClient, clock: Clock) -> None:
    assert one(client, "nobody", clock.now_ms) == QueueSnapshot("nobody")
    with pytest.raises(ValueError, match="not a queue name"):
        queue_snapshots(client.link, ["a:b"], clock.now_ms)


def test_five_hundred_queues_are_one_round_trip(client: OmniqClient, clock: Clock) -> None:
    publish_jobs(client, "q7", 2, now_ms=clock.now_ms)
    before = client.link.round_trips
    found = queue_snapshots(client.link, [f"q{n}" for n in range(501)], clock.now_ms)
    assert client.link.round_trips - before == 2
    assert [name for name, snapshot in found.items() if snapshot.exists] == ["q7"]
