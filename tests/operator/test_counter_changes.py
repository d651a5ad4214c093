"""When a child counter last changed: seen from outside, kept in Redis, one truth for all processes."""

from __future__ import annotations

from typing import Any

import pytest

from omniq_core import (
    Background,
    CounterChange,
    CounterChanges,
    Discovery,
    OmniqClient,
    counter_list,
    read_counter,
)
from tests.support.clock import Clock

MINUTE = 60_000
SEEN = "{omniq:x}:children:seen"


def find(client: OmniqClient) -> None:
    discovery = Discovery(client.link)
    while not discovery.step(1_000):
        pass


def look(changes: CounterChanges, clock: Clock) -> None:
    """One whole round, in which everything that is known is read."""
    clock.advance(10_000)
    for _ in range(200):
        changes.step(clock.now_ms, busy=False)
        if not changes._left:
            return
    raise AssertionError("the round did not end")


def changes_of(client: OmniqClient) -> CounterChanges:
    return CounterChanges(client.link, timer=lambda: 0.0)


def change(client: OmniqClient, key: str, now_ms: int) -> CounterChange | None:
    found = read_counter(client.link, key, now_ms)
    assert found is not None
    return found[1]


def test_a_change_is_noted_when_it_is_seen_first_and_stands_through_a_restart(
    client: OmniqClient, clock: Clock
) -> None:
    client.childs_init(key="order", expected=7)
    find(client)
    changes = changes_of(client)
    look(changes, clock)
    found_at = clock.now_ms
    assert change(client, "order", found_at + 5) == CounterChange(found_at, "found")
    clock.advance(20 * MINUTE)
    client.child_ack(key="order", child_id="c1")
    assert change(client, "order", clock.now_ms) == CounterChange(clock.now_ms, "moved"), "before anybody noted it"
    look(changes, clock)
    moved_at = clock.now_ms
    clock.advance(40 * MINUTE)
    look(changes, clock)
    restarted = changes_of(client)
    look(restarted, clock)
    assert change(client, "order", clock.now_ms) == CounterChange(moved_at, "moved")
    (noted,) = counter_list(client.link, clock.now_ms).noted.values()
    assert (noted.counter.remaining, noted.counter.done, noted.change.at_ms) == (6, 1, moved_at)


def test_two_processes_note_one_truth(client: OmniqClient, redis_server: Any, redis: Any, clock: Clock) -> None:
    for key in ("a", "b"):
        client.childs_init(key=key, expected=5)
    find(client)
    with OmniqClient(redis_url=redis_server.url) as other:
        find(other)
        mine, theirs = changes_of(client), changes_of(other)
        look(mine, clock)
        first = clock.now_ms
        before = redis.hgetall(SEEN)
        look(theirs, clock)
        assert redis.hgetall(SEEN) == before
        client.child_ack(key="b", child_id="x")
        look(theirs, clock)
        second = clock.now_ms
        look(mine, clock)
        for each in (client, other):
            assert change(each, "a", clock.now_ms) == CounterChange(first, "found")
            assert change(each, "b", clock.now_ms) == CounterChange(second, "moved")


def test_a_counter_that_is_new_to_a_search_that_knew_all_started(client: OmniqClient, clock: Clock) -> None:
    client.childs_init(key="old", expected=5)
    find(client)
    changes = changes_of(client)
    look(changes, clock)
    client.childs_init(key="new", expected=5)
    find(client)
    look(changes, clock)
    assert change(client, "new", clock.now_ms) == CounterChange(clock.now_ms, "started")
    client.childs_init(key="other", expected=5)
    find(client)
    look(changes_of(client), clock)  # of its first round a process does not know whether others were there before
    assert change(client, "other", clock.now_ms) == CounterChange(clock.now_ms, "found")


def test_what_ended_is_forgotten_and_begins_anew(client: OmniqClient, redis: Any, clock: Clock) -> None:
    client.childs_init(key="a", expected=1)
    find(client)
    changes = changes_of(client)
    look(changes, clock)
    client.child_ack(key="a", child_id="x")
    assert read_counter(client.link, "a", clock.now_ms) is None
    look(changes, clock)
    assert redis.exists(SEEN) == 0
    client.childs_init(key="a", expected=1)
    look(changes, clock)
    assert change(client, "a", clock.now_ms) == CounterChange(clock.now_ms, "started")


@pytest.mark.broken_data
def test_notes_without_a_counter_leave_and_those_that_cannot_be_read_count_as_none(
    client: OmniqClient, redis: Any, clock: Clock
) -> None:
    redis.set("{cc:a}:count", "abc")
    redis.hset(SEEN, mapping={"gone": "5|moved|[]", "a": "x|moved|[]", "b": b"\xff" * 600})
    find(client)
    assert counter_list(client.link, clock.now_ms).noted == {}
    assert change(client, "a", clock.now_ms) is None
    look(changes_of(client), clock)
    assert redis.hkeys(SEEN) == [b"a"]
    assert change(client, "a", clock.now_ms) == CounterChange(clock.now_ms, "found")
    redis.delete(SEEN)
    redis.set(SEEN, "rubbish")
    assert counter_list(client.link, clock.now_ms).noted == {}
    look(changes_of(client), clock)
    assert redis.hkeys(SEEN) == [b"a"]
    assert 0 < redis.pttl(SEEN) <= 31 * 86_400_000


def test_who_leads_notes_and_nobody_else(client: OmniqClient, redis_server: Any, redis: Any, clock: Clock) -> None:
    client.childs_init(key="a", expected=5)
    leader = Background(client.link, clock, timer=lambda: 0.0)
    for _ in range(4):
        leader.tick()
        clock.advance(10_000)
    assert redis.hexists(SEEN, "a")
    redis.delete(SEEN)
    with OmniqClient(redis_url=redis_server.url) as other:
        second = Background(other.link, clock, timer=lambda: 0.0)
        second.tick()
        assert redis.exists(SEEN) == 0
        leader.close()
        for _ in range(4):
            clock.advance(10_000)
            second.tick()
        assert redis.hexists(SEEN, "a")
