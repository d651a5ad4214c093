"""QueueMonitor: the reference's read API over odd data, and what it costs."""

from __future__ import annotations

from typing import Any

import pytest

from omniq_core import REDIS_ERRORS, OmniqClient, QueueMonitor
from omniq_core.monitor_models import GroupReady, GroupStatus, QueueStats
from tests.support.clock import Clock
from tests.support.factories import fail_jobs, lease_jobs, publish_jobs
from tests.support.redis_server import RedisServer


@pytest.fixture
def monitor(client: OmniqClient) -> QueueMonitor:
    return QueueMonitor(client)


def test_stats_of_a_queue(monitor: QueueMonitor, client: OmniqClient, clock: Clock) -> None:
    t = clock.now_ms
    fail_jobs(client, "q", 2, now_ms=t)
    publish_jobs(client, "q", ["w"], now_ms=t + 5)
    publish_jobs(client, "q", ["g"], now_ms=t + 6, gid="G")
    client.pause(queue="q")
    assert monitor.stats("q") == QueueStats(
        "q",
        paused=True,
        waiting=1,
        group_waiting=1,
        waiting_total=2,
        failed=2,
        groups_ready=1,
        last_activity_ms=t + 6,
        last_enqueue_ms=t + 6,
        last_reserve_ms=t + 1,
        last_finish_ms=t + 1,
    )
    assert monitor.stats("unknown") == QueueStats("unknown")
    assert monitor.stats_many([]) == []
    assert [stats.queue for stats in monitor.stats_many()] == ["q"]


@pytest.mark.broken_data
def test_numbers_that_are_none_read_zero(monitor: QueueMonitor, redis: Any) -> None:
    redis.hset("{q}:stats", mapping={"waiting": "abc", "active": "1e+14", "waiting_total": "-1", "group_waiting": "2"})
    stats = monitor.stats("q")
    assert (stats.waiting, stats.active, stats.waiting_total) == (0, 10**14, 2)


@pytest.mark.broken_data
def test_a_scan_takes_hashes_named_like_queues(monitor: QueueMonitor, redis: Any) -> None:
    for key in ("{a}:stats", "foo:stats", "{{z}}:stats", "{a:b}:stats", "{x}:y:stats"):
        redis.hset(key, "waiting", 1)
    redis.set("{w}:stats", "x")
    assert monitor.scan_queues() == ["a", "foo"]


def test_two_hundred_queues_are_one_round_trip(monitor: QueueMonitor, client: OmniqClient) -> None:
    before = client.link.round_trips
    assert len(monitor.stats_many([f"q{n}" for n in range(200)])) == 200
    assert client.link.round_trips - before == 1


def test_pages_of_a_lane(monitor: QueueMonitor, client: OmniqClient, clock: Clock) -> None:
    fail_jobs(client, "q", 30, now_ms=clock.now_ms)
    before = client.link.round_trips
    assert [job.job_id for job in monitor.lane_page("q", "failed", 1, 2)] == ["job-2", "job-3"]
    assert client.link.round_trips - before == 2
    assert len(monitor.lane_page("q", "failed", limit=1_000)) == 25
    assert [job.job_id for job in monitor.lane_page("q", "failed", -5, 0, reverse=True)] == ["job-30"]
    assert monitor.lane_page("q", "nope") == []
    assert [job.job_id for job in monitor.find_jobs("q", "failed", ["job-9", "x", "job-1"])] == ["job-9", "job-1"]


@pytest.mark.broken_data
def test_ids_without_a_job_are_left_out_and_bytes_survive(monitor: QueueMonitor, redis: Any) -> None:
    redis.zadd("{q}:idx:failed", {b"\xff": 5, b"gone": 6, b"text": 7})
    redis.hset(b"{q}:job:\xff", mapping={"state": "failed", "gid": b"\xfe", "last_error": b"a\xff", "attempt": "abc"})
    redis.set("{q}:job:text", "x")
    (job,) = monitor.lane_page("q", "failed")
    assert (job.job_id, job.gid, job.last_error, job.attempt) == ("\udcff", "\udcfe", "a\ufffd", 0)
    info = monitor.get_job("q", job.job_id)
    assert info is not None and info.state == "failed"
    assert monitor.get_job("q", "text") is None


def test_groups(monitor: QueueMonitor, client: OmniqClient, clock: Clock) -> None:
    publish_jobs(client, "q", ["a", "b"], now_ms=clock.now_ms, gid="G", group_limit=2)
    assert monitor.groups_ready("q") == ["G"]
    assert monitor.groups_ready_with_scores("q") == [GroupReady("G", clock.now_ms)]
    assert monitor.group_status("q", ["G", "", "X"], default_limit=3) == [
        GroupStatus("G", 0, 2, True, 2),
        GroupStatus("X", 0, 3, False, 0),
    ]


def test_a_job_with_its_token_out_of_sight(monitor: QueueMonitor, client: OmniqClient, clock: Clock) -> None:
    token = lease_jobs(client, "q", ["a"], now_ms=clock.now_ms)["a"]
    job = monitor.get_job("q", "a")
    assert job is not None
    assert (job.lease_token, job.payload) == (token, '{"n":1}')
    assert token not in repr(job)
    assert monitor.get_job("q", "") is None


def test_bad_names_and_an_absent_redis_raise(monitor: QueueMonitor, throwaway_redis: RedisServer) -> None:
    for call in (monitor.stats, monitor.groups_ready, monitor.overview):
        with pytest.raises(ValueError, match="not a queue name"):
            call("a:b")
    with OmniqClient(redis_url=throwaway_redis.url) as lonely:
        throwaway_redis.stop()
        with pytest.raises(REDIS_ERRORS):
            QueueMonitor(lonely).stats("q")
