"""Which groups there are: found by the search for queues; their figures are kept while somebody looks."""

from __future__ import annotations

from typing import Any

import pytest

from omniq_core import MOST_GROUPS, Background, Discovery, OmniqClient, group_rows, queue_snapshots, read_groups
from tests.support.factories import complete_jobs, publish_jobs

T = 1_750_000_000_000
HOUR = 3_600_000
HOSTILE = ("<script>", "a:wait", "a:g:b:limit", "a/b", "100%", "\udcff", "..", "a\nb", "{x}", "🔥", "x" * 200)


def scan_all(client: OmniqClient, now: int = T, discovery: Discovery | None = None) -> Discovery:
    discovery = discovery or Discovery(client.link, clock=lambda: now)
    while not discovery.step(1_000):
        pass
    return discovery


def known(redis: Any, queue: str = "q") -> dict[bytes, float]:
    return dict(redis.zrange(f"{{{queue}}}:x:groups", 0, -1, withscores=True))


def write_groups(redis: Any, count: int) -> None:
    """Straight into Redis: as many groups with a job, at their limit."""
    pipe = redis.pipeline(transaction=False)
    for nth in range(count):
        pipe.rpush(f"{{q}}:g:t-{nth:05}:wait", f"j{nth}")
        pipe.mset({f"{{q}}:g:t-{nth:05}:inflight": 1, f"{{q}}:g:t-{nth:05}:limit": 1 + nth % 3})
        if nth % 2_000 == 1_999:
            pipe.execute()
    pipe.hset("{q}:stats", "group_waiting", count)
    pipe.execute()


@pytest.mark.parametrize("gid", HOSTILE, ids=ascii)
def test_any_name_is_found(client: OmniqClient, redis: Any, gid: str) -> None:
    publish_jobs(client, "q", ["a"], now_ms=T, gid=gid)
    scan_all(client)
    assert known(redis) == {gid.encode("utf-8", "surrogateescape"): T}
    assert read_groups(client.link, "q", now_ms=T).names == (gid,)


def test_groups_at_work_are_told_from_those_that_are_over(client: OmniqClient, redis: Any) -> None:
    complete_jobs(client, "q", ["a"], now_ms=T, gid="over")
    publish_jobs(client, "q", ["b"], now_ms=T, gid="works")
    scan_all(client)
    assert known(redis) == {b"over": 0, b"works": T}
    assert 0 < redis.pttl("{q}:x:groups") <= 7 * 24 * HOUR
    # An hour later it is said again, but what is over is not called older than it was.
    redis.zadd("{q}:x:groups", {"over": T - 5})
    scan_all(client, T + HOUR)
    assert known(redis) == {b"over": T - 5, b"works": T + HOUR}


def test_a_group_is_written_down_once_an_hour(client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, "q", ["a"], now_ms=T, gid="G")
    discovery = scan_all(client)
    redis.delete("{q}:x:groups")
    scan_all(client, discovery=discovery)
    assert known(redis) == {}
    discovery.take_over(None)  # another process led meanwhile
    scan_all(client, discovery=discovery)
    assert known(redis) == {b"G": T}


def test_their_number_is_said_when_it_is_known(client: OmniqClient) -> None:
    def told() -> int | None:
        return queue_snapshots(client.link, ["q"], T)["q"].groups

    publish_jobs(client, "q", ["u"], now_ms=T)
    assert told() == 0
    publish_jobs(client, "q", ["a", "b"], now_ms=T, gid="G")
    assert told() is None
    scan_all(client)
    assert told() == 1
    for gid in ("H", "I"):
        publish_jobs(client, "q", [gid], now_ms=T, gid=gid)
    assert told() == 3  # all of them ready


@pytest.mark.broken_data
def test_the_list_keeps_those_that_were_at_work_last(client: OmniqClient, redis: Any) -> None:
    redis.zadd("{q}:x:groups", {f"old-{nth:05}": nth for nth in range(MOST_GROUPS)})
    publish_jobs(client, "q", ["a"], now_ms=T, gid="new")
    scan_all(client)
    assert redis.zcard("{q}:x:groups") == MOST_GROUPS
    assert redis.zscore("{q}:x:groups", "new") == T
    assert redis.zscore("{q}:x:groups", "old-00000") is None
    assert read_groups(client.link, "q", now_ms=T).full


