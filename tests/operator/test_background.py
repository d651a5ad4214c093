"""What happens once per Redis: a leader, the search, the figures."""

from __future__ import annotations

from typing import Any

import pytest

from omniq_core import REDIS_ERRORS, Background, OmniqClient, QueueSnapshot, failure_kinds, read_overview, want_failures
from omniq_core.operator import background as module
from omniq_core.operator.overview import pack_figures
from tests.operator.failing import fail_by_hand
from tests.support.clock import Clock
from tests.support.factories import fail_jobs, publish_jobs
from tests.support.redis_server import RedisServer

OTHER_VERSION = pack_figures(QueueSnapshot("q", exists=True)).decode().replace('"v":1', '"v":2')
READ_ONLY = ["+@all", "-@write", "+eval", "+evalsha"]


def test_one_tick_finds_queues_and_writes_their_figures(client: OmniqClient, redis: Any, clock: Clock) -> None:
    fail_jobs(client, "q", 3, now_ms=clock.now_ms)
    Background(client.link, clock).tick()
    clock.advance(700)
    found = read_overview(client.link, clock.now_ms)
    assert (found.names, found.age_ms, found.snapshots["q"].failed) == (("q",), 700, 3)
    for name in ("now", "leader", "scan"):
        assert 0 < redis.pttl(f"{{omniq:x}}:{name}") <= 60_000
    assert sorted(redis.scan_iter("{omniq:x}:*")) == sorted(
        b"{omniq:x}:" + name for name in (b"now", b"leader", b"scan", b"queues")
    )


def test_figures_are_fresh_while_somebody_looks_and_rare_else(client: OmniqClient, clock: Clock) -> None:
    background = Background(client.link, clock)
    publish_jobs(client, "q", 1, now_ms=clock.now_ms)
    background.tick()

    def waiting() -> int:
        return read_overview(client.link, clock.now_ms).snapshots["q"].waiting

    assert waiting() == 1  # somebody looks from here on
    publish_jobs(client, "q", ["more"], now_ms=clock.now_ms)
    clock.advance(10_000)
    background.tick()
    assert waiting() == 2
    publish_jobs(client, "q", ["even-more"], now_ms=clock.now_ms)
    clock.advance(1_999)
    background.tick()
    assert waiting() == 2
    clock.advance(1)
    background.tick()
    assert waiting() == 3
    clock.advance(30_001)  # nobody looked for 30 s
    background.tick()
    publish_jobs(client, "q", ["last"], now_ms=clock.now_ms)
    clock.advance(9_999)
    background.tick()
    assert client.link.call("HGET", b"{omniq:x}:now", b":at") == b"%d" % (clock.now_ms - 9_999)


def test_one_leads_and_another_takes_over(client: OmniqClient, other: OmniqClient, redis: Any, clock: Clock) -> None:
    first, second = Background(client.link, clock), Background(other.link, clock)
    first.tick()
    second.tick()
    assert (first.leads, second.leads) == (True, False)
    assert 11_000 < redis.pttl("{omniq:x}:leader") <= 12_000
    redis.pexpire("{omniq:x}:leader", 1_000)
    clock.advance(4_000)
    first.tick()
    assert 11_000 < redis.pttl("{omniq:x}:leader") <= 12_000
    first.close()
    clock.advance(5_000)
    second.tick()
    assert (first.leads, second.leads) == (False, True)
    clock.advance(5_000)
    first.tick()
    assert first.leads is False
    first.close()
    assert redis.exists("{omniq:x}:leader"), "only who holds the claim may give it up"


def test_a_claim_that_another_took_is_not_given_up(client: OmniqClient, redis: Any, clock: Clock) -> None:
    background = Background(client.link, clock)
    background.tick()
    redis.set("{omniq:x}:leader", "another", px=15_000)
    background.close()
    assert redis.get("{omniq:x}:leader") == b"another"


