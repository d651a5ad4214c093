"""Each notice is provoked and seen to leave, in the rounds of a leader; queues that are well have none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from omniq_core import AnswerTimes, Memory, OmniqClient, ServerFacts, pause_queue
from omniq_core.operator.notice_rules import memory
from omniq_core.operator.notices import Notice, NoticeBoard, NoticeLimits
from tests.operator.noticing import Rounds
from tests.support.clock import Clock
from tests.support.factories import fail_jobs, lease_jobs, publish_jobs

MINUTE, HOUR = 60_000, 3_600_000


@pytest.fixture
def rounds(client: OmniqClient, clock: Clock) -> Rounds:
    return Rounds(client, clock)


def test_stalled_until_a_worker_takes_a_job(rounds: Rounds, client: OmniqClient, clock: Clock) -> None:
    began = clock.now_ms
    lease_jobs(client, "q", ["lost"], now_ms=began, timeout_ms=30_000)
    publish_jobs(client, "q", 3, now_ms=began)
    assert rounds.go(2) == ()
    clock.advance(MINUTE)  # the last start was 64 s ago
    assert rounds.go() == ()
    assert rounds.go() == (Notice("stalled", "q", 3, 1, began),)
    client.reserve(queue="q", now_ms_override=clock.now_ms)
    assert rounds.kinds() == ["stalled"]
    assert rounds.kinds() == []


def test_leases_that_nobody_takes_back(rounds: Rounds, client: OmniqClient, clock: Clock) -> None:
    began = clock.now_ms
    lease_jobs(client, "q", ["a", "b"], now_ms=began, step_ms=0, timeout_ms=1_000)
    clock.advance(57_000)
    assert rounds.go(2) == ()  # ended for 60 s in this round, and so once
    assert rounds.go() == (Notice("leases", "q", 2, 0, began + 1_000),)
    client.reap_expired(queue="q", now_ms_override=clock.now_ms)
    assert rounds.kinds(2) == []


def test_groups_that_workers_cannot_see_until_they_are_repaired(
    rounds: Rounds, client: OmniqClient, redis: Any, clock: Clock
) -> None:
    for gid in ("a", "b"):
        publish_jobs(client, "q", [f"{gid}{n}" for n in range(3)], now_ms=clock.now_ms, gid=gid)
    redis.zrem("{q}:groups:ready", "a", "b")
    redis.hset("{q}:stats", "groups_ready", 0)
    assert "groups" not in rounds.kinds()
    assert rounds.go(2) == (Notice("groups", "q", 2, 6),)
    redis.zadd("{q}:groups:ready", {"a": 1})
    assert rounds.go() == (Notice("groups", "q", 1, 3),)
    redis.zadd("{q}:groups:ready", {"b": 1})
    redis.hset("{q}:stats", "groups_ready", 2)
    assert rounds.kinds(2) == []


def test_child_counters_that_stand_still(rounds: Rounds, client: OmniqClient, clock: Clock) -> None:
    for key in ("one", "two", "moves"):
        client.childs_init(key=key, expected=5)
    assert rounds.go(2) == ()
    found = clock.now_ms
    clock.advance(20 * MINUTE)
    client.child_ack(key="moves", child_id="a")
    client.child_ack(key="two", child_id="a")
    assert rounds.go(2) == ()
    clock.advance(11 * MINUTE)
    shown = rounds.go(3)
    assert [(one.kind, one.count, one.text, one.more) for one in shown] == [("counters", 1, "one", 5)]
    assert abs((shown[0].since_ms or 0) - found) <= 4_000
    client.child_ack(key="one", child_id="a")
    assert rounds.kinds(3) == []


def test_paused_for_long_with_jobs_waiting(rounds: Rounds, client: OmniqClient, clock: Clock) -> None:
    began = clock.now_ms
    publish_jobs(client, "q", 4, now_ms=began)
    pause_queue(client.link, "q", now_ms=began, by="oncall", reason="deploy")
    pause_queue(client.link, "empty", now_ms=began)
    clock.advance(HOUR - 4_000)
    assert rounds.go(2) == ()
    assert rounds.go() == (Notice("paused", "q", 4, 0, began),)
    client.resume(queue="q")
    assert rounds.kinds(2) == []  # and the resume is no stall


def test_paused_outside_the_dashboard_counts_from_when_jobs_wait(
    rounds: Rounds, client: OmniqClient, clock: Clock
) -> None:
    publish_jobs(client, "q", 4, now_ms=clock.now_ms)
    client.pause(queue="q")
    clock.advance(HOUR)
    assert rounds.go(2) == (Notice("paused", "q", 4),)
    client.remove_jobs_batch(queue="q", lane="wait", job_ids=["job-1", "job-2", "job-3", "job-4"])
    assert rounds.kinds(2) == []


def test_failures_that_rise_with_the_error_of_most(rounds: Rounds, client: OmniqClient, clock: Clock) -> None:
    now = clock.now_ms
    fail_jobs(client, "q", ["old1", "old2", "old3"], now_ms=now - 20 * MINUTE)
    errors = ["ConnectionError: no route to 10.0.0.1"] * 40 + ["KeyError: 'a'"] * 10
    fail_jobs(client, "q", 50, now_ms=now - MINUTE, error=lambda n: errors[n])
    clock.advance(30_000)
    shown = rounds.go(3)
    assert [(one.kind, one.queue, one.count, one.more, one.text, one.share) for one in shown] == [
        ("failing", "q", 50, 3, "ConnectionError", 80)
    ]
    fail_jobs(client, "q", [f"new{n}" for n in range(30)], now_ms=clock.now_ms + 14 * MINUTE)
    clock.advance(16 * MINUTE)  # the 50 are over 15 min old, but 30 have come: more than half of what it takes
    assert [(one.kind, one.count, one.more) for one in rounds.go(3)] == [("failing", 30, 3)]
    clock.advance(15 * MINUTE)
    assert rounds.kinds(3) == []


def test_as_many_failures_as_before_are_no_news(rounds: Rounds, client: OmniqClient, clock: Clock) -> None:
    now = clock.now_ms
    fail_jobs(client, "q", [f"old{n}" for n in range(20)], now_ms=now - 20 * MINUTE)
    fail_jobs(client, "q", 60, now_ms=now - MINUTE)
    fail_jobs(client, "few", 49, now_ms=now - MINUTE)
    clock.advance(30_000)
    assert rounds.go(4) == ()


def test_memory_near_its_limit_and_a_policy_that_takes_jobs(
    rounds: Rounds, client: OmniqClient, redis: Any, clock: Clock
) -> None:
    publish_jobs(client, "q", 1, now_ms=clock.now_ms)
    kept = {name: redis.config_get(name)[name] for name in ("maxmemory", "maxmemory-policy")}
    try:
        used = redis.info("memory")["used_memory"]
        redis.config_set("maxmemory", used * 100 // 95)
        assert rounds.kinds() == []
        (memory,) = rounds.go()
        assert (memory.kind, memory.more, memory.text) == ("memory", used * 100 // 95, "noeviction")
        assert memory.count > used * 9 // 10
        redis.config_set("maxmemory", used * 10)
        redis.config_set("maxmemory-policy", "volatile-lru")  # jobs have no expiry
        assert rounds.kinds(2) == []
        redis.config_set("maxmemory-policy", "allkeys-lru")
        assert rounds.go(2) == (Notice("eviction", "", 0, used * 10, None, "allkeys-lru"),)
        redis.config_set("maxmemory", 0)  # without a limit nothing is ever evicted
        assert rounds.kinds(2) == []
    finally:
        for name, value in kept.items():
            redis.config_set(name, value)


def test_of_a_cluster_the_worst_master_is_the_notice() -> None:
    def master(node: str, used: int, most: int, policy: str = "noeviction") -> ServerFacts:
        return ServerFacts(0, AnswerTimes(0, 0, 0), memory=Memory(used, most, policy), node=node)

    away = ServerFacts(0, AnswerTimes(0, 0, 0), node="d:1", away="connection refused")
    others = (master("b:1", 95, 100), master("c:1", 1, 100, "allkeys-lru"), away)
    seen = replace(master("a:1", 0, 0), others=others)
    info = {"used_memory": 50, "maxmemory": 100, "maxmemory_policy": "noeviction"}

    def found(info: Any, seen: ServerFacts | None) -> list[Notice]:
        return list(memory(info, NoticeLimits(), NoticeBoard(), seen))

    assert found(info, seen) == [
        Notice("memory", "", 95, 100, None, "noeviction", "b:1"),
        Notice("eviction", "", 0, 100, None, "allkeys-lru", "c:1"),
    ]
    assert found(info | {"used_memory": 99}, seen)[0] == Notice("memory", "", 99, 100, None, "noeviction", "a:1")
    assert (found(info, None), found(Exception(), None)) == ([], [])


def test_a_redis_that_tells_nothing_of_itself_has_no_notice_of_it(
    client: OmniqClient, redis_server: Any, redis: Any, clock: Clock
) -> None:
    publish_jobs(client, "q", 1, now_ms=clock.now_ms)
    redis.config_set("maxmemory-policy", "allkeys-lru")
    redis.config_set("maxmemory", 1 << 40)
    redis.acl_setuser("shy", enabled=True, nopass=True, keys=["*"], commands=["+@all", "-info", "-time"])
    try:
        with OmniqClient(host=redis_server.host, port=redis_server.port, username="shy", password="x") as shy:
            assert Rounds(shy, clock).go(3) == ()
    finally:
        redis.acl_deluser("shy")
        redis.config_set("maxmemory", 0)
        redis.config_set("maxmemory-policy", "noeviction")


def test_thresholds_are_settings(client: OmniqClient, clock: Clock) -> None:
    limits = NoticeLimits(stalled_ms=5_000, leases_ms=5_000, failing=2, paused_ms=5_000, stuck_ms=5_000)
    publish_jobs(client, "stalled", 1, now_ms=clock.now_ms)
    lease_jobs(client, "leases", 1, now_ms=clock.now_ms, timeout_ms=1_000)
    fail_jobs(client, "failing", 2, now_ms=clock.now_ms - 30_000)
    publish_jobs(client, "paused", 1, now_ms=clock.now_ms)
    pause_queue(client.link, "paused", now_ms=clock.now_ms)
    client.childs_init(key="counter", expected=2)
    assert Rounds(client, clock, limits).kinds(6) == ["stalled", "leases", "failing", "counters", "paused"]
