"""The hooks of consume(): who is called when, and that they stop nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from omniq_core import JobCtx, OmniqClient
from tests.support.clock import wait_until
from tests.support.factories import publish_jobs

T = 1_750_000_000_000


class BoomError(Exception):
    """What a handler or a hook might raise."""


@pytest.mark.parametrize("concurrency", [1, 3])
def test_each_hook_hears_its_jobs(client: OmniqClient, redis: Any, work: Callable[..., None], concurrency: int) -> None:
    publish_jobs(client, "q", ["good"], now_ms=T)
    publish_jobs(client, "q", ["bad"], now_ms=T + 1, max_attempts=1)
    publish_jobs(client, "q", ["lost"], now_ms=T + 2, max_attempts=1)
    heard: list[tuple[str, ...]] = []

    def handle(ctx: JobCtx) -> None:
        if ctx.job_id == "bad":
            raise BoomError("no")
        if ctx.job_id == "lost":
            wait_until(lambda: {"success", "failure"} <= {one[0] for one in heard}, what="the end of the others")
            client.reap_expired(queue="q", now_ms_override=ctx.lock_until_ms + 60_000)

    def until() -> bool:
        return {"success", "failure", "lost"} <= {one[0] for one in heard}

    work(
        handle,
        until,
        concurrency=concurrency,
        on_start=lambda ctx: heard.append(("start", ctx.job_id)),
        on_success=lambda ctx: heard.append(("success", ctx.job_id, redis.hget("{q}:job:good", "state").decode())),
        on_failure=lambda ctx, raised: heard.append(("failure", ctx.job_id, repr(raised))),
        on_lost_lease=lambda ctx: heard.append(("lost", ctx.job_id)),
    )
    assert sorted(heard) == [
        ("failure", "bad", "BoomError('no')"),
        ("lost", "lost"),
        ("start", "bad"),
        ("start", "good"),
        ("start", "lost"),
        ("success", "good", "completed"),
    ]


@pytest.mark.parametrize("raised", [BoomError("hook"), SystemExit(1)], ids=["an error", "an exit"])
def test_a_hook_that_raises_stops_nothing_and_is_said_once(
    client: OmniqClient,
    redis: Any,
    work: Callable[..., None],
    caplog: pytest.LogCaptureFixture,
    raised: BaseException,
) -> None:
    publish_jobs(client, "q", 5, now_ms=T)

    def hook(*_: object) -> None:
        raise raised

    with caplog.at_level(logging.INFO, "omniq_core"):
        work(lambda _: None, lambda: redis.llen("{q}:completed") == 5, on_start=hook, on_success=hook)
    said = [record for record in caplog.records if "raised" in record.message]
    assert [record.message for record in said] == [
        f"q: {name} raised, said once" for name in ("on_start", "on_success")
    ]
    assert all(record.exc_info for record in said)


def test_lines_go_to_the_logger_only_when_asked(
    client: OmniqClient, redis: Any, work: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    lines: list[str] = []
    publish_jobs(client, "q", ["a"], now_ms=T)
    work(lambda _: None, lambda: redis.llen("{q}:completed") == 1, logger=lines.append)
    assert lines == []
    assert capsys.readouterr() == ("", "")


def test_verbose_says_what_happens(client: OmniqClient, redis: Any, work: Callable[..., None]) -> None:
    lines: list[str] = []
    publish_jobs(client, "q", ["a"], now_ms=T)
    work(lambda _: None, lambda: redis.llen("{q}:completed") == 1, logger=lines.append, verbose=True)
    assert lines == ["[omniq] a done"]


def test_a_logger_that_raises_stops_nothing(client: OmniqClient, redis: Any, work: Callable[..., None]) -> None:
    def broken(_line: str) -> None:
        raise BoomError

    publish_jobs(client, "q", 3, now_ms=T)
    work(lambda _: None, lambda: redis.llen("{q}:completed") == 3, logger=broken, verbose=True)
    wait_until(lambda: redis.hget("{q}:stats", "active") == b"0")
