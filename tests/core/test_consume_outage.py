"""A consumer whose Redis goes away: it goes on, says it once, and acks only what it holds."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from omniq_core import JobCtx, OmniqClient
from omniq_core.reporting import Reporter
from tests.support.clock import wait_until
from tests.support.factories import publish_jobs
from tests.support.redis_server import RedisServer

T = 1_750_000_000_000


@pytest.mark.parametrize("concurrency", [1, 3])
def test_an_outage_is_said_once_and_a_job_it_cost_is_not_acked(
    throwaway_redis: RedisServer,
    work: Callable[..., None],
    caplog: pytest.LogCaptureFixture,
    concurrency: int,
) -> None:
    caplog.set_level(logging.INFO, "omniq_core")
    began, release, done = threading.Event(), threading.Event(), list[str]()

    def handle(ctx: JobCtx) -> None:
        if ctx.job_id == "held":
            began.set()
            assert release.wait(timeout=30)
        done.append(ctx.job_id)

    def said(word: str) -> list[str]:
        return [record.message for record in caplog.records if word in record.message]

    def until() -> bool:
        assert began.wait(timeout=15)
        throwaway_redis.stop()
        wait_until(lambda: said("Redis is away"), what="the line about the outage")
        since = time.monotonic()
        wait_until(lambda: time.monotonic() > since + 1.0)  # several reserves and beats fail
        throwaway_redis.start()  # empty
        client.publish(queue="q", payload={}, job_id="after")
        release.set()
        wait_until(lambda: redis.lrange("{q}:completed", 0, -1) == [b"after"], what="the job after the outage")
        return True

    with OmniqClient(redis_url=throwaway_redis.url) as client, throwaway_redis.client() as redis:
        client.publish(queue="q", payload={}, job_id="held")
        work(handle, until, port=throwaway_redis.port, concurrency=concurrency, heartbeat_interval_s=0.1)
        assert sorted(done) == ["after", "held"]
        assert len(said("Redis is away")) == 1
        assert len(said("Redis is back")) == 1
        assert len(said("'held'")) == 1
        assert redis.exists("{q}:job:held") == 0
        assert redis.lrange("{q}:completed", 0, -1) == [b"after"]


def test_a_script_flush_is_not_even_noticed(
    client: OmniqClient, redis: Any, work: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    publish_jobs(client, "q", 10, now_ms=T)
    runs: list[str] = []

    def handle(ctx: JobCtx) -> None:
        runs.append(ctx.job_id)
        redis.script_flush()

    work(handle, lambda: redis.llen("{q}:completed") == 10, heartbeat_interval_s=0.01)
    assert runs == [f"job-{n}" for n in range(1, 11)]
    assert [record.message for record in caplog.records] == []


def test_a_chore_that_cannot_be_done_is_said_once_and_the_jobs_go_on(
    client: OmniqClient, redis: Any, work: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    publish_jobs(client, "q", 5, now_ms=T)
    work(
        lambda _: None,
        lambda: redis.llen("{q}:completed") == 5,
        promote_interval_s=0,
        promote_batch="many",
    )
    assert sum("promote failed" in record.message for record in caplog.records) == 1


@pytest.mark.parametrize("key", ["active", "idx:active", "stats", "completed"])
def test_a_key_of_the_wrong_type_is_said_once_and_costs_no_job(
    client: OmniqClient, redis: Any, work: Callable[..., None], caplog: pytest.LogCaptureFixture, key: str
) -> None:
    publish_jobs(client, "q", ["a", "b", "c"], now_ms=T, timeout_ms=200, backoff_ms=0)

    def told() -> list[str]:
        return [record.message for record in caplog.records if f"WRONGTYPE {{q}}:{key} is a string" in record.message]

    def refused() -> int:
        return int(redis.info("errorstats")["errorstat_WRONGTYPE"]["count"])

    def handle(_: JobCtx) -> None:
        if not told():  # the first job: its lease is there when the key goes wrong
            redis.rename("{q}:" + key, "kept") if redis.exists("{q}:" + key) else None
            redis.set("{q}:" + key, "x")

    def until() -> bool:
        wait_until(told, what="the line")
        met = refused()
        wait_until(lambda: refused() > met + 3, what="more calls that meet the same")
        # In one step: between two a worker would write a key of its own, and lose it.
        redis.rename("kept", "{q}:" + key) if redis.exists("kept") else redis.delete("{q}:" + key)
        return wait_until(lambda: redis.llen("{q}:completed") == 3, what="all jobs") is None

    work(handle, until, reap_interval_s=0.05)
    assert len(told()) == len({line.split(" failed")[0] for line in told()})


def test_each_kind_of_trouble_is_said_once_until_it_is_over() -> None:
    lines: list[str] = []
    report = Reporter("q", lines.append)
    for _ in range(3):
        report.failed("reserve", RedisConnectionError("Connection refused"))
        report.failed("heartbeat", RedisConnectionError("closed by server"))
        report.failed("promote", ResponseError("WRONGTYPE"))
    assert [line.split(";")[0].split(",")[0] for line in lines] == [
        "[omniq] q: Redis is away (connection refused)",
        "[omniq] q: promote failed",
    ]
    report.worked("reserve")
    assert lines[2].startswith("[omniq] q: Redis is back after ")
    report.failed("promote", ResponseError("WRONGTYPE"))
    assert len(lines) == 3
    report.worked("promote")
    report.failed("promote", ResponseError("WRONGTYPE"))
    assert len(lines) == 4


def test_a_call_that_the_outage_swallowed_is_no_second_outage_and_an_older_answer_no_end_of_it() -> None:
    lines: list[str] = []
    report = Reporter("q", lines.append)
    before = time.monotonic()
    report.failed("reserve", RedisConnectionError("Connection refused"), before)
    report.worked("heartbeat", before)  # answered before Redis went away, looked at afterwards
    assert len(lines) == 1
    report.worked("reserve", time.monotonic())
    report.failed("heartbeat", TimeoutError("timed out"), before)
    assert [line.split(" ")[2:5] for line in lines] == [["Redis", "is", "away"], ["Redis", "is", "back"]]
    report.failed("heartbeat", TimeoutError("timed out"), time.monotonic())
    assert len(lines) == 3
