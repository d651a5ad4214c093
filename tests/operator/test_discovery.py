"""Which queues exist."""

from __future__ import annotations

from typing import Any

import pytest

from omniq_core import Background, Discovery, OmniqClient, QueueSnapshot
from omniq_core.operator.discovery import queue_of
from omniq_core.operator.overview import pack_figures, read_overview, read_scan, state_of, unpack_figures
from tests.operator.test_server_facts import user_without
from tests.support.clock import Clock
from tests.support.factories import publish_jobs

READ_ONLY = ["+@all", "-@write", "+eval", "+evalsha"]


def scan_all(discovery: Discovery) -> None:
    while not discovery.step(1_000):
        pass


def names(client: OmniqClient) -> tuple[str, ...]:
    return read_overview(client.link, 1).names


@pytest.mark.parametrize(
    ("key", "queue"),
    [
        (b"{a.b-c_1}:stats", "a.b-c_1"),
        (b"{..}:wait", ".."),
        (b"{q}:has_groups", "q"),
        (b"{q}:job:x", None),
        (b"{q}:job:{x}:stats", None),
        (b"{q}:g:a:wait", None),
        (b"{{q}}:stats", None),
        (b"foo:stats", None),
        (b"{a:b}:stats", None),
        (b"{omniq:x}:scan", None),
        (b"{cc:k}:done", None),
        (b"{}:stats", None),
        (b"{%s}:stats" % (b"n" * 129), None),
        (b"{q}:stats\n", None),
        (b"{q}:sessions", None),
        (b"{\xff}:stats", None),
        ("{q}:stats", None),
    ],
)
def test_the_name_in_a_key(key: object, queue: str | None) -> None:
    assert queue_of(key) == queue


@pytest.mark.broken_data
def test_every_kind_of_queue_is_found_and_nothing_else(client: OmniqClient, redis: Any, clock: Clock) -> None:
    publish_jobs(client, "ordinary", 2, now_ms=clock.now_ms)
    redis.srem("{omniq:x}:queues", "ordinary")
    redis.set("{only-paused}:paused", "1")
    redis.rpush("{no-stats}:wait", "a")
    redis.rpush("{grouped-old}:g:G:wait", "a")
    redis.set("{grouped-old}:has_groups", "1")
    redis.hset("foreign:stats", "hits", 1)
    redis.set("{user}:session", "x")
    redis.hset("{{braces}}:stats", "waiting", 1)
    redis.sadd("{cc:order}:done", "x")
    scan_all(Discovery(client.link))
    assert names(client) == ("grouped-old", "no-stats", "only-paused", "ordinary")


@pytest.mark.broken_data
def test_a_name_without_keys_leaves_after_two_passes(client: OmniqClient, redis: Any) -> None:
    redis.rpush("{stays}:wait", "a")
    redis.sadd("{omniq:x}:queues", "claimed", "stays", "not a name", b"\xff")
    discovery = Discovery(client.link)
    scan_all(discovery)
    assert names(client) == ("claimed", "stays")
    scan_all(discovery)
    assert names(client) == ("stays",)
    redis.delete("{stays}:wait")
    scan_all(discovery)
    redis.rpush("{stays}:wait", "a")
    scan_all(discovery)
    redis.delete("{stays}:wait")
    scan_all(discovery)
    assert names(client) == ("stays",), "the passes without keys must follow each other"


@pytest.mark.broken_data
def test_progress_goes_through_redis_and_another_process_goes_on(
    client: OmniqClient, redis_server: Any, redis: Any
) -> None:
    pipe = redis.pipeline(transaction=False)
    for n in range(20_000):
        pipe.set(f"other:{n}", "x")
    pipe.rpush("{q}:wait", "a")
    pipe.execute()
    first = Discovery(client.link)
    assert first.step(0) is False
    state = read_overview(client.link, 1).discovery
    assert (state.done, state.total) == (False, 20_001)
    assert 0 < state.seen < state.total
    with OmniqClient(redis_url=redis_server.url) as other:
        assert read_overview(other.link, 1).discovery == state
        second = Discovery(other.link)
        second.take_over(redis.get("{omniq:x}:scan"))
        second.step(0)
        assert read_overview(other.link, 1).discovery.seen == state.seen + 1_000
        calls = redis.info("commandstats")["cmdstat_scan"]["calls"]
        scan_all(second)
        assert redis.info("commandstats")["cmdstat_scan"]["calls"] - calls < 20_001 // 1_000 + 5
        done = read_overview(client.link, 1).discovery
    assert (done.done, done.seen) == (True, done.total)
    assert 0 < redis.pttl("{omniq:x}:scan") <= 60_000


def test_a_step_ends_when_its_time_is_used_up(client: OmniqClient, redis: Any) -> None:
    redis.mset({f"other:{n}": "x" for n in range(10_000)})
    ticks = iter(n / 1_000 for n in range(1_000))
    discovery = Discovery(client.link, timer=lambda: next(ticks))
    redis.config_resetstat()
    discovery.step(3)
    assert redis.info("commandstats")["cmdstat_scan"]["calls"] == 3


@pytest.mark.parametrize("rubbish", [b"", b"{", b"[]", b'{"v":2}', b'{"v":1,"seen":"a"}', b"9" * 5_000])
def test_a_state_that_cannot_be_read_is_a_fresh_start(rubbish: bytes) -> None:
    state, cursor = read_scan(rubbish)
    assert (state.done, state.seen, state.total, cursor) == (False, 0, 0, 0)


