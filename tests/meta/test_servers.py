"""The servers that tests run on: real, ours alone, and never emptied by mistake."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py

from omniq_core import OmniqClient
from tests.support.factories import fail_jobs, publish_jobs
from tests.support.redis_server import RedisServer
from tests.support.snapshot import comparable, snapshot

T = 1_750_000_000_000


def test_a_test_begins_with_an_empty_server(redis: Any, redis_server: RedisServer) -> None:
    assert redis.dbsize() == 0
    assert int(redis.info("server")["process_id"]) == redis_server.pid


def test_a_server_of_somebody_else_is_not_emptied(throwaway_redis: RedisServer, tmp_path: Path) -> None:
    stranger = RedisServer(tmp_path)
    stranger.start()
    with stranger.client() as client:
        client.set("precious", "1")
        stranger.port, own = throwaway_redis.port, stranger.port
        with pytest.raises(RuntimeError, match="not by ours: not emptied"):
            stranger.flush()
        stranger.port = own
        assert client.get("precious") == b"1"
    stranger.stop()
    with pytest.raises(RuntimeError, match="stopped"):
        stranger.flush()


def test_a_server_can_be_stopped_and_started_on_its_port(
    throwaway_redis: RedisServer, wait_until: Callable[..., None]
) -> None:
    port, pid = throwaway_redis.port, throwaway_redis.pid
    with throwaway_redis.client() as client:
        client.set("k", "1")
        throwaway_redis.stop()
        with pytest.raises(redis_py.ConnectionError):
            client.ping()
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
        throwaway_redis.start()
        assert throwaway_redis.port == port
        assert client.get("k") is None


def test_both_clients_work_on_the_same_server(client: OmniqClient, reference: Any, redis: Any) -> None:
    publish_jobs(reference, "theirs", 2, now_ms=T)
    fail_jobs(reference, "theirs-failed", 2, now_ms=T)
    fail_jobs(client, "ours-failed", 2, now_ms=T)
    assert redis.llen("{theirs}:wait") == 2
    assert redis.lrange("{theirs-failed}:failed", 0, -1) == [b"job-2", b"job-1"]
    assert redis.lrange("{ours-failed}:failed", 0, -1) == [b"job-2", b"job-1"]


def test_a_snapshot_holds_every_key_and_can_leave_out_our_own(client: OmniqClient, redis: Any) -> None:
    client.publish(queue="q", payload={}, job_id="a", now_ms_override=T)
    client.reserve(queue="q", now_ms_override=T)
    redis.hset("{q}:job:a", "x_pub", "nonce")
    redis.set("{q}:x:pause", "{}")
    redis.set("{q2}:wait", "another queue")
    everything = snapshot(redis, "q")
    assert everything[b"active"] == ("zset", {b"a": float(T + 30_000)})
    assert everything[b"lease:seq"] == ("string", b"1")
    assert everything[b"x:pause"] == ("string", b"{}")
    assert set(everything) == {key.removeprefix(b"{q}:") for key in redis.keys("{q}:*")}
    job = comparable(snapshot(redis, "q", own=False))[b"job:a"][1]
    assert isinstance(job, dict)
    assert job[b"lease_token"] == b"held"
    assert b"x_pub" not in job
    assert b"x:pause" not in snapshot(redis, "q", own=False)
