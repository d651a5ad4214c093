"""Processes that look after different queues of one Redis: lists of queues, and users with rights to some."""

from __future__ import annotations

from typing import Any

import pytest

from omniq_core import Background, OmniqClient, failure_kinds, read_overview, want_failures
from omniq_core.operator.groups import want_groups
from tests.support.clock import Clock
from tests.support.factories import fail_jobs, publish_jobs


def kept(redis: Any) -> set[bytes]:
    return {name for name in redis.hkeys("{omniq:x}:now") if not name.startswith(b":")}


def test_a_process_without_a_list_takes_the_lead_from_one_with_it(
    client: OmniqClient, other: OmniqClient, redis: Any, clock: Clock
) -> None:
    for queue in ("a", "b"):
        publish_jobs(client, queue, 1, now_ms=clock.now_ms)
    listed, all_of_them = Background(client.link, clock, ["a"]), Background(other.link, clock)
    listed.tick()
    assert (listed.leads, kept(redis), redis.exists("{omniq:x}:scan")) == (True, {b"a"}, 0)
    all_of_them.tick()  # it starts later
    assert (all_of_them.leads, kept(redis), redis.exists("{omniq:x}:scan")) == (True, {b"a", b"b"}, 1)
    clock.advance(4_000)
    listed.tick()
    assert not listed.leads, "one that searches for no queues must not take the lead back"
    listed.close()
    assert redis.exists("{omniq:x}:leader")
    all_of_them.close()
    clock.advance(2_000)
    listed.tick()
    assert (listed.leads, kept(redis)) == (True, {b"a"}), "nobody keeps the figures of b any more"


def test_who_leads_looks_after_the_lists_of_all(
    client: OmniqClient, other: OmniqClient, redis: Any, clock: Clock
) -> None:
    for queue in ("a", "b", "c"):
        publish_jobs(client, queue, 1, now_ms=clock.now_ms)
    redis.config_resetstat()
    first, second = Background(client.link, clock, ["a"]), Background(other.link, clock, ["b"])
    for _ in range(2):
        first.tick()
        second.tick()
        clock.advance(10_000)
    assert (first.leads, second.leads, kept(redis)) == (True, False, {b"a", b"b"})
    assert "b" in read_overview(other.link, clock.now_ms).snapshots
    for _ in range(3):
        clock.advance(10_000)
        first.tick()
        second.tick()
    assert [len(redis.keys(f"{{{name}}}:x:hist:1")) for name in "abc"] == [1, 1, 0]
    redis.delete("{omniq:x}:leader")  # the first hangs
    clock.advance(2_000)
    second.tick()
    assert (second.leads, kept(redis)) == (True, {b"b"})
    clock.advance(10_000)
    first.tick()
    second.tick()
    assert (first.leads, kept(redis)) == (False, {b"a", b"b"})
    assert 0 < redis.pttl("{omniq:x}:listed") <= 60_000
    assert "cmdstat_scan" not in redis.info("commandstats"), "nothing is searched for where all have a list"


@pytest.mark.broken_data
def test_what_is_no_list_of_others_is_put_right(client: OmniqClient, redis: Any, clock: Clock) -> None:
    redis.set("{omniq:x}:listed", "rubbish")
    redis.rpush("{a}:wait", "x")
    Background(client.link, clock).tick()
    assert (kept(redis), redis.exists("{omniq:x}:listed")) == ({b"a"}, 0)


def test_it_goes_on_without_the_queues_that_its_user_may_not_read(
    client: OmniqClient, redis_server: Any, redis: Any, clock: Clock
) -> None:
    for queue in ("a", "b"):
        fail_jobs(client, queue, 2, now_ms=clock.now_ms, error="KeyError: 'a'")
        publish_jobs(client, queue, ["g1", "g2"], now_ms=clock.now_ms, gid="G")
    redis.set("{cc:order}:count", "2")
    redis.acl_setuser("some", enabled=True, nopass=True, keys=["{a}:*", "{omniq:x}:*"], commands=["+@all"])
    try:
        with OmniqClient(host=redis_server.host, port=redis_server.port, username="some", password="x") as some:
            background = Background(some.link, clock, counter_at="completion_key")

            def go_on(times: int) -> None:
                for _ in range(times):
                    want_failures(some.link, "a", clock.now_ms)
                    want_failures(some.link, "b", clock.now_ms)
                    want_groups(some.link, "b", clock.now_ms)
                    background.tick()
                    clock.advance(2_000)

            go_on(20)
            assert (background.leads, kept(redis)) == (True, {b"a"})
            assert read_overview(some.link, clock.now_ms).names == ("a", "b"), "it is there all the same"
            assert failure_kinds(some.link, "a", now_ms=clock.now_ms).complete
            assert [redis.exists(f"{{{queue}}}:x:hist:1", f"{{{queue}}}:x:groups") for queue in "ab"] == [2, 0]
            refusals = sum(int(one["count"]) for one in redis.acl_log())
            assert refusals <= 12, "each queue is asked once a minute, by each who asks"
            redis.acl_setuser("some", enabled=True, keys=["{b}:*"])
            clock.advance(60_000)
            go_on(3)
            assert kept(redis) == {b"a", b"b"}
            redis.acl_setuser("some", enabled=True, reset_keys=True, keys=["{a}:*", "{omniq:x}:*"])
            go_on(20)
            assert (background.leads, kept(redis)) == (True, {b"a"}), "also when the right is taken away again"
            assert redis.hget("{omniq:x}:now", ":at") > b"%d" % (clock.now_ms - 12_000)
    finally:
        redis.acl_deluser("some")
        redis.acl_log_reset()
