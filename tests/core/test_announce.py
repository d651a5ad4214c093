"""Consumers tell who they are, and it is never the work's trouble whether that can be told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest

from omniq_core import Link, OmniqClient, announcing
from omniq_core.operator.consumers import consumers_call, parse_consumers
from tests.support.clock import wait_until
from tests.support.factories import publish_jobs
from tests.support.redis_server import RedisServer

T = 1_750_000_000_000


@contextmanager
def at_work(client: OmniqClient, queue: str, **options: Any) -> Iterator[tuple[threading.Event, threading.Event]]:
    """A consumer whose jobs last until the second event is set; the first is set by the first job."""
    began, over = threading.Event(), threading.Event()

    def handle(ctx: Any) -> None:
        began.set()
        over.wait(20)
        if ctx.job_id == "last":
            raise KeyboardInterrupt

    def run() -> None:
        with pytest.raises(KeyboardInterrupt):
            client.consume(queue=queue, handler=handle, **options)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield began, over
    finally:
        over.set()
        client.publish(queue=queue, payload={}, job_id="last")
        thread.join(20)
        assert not thread.is_alive()
        # consume() waits for it for a moment only.
        name = f"omniq-announcer-{queue}"
        wait_until(lambda: all(one.name != name for one in threading.enumerate()), what="the announcer's end")


def told(client: OmniqClient, queue: str, now_ms: int = T) -> Any:
    return parse_consumers(client.link.run_many([consumers_call(queue, now_ms)])[0], now_ms).listed


def test_two_queues_each_with_its_own_consumer_and_none_when_they_are_over(
    client: OmniqClient, redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcing, "BEAT_S", 0.05)
    monkeypatch.setattr(announcing.socket, "gethostname", lambda: "<b>\n\u202e" + "h" * 500)
    publish_jobs(client, "a", 20, now_ms=1)
    with at_work(client, "a", concurrency=16), at_work(client, "b"):
        wait_until(lambda: [one.running for one in told(client, "a")] == [16] and len(told(client, "b")) == 1)
        (ours,) = told(client, "a")
        assert (ours.concurrency, len(ours.host), ours.host[:5]) == (16, 128, "<b>\n\u202e")
        assert sorted(job_id for job_id, _ in ours.jobs) == sorted(f"job-{n}" for n in range(1, 17))
        assert T - 15_000 <= ours.beat_ms <= T
        assert [one.running for one in told(client, "b")] == [0]
        assert 0 < redis.pttl(b"{a}:x:consumer:" + ours.consumer_id.encode()) <= 15_000
        assert 0 < redis.pttl("{a}:x:consumers") <= 15_000
    assert redis.keys("{a}:x:*") == redis.keys("{b}:x:*") == []


def test_who_does_not_want_to_is_not_told(client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, "a", 1, now_ms=1)
    with at_work(client, "a", announce=False) as (began, _):
        assert began.wait(20)
        assert redis.keys("{a}:x:consumer*") == []


def test_an_access_list_that_refuses_it_is_said_once_and_the_jobs_go_on(
    client: OmniqClient, redis: Any, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcing, "BEAT_S", 0.01)
    redis.acl_setuser("narrow", enabled=True, reset=True, nopass=True, categories=["+@all"], keys=["{a}:[^x]*"])
    publish_jobs(client, "a", 3, now_ms=1)
    asked, said, run = [0], list[str](), Link.run

    def counted(link: Link, script: Any, *args: Any, **more: Any) -> Any:
        asked[0] += script.name == "announce"
        return run(link, script, *args, **more)

    monkeypatch.setattr(Link, "run", counted)
    address = urlsplit(redis_server.url)
    url = address._replace(netloc=f"narrow:x@{address.netloc}").geturl()
    try:
        with OmniqClient(redis_url=url) as narrow, at_work(narrow, "a", verbose=True, logger=said.append) as (_, over):
            wait_until(lambda: asked[0] > 3)
            over.set()
            wait_until(lambda: redis.llen("{a}:completed") == 3)
    finally:
        redis.acl_deluser("narrow")
    lines = [line for line in said if "announce" in line]
    assert len(lines) == 1 and lines[0].startswith("[omniq] a: announce failed, said once until it works: ")
    assert redis.keys("{a}:x:*") == []


def test_the_index_is_bounded_and_forgets_who_was_killed(client: OmniqClient, redis: Any) -> None:
    from omniq_core.keys import QueueKeys
    from omniq_core.scripts import script

    redis.zadd("{a}:x:consumers", {f"dead-{n}": n for n in range(5)})
    now = int(redis.time()[0]) * 1000
    redis.zadd("{a}:x:consumers", {f"live-{n}": now for n in range(1_200)})
    record = json.dumps({"v": 1, "host": "h", "pid": 1, "concurrency": 1, "running": 0, "started_ms": 1, "beat_ms": 2})
    client.link.run(script("announce"), QueueKeys("a").anchor, now, "new", record, 15_000)
    assert redis.zcard("{a}:x:consumers") == 1_000
    assert [(one.consumer_id, one.jobs) for one in told(client, "a")] == [("new", ())]
    redis.pexpire("{a}:x:consumer:new", 10_000)
    assert T - 15_000 <= told(client, "a")[0].beat_ms <= T - 5_000
    redis.persist("{a}:x:consumer:new")
    assert told(client, "a")[0].beat_ms == 2


@pytest.mark.parametrize("record", ["", "{", "[]", '{"v":2}', '{"v":1,"host":7}', "x" * 20_000, "[" * 9_000])
def test_a_record_that_cannot_be_read_counts_as_absent(client: OmniqClient, redis: Any, record: str) -> None:
    redis.zadd("{a}:x:consumers", {"odd": 1})
    redis.set("{a}:x:consumer:odd", record)
    assert told(client, "a") == ()
    redis.delete("{a}:x:consumers")
    redis.set("{a}:x:consumers", "rubbish")
    assert told(client, "a") == ()