def test_an_unanswered_election_is_held_again_at_once(throwaway_redis: RedisServer, clock: Clock) -> None:
    with OmniqClient(redis_url=throwaway_redis.url) as client:
        background = Background(client.link, clock)
        throwaway_redis.stop()
        with pytest.raises(REDIS_ERRORS):
            background.tick()
        assert not background.leads
        throwaway_redis.start()
        background.tick()
        assert background.leads


def test_a_look_at_a_process_that_does_not_lead_reaches_the_leader(
    client: OmniqClient, other: OmniqClient, clock: Clock
) -> None:
    leader, follower = Background(client.link, clock), Background(other.link, clock)
    publish_jobs(client, "q", 1, now_ms=clock.now_ms)
    leader.tick()
    follower.tick()
    clock.advance(10_000)
    read_overview(other.link, clock.now_ms)
    follower.tick()
    leader.tick()
    publish_jobs(client, "q", ["more"], now_ms=clock.now_ms)
    clock.advance(2_000)
    leader.tick()
    assert read_overview(other.link, clock.now_ms).snapshots["q"].waiting == 2


@pytest.mark.broken_data
def test_a_queue_that_left_leaves_the_figures(client: OmniqClient, redis: Any, clock: Clock) -> None:
    background = Background(client.link, clock)
    redis.rpush("{a}:wait", "x")
    redis.rpush("{b}:wait", "x")
    background.tick()
    redis.delete("{b}:wait")
    clock.advance(30_000)
    background.tick()
    assert redis.hexists("{omniq:x}:now", "a")
    assert not redis.hexists("{omniq:x}:now", "b")
    clock.advance(30_000)
    background.tick()
    assert read_overview(client.link, clock.now_ms).names == ("a",)


@pytest.mark.broken_data
def test_an_allow_list_scans_nothing_and_shows_nothing_else(client: OmniqClient, redis: Any, clock: Clock) -> None:
    redis.rpush("{a}:wait", "x")
    redis.rpush("{b}:wait", "x")
    redis.config_resetstat()
    Background(client.link, clock, ["b", "empty"]).tick()
    found = read_overview(client.link, clock.now_ms)
    assert (found.names, list(found.snapshots), found.discovery.done) == (("b", "empty"), ["b"], True)
    assert "cmdstat_scan" not in redis.info("commandstats")
    with pytest.raises(ValueError, match="not a queue name"):
        Background(client.link, clock, ["a:b"])


def test_scanning_takes_one_twentieth_of_the_time(client: OmniqClient, redis: Any, clock: Clock) -> None:
    redis.mset({f"other:{n}": "x" for n in range(50_000)})
    time_s = iter(n / 100 for n in range(10_000))  # each look at the clock is 10 ms later
    background = Background(client.link, clock, timer=lambda: next(time_s))
    started = next(time_s)
    rest = background.tick()
    worked = next(time_s) - started
    assert rest / (rest + worked) >= 0.9
    assert rest >= 0.03 * 19


@pytest.mark.broken_data
@pytest.mark.parametrize(
    "rubbish", ["string", "{", '{"v":1,"f":[1]}', '{"v":1,"f":["a"]}', "x" * 5_000_000, OTHER_VERSION]
)
def test_figures_that_cannot_be_read_are_absent(client: OmniqClient, redis: Any, rubbish: str) -> None:
    redis.sadd("{omniq:x}:queues", "q")
    redis.hset("{omniq:x}:now", mapping={"q": rubbish, ":at": "abc", "no name": "x"})
    found = read_overview(client.link, 1)
    assert (found.names, found.snapshots, found.age_ms) == (("q",), {}, None)


@pytest.mark.broken_data
def test_our_keys_of_another_type_are_put_right(client: OmniqClient, redis: Any, clock: Clock) -> None:
    redis.set("{omniq:x}:now", "rubbish")
    redis.rpush("{omniq:x}:leader", "rubbish")
    redis.rpush("{q}:wait", "a")
    background = Background(client.link, clock)
    background.tick()
    clock.advance(10_000)
    background.tick()
    assert read_overview(client.link, clock.now_ms).snapshots["q"].waiting == 1