def test_where_nothing_may_be_written_a_process_keeps_the_names(
    redis_server: Any, client: OmniqClient, redis: Any
) -> None:
    publish_jobs(client, "q", ["a", "b"], now_ms=T, gid="G")
    redis.acl_setuser(
        "reader", enabled=True, nopass=True, keys=["*"], commands=["+@all", "-@write", "+eval", "+evalsha"]
    )
    try:
        with OmniqClient(host=redis_server.host, port=redis_server.port, username="reader", password="x") as reader:
            discovery = scan_all(reader)
            scan_all(reader, discovery=discovery)
            client.reserve(queue="q", now_ms_override=T)
            redis.delete("{q}:idx:wait")  # only the scan can know it now
            redis.delete("{q}:idx:active")
            assert read_groups(reader.link, "q", now_ms=T).names == ("G",)
    finally:
        redis.acl_deluser("reader")
        publish_jobs(client, "q", [], now_ms=T)
        redis.flushall()


@pytest.mark.broken_data
def test_figures_of_many_groups_are_kept_while_somebody_looks(client: OmniqClient, redis: Any) -> None:
    write_groups(redis, 1_200)
    now = [T]
    background = Background(client.link, lambda: now[0], timer=lambda: 0.0)
    for _ in range(5):
        background.tick()
        now[0] += 2_000
    assert redis.exists("{q}:x:groups:now") == 0  # nobody looked
    assert read_groups(client.link, "q", now_ms=now[0]).figures is None
    for _ in range(40):
        background.tick()
    read = read_groups(client.link, "q", now_ms=now[0])
    assert read.figures is not None
    assert (len(read.figures), read.at_ms, len(read.names)) == (1_200, now[0], 1_200)
    assert read.figures[0][1:] == (1, 1, 1, "stuck")  # no job of it runs
    assert 0 < redis.pttl("{q}:x:groups:now") <= 30_000
    live = group_rows(client.link, "q", ["t-00001"])["t-00001"]
    assert live.figures == next(one for one in read.figures if one.gid == "t-00001")


@pytest.mark.broken_data
def test_a_round_adds_who_is_new_and_drops_who_has_no_key(client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, "q", ["a"], now_ms=T, gid="new")
    redis.zadd("{q}:x:groups", {"gone": T, "\x00gone": 0})
    read_groups(client.link, "q", now_ms=T)
    background = Background(client.link, lambda: T, ("q",))  # nothing is scanned
    for _ in range(5):
        background.tick()
    assert known(redis) == {b"new": T}
    assert redis.exists("{q}:x:groups:now") == 0  # few are read live


@pytest.mark.broken_data
def test_what_another_type_holds_in_our_keys_is_rubbish(client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, "q", ["a"], now_ms=T, gid="G")
    redis.set("{q}:x:groups", "x")
    redis.set("{omniq:x}:groups", "x")
    redis.set("{q}:x:groups:now", b'{"v":1,"at":5,"g":[["a"]]}')
    assert read_groups(client.link, "q", now_ms=T).figures is None
    background = Background(client.link, lambda: T, ("q",))
    for _ in range(8):
        background.tick()
    assert read_groups(client.link, "q", now_ms=T).names == ("G",)
    assert redis.type("{q}:x:groups") in (b"none", b"zset")


def test_a_leader_learns_of_a_look_elsewhere(redis_server: Any, client: OmniqClient, redis: Any) -> None:
    leader = Background(client.link, lambda: T)
    leader.tick()
    publish_jobs(client, "q", ["a"], now_ms=T, gid="G")
    with OmniqClient(redis_url=redis_server.url) as other:
        second = Background(other.link, lambda: T)
        second.tick()
        assert not second.leads
        read_groups(other.link, "q", now_ms=T)
        second.tick()
        assert redis.zscore("{omniq:x}:groups", "q") == T