@pytest.mark.broken_data
def test_own_keys_of_the_wrong_type_raise_nothing(client: OmniqClient, redis: Any) -> None:
    redis.set("{omniq:x}:queues", "rubbish")
    redis.set("{omniq:x}:now", "rubbish")
    redis.hset("{omniq:x}:scan", "a", "b")
    redis.rpush("{q}:wait", "a")
    assert names(client) == ()
    redis.delete("{omniq:x}:scan")
    scan_all(Discovery(client.link))
    assert names(client) == ("q",)


def test_a_request_never_scans_and_is_one_round_trip(client: OmniqClient, redis: Any) -> None:
    redis.config_resetstat()
    before = client.link.round_trips
    read_overview(client.link, 1)
    assert client.link.round_trips - before == 1
    assert not {"cmdstat_scan", "cmdstat_keys"} & set(redis.info("commandstats"))


@pytest.mark.broken_data
def test_where_nothing_may_be_written_the_process_knows_the_queues(
    client: OmniqClient, redis_server: Any, redis: Any
) -> None:
    redis.rpush("{q}:wait", "a")
    redis.acl_setuser(
        "reader", enabled=True, nopass=True, keys=["*"], commands=["+@all", "-@write", "+eval", "+evalsha"]
    )
    try:
        with OmniqClient(host=redis_server.host, port=redis_server.port, username="reader", password="x") as reader:
            scan_all(Discovery(reader.link))
            found = read_overview(reader.link, 1)
            assert state_of(reader.link).writable is False
            assert (found.names, found.age_ms, found.snapshots["q"].waiting) == (("q",), 0, 1)
            assert found.discovery.done is True
    finally:
        redis.acl_deluser("reader")
    assert not redis.exists("{omniq:x}:scan", "{omniq:x}:queues")


@pytest.mark.broken_data
def test_the_list_of_old_sdks_is_believed_where_keys_back_it(client: OmniqClient, redis: Any) -> None:
    redis.sadd("omniq:queues", "{old}", "{long-gone}", "{not a name}", b"\xff")
    redis.zadd("{old}:groups:ready", {"g": 1})  # no key that the scan's pattern lets through
    discovery = Discovery(client.link)
    for _ in range(3):
        scan_all(discovery)
        assert names(client) == ("old",)
    redis.delete("omniq:queues", "{old}:groups:ready")
    redis.set("omniq:queues", "not a set")
    scan_all(discovery)
    scan_all(discovery)
    assert names(client) == ()


def test_figures_that_cannot_be_read_take_none_of_the_others_with_them() -> None:
    good = {b"a": pack_figures(QueueSnapshot("a", exists=True, failed=3)), b"z": pack_figures(QueueSnapshot("z"))}
    assert unpack_figures(good)[0] == {"a": QueueSnapshot("a", exists=True, failed=3), "z": QueueSnapshot("z")}
    few, other, odd = b'{"v":1,"f":[1]}', b'{"v":2,"f":[1]}', b'{"v":1,"f":["a"]}'
    bad = [b"", b"{", b"[1", b"2]", b"1,2", few, other, odd, b'{"v":1,"f":[,]}', b'{"v":1,"f":[nul]}', b"\xff" * 5_000]
    spoiled = {f"b{n}".encode(): value for n, value in enumerate(bad)}
    assert unpack_figures({b"a": good[b"a"], **spoiled, b"z": good[b"z"]})[0] == unpack_figures(good)[0]


@pytest.mark.broken_data
def test_where_scan_is_not_permitted_what_is_known_is_kept_and_it_is_tried_once_a_minute(
    client: OmniqClient, redis_server: Any, redis: Any, clock: Clock
) -> None:
    publish_jobs(client, "told", 2, now_ms=clock.now_ms)
    redis.rpush("{hidden}:wait", "a")
    redis.hset("{hidden}:job:a", mapping={"id": "a", "state": "wait"})
    redis.sadd("omniq:queues", "{listed}")
    redis.hset("{listed}:stats", "waiting", 0)
    redis.sadd("{omniq:x}:queues", "gone")
    with user_without(redis_server, redis, "scan") as link:
        background = Background(link, lambda: clock.now_ms, timer=lambda: clock.now_ms / 1000)

        def pass_by(seconds: int) -> None:
            for _ in range(seconds):
                background.tick()
                clock.advance(1_000)

        redis.acl_log_reset()
        pass_by(50)
        state_of(link).looked_ms = clock.now_ms
        pass_by(9)
        found = read_overview(link, clock.now_ms)
        assert (found.names, sorted(found.snapshots)) == (("listed", "told"), ["listed", "told"])
        assert found.age_ms is not None and found.snapshots["told"].waiting_total == 2
        assert (found.discovery.done, found.discovery.refused) == (True, True)
        assert [(one["object"], one["count"]) for one in redis.acl_log()] == [("scan", 1)]
        assert redis.exists("{told}:x:hist:1"), "the rest of the background works"
        redis.acl_setuser("watcher", commands=["+scan"])
        pass_by(40)
        found = read_overview(link, clock.now_ms)
        assert (found.names, found.discovery.refused) == (("hidden", "listed", "told"), False)
