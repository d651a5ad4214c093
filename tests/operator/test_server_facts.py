"""What Redis says about itself, on each kind of server and with each command forbidden."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from omniq_core import Link, Memory, OmniqClient, measure_answer, seen_facts, server_facts
from omniq_core.operator.server_facts import answer_times
from tests.support.redis_server import RedisServer

T = 1_750_000_000_000
REFUSED = ResponseError("NOPERM this user has no permissions to run the 'hello' command")


class Said:
    """A link that answers what it is told to."""

    def __init__(self, **said: Any) -> None:
        self.said = {"PING": True, "TIME": (T // 1000, 0), "INFO": {}, "HELLO": REFUSED, "SLOWLOG": [], **said}

    def each_master(self) -> list[Any]:
        return []

    def pipeline(self, commands: Any) -> list[Any]:
        sent = [command[3:] if command[0] == "EVAL" else command for command in commands]
        return [{} if command[1:] == ("commandstats",) else self.said[command[0]] for command in sent]


def look(wall: tuple[int, int] = (T, T), took: float = 0.002, **said: Any) -> Any:
    walls, timers = iter(wall), iter((0.0, took))
    link: Any = Said(**said)
    return server_facts(link, T, wall=lambda: next(walls), timer=lambda: next(timers))


@contextmanager
def user_without(server: RedisServer, redis: Any, *forbidden: str) -> Iterator[Link]:
    commands = ["+@all", *(f"-{name}" for name in forbidden)]
    redis.acl_setuser("watcher", enabled=True, nopass=True, keys=["*"], commands=commands)
    try:
        with OmniqClient(host=server.host, port=server.port, username="watcher", password="x") as found:
            yield found.link
    finally:
        redis.acl_deluser("watcher")


def test_a_server_that_may_be_asked(client: OmniqClient, redis: Any) -> None:
    for _ in range(3):
        measure_answer(client.link)
    trips = client.link.round_trips
    found = server_facts(client.link, T)
    assert client.link.round_trips - trips == 2
    info = redis.info()
    assert found.version == info.get("valkey_version", info["redis_version"])
    assert (found.cluster, found.port) == (False, info["tcp_port"])
    assert found.memory is not None and found.memory.policy == info["maxmemory_policy"]
    assert found.clients is not None and 1 <= found.clients.connected <= found.clients.most
    assert found.replication is not None and (found.replication.primary, found.replication.replicas) == (True, 0)
    assert found.clock_ms is not None and abs(found.clock_ms) <= found.clock_error_ms + 1
    assert found.answers.count == 4
    assert 0 < found.answers.now_us <= found.answers.p99_us
    assert seen_facts(client.link) == found


@pytest.mark.parametrize(
    ("command", "unknown"),
    [
        ("info", {"memory", "clients", "persistence", "replication", "up_ms", "port"}),
        ("time", {"clock_ms"}),
        ("slowlog", {"slow"}),
        ("client", set[str]()),
        ("memory", set[str]()),
        ("scan", set[str]()),
    ],
)
def test_what_may_not_be_asked_is_not_known_and_the_rest_is(
    redis_server: RedisServer, redis: Any, command: str, unknown: set[str]
) -> None:
    with user_without(redis_server, redis, command) as link:
        found = server_facts(link, T)
    asked = ("version", "memory", "clients", "persistence", "replication", "up_ms", "port", "clock_ms", "slow")
    assert {name for name in asked if getattr(found, name) is None} == unknown
    assert (found.script_us is None) == (command != "slowlog")
    assert found.answers.count == 1


def test_scripts_that_took_long(client: OmniqClient, redis: Any) -> None:
    least = redis.config_get("slowlog-log-slower-than")["slowlog-log-slower-than"]
    redis.config_set("slowlog-log-slower-than", 0)
    try:
        redis.slowlog_reset()
        redis.eval("return 1", 0, "what it was given")
        redis.get("no script")
        found = server_facts(client.link, client.link.r.time()[0] * 1000).slow
    finally:
        redis.config_set("slowlog-log-slower-than", least)
        redis.slowlog_reset()
    assert found is not None
    assert [one.command for one in found] == [b"EVAL return 1 0"]


def test_an_hour_later_a_script_is_no_longer_slow() -> None:
    entries = [[n, (T - ago) // 1000, us, [b"evalsha", b"abc", b"1"], b"", b""] for n, ago, us in
               ((0, 3_600_000, 900), (1, 3_599_000, 700), (2, 1_000, 800))]  # fmt: skip
    assert [one.took_us for one in look(SLOWLOG=entries).slow] == [800, 700]


def test_how_far_the_clocks_are_apart() -> None:
    """The answer was under way for 20 ms: the server looked at its clock in the middle, give or take 10 ms."""
    found = look(wall=(T - 300, T - 280))
    assert (found.clock_ms, found.clock_error_ms) == (290, 10)
    assert look(wall=(T + 40, T + 40)).clock_ms == -40


def test_what_other_servers_say() -> None:
    found = look(
        INFO={"valkey_version": "8.1.3", "redis_version": "7.2.4", "role": "slave", "master_link_status": "down"}
    )
    assert (found.engine, found.version) == ("Valkey", "8.1.3")
    assert (found.replication.primary, found.replication.link_up) == (False, False)
    found = look(INFO=REFUSED, HELLO=[b"server", b"valkey", b"version", b"9.1.0", b"mode", b"cluster"])
    assert (found.engine, found.version, found.cluster, found.memory) == ("Valkey", "9.1.0", True, None)
    fine = look(INFO={"aof_enabled": 1, "aof_last_write_status": "err", "rdb_last_bgsave_status": "err",
                      "rdb_last_save_time": T // 1000 - 38, "rdb_last_bgsave_time_sec": 0}).persistence  # fmt: skip
    assert (fine.aof, fine.aof_fine, fine.save_fine, fine.saved_ms) == (True, False, False, T - 38_000)
    never = look(INFO={"rdb_last_save_time": T // 1000, "rdb_last_bgsave_time_sec": -1}).persistence
    assert (never.aof, never.saved_ms) == (False, None)

    copied = look(INFO={"rdb_last_save_time": T // 1000, "rdb_last_bgsave_time_sec": 0, "rdb_saves": 0}).persistence
    assert copied.saved_ms is None, "a copy for a replica is no save of its own"


def test_of_a_cluster_whose_first_master_is_away_the_next_one_is_shown() -> None:
    here = Said(INFO={"cluster_enabled": 1, "maxmemory": 4})

    def gone(_commands: Any) -> list[Any]:
        raise RedisConnectionError("Error 111 connecting to a:1. Connection refused.")

    link: Any = Said()
    link.each_master = lambda: [("a:1", gone), ("b:1", here.pipeline)]
    found = server_facts(link, T)
    assert [(one.node, one.away, one.memory is None) for one in found.all] == [
        ("b:1", "", False),
        ("a:1", "connection refused", True),
    ]
    link.each_master = lambda: [("a:1", gone), ("b:1", gone)]
    with pytest.raises(RedisConnectionError):
        server_facts(link, T)


def test_which_policies_take_jobs_away() -> None:
    assert Memory(1, 4, "allkeys-lru").evicts_jobs
    assert not Memory(1, 0, "allkeys-lru").evicts_jobs, "without a limit nothing is removed"
    assert not Memory(1, 4, "volatile-lru").evicts_jobs


def test_the_answer_time_is_of_the_last_pings() -> None:
    link: Any = Said()
    for ms in range(250, 0, -1):
        timers = iter((0.0, ms / 1000))
        measure_answer(link, lambda timers=timers: next(timers))
    found = answer_times(link)
    # 200 are kept, of 200 down to 1 ms. 198 of them are no slower than 198 ms; the median of 5, 4, 3, 2, 1 is 3 ms.
    assert (found.count, found.now_us, found.p99_us) == (200, 3_000, 198_000)


def test_what_is_not_answered_just_now_is_not_called_forbidden() -> None:
    """A renamed command and a refused one leave gaps; of a cluster the other masters are still shown."""
    busy = ResponseError("BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.")
    for command in ("PING", "TIME", "INFO", "SLOWLOG"):
        with pytest.raises(ResponseError, match="BUSY"):
            server_facts(cast(Any, Said(**{command: busy})), T)
    found = look(TIME=ResponseError("ERR unknown command 'TIME'"), INFO=REFUSED, SLOWLOG=REFUSED)
    assert (found.clock_ms, found.memory, found.slow, found.script_us) == (None, None, None, 0)

    link: Any = Said()
    link.each_master = lambda: [("a:1", Said(PING=busy).pipeline), ("b:1", Said().pipeline)]
    found = server_facts(link, T)
    assert [(one.node, one.away) for one in found.all] == [("b:1", ""), ("a:1", "it is busy with a script")]
