"""The invariant checker is itself a test's eye: each fault planted here must be seen, and a sound queue must pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from omniq_core import OmniqClient
from tests.support.clock import Clock
from tests.support.factories import complete_jobs, delay_jobs, fail_jobs, lease_jobs, publish_jobs
from tests.support.invariants import check_invariants, queues_present

Fault = Callable[[Any], object]
T = 1_750_000_000_000

FAULTS: dict[str, tuple[Fault, str]] = {
    "counter too high": (lambda r: r.hincrby("{q}:stats", "waiting", 1), "stats waiting = 3, but there are 2"),
    "counter missing": (lambda r: r.hdel("{q}:stats", "failed"), "stats failed = 0, but there are 2"),
    "counter no number": (lambda r: r.hset("{q}:stats", "delayed", "abc"), "stats delayed = -1, but there are 1"),
    "no hash": (lambda r: r.delete("{q}:job:f-1"), "b'f-1' is in failed but has no hash"),
    "hash of nobody": (lambda r: r.hset("{q}:job:lost", "id", "lost"), "the hash of b'lost' stands in no lane"),
    "two entries": (lambda r: r.rpush("{q}:wait", "w-1"), "b'w-1' stands in 2 places: wait, wait"),
    "two lanes": (lambda r: r.lpush("{q}:failed", "w-1"), "b'w-1' stands in 2 places: wait, failed"),
    "wrong state": (lambda r: r.hset("{q}:job:f-2", "state", "wait"), "b'f-2' is in failed but its state is b'wait'"),
    "wrong id": (lambda r: r.hset("{q}:job:f-2", "id", "other"), "the hash of b'f-2' says id b'other'"),
    "no index": (lambda r: r.zrem("{q}:idx:completed", "c-1"), "b'c-1' is in completed but not in idx:completed"),
    "index of nobody": (lambda r: r.zadd("{q}:idx:delayed", {"x": 1}), "b'x' is in idx:delayed but not in delayed"),
    "lease kept": (
        lambda r: r.hset("{q}:job:f-1", "lease_token", "t"),
        "b'f-1' is in failed but still carries a lease",
    ),
    "lease lost": (lambda r: r.hset("{q}:job:a-1", "lease_token", ""), "b'a-1' is active without a lease token"),
    "leaked in-flight": (
        lambda r: r.incr("{q}:g:g1:inflight"),
        "group b'g1' inflight = 2, but 1 of its jobs are active",
    ),
    "ready without room": (lambda r: r.zadd("{q}:groups:ready", {"g1": 1}), "group b'g1' is in groups:ready without"),
    "room but not ready": (lambda r: r.set("{q}:g:g1:limit", 2), "group b'g1' has waiting jobs and room but is not"),
    "wrong group": (lambda r: r.hset("{q}:job:g-2", "gid", "g2"), "b'g-2' waits in group b'g1', not its own"),
    "grouped in wait": (lambda r: r.hset("{q}:job:w-1", "gid", "g9"), "b'w-1' of group b'g9' waits in the ungrouped"),
    "wrong type": (lambda r: r.set("{q}:failed", "x"), "key b'failed' is a string, not a list"),
    "anchor written": (lambda r: r.set("{q}:meta", "1"), "the anchor 'meta' was written"),
    "expiring": (lambda r: r.pexpire("{q}:job:w-1", 60_000), "key b'job:w-1' has a TTL"),
}


@pytest.fixture
def full_queue(client: OmniqClient, redis: Any) -> Any:
    """Queue q with a job in every state, and group g1 with one job running and one waiting at limit 1."""
    lease_jobs(client, "q", ["a-1"], now_ms=T)
    lease_jobs(client, "q", ["g-1"], now_ms=T + 1, gid="g1")
    fail_jobs(client, "q", ["f-1", "f-2"], now_ms=T + 2)
    complete_jobs(client, "q", ["c-1"], now_ms=T + 4)
    delay_jobs(client, "q", ["d-1"], now_ms=T + 5, due_ms=T + 60_000)
    publish_jobs(client, "q", ["g-2"], now_ms=T + 6, gid="g1")
    publish_jobs(client, "q", ["w-1", "w-2"], now_ms=T + 7)
    return redis


def test_a_sound_queue_passes(full_queue: Any) -> None:
    check_invariants(full_queue)
    check_invariants(full_queue, "q")


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found(full_queue: Any, name: str) -> None:
    plant, message = FAULTS[name]
    if name == "wrong type":
        full_queue.delete("{q}:failed")
    plant(full_queue)
    with pytest.raises(AssertionError) as caught:
        check_invariants(full_queue)
    assert f"q: {message}" in str(caught.value)


def test_one_queue_is_judged_without_the_others(full_queue: Any, client: OmniqClient) -> None:
    publish_jobs(client, "sound", 2, now_ms=T)
    full_queue.hincrby("{q}:stats", "waiting", 1)
    check_invariants(full_queue, "sound")


def test_more_than_a_hundred_completed_are_a_fault(full_queue: Any) -> None:
    for n in range(100):
        full_queue.hset(f"{{q}}:job:more-{n}", mapping={"id": f"more-{n}", "state": "completed"})
        full_queue.rpush("{q}:completed", f"more-{n}")
        full_queue.zadd("{q}:idx:completed", {f"more-{n}": 1})
    full_queue.hset("{q}:stats", "completed_kept", 101)
    with pytest.raises(AssertionError, match="completed keeps 101, more than 100"):
        check_invariants(full_queue)


def test_queues_are_found_by_any_key_of_theirs(redis: Any) -> None:
    redis.set("{only-paused}:paused", "1")
    redis.zadd("{..}:idx:failed", {"x": 1})
    redis.set("{omniq:x}:secret", "s")
    redis.set("{cc:parent}:count", "2")
    redis.set("foreign", "1")
    assert queues_present(redis) == ["..", "only-paused"]


def test_the_clock_moves_only_when_told(clock: Clock) -> None:
    before = clock.now_ms
    assert clock() == before
    assert clock.advance(250) == before + 250
    assert clock.now_ms == before + 250
