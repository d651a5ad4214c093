"""Who works a queue, and which leases nobody who is listed holds."""

from __future__ import annotations

from typing import Any

from omniq_core import Consumers, OmniqClient
from omniq_core.operator.consumers import consumers_call, parse_consumers
from tests.support.announced import announce
from tests.support.factories import lease_jobs

T = 1_750_000_000_000


def read(client: OmniqClient) -> Consumers:
    return parse_consumers(client.link.run_many([consumers_call("q", T)])[0], T)


def test_leases_of_a_queue_without_any_consumer_of_ours(client: OmniqClient) -> None:
    assert read(client) == Consumers((), 0, 0, None, False)
    lease_jobs(client, "q", 3, now_ms=T - 900)
    assert read(client) == Consumers((), 0, 3, T - 900, False)


def test_a_lease_that_nobody_told_counts_once_it_should_have_been_told(client: OmniqClient, redis: Any) -> None:
    lease_jobs(client, "q", ["ours", "theirs", "killed"], now_ms=T - 60_000, step_ms=1_000)
    lease_jobs(client, "q", ["just now"], now_ms=T - 14_999, step_ms=0)
    announce(redis, "q", "c", now_ms=T, concurrency=8, jobs=["ours"])
    found = read(client)
    assert (found.total, found.unlisted, found.unlisted_since_ms, found.more_unlisted) == (1, 2, T - 59_000, False)
    announce(redis, "q", "c", now_ms=T, concurrency=8, jobs=["ours", "theirs", "killed"])
    assert (read(client).unlisted, read(client).unlisted_since_ms) == (0, None)


def test_what_a_busy_consumer_leaves_out_is_not_called_somebody_elses(client: OmniqClient, redis: Any) -> None:
    lease_jobs(client, "q", [*(f"job-{n}" for n in range(20)), "x" * 600, "theirs"], now_ms=T - 60_000)
    announce(redis, "q", "c", now_ms=T, concurrency=32, jobs=[f"job-{n}" for n in range(16)], running=21)
    assert (read(client).unlisted, read(client).unlisted_since_ms) == (1, None)
    announce(redis, "q", "c", now_ms=T, concurrency=32, jobs=[], running=32)
    assert read(client).unlisted == 0


def test_ids_of_any_bytes_are_compared(client: OmniqClient, redis: Any) -> None:
    odd = b"a\xff\n".decode("utf-8", "surrogateescape")
    lease_jobs(client, "q", [odd], now_ms=T - 60_000)
    announce(redis, "q", "c", now_ms=T, jobs=[odd])
    assert read(client).unlisted == 0


def test_at_most_200_of_each(client: OmniqClient, redis: Any) -> None:
    lease_jobs(client, "q", 201, now_ms=T - 60_000)
    announce(redis, "q", "c", now_ms=T)
    assert (read(client).unlisted, read(client).more_unlisted) == (200, True)
    for n in range(205):
        announce(redis, "q", f"c{n:03}", now_ms=T, ago_ms=1_000 + n)
    found = read(client)
    assert (found.total, len(found.listed), found.unlisted) == (206, 200, None)
    assert [one.consumer_id for one in found.listed][::199] == ["c204", "c005"]  # who was lost is not left out


def test_keys_of_other_types_are_no_consumers(client: OmniqClient, redis: Any) -> None:
    lease_jobs(client, "q", 1, now_ms=T - 60_000)
    redis.set("{q}:x:consumers", "rubbish")
    assert read(client).listed == ()
    redis.delete("{q}:x:consumers")
    redis.zadd("{q}:x:consumers", {"list": 1, "gone": 2})
    redis.rpush("{q}:x:consumer:list", "x")
    assert read(client) == Consumers((), 0, 1, T - 60_000, False)
