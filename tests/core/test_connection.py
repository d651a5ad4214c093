"""Addresses, labels and the clients that others bring."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import redis as redis_py
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    InvalidResponse,
    MasterDownError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    ResponseError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from omniq_core import REDIS_ERRORS, OmniqClient, connect, explain_redis_error
from tests.support.factories import fail_jobs, publish_jobs
from tests.support.redis_server import RedisServer, free_port
from tests.support.sources import ROOT

SECRET = "s3cr3t-word"


@pytest.mark.parametrize(
    ("address", "label"),
    [
        ({"redis_url": f"redis://user:{SECRET}@redis-main/0"}, "redis-main/0"),
        ({"redis_url": f"redis://:{SECRET}@10.0.0.5:6380/3"}, "10.0.0.5:6380/3"),
        ({"redis_url": f"rediss://:{SECRET}@secure:6379/1"}, "secure/1"),
        ({"redis_url": f"unix:///run/redis.sock?db=2&password={SECRET}"}, "/run/redis.sock/2"),
        ({"redis_url": f"redis://h?password={SECRET}"}, "h/0"),
        (
            {"redis_url": f"redis+sentinel://user:{SECRET}@b:1,a,[::1]:2/main/3?sentinel_password={SECRET}"},
            "main/3 (sentinels ::1:2, a:26379, b:1)",
        ),
        ({"redis_url": f"rediss+sentinel://:{SECRET}@a/main"}, "main/0 (sentinels a:26379)"),
        ({"host": "redis-main", "password": SECRET}, "redis-main/0"),
        ({"host": "redis-main", "port": 7000, "db": 4, "password": SECRET}, "redis-main:7000/4"),
    ],
)
def test_the_label_says_where_and_never_the_password(address: dict[str, Any], label: str) -> None:
    link = connect(**address)
    assert link.label == label
    link.close()


@pytest.mark.parametrize(
    "url",
    [
        f"http://:{SECRET}@host/0",
        f"host:{SECRET}",
        f"redis://:{SECRET}@host:port/0",
        f"redis://:{SECRET}@host:99999/0",
        f"redis://:{SECRET}@host:0/0",
        f"redis://:{SECRET}@[half/0",
        f"redis://:{SECRET}@host/notadb?health_check_interval=x",
        f"redis://:{SECRET}@host/zero",
        f"redis://:{SECRET}@host/0?socket_timeout={SECRET}",
        f"redis://:{SECRET}@host/0?{SECRET}=1",
        f"redis://:{SECRET}@host/0?retry_on_timeout=yes&retry=3",
        f"redis://:{SECRET}@host/0?retry=3",
        f"redis://:{SECRET}@host/0?protocol=9",
        f"unix://?password={SECRET}",
        f"redis+sentinel://:{SECRET}@h:1",
        f"redis+sentinel://:{SECRET}@h:1/",
        f"redis+sentinel://:{SECRET}@h:1,:2/main",
        f"redis+sentinel://:{SECRET}@h:{SECRET}/main",
        f"redis+sentinel://:{SECRET}@h:1/main/zero",
        f"redis+sentinel://:{SECRET}@h:1/main?{SECRET}=1",
        f"redis+sentinel://:{SECRET}@h:1/main?sentinel_socket_timeout={SECRET}",
        f"{SECRET}",
    ],
)
def test_a_bad_url_is_a_value_error_without_its_password(url: str) -> None:
    with pytest.raises(ValueError) as caught:
        OmniqClient(redis_url=url)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(
    "url",
    [
        "redis://dashboard:hu@sh#x@127.0.0.1:7101/0",
        "redis://u:12345#sh@h:1/0",
        "redis://:p@sh?x@h:1/0",
        "redis://:hu/sh@h:1/0",
        "redis://:12/sh@h",
        "redis://:p@sh#x",
        "rediss://u:p@sh/1?password=x@sh",
        "redis+sentinel://u:p@sh#x@a:1,b:2/main",
        "redis+sentinel://u:p@sh/x@a:1,b:2/main",
        "redis+sentinel://a:1,b:2/main?sentinel_password=hu#sh",
        "unix://u:p@sh/x@/run/redis.sock?db=2",
        "unix:///run/redis.sock?password=hu#sh",
    ],
)
def test_a_password_that_ends_the_host_is_refused_and_not_shown_as_the_host(url: str) -> None:
    with pytest.raises(
        ValueError, match=r"^not a Redis URL: write #, \?, / and @ in a password .* as %23, %3F, %2F"
    ) as bad:
        OmniqClient(redis_url=url)
    assert "sh" not in str(bad.value) and "12" not in str(bad.value)


def test_a_password_may_hold_every_sign_encoded() -> None:
    for url in ("redis://u:%23%3F%2F%40@h/0", "redis+sentinel://u:%23%3F%2F%40@a:1/main", "unix://u:%23%3F%2F%40@/s"):
        link = connect(redis_url=url)
        assert link.r.connection_pool.connection_kwargs["password"] == "#?/@"
        link.close()


def test_nothing_to_connect_to_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="nothing to connect to"):
        OmniqClient()


def test_it_can_be_made_while_redis_is_away_and_then_raises() -> None:
    with OmniqClient(host="127.0.0.1", port=free_port()) as client, pytest.raises(RedisConnectionError) as caught:
        client.publish(queue="q", payload={})
    assert explain_redis_error(caught.value) == "connection refused"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RedisConnectionError("Error 111 connecting to h:1. Connection refused."), "connection refused"),
        (RedisConnectionError("Error -2 connecting to h:1. Name or service not known."), "host not found"),
        (RedisTimeoutError("Timeout reading from socket"), "no answer in time"),
        (AuthenticationError("invalid username-password pair or user is disabled."), "wrong user name or password"),
        (ResponseError("NOAUTH Authentication required."), "a password is required"),
        (AuthenticationError("HELLO must be called with the client already authenticated"), "a password is required"),
        (ResponseError("Protocol error: unauthenticated multibulk length"), "a password is required"),
        (ResponseError("DB index is out of range"), "its database number is out of range"),
        (BusyLoadingError("Redis is loading the dataset in memory"), "it is loading its data"),
        (NoPermissionError("NOPERM this user has no permissions"), "not permitted by its access list"),
        (ReadOnlyError("You can't write against a read only replica."), "it is a read-only replica"),
        (OutOfMemoryError("command not allowed when used memory > 'maxmemory'."), "it is out of memory"),
        (ResponseError("BUSY Redis is busy running a script."), "it is busy with a script"),
        (ResponseError("NOREPLICAS Not enough good replicas to write."), "it has too few replicas to write"),
        (ResponseError("MISCONF Redis is configured to save RDB snapshots"), "it cannot save to its disk"),
        (MasterDownError("Link with MASTER is down"), "it is a replica that has lost its master"),
        (RedisConnectionError("max number of clients reached"), "it takes no more connections"),
        (RedisConnectionError("Connection not ready (h:1/0)"), "it takes no more connections"),
        (RedisConnectionError("No connection available."), "all connections of its pool are in use"),
        (RedisConnectionError("Error 113 connecting to h:1. No route to host."), "its host cannot be reached"),
        (InvalidResponse("Protocol Error: b'HTTP/1.1 400 Bad Request'"), "what answers there is no Redis"),
        (ResponseError("unknown command 'EVALSHA'"), "it does not know a command that is needed"),
        (OSError("reset"), "connection lost"),
        (ResponseError(f"something about {SECRET}"), "it refused the command"),
    ],
)
def test_errors_in_one_line_for_people(error: Exception, words: str) -> None:
    assert explain_redis_error(error) == words


@pytest.mark.parametrize("decode", [True, False])
@pytest.mark.parametrize("protocol", [2, 3])
def test_a_given_client_may_decode_or_not(redis_server: RedisServer, redis: Any, decode: bool, protocol: int) -> None:
    with redis_server.client(decode_responses=decode, protocol=protocol) as given:
        client = OmniqClient(redis=given)
        assert client.ops.r is given
        publish_jobs(client, "q", ["j\udcff"], now_ms=1, payload={"é": 1})
        redis.hset(b"{q}:job:j\xff", "payload", b'{"x":"\xff"}')
        job: Any = client.reserve(queue="q", now_ms_override=2)
        assert (job.job_id, job.payload) == ("j\udcff", '{"x":"\ufffd"}')
        client.ack_success(queue="q", job_id=job.job_id, lease_token=job.lease_token, now_ms_override=3)
        fail_jobs(client, "q", ["f"], now_ms=4)
        assert client.retry_failed_batch(queue="q", job_ids=["f", "nope"])[1].reason == "NO_JOB"
        assert client.is_paused(queue="q") is False
        assert client.link.call("LRANGE", "{q}:completed", 0, -1) == [b"j\xff"]
        assert client.link.pipeline([("LRANGE", "{q}:completed", 0, -1), ("HGET", "{q}:wait", "x")])[0] == [b"j\xff"]


def test_closing_leaves_a_given_client_open_and_closes_its_own(redis_server: RedisServer, redis: Any) -> None:
    with redis_server.client() as given:
        with OmniqClient(redis=given) as client:
            client.is_paused(queue="q")
        assert given.connection_pool._available_connections[0].is_connected  # type: ignore[attr-defined]
    with OmniqClient(redis_url=redis_server.url) as own:
        own.is_paused(queue="q")
    assert not own.ops.r.connection_pool._available_connections[0].is_connected


_FORKS = """
import os, sys
from omniq_core import OmniqClient

