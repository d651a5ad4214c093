"""consume(): what becomes of jobs, leases, errors and pauses."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from omniq_core import JobCtx, OmniqClient, consume
from omniq_core.heartbeat import beat_every_s
from tests.core.stoppable import Stop
from tests.support.clock import wait_until
from tests.support.factories import delay_jobs, fail_jobs, lease_jobs, publish_jobs
from tests.support.redis_server import RedisServer

T = 1_750_000_000_000


def _length(redis: Any, lane: str) -> int:
    return redis.zcard(f"{{q}}:{lane}") if lane in ("active", "delayed") else redis.llen(f"{{q}}:{lane}")


def test_jobs_run_in_order_with_everything_a_handler_may_know(
    client: OmniqClient, redis: Any, work: Callable[..., None]
) -> None:
    publish_jobs(client, "q", ["a", "b"], now_ms=T, payload={"é": [1]}, max_attempts=2, gid="A")
    seen: list[JobCtx] = []
    work(seen.append, lambda: _length(redis, "completed") == 2)
    assert [(c.queue, c.job_id, c.payload_raw, c.payload, c.attempt, c.max_attempts, c.gid) for c in seen] == [
        ("q", job_id, '{"é":[1]}', {"é": [1]}, 1, 2, "A") for job_id in ("a", "b")
    ]
    assert seen[0].lease_token
    assert seen[0].lock_until_ms > T


class BoomError(Exception):
    """What a handler might raise."""


@pytest.mark.parametrize(
    ("raised", "first"),
    [
        (BoomError("no route\nto host"), "BoomError: no route"),
        (ValueError("bad \udcff"), "ValueError: bad ?"),
        (SystemExit(3), "SystemExit: 3"),
        (KeyError("id"), "KeyError: 'id'"),
        (AssertionError(), "AssertionError: "),
    ],
    ids=lambda v: type(v).__name__,
)
def test_deviation_11_what_a_handler_raises_is_the_error_with_its_traceback(
    client: OmniqClient, redis: Any, work: Callable[..., None], raised: BaseException, first: str
) -> None:
    publish_jobs(client, "q", ["j"], now_ms=T, max_attempts=1)

    def handle(ctx: JobCtx) -> None:
        raise raised

    work(handle, lambda: _length(redis, "failed") == 1)
    error = redis.hget("{q}:job:j", "last_error").decode()
    assert error.split("\n")[0] == first
    assert "\nTraceback (most recent call last):\n" in error
    assert "in handle" in error


def test_an_attempt_that_fails_comes_again(client: OmniqClient, redis: Any, work: Callable[..., None]) -> None:
    client.publish(queue="q", payload={}, job_id="j", backoff_ms=1)
    attempts: list[int] = []

    def handle(ctx: JobCtx) -> None:
        attempts.append(ctx.attempt)
        if ctx.attempt < ctx.max_attempts:
            raise BoomError

    work(handle, lambda: _length(redis, "completed") == 1, promote_interval_s=0.01)
    assert attempts == [1, 2, 3]


@pytest.mark.parametrize("raw", [b"{not json", b'{"half":"\xc3"}', b"[" * 5000])
def test_an_unparsable_payload_is_passed_raw(
    client: OmniqClient, redis: Any, work: Callable[..., None], raw: bytes
) -> None:
    publish_jobs(client, "q", ["j"], now_ms=T)
    redis.hset("{q}:job:j", "payload", raw)
    seen: list[JobCtx] = []
    work(seen.append, lambda: _length(redis, "completed") == 1)
    text = raw.decode("utf-8", "replace")
    assert seen[0].payload_raw == text
    assert seen[0].payload == ({"half": "\ufffd"} if b"half" in raw else text)


def test_due_jobs_are_promoted_and_dead_leases_reaped(
    client: OmniqClient, redis: Any, work: Callable[..., None]
) -> None:
    lease_jobs(client, "q", ["dead"], now_ms=T, backoff_ms=0)
    delay_jobs(client, "q", ["due"], now_ms=T, due_ms=T + 5)
    attempts: dict[str, int] = {}
    work(
        lambda ctx: attempts.update({ctx.job_id: ctx.attempt}),
        lambda: _length(redis, "completed") == 2,
        promote_interval_s=0.01,
        reap_interval_s=0.01,
    )
    assert attempts == {"due": 1, "dead": 2}


def test_a_lost_lease_is_never_acked(client: OmniqClient, redis: Any, work: Callable[..., None]) -> None:
    client.publish(queue="q", payload={}, job_id="j", backoff_ms=3_600_000)
    beaten = threading.Event()

    def handle(ctx: JobCtx) -> None:
        client.reap_expired(queue="q", now_ms_override=ctx.lock_until_ms + 60_000)
        wait_until(lambda: _lost(redis, ctx), what="the loss")
        time.sleep(0.05)  # a beat or more: the heartbeat thread must notice
        beaten.set()

    work(handle, beaten.is_set, heartbeat_interval_s=0.01)
    assert redis.zrange("{q}:delayed", 0, -1) == [b"j"]
    assert redis.hget("{q}:job:j", "completed_ms") == b""


def _lost(redis: Any, ctx: JobCtx) -> bool:
    return redis.hget(f"{{q}}:job:{ctx.job_id}", "lease_token") == b""


def test_deviation_10_a_short_lease_lives_as_long_as_its_handler(
    client: OmniqClient, redis: Any, work: Callable[..., None]
) -> None:
    client.publish(queue="q", payload={}, job_id="j", timeout_ms=300)
    runs: list[str] = []

    def handle(ctx: JobCtx) -> None:
        runs.append(ctx.job_id)
        end = time.monotonic() + 0.9
        while time.monotonic() < end:
            assert client.reap_expired(queue="q") == 0
            time.sleep(0.01)

    work(handle, lambda: _length(redis, "completed") == 1)
    assert runs == ["j"]


def test_a_paused_queue_waits_and_goes_on(client: OmniqClient, redis: Any, work: Callable[..., None]) -> None:
    publish_jobs(client, "q", ["j"], now_ms=T)
    client.pause(queue="q")
    seen: list[str] = []
    reserves = script_calls(redis)

    def until() -> bool:
        if script_calls(redis) >= reserves + 4 and not seen:
            client.resume(queue="q")
        return _length(redis, "completed") == 1

    work(lambda ctx: seen.append(ctx.job_id), until)
    assert seen == ["j"]


def script_calls(redis: Any) -> int:
    return int(redis.info("commandstats").get("cmdstat_evalsha", {}).get("calls", 0))


def test_a_handler_may_publish_pause_and_count_children(
    client: OmniqClient, redis: Any, work: Callable[..., None]
) -> None:
    client.childs_init(key="parent", expected=2)
    publish_jobs(client, "q", ["j"], now_ms=T)
    remaining: list[int] = []

    def handle(ctx: JobCtx) -> None:
        ctx.exec.publish(queue="next", payload={"from": ctx.job_id}, job_id="n1")
        ctx.exec.publish_json(queue="next", payload={"a": 1}, job_id="n2")
        ctx.exec.pause(queue="next")
        assert ctx.exec.is_paused(queue="next")
        assert ctx.exec.resume(queue="next") == 1
        ctx.exec.childs_init("own", 1)
        remaining.extend(
            ctx.exec.child_ack(*each) for each in (("parent",), ("parent", "j"), ("parent", "k"), ("own",))
        )

    work(handle, lambda: _length(redis, "completed") == 1)
    assert remaining == [1, 1, 0, 0]
    assert redis.lrange("{next}:wait", 0, -1) == [b"n1", b"n2"]


def test_a_redis_that_went_away_and_came_back(throwaway_redis: RedisServer) -> None:
    over = threading.Event()
    seen: list[str] = []

    class Stoppable(OmniqClient):
        def reserve(self, **arguments: Any) -> Any:
            if over.is_set():
                raise Stop
            return super().reserve(**arguments)

    def run() -> None:
        with Stoppable(redis_url=throwaway_redis.url) as mine, contextlib.suppress(Stop):
            consume(mine, queue="q", handler=lambda ctx: seen.append(ctx.job_id), poll_interval_s=0.01)

    with OmniqClient(redis_url=throwaway_redis.url) as client:
        thread = threading.Thread(target=run)
        thread.start()
        client.publish(queue="q", payload={}, job_id="before")
        wait_until(lambda: seen == ["before"])
        throwaway_redis.stop()
        with pytest.raises(RedisConnectionError):
            client.publish(queue="q", payload={}, job_id="lost")
        throwaway_redis.start()
        client.publish(queue="q", payload={}, job_id="after")
        wait_until(lambda: seen == ["before", "after"])
        over.set()
        thread.join(timeout=10)
    assert not thread.is_alive()


@pytest.mark.parametrize(
    ("timeout_ms", "interval_s", "expected"),
    [(300, None, 0.1), (30_000, None, 10.0), (3_600_000, None, 10.0), (30_000, 0.5, 0.5), (0, None, 0.001)],
)
def test_deviation_10_how_often_a_lease_is_beaten(timeout_ms: int, interval_s: float | None, expected: float) -> None:
    assert beat_every_s(timeout_ms, interval_s) == pytest.approx(expected)


def test_failed_jobs_are_left_alone(client: OmniqClient, redis: Any, work: Callable[..., None]) -> None:
    fail_jobs(client, "q", ["old"], now_ms=T)
    publish_jobs(client, "q", ["new"], now_ms=T)
    work(lambda _: None, lambda: _length(redis, "completed") == 1)
    assert redis.lrange("{q}:failed", 0, -1) == [b"old"]
