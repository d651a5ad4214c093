"""Deviation 14: an answer that is lost on the way never makes anything happen twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from omniq_core import OmniqClient
from omniq_core.keys import QueueKeys
from omniq_core.scripts import script
from tests.core.cutting_proxy import CuttingProxy
from tests.support.factories import fail_jobs, publish_jobs
from tests.support.redis_server import RedisServer

T = 1_750_000_000_000


@pytest.fixture
def proxy(redis_server: RedisServer, redis: Any) -> Iterator[CuttingProxy]:
    """A proxy before the test's Redis, closed at the end."""
    made = CuttingProxy(redis_server.host, redis_server.port)
    yield made
    made.close()


@pytest.fixture
def far(proxy: CuttingProxy) -> Iterator[OmniqClient]:
    """Our client behind the proxy, connected, with every script known to the server."""
    with OmniqClient(host="127.0.0.1", port=proxy.port) as made:
        for name in ("reserve", "retry_failed", "ack_success", "promote_delayed", "child_ack"):
            made.link.call("SCRIPT", "LOAD", script(name).source)
        yield made


def _executions(redis: Any) -> int:
    counted = redis.info("commandstats")
    return sum(int(counted.get(f"cmdstat_{name}", {}).get("calls", 0)) for name in ("eval", "evalsha"))


def _once(redis: Any, proxy: CuttingProxy, name: str, call: Callable[[], object]) -> None:
    """The call raises because its answer was lost, and the server ran it exactly once."""
    before = _executions(redis)
    proxy.cut(script(name).sha)
    with pytest.raises(RedisConnectionError):
        call()
    assert proxy.cuts == 1
    assert _executions(redis) == before + 1


def test_deviation_14_a_reserve_is_never_sent_twice(
    far: OmniqClient, client: OmniqClient, proxy: CuttingProxy, redis: Any
) -> None:
    publish_jobs(client, "q", 3, now_ms=T)
    _once(redis, proxy, "reserve", lambda: far.reserve(queue="q", now_ms_override=T))
    assert redis.get("{q}:lease:seq") == b"1"
    assert redis.zcard("{q}:active") == 1
    job: Any = far.reserve(queue="q", now_ms_override=T)
    assert job.job_id == "job-2"


def test_deviation_14_a_batch_is_never_sent_twice(
    far: OmniqClient, client: OmniqClient, proxy: CuttingProxy, redis: Any
) -> None:
    ids = fail_jobs(client, "q", 3, now_ms=T)
    _once(redis, proxy, "retry_failed", lambda: far.retry_failed_batch(queue="q", job_ids=ids[:2]))
    assert redis.lrange("{q}:wait", 0, -1) == [b"job-1", b"job-2"]


def test_deviation_14_a_sweep_is_never_sent_twice(
    far: OmniqClient, client: OmniqClient, proxy: CuttingProxy, redis: Any
) -> None:
    publish_jobs(client, "q", 3, now_ms=T, due_ms=T + 5)
    _once(redis, proxy, "promote_delayed", lambda: far.promote_delayed(queue="q", max_promote=1, now_ms_override=T + 9))
    assert redis.llen("{q}:wait") == 1


def test_deviation_14_a_lost_child_ack_can_be_repeated_by_the_caller(
    far: OmniqClient, client: OmniqClient, proxy: CuttingProxy, redis: Any
) -> None:
    client.childs_init(key="k", expected=2)
    _once(redis, proxy, "child_ack", lambda: far.child_ack(key="k", child_id="a"))
    assert far.child_ack(key="k", child_id="a") == 1


def test_deviation_14_a_read_is_repeated_once(far: OmniqClient, proxy: CuttingProxy, redis: Any) -> None:
    redis.set("{q}:paused", "1")
    before = far.link.round_trips
    proxy.cut(b"EXISTS")
    assert far.is_paused(queue="q") is True
    assert (proxy.cuts, far.link.round_trips) == (1, before + 2)


def test_deviation_14_a_pipeline_of_reads_is_repeated_once(far: OmniqClient, proxy: CuttingProxy, redis: Any) -> None:
    redis.set("a", "1")
    proxy.cut(b"GET")
    assert far.link.pipeline([("GET", "a"), ("GET", "b")]) == [b"1", None]
    assert proxy.cuts == 1


def test_deviation_14_a_read_that_fails_twice_raises(far: OmniqClient, proxy: CuttingProxy, redis: Any) -> None:
    proxy.cut(b"EXISTS", always=True)
    with pytest.raises(RedisConnectionError):
        far.is_paused(queue="q")
    assert proxy.cuts == 2


def test_deviation_14_a_read_script_is_repeated_only_when_marked(
    far: OmniqClient, proxy: CuttingProxy, redis: Any
) -> None:
    ask, anchor = script("child_ack"), b"{cc:none}:meta"
    proxy.cut(ask.sha)
    assert far.link.run(ask, anchor, "x", read=True) == -1
    proxy.cut(ask.sha)
    with pytest.raises(RedisConnectionError):
        far.link.run(ask, anchor, "x")
    assert QueueKeys("q").anchor == b"{q}:meta"