@pytest.mark.broken_data
def test_without_write_permission_it_works_for_its_process(
    client: OmniqClient, redis_server: Any, redis: Any, clock: Clock
) -> None:
    redis.rpush("{q}:wait", "a")
    redis.acl_setuser(
        "reader", enabled=True, nopass=True, keys=["*"], commands=["+@all", "-@write", "+eval", "+evalsha"]
    )
    with OmniqClient(host=redis_server.host, port=redis_server.port, username="reader", password="x") as reader:
        background = Background(reader.link, clock)
        for _ in range(3):
            background.tick()
            clock.advance(2_000)
        assert read_overview(reader.link, clock.now_ms).snapshots["q"].waiting == 1
        assert not list(redis.scan_iter("{omniq:x}:*"))
        redis.acl_setuser("reader", commands=["+@all"])
        for _ in range(3):
            clock.advance(module.TRY_WRITING_MS)
            background.tick()
        assert redis.hexists("{omniq:x}:now", "q"), "permission that comes later is used"
    redis.acl_deluser("reader")


def test_a_fork_gives_up_the_claim_of_its_parent(
    client: OmniqClient, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    background = Background(client.link, clock)
    background.tick()
    assert background.leads
    monkeypatch.setattr(module.os, "getpid", lambda: -1)
    background.tick()
    assert not background.leads


def test_errors_are_grouped_while_somebody_looks(
    client: OmniqClient, other: OmniqClient, redis: Any, clock: Clock
) -> None:
    fail_jobs(client, "q", 3, now_ms=clock.now_ms, error="KeyError: 'a'")
    leader, follower = Background(client.link, clock), Background(other.link, clock)
    leader.tick()
    assert not list(redis.scan_iter("{q}:x:fp:*")), "nobody looked"
    want_failures(other.link, "q", clock.now_ms)
    follower.tick()
    clock.advance(2_000)
    leader.tick()
    found = failure_kinds(client.link, "q", now_ms=clock.now_ms)
    assert (found.complete, [kind.jobs for kind in found.kinds]) == (True, [3])


def test_the_search_keeps_its_share_while_errors_are_read(client: OmniqClient, redis: Any, clock: Clock) -> None:
    redis.mset({f"other:{n}": "x" for n in range(50_000)})
    fail_by_hand(redis, [(f"job-{n:04}", "KeyError: 'a'") for n in range(2_000)], now_ms=clock.now_ms)
    time_s = iter(n / 100 for n in range(10_000))  # each look at the clock is 10 ms later
    background = Background(client.link, clock, timer=lambda: next(time_s))
    want_failures(client.link, "q", clock.now_ms)
    background.tick()
    passed = redis.info("commandstats")["cmdstat_scan"]["calls"]
    background.tick()  # the failures need it at once, the search still rests
    assert redis.info("commandstats")["cmdstat_scan"]["calls"] == passed


def test_a_redis_that_refuses_to_write_reads_no_errors(
    client: OmniqClient, redis_server: Any, redis: Any, clock: Clock
) -> None:
    fail_jobs(client, "q", 3, now_ms=clock.now_ms, error="KeyError: 'a'")
    redis.acl_setuser("reader", enabled=True, nopass=True, keys=["*"], commands=READ_ONLY)
    with OmniqClient(host=redis_server.host, port=redis_server.port, username="reader", password="x") as reader:
        background = Background(reader.link, clock)
        want_failures(reader.link, "q", clock.now_ms)
        background.tick()
        found = failure_kinds(reader.link, "q", now_ms=clock.now_ms)
        assert (found.writable, found.complete, found.kinds, found.total) == (False, False, (), 3)
    redis.acl_deluser("reader")
