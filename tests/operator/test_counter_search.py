"""Which child counters are open: found by the search for queues, without a command more for those it meets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from omniq_core import (
    MOST_COUNTERS,
    Background,
    Discovery,
    OmniqClient,
    counter_list,
    read_counters,
    remove_counter,
)
from omniq_core.operator.counter_search import counter_of
from tests.support.clock import Clock

HOSTILE = (
    "<script>alert(1)</script>",
    "a\nb",
    "🔥",
    "\udcff",
    "x" * 128,
    "🔥" * 128,
    " padded ",
    "..",
    "a:b",
    ":count",
)


def scan_all(discovery: Discovery) -> None:
    while not discovery.step(1_000):
        pass


def keys(client: OmniqClient) -> tuple[str, ...]:
    return counter_list(client.link, 1).keys


def known(redis: Any) -> set[bytes]:
    return redis.smembers("{omniq:x}:children")


@contextmanager
def reader_of(redis_server: Any, redis: Any) -> Iterator[OmniqClient]:
    commands = ["+@all", "-@write", "+eval", "+evalsha"]
    redis.acl_setuser("reader", enabled=True, nopass=True, keys=["*"], commands=commands)
    try:
        with OmniqClient(host=redis_server.host, port=redis_server.port, username="reader", password="x") as reader:
            yield reader
    finally:
        redis.acl_deluser("reader")


@pytest.mark.parametrize(
    ("key", "name"),
    [
        (b"{cc:a}:count", b"a"),
        (b"{cc:a}:done", b"a"),
        (b"{cc:a\n:count}:done", b"a\n:count"),
        (b"{cc:\xff}:count", b"\xff"),
        (b"{cc:%s}:count" % (b"x" * 512), b"x" * 512),
        (b"{cc:%s}:count" % (b"x" * 513), None),
        (b"{cc:}:count", None),
        (b"{cc:a{b}:count", None),
        (b"{cc:a}b}:count", None),
        (b"{cc:a}:counts", None),
        (b"{cc:a}:meta", None),
        (b"x{cc:a}:count", None),
        (b"{a}:count", None),
        ("{cc:a}:count", None),
    ],
)
def test_the_completion_key_in_a_key(key: object, name: bytes | None) -> None:
    assert counter_of(key) == name


@pytest.mark.broken_data
@pytest.mark.parametrize("key", HOSTILE, ids=ascii)
def test_hostile_keys_are_found_read_and_removed_alone(client: OmniqClient, redis: Any, key: str) -> None:
    raw = key.encode("utf-8", "surrogateescape")
    redis.set(b"{cc:" + raw + b"}:count", 3)
    redis.sadd(b"{cc:" + raw + b"}:done", "a")
    client.childs_init(key="other", expected=2)
    scan_all(Discovery(client.link))
    assert set(keys(client)) == {key, "other"}
    found = read_counters(client.link, [key])[key]
    assert found.total == 4
    assert remove_counter(client.link, key, found.seen) == "OK"
    assert remove_counter(client.link, key, found.seen) == "GONE"
    assert read_counters(client.link, [key, "other"]).keys() == {"other"}


def test_a_finished_counter_leaves_and_may_come_again(client: OmniqClient, redis: Any) -> None:
    discovery = Discovery(client.link)
    client.childs_init(key="a", expected=1)
    client.childs_init(key="b", expected=1)
    scan_all(discovery)
    assert keys(client) == ("a", "b")
    client.child_ack(key="a", child_id="x")
    scan_all(discovery)
    assert (keys(client), known(redis)) == (("b",), {b"b"})
    client.childs_init(key="a", expected=1)
    scan_all(discovery)
    assert keys(client) == ("a", "b")


def test_a_list_is_one_round_trip_and_scans_nothing(client: OmniqClient, redis: Any) -> None:
    redis.config_resetstat()
    before = client.link.round_trips
    counter_list(client.link, 1)
    assert client.link.round_trips - before == 1
    assert not {"cmdstat_scan", "cmdstat_keys"} & set(redis.info("commandstats"))


def make_many(redis: Any, number: int) -> None:
    pipe = redis.pipeline(transaction=False)
    for n in range(number):
        pipe.set(f"{{cc:import:{n:06}}}:count", n + 1)
    pipe.execute()


@pytest.mark.broken_data
def test_ten_thousand_are_kept_and_the_page_learns_that_there_are_more(client: OmniqClient, redis: Any) -> None:
    make_many(redis, MOST_COUNTERS + 50)
    discovery = Discovery(client.link)
    scan_all(discovery)
    listed = counter_list(client.link, 1)
    assert (len(listed.keys), listed.full, len(known(redis))) == (10_000, True, 10_000)
    left_out = {f"import:{n:06}" for n in range(MOST_COUNTERS + 50)} - set(listed.keys)
    assert len(left_out) == 50
    for key in listed.keys[:60]:
        redis.delete(f"{{cc:{key}}}:count")
    scan_all(discovery)  # those leave at its end,
    scan_all(discovery)  # and their room is taken
    now = counter_list(client.link, 1)
    assert (len(now.keys), now.full) == (9_990, False)
    assert left_out <= set(now.keys)


@pytest.mark.broken_data
def test_a_pass_asks_only_for_counters_it_did_not_meet(client: OmniqClient, redis: Any) -> None:
    make_many(redis, 3_000)
    discovery = Discovery(client.link)
    scan_all(discovery)
    redis.delete("{cc:import:000007}:count")
    redis.config_resetstat()
    before = client.link.round_trips
    scan_all(discovery)
    stats = redis.info("commandstats")
    assert stats["cmdstat_exists"]["calls"] == 1
    assert "cmdstat_smembers" not in stats or stats["cmdstat_smembers"]["calls"] == 1, "only that of the queues"
    scans = stats["cmdstat_scan"]["calls"]
    assert client.link.round_trips - before <= scans + 6
    assert len(keys(client)) == 2_999


@pytest.mark.broken_data
def test_another_process_goes_on_with_the_same_set(client: OmniqClient, redis_server: Any, redis: Any) -> None:
    make_many(redis, 30)
    scan_all(Discovery(client.link))
    redis.delete("{cc:import:000003}:count")
    redis.sadd("{omniq:x}:children", "claimed", b"no{key", b"y" * 600)
    with OmniqClient(redis_url=redis_server.url) as other:
        second = Discovery(other.link)
        second.take_over(redis.get("{omniq:x}:scan"))
        scan_all(second)
        assert keys(client) == keys(other)
    assert known(redis) == {f"import:{n:06}".encode() for n in range(30) if n != 3}


@pytest.mark.broken_data
def test_who_takes_over_in_mid_pass_drops_none_it_did_not_meet(
    client: OmniqClient, redis_server: Any, redis: Any
) -> None:
    make_many(redis, 4_000)
    first = Discovery(client.link)
    scan_all(first)
    assert first.step(0) is False
    with OmniqClient(redis_url=redis_server.url) as other:
        second = Discovery(other.link)
        second.take_over(redis.get("{omniq:x}:scan"))
        scan_all(second)
        assert len(keys(other)) == 4_000


@pytest.mark.broken_data
def test_who_leads_again_believes_the_set_and_not_its_memory(client: OmniqClient, redis: Any) -> None:
    make_many(redis, 2)
    discovery = Discovery(client.link)
    scan_all(discovery)
    redis.srem("{omniq:x}:children", "import:000001")
    redis.sadd("{omniq:x}:children", "of-the-other-leader")  # as many as before
    discovery.take_over(redis.get("{omniq:x}:scan"))
    scan_all(discovery)
    assert keys(client) == ("import:000000", "import:000001")


@pytest.mark.broken_data
@pytest.mark.parametrize("damage", ["deleted", "another type"])
def test_a_set_that_was_lost_is_made_again(client: OmniqClient, redis: Any, damage: str) -> None:
    make_many(redis, 3)
    discovery = Discovery(client.link)
    scan_all(discovery)
    redis.delete("{omniq:x}:children")
    if damage == "another type":
        redis.set("{omniq:x}:children", "rubbish")
        assert len(keys(client)) == 3, "what the process knows stands in for it"
    scan_all(discovery)
    scan_all(discovery)
    assert len(keys(client)) == len(known(redis)) == 3


@pytest.mark.broken_data
def test_without_write_permission_the_process_knows_them(client: OmniqClient, redis_server: Any, redis: Any) -> None:
    make_many(redis, 3)
    with reader_of(redis_server, redis) as reader:
        discovery = Discovery(reader.link)
        scan_all(discovery)
        scan_all(discovery)
        assert len(counter_list(reader.link, 1).keys) == 3
        redis.delete("{cc:import:000001}:count")
        scan_all(discovery)
        assert counter_list(reader.link, 1).keys == ("import:000000", "import:000002")
    assert not redis.exists("{omniq:x}:children")


@pytest.mark.broken_data
def test_an_allow_list_finds_none_and_says_so(client: OmniqClient, redis: Any, clock: Clock) -> None:
    make_many(redis, 1)
    Background(client.link, clock, ["mail"]).tick()
    listed = counter_list(client.link, clock.now_ms)
    assert (listed.keys, listed.searched) == ((), False)


def test_a_look_makes_the_background_hurry(client: OmniqClient, redis: Any, clock: Clock) -> None:
    background = Background(client.link, clock)
    background.tick()
    client.childs_init(key="late", expected=1)
    clock.advance(29_999)
    background.tick()
    assert known(redis) == set(), "nobody looked, so the next pass begins after 30 s"
    counter_list(client.link, clock.now_ms)
    background.tick()
    assert known(redis) == {b"late"}
    client.childs_init(key="later", expected=1)
    clock.advance(1_999)
    background.tick()
    assert known(redis) == {b"late"}
    clock.advance(1)
    background.tick()
    assert known(redis) == {b"late", b"later"}