client = OmniqClient(redis_url=sys.argv[1])
mine = client.link.call("CLIENT", "ID")
if child := os.fork():
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os._exit(code or client.link.call("CLIENT", "ID") != mine)
os._exit(client.link.call("CLIENT", "ID") == mine)
"""


def test_a_fork_takes_no_connection_along(redis_server: RedisServer, redis: Any) -> None:
    """Two processes on one socket would read each other's answers."""
    ran = subprocess.run([sys.executable, "-c", _FORKS, redis_server.url], cwd=ROOT, timeout=60)
    assert ran.returncode == 0


def test_a_connection_that_the_server_closed_while_idle_costs_no_call(redis_server: RedisServer, redis: Any) -> None:
    with OmniqClient(redis_url=redis_server.url) as client:
        client.publish(queue="q", payload={}, job_id="a")
        trips = client.link.round_trips
        redis.client_kill_filter(_type="normal", skipme=True)
        client.reserve(queue="q")
        assert client.link.round_trips == trips + 1
        assert len(client.link.r.connection_pool._in_use_connections) == 1


def test_a_client_name_is_told_to_the_server(redis_server: RedisServer, redis: Any) -> None:
    with OmniqClient(host=redis_server.host, port=redis_server.port, client_name="worker-7") as client:
        client.is_paused(queue="q")
        assert "worker-7" in [entry["name"] for entry in redis.client_list()]


