"""A master watched by sentinels, on real processes: found by its name, and followed when another one takes over.

What can be promised: replication is asynchronous, so a master that dies takes with it what its replica has not got. A
job whose publisher waited for the replica (WAIT) is there afterwards. Of what was under way at that moment (one
operation per worker) a lease or an ack may be lost: that job runs again, and only the holder of its lease can ack it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

from omniq_core import REDIS_ERRORS, JobCtx, OmniqClient, QueueMonitor, explain_redis_error
from omniq_core.scripts import script
from tests.core.cutting_proxy import CuttingProxy
from tests.support.clock import wait_until
from tests.support.factories import publish_jobs
from tests.support.invariants import check_invariants
from tests.support.sentinels import NAME, Sentinels

T = 1_750_000_000_000
WORKERS = 4
Work = Callable[..., None]


@pytest.fixture
def sentinels(tmp_path: Path) -> Iterator[Sentinels]:
    made = Sentinels(tmp_path)
    try:
        made.start()
        yield made
    finally:
        made.stop()


def test_the_master_is_found_by_its_name_and_followed_when_another_takes_over(sentinels: Sentinels) -> None:
    old, new = sentinels.servers
    url = sentinels.url.replace(NAME, "nobody").replace("://", "://user:s3cr3t-word@")
    with OmniqClient(redis_url=url) as client, pytest.raises(redis_py.ConnectionError) as caught:
        client.publish(queue="q", payload={})
    assert explain_redis_error(caught.value) == "the sentinels name no master"
    assert all(f"{host}:{port}" in str(caught.value) for host, port in sentinels.addresses)
    assert "s3cr3t-word" not in str(caught.value)

    host, port = sentinels.addresses[0]
    with OmniqClient(host=host, port=port) as client, pytest.raises(redis_py.ConnectionError) as caught:
        client.link.pipeline([("SMEMBERS", "omniq:queues")])
    assert explain_redis_error(caught.value) == "a Sentinel answers there, which has no jobs"
    given: Any = Sentinel(sentinels.addresses).master_for(NAME, retry=Retry(NoBackoff(), 3))
    with OmniqClient(redis_url=sentinels.url) as client:
        theirs = OmniqClient(redis=given)
        assert theirs.link.label == client.link.label
        assert client.link.label.startswith(f"{NAME}/0 (sentinels 127.0.0.1:")
        publish_jobs(client, "q", 3, now_ms=T)
        job: Any = theirs.reserve(queue="q", now_ms_override=T + 9)
        with new.client() as replica:
            wait_until(lambda: replica.llen("{q}:wait") == 2, timeout=15, what="the replica has it")
        old.kill()
        lease = {"queue": "q", "job_id": job.job_id, "lease_token": job.lease_token, "now_ms_override": T + 10}
        wait_until(lambda: _done(lambda: theirs.ack_success(**lease)), timeout=15, what="their client is there")
        wait_until(
            lambda: _done(lambda: client.publish(queue="q", payload={}, job_id="late")),
            timeout=15,
            what="ours is there",
        )
    with new.client() as after:
        assert after.lrange("{q}:completed", 0, -1) == [b"job-1"]
        assert after.lrange("{q}:wait", 0, -1) == [b"job-2", b"job-3", b"late"]
        check_invariants(after)
    for host, port in sentinels.addresses:
        with redis_py.Redis(host=host, port=port, protocol=2) as one:
            one.execute_command("ACL", "SETUSER", "default", "resetpass", ">s3cr3t-word")
    for own in ("", "?sentinel_password=other"):
        with OmniqClient(redis_url=sentinels.url + own) as client, pytest.raises(redis_py.ConnectionError) as no:
            client.publish(queue="q", payload={})
        assert explain_redis_error(no.value) == "the sentinels want a password of their own, or another one"
    for one in (given, *given.connection_pool.sentinel_manager.sentinels):
        one.close()


def test_deviation_14_a_given_client_of_a_sentinel_repeats_nothing(redis_server: Any, redis: Any) -> None:
    """Its retries are held back as those of a plain client are."""
    proxy = CuttingProxy(redis_server.host, redis_server.port)

    class Known(Sentinel):
        def discover_master(self, service_name: str) -> tuple[str, int]:
            return "127.0.0.1", proxy.port

    given: Any = Known([]).master_for(NAME, retry=Retry(NoBackoff(), 3))
    far = OmniqClient(redis=given)
    publish_jobs(far, "q", 2, now_ms=T)
    redis.script_load(script("reserve").source)
    proxy.cut(script("reserve").sha)
    with pytest.raises(redis_py.ConnectionError):
        far.reserve(queue="q", now_ms_override=T)
    assert (proxy.cuts, redis.get("{q}:lease:seq")) == (1, b"1")
    given.close()
    proxy.close()


@pytest.mark.parametrize("fused", [True, pytest.param(False, marks=pytest.mark.long)])
def test_the_master_dies_while_workers_run(
    sentinels: Sentinels, work: Work, caplog: pytest.LogCaptureFixture, fused: bool
) -> None:
    caplog.set_level(logging.INFO, "omniq_core")
    master, replica = sentinels.servers
    safe: list[str] = []
    runs: list[tuple[str, str, float, float]] = []
    acked: list[tuple[str, str]] = []
    enough = threading.Event()

    def publish() -> None:
        """Each job until it is published; its id is its own, so that it is published once."""
        with OmniqClient(redis_url=sentinels.url) as publisher:
            n = 0
            while not enough.is_set():
                try:
                    publisher.publish(queue="q", payload={}, job_id=f"p{n}", timeout_ms=1500, backoff_ms=0)
                    if publisher.link.call("WAIT", 1, 200) >= 1:  # one thread, so on the connection that published
                        safe.append(f"p{n}")
                    n += 1
                except REDIS_ERRORS:
                    time.sleep(0.02)

    def handle(ctx: JobCtx) -> None:
        began = time.monotonic()
        time.sleep(0.005)
        runs.append((ctx.job_id, ctx.lease_token, began, time.monotonic()))

    def until() -> bool:
        wait_until(lambda: len(safe) > 60 and len(runs) > 30, timeout=15, what="the first jobs")
        master.kill()
        before = len(runs)
        wait_until(lambda: len(runs) > before + 60, timeout=15, what="jobs on the new master")
        enough.set()
        publisher.join(timeout=10)
        wait_until(_nothing_left, timeout=15, what="the rest")
        return True

    def _nothing_left() -> bool:
        stats = QueueMonitor(reader).stats("q")
        return (stats.waiting_total, stats.active, stats.delayed) == (0, 0, 0)

    hooks = {} if fused else {"on_success": lambda ctx: acked.append((ctx.job_id, ctx.lease_token))}
    publisher = threading.Thread(target=publish)
    publisher.start()
    try:
        with OmniqClient(redis_url=sentinels.url) as reader:
            work(handle, until, url=sentinels.url, concurrency=WORKERS, reap_interval_s=0.2, lasts_s=45, **hooks)
    finally:
        enough.set()
        publisher.join(timeout=10)

    ran = Counter(job_id for job_id, *_ in runs)
    assert set(safe) <= ran.keys()
    # What ran when the master died, and what was acked to it alone: a replica follows a little behind.
    assert sum(ran.values()) - len(ran) <= 3 * WORKERS
    assert len(_overlapping(runs, acked)) == 0
    # Once an outage, not once a worker; sentinels that do not agree yet may make a second short one of it.
    away = [line for line in caplog.messages if "Redis is away" in line]
    back = [line for line in caplog.messages if "Redis is back" in line]
    assert len(away) == len(back)
    assert len([line for line in away if "(connection " in line]) == 1
    with replica.client() as now:
        assert now.role()[0] == b"master"
        assert now.hget("{q}:stats", "failed") in (None, b"0")
        check_invariants(now)


def _overlapping(runs: list[tuple[str, str, float, float]], acked: list[tuple[str, str]]) -> list[str]:
    """Jobs of which two runs overlapped and both were acked."""
    ended = {(job_id, token): (began, ended) for job_id, token, began, ended in runs}
    by_job: dict[str, list[tuple[float, float]]] = {}
    for lease in acked:
        by_job.setdefault(lease[0], []).append(ended[lease])
    return [
        job_id
        for job_id, times in by_job.items()
        if any(a[0] < b[1] and b[0] < a[1] for n, a in enumerate(times) for b in times[:n])
    ]


def _done(call: Callable[[], object]) -> bool:
    try:
        call()
    except REDIS_ERRORS:
        time.sleep(0.02)
        return False
    return True
