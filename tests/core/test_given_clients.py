"""Clients that others bring repeat commands by themselves (redis-py 8 does unless told): ours are still sent once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis as redis_py
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.retry import Retry

from omniq_core import OmniqClient
from omniq_core.scripts import script
from tests.core.cutting_proxy import CuttingProxy
from tests.support.factories import fail_jobs, publish_jobs
from tests.support.redis_server import RedisServer

T = 1_750_000_000_000
WARNING = (
    "this redis-py client repeats commands whose answers were lost, so one reserve may lease two jobs: "
    "make it with retry=Retry(NoBackoff(), 0)"
)


class Subclass(redis_py.Redis):
    """Somebody's own client: what it does to its connections is not known."""


@pytest.fixture
def proxy(redis_server: RedisServer, redis: Any) -> Iterator[CuttingProxy]:
    made = CuttingProxy(redis_server.host, redis_server.port)
    yield made
    made.close()


@pytest.fixture
def given(proxy: CuttingProxy) -> Iterator[redis_py.Redis]:
    """A client that repeats three times, behind the proxy."""
    with redis_py.Redis(host="127.0.0.1", port=proxy.port, retry=Retry(NoBackoff(), 3)) as made:
        yield made


def _executions(redis: Any) -> int:
    counted = redis.info("commandstats")
    return sum(int(counted.get(f"cmdstat_{name}", {}).get("calls", 0)) for name in ("eval", "evalsha"))


def _once(redis: Any, proxy: CuttingProxy, name: str, call: Callable[[], object]) -> None:
    redis.script_load(script(name).source)
    before = _executions(redis)
    proxy.cut(script(name).sha)
    with pytest.raises(RedisConnectionError):
        call()
    assert (proxy.cuts, _executions(redis)) == (1, before + 1)


def test_a_reserve_on_a_client_that_repeats_is_sent_once(
    given: redis_py.Redis, client: OmniqClient, proxy: CuttingProxy, redis: Any
) -> None:
    publish_jobs(client, "q", 3, now_ms=T)
    far = OmniqClient(redis=given)
    _once(redis, proxy, "reserve", lambda: far.reserve(queue="q", now_ms_override=T))
    assert redis.zcard("{q}:active") == 1
    job: Any = far.reserve(queue="q", now_ms_override=T)
    assert job.job_id == "job-2"


def test_a_batch_timed_by_the_server_is_sent_once(
    given: redis_py.Redis, client: OmniqClient, proxy: CuttingProxy, redis: Any
) -> None:
    far = OmniqClient(redis=given)
    asked = script("child_ack")
    _once(redis, proxy, "child_ack", lambda: far.link.run_timed(asked, b"{cc:none}:meta", "x"))
    fail_jobs(client, "other", 2, now_ms=T)
    assert [one.status for results in far.retry_all(queue="other") for one in results] == ["OK", "OK"]


def test_a_refusal_leaves_the_connection_usable(given: redis_py.Redis, redis: Any) -> None:
    link = OmniqClient(redis=given).link
    redis.set("a", "1")
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        link.call("LLEN", "a")
    assert link.call("GET", "a") == b"1"
    assert given.client_id() == given.client_id()
    assert len(given.connection_pool._available_connections) == 1  # type: ignore[attr-defined]


def test_a_read_keeps_what_the_client_does(given: redis_py.Redis, proxy: CuttingProxy, redis: Any) -> None:
    redis.set("{q}:paused", "1")
    proxy.cut(b"EXISTS")
    assert OmniqClient(redis=given).is_paused(queue="q") is True


@pytest.mark.parametrize(
    "make",
    [
        lambda: Subclass(retry=Retry(NoBackoff(), 1)),
        lambda: Subclass(connection_pool=redis_py.ConnectionPool(retry_on_timeout=True)),
    ],
)
def test_a_client_that_cannot_be_kept_from_repeating_is_named_once(
    make: Callable[[], Any], caplog: pytest.LogCaptureFixture
) -> None:
    given = make()
    with caplog.at_level(logging.WARNING):
        OmniqClient(redis=given)
        OmniqClient(redis=given)
    assert caplog.messages == [WARNING]


def test_a_client_that_does_not_repeat_or_is_kept_from_it_is_not_named(
    given: redis_py.Redis, redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        OmniqClient(redis=Subclass(retry=Retry(NoBackoff(), 0)))
        OmniqClient(redis=given)
        OmniqClient(redis_url=redis_server.url).close()
    assert caplog.messages == []