def test_a_user_who_may_not_say_a_name_works_without_and_is_refused_once(throwaway_redis: RedisServer) -> None:
    with throwaway_redis.client() as admin:
        admin.acl_setuser("shy", enabled=True, passwords=[f"+{SECRET}"], keys=["*"], commands=["+@all", "-client"])
        with OmniqClient(
            host=throwaway_redis.host,
            port=throwaway_redis.port,
            username="shy",
            password=SECRET,
            client_name="worker-7",
        ) as client:
            assert client.publish(queue="q", payload={}, job_id="a") == "a"
            admin.client_kill_filter(_type="normal", skipme=True)
            assert client.publish(queue="q", payload={}, job_id="b") == "b"
        names = [entry for entry in admin.acl_log() if entry["object"] == "client|setname"]
        assert [entry["count"] for entry in names] == [1]


def test_databases_are_separate(redis_server: RedisServer, redis: Any) -> None:
    with OmniqClient(host=redis_server.host, port=redis_server.port, db=3) as third:
        third.publish(queue="q", payload={})
        assert redis.exists("{q}:stats") == 0
        assert isinstance(third.ops.r, redis_py.Redis)


def test_a_password_that_is_missing_is_said_when_redis_hangs_up_on_a_long_request(throwaway_redis: RedisServer) -> None:
    """Redis ends the connection of a stranger who sends more than 16 KB, mostly before its answer can be read."""
    with throwaway_redis.client() as admin:
        admin.config_set("requirepass", SECRET)
    with OmniqClient(redis_url=throwaway_redis.url) as client:
        long = ("ECHO", "x" * 4_000_000)
        for ask in (lambda: client.link.pipeline([("GET", "a"), long]), lambda: client.link.call(*long, read=True)):
            with pytest.raises(REDIS_ERRORS) as caught:
                raise next((one for one in ask() if isinstance(one, Exception)), AssertionError("it was answered"))
            assert explain_redis_error(caught.value) == "a password is required"
