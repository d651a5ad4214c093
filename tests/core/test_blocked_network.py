"""A network that swallows packets: nobody waits longer than the time-outs, and the error says for which address."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis as redis_py
from redis.exceptions import TimeoutError as RedisTimeoutError

from omniq_core import OmniqClient, connect, explain_redis_error
from tests.core.cutting_proxy import CuttingProxy
from tests.support.clock import wait_until
from tests.support.factories import publish_jobs
from tests.support.redis_server import RedisServer

T = 1_750_000_000_000
SHORT = "socket_timeout=0.3&socket_connect_timeout=0.3"
SECRET = "s3cr3t-word"


@pytest.fixture
def proxy(redis_server: RedisServer, redis: Any) -> Iterator[CuttingProxy]:
    made = CuttingProxy(redis_server.host, redis_server.port)
    yield made
    made.close()


@pytest.fixture
def deaf() -> Iterator[int]:
    """A port that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def full() -> Iterator[int]:
    """A port whose queue of connections is full: the next one is not even accepted."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, socket.socket() as first:
        first.connect(listener.getsockname())
        yield listener.getsockname()[1]


@pytest.mark.parametrize("form", ["redis://:{0}@127.0.0.1:{1}/0?{2}", "redis+sentinel://:{0}@127.0.0.1:{1}/m?{2}"])
@pytest.mark.parametrize("hole", ["deaf", "full"])
def test_nothing_was_sent_so_nothing_is_sent_again(hole: str, form: str, request: pytest.FixtureRequest) -> None:
    port = request.getfixturevalue(hole)
    began = time.monotonic()
    lost = (RedisTimeoutError, redis_py.ConnectionError)
    with OmniqClient(redis_url=form.format(SECRET, port, SHORT)) as client, pytest.raises(lost) as caught:
        client.publish(queue="q", payload={})
    assert time.monotonic() - began < 2
    assert f"127.0.0.1:{port}" in str(caught.value)
    assert SECRET not in f"{caught.value} {caught.value.__cause__}"
    assert not hasattr(caught.value, "__notes__")
    words = "no answer in time" if form.startswith("redis:") else "no sentinel answers"
    assert explain_redis_error(caught.value) == words


def test_a_connection_that_goes_dead_ends_each_call(
    proxy: CuttingProxy, client: OmniqClient, redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("omniq_core.connection.AGAIN_FOR_S", 0.5)
    publish_jobs(client, "q", 2, now_ms=T)
    with OmniqClient(redis_url=f"redis://127.0.0.1:{proxy.port}/0?{SHORT}") as far:
        assert far.is_paused(queue="q") is False
        proxy.mute = True
        for call, seconds in (
            (lambda: far.is_paused(queue="q"), 1.0),
            (lambda: far.reserve(queue="q"), 1.0),
            (lambda: far.publish(queue="q", payload={}, job_id="x"), 2.5),
        ):
            began = time.monotonic()
            with pytest.raises(RedisTimeoutError) as caught:
                call()
            assert time.monotonic() - began < seconds
            assert f"127.0.0.1:{proxy.port}" in str(caught.value)
        proxy.mute = False
        # The answers that came too late are not taken for those of later commands.
        assert far.link.call("ECHO", "here", read=True) == b"here"
        assert far.publish(queue="q", payload={}, job_id="y").created
    assert redis.lrange("{q}:wait", 0, -1) in ([b"job-1", b"job-2", b"y"], [b"job-2", b"y"], [b"job-2", b"x", b"y"])


def test_workers_go_on_after_a_dead_connection_and_say_it_once(
    proxy: CuttingProxy, client: OmniqClient, work: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "omniq_core")
    ran: list[str] = []

    def said(words: str) -> int:
        return len([line for line in caplog.messages if words in line])

    def until() -> bool:
        wait_until(lambda: "first" in ran)
        proxy.mute = True
        wait_until(lambda: said("Redis is away (no answer in time)") == 1)
        began = time.monotonic()
        wait_until(lambda: time.monotonic() > began + 0.7)  # several reserves have no answer
        proxy.mute = False
        client.publish(queue="q", payload={}, job_id="second")
        wait_until(lambda: "second" in ran and said("Redis is back") == 1)
        return True

    client.publish(queue="q", payload={}, job_id="first")
    work(lambda ctx: ran.append(ctx.job_id), until, url=f"redis://127.0.0.1:{proxy.port}/0?{SHORT}", concurrency=2)
    assert (ran, said("Redis is away")) == (["first", "second"], 1)


@pytest.mark.parametrize(
    "address",
    [
        {"host": "h"},
        {"redis_url": "redis://h/0"},
        {"redis_url": "rediss://h/0"},
        {"redis_url": "unix:///run/redis.sock"},
        {"redis_url": "redis+sentinel://h/m"},
        {"redis_url": "rediss+sentinel://h/m"},
    ],
)
def test_every_client_of_ours_has_time_outs_and_repeats_nothing(address: dict[str, Any]) -> None:
    link = connect(**address)
    pools = [link.r.connection_pool]
    pools += [one.connection_pool for one in getattr(getattr(pools[0], "sentinel_manager", None), "sentinels", ())]
    for pool in pools:
        options = pool.connection_kwargs
        assert (options["socket_timeout"], options["socket_connect_timeout"]) == (1.9, 1.5)
        assert options["retry"]._retries == 0
    link.close()
