"""When the ack brings the next job along, when it must not, and what a lost answer of it costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from omniq_core import AckUnknown, JobCtx, OmniqClient, TokenMismatch
from omniq_core.scripts import script
from tests.core.cutting_proxy import CuttingProxy
from tests.support.clock import wait_until
from tests.support.factories import complete_jobs, lease_jobs, publish_jobs
from tests.support.redis_server import RedisServer

T = 1_750_000_000_000
NO_CHORES = {"promote_interval_s": 60, "reap_interval_s": 60}


@pytest.fixture
def proxy(redis_server: RedisServer, redis: Any) -> Iterator[CuttingProxy]:
    """A proxy before the test's Redis, which knows every script already."""
    for name in ("reserve", "ack_success", "ack_fail", "ack_reserve", "heartbeat", "promote_delayed", "reap_expired"):
        redis.script_load(script(name).source)
    made = CuttingProxy(redis_server.host, redis_server.port)
    yield made
    made.close()


def _completed(redis: Any) -> list[bytes]:
    return redis.lrange("{q}:completed", 0, -1)


def _calls_for_fifty_jobs(client: OmniqClient, redis: Any, work: Callable[..., None], **options: Any) -> int:
    """Scripts that were run from the first job's handler to the fiftieth's."""
    publish_jobs(client, "q", 50, now_ms=T)
    counts: dict[str, int] = {}

    def handle(ctx: JobCtx) -> None:
        if ctx.job_id in ("job-1", "job-50"):
            counts[ctx.job_id] = int(redis.info("commandstats")["cmdstat_evalsha"]["calls"])

    work(handle, lambda: len(_completed(redis)) == 50, **options)
    return counts["job-50"] - counts["job-1"]


def test_a_busy_worker_needs_one_call_for_a_job(client: OmniqClient, redis: Any, work: Callable[..., None]) -> None:
    # 49, and a beat now and then on a slow machine
    assert 49 <= _calls_for_fifty_jobs(client, redis, work, **NO_CHORES) <= 70


@pytest.mark.parametrize("hook", ["on_start", "on_success", "on_failure", "on_lost_lease"])
def test_a_hook_keeps_ack_and_reserve_apart(
    client: OmniqClient, redis: Any, work: Callable[..., None], hook: str
) -> None:
    assert _calls_for_fifty_jobs(client, redis, work, **NO_CHORES, **{hook: lambda *_: None}) >= 2 * 49


@pytest.mark.parametrize("due", NO_CHORES)
def test_a_chore_that_is_due_comes_before_the_next_job(
    client: OmniqClient, redis: Any, work: Callable[..., None], due: str
) -> None:
    assert _calls_for_fifty_jobs(client, redis, work, **{**NO_CHORES, due: 0}) >= 3 * 49


def test_a_queue_paused_meanwhile_takes_the_ack_and_gives_no_job(
    client: OmniqClient, redis: Any, work: Callable[..., None]
) -> None:
    publish_jobs(client, "q", ["a", "b"], now_ms=T)
    work(lambda _: client.pause(queue="q"), lambda: _completed(redis) == [b"a"], **NO_CHORES)
    assert redis.lrange("{q}:wait", 0, -1) == [b"b"]
    assert redis.get("{q}:lease:seq") == b"1"


def test_deviation_14_a_lost_answer_repeats_the_ack_alone(
    client: OmniqClient, redis: Any, work: Callable[..., None], proxy: CuttingProxy
) -> None:
    publish_jobs(client, "q", ["a", "b", "c"], now_ms=T)
    runs: list[str] = []

    def handle(ctx: JobCtx) -> None:
        if not runs:
            proxy.cut(script("ack_reserve").sha)
        runs.append(ctx.job_id)

    work(handle, lambda: len(_completed(redis)) == 2, port=proxy.port, **NO_CHORES)
    assert proxy.cuts == 1
    assert runs == ["a", "c"]
    assert _completed(redis) == [b"c", b"a"]
    # Nobody saw the lease of b: it is the reaper's, who gives it to the next worker.
    assert redis.zrange("{q}:active", 0, -1) == [b"b"]
    assert client.reap_expired(queue="q", now_ms_override=int(redis.zscore("{q}:active", "b")) + 1) == 1
    assert redis.get("{q}:lease:seq") == b"3"


def test_deviation_14_an_ack_is_repeated_until_it_is_answered(
    client: OmniqClient, redis: Any, work: Callable[..., None], proxy: CuttingProxy
) -> None:
    publish_jobs(client, "q", ["a"], now_ms=T, max_attempts=1)
    failures: list[str] = []

    def handle(ctx: JobCtx) -> None:
        proxy.cut(script("ack_fail").sha, always=True)
        raise ValueError("no")

    def until() -> bool:
        wait_until(lambda: proxy.cuts >= 3, what="three lost answers")
        proxy.cut(b"no such word")
        wait_until(lambda: failures == ["a"], what="the answer")
        return True

    work(handle, until, port=proxy.port, on_failure=lambda ctx, _: failures.append(ctx.job_id))
    assert redis.lrange("{q}:failed", 0, -1) == [b"a"]
    assert redis.hget("{q}:stats", "failed") == b"1"


def _ack_with_first_answer_lost(redis_server: RedisServer, proxy: CuttingProxy, between: Callable[[], object]) -> None:
    """Acks job a of a fresh lease through the proxy: the first answer is lost, then `between` happens, then again."""
    with OmniqClient(redis_url=redis_server.url) as near, OmniqClient(host="127.0.0.1", port=proxy.port) as far:
        token = lease_jobs(near, "q", ["a"], now_ms=T)["a"]
        near.link.call("SCRIPT", "LOAD", script("ack_success").source)
        proxy.cut(script("ack_success").sha, then=between)
        far.ack_success(queue="q", job_id="a", lease_token=token, now_ms_override=T + 50)
        assert proxy.cuts == 1


def test_a_repeated_ack_is_one_ack(redis_server: RedisServer, redis: Any, proxy: CuttingProxy) -> None:
    _ack_with_first_answer_lost(redis_server, proxy, lambda: None)
    assert _completed(redis) == [b"a"]


def test_a_record_trimmed_before_the_repeat_is_unknown_never_success(
    redis_server: RedisServer, redis: Any, proxy: CuttingProxy, client: OmniqClient
) -> None:
    with pytest.raises(AckUnknown, match=r"^ACK_SUCCESS failed: ACK_UNKNOWN$"):
        _ack_with_first_answer_lost(redis_server, proxy, lambda: complete_jobs(client, "q", 100, now_ms=T + 100))
    assert redis.exists("{q}:job:a") == 0


def test_a_job_run_again_before_the_repeat_is_a_lost_lease(
    redis_server: RedisServer, redis: Any, proxy: CuttingProxy, client: OmniqClient
) -> None:
    def between() -> None:
        client.publish(queue="q", payload={}, job_id="a", now_ms_override=T + 60)

    with pytest.raises(TokenMismatch):
        _ack_with_first_answer_lost(redis_server, proxy, between)
    assert redis.lrange("{q}:wait", 0, -1) == [b"a"]
