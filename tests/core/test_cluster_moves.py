"""A slot that moves to another node while its queue is worked: scripts wait, nothing is lost or doubled."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from redis.exceptions import MovedError, TryAgainError

from omniq_core import Keep, OmniqClient, explain_redis_error, is_outage, queue_snapshots
from omniq_core.cluster import Cluster
from tests.core.trash_trial import restore, settled
from tests.support.clock import wait_until
from tests.support.factories import fail_jobs, publish_jobs
from tests.support.invariants import check_invariants
from tests.support.redis_cluster import ThreeMasters
from tests.support.redis_server import RedisServer

T = 1_750_000_000_000
Work = Callable[..., None]


@pytest.fixture
def client(cluster: ThreeMasters) -> Iterator[OmniqClient]:
    with OmniqClient(host=cluster.servers[0].host, port=cluster.servers[0].port) as made:
        yield made


@pytest.fixture
def met(monkeypatch: pytest.MonkeyPatch) -> Counter[tuple[str, bool]]:
    """How often a client was sent on by ASK and by MOVED, and whether it went."""
    counted: Counter[tuple[str, bool]] = Counter()
    follow = Cluster._follow

    def count(self: Cluster, error: Any, *args: Any) -> Any:
        onward = follow(self, error, *args)
        counted["MOVED" if isinstance(error, MovedError) else "ASK", onward is not None] += 1
        return onward

    monkeypatch.setattr(Cluster, "_follow", count)
    return counted


@pytest.fixture
def move(cluster: ThreeMasters) -> Iterator[tuple[RedisServer, RedisServer]]:
    """From where to where the slot of queue q moves; it is put back at the end, empty."""
    source = cluster.owner("q")
    target = next(server for server in cluster.servers if server is not source)
    yield source, target
    cluster.flush()
    cluster.put_back("q", source)


def test_a_script_waits_until_all_keys_of_its_slot_have_arrived(
    cluster: ThreeMasters,
    client: OmniqClient,
    move: tuple[RedisServer, RedisServer],
    met: Counter[tuple[str, bool]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The anchor that a script names is never written, so ASK comes at once, wherever the other keys still are."""
    monkeypatch.setattr("omniq_core.connection.AGAIN_FOR_S", 0.2)
    publish_jobs(client, "q", 5, now_ms=T)
    source, target = move
    cluster.begin_move("q", target)
    assert cluster.move_keys("q", source, target, most=3) == 3
    for call in (lambda: client.reserve(queue="q"), lambda: client.publish(queue="q", payload={})):
        with pytest.raises(TryAgainError) as caught:
            call()
        assert f"127.0.0.1:{target.port}; nothing was done" in str(caught.value)
        assert explain_redis_error(caught.value) == "its keys are moving to another node"
        assert is_outage(caught.value)
    assert (met["ASK", True], met["ASK", False] >= 4) == (0, True)

    assert cluster.move_keys("q", source, target) > 0
    assert client.publish(queue="q", payload={}, job_id="asked", now_ms_override=T + 9).created
    assert (met["ASK", True] > 0, met["MOVED", True]) == (True, 0)
    with pytest.raises(TryAgainError, match="nothing was done"):
        client.reserve(queue="q", now_ms_override=T + 9)  # it reads several keys at once, and some are nowhere

    cluster.end_move("q", target)
    job: Any = client.reserve(queue="q", now_ms_override=T + 9)
    assert (job.job_id, job.attempt, met["MOVED", True]) == ("job-1", 1, 1)
    client.ack_success(queue="q", job_id="job-1", lease_token=job.lease_token, now_ms_override=T + 10)
    client.publish(queue="q", payload={}, job_id="last", now_ms_override=T + 11)
    assert (met["MOVED", True], client.link.round_trips > 0) == (1, True)  # it has learned
    with target.client() as node:
        assert node.lrange("{q}:wait", 0, -1) == [b"job-2", b"job-3", b"job-4", b"job-5", b"asked", b"last"]
        check_invariants(node)


def test_reads_of_one_key_find_it_on_either_side(
    cluster: ThreeMasters, client: OmniqClient, move: tuple[RedisServer, RedisServer], met: Counter[tuple[str, bool]]
) -> None:
    publish_jobs(client, "q", 9, now_ms=T)
    publish_jobs(client, "other", 1, now_ms=T)
    source, target = move
    cluster.begin_move("q", target)
    names = [f"{{q}}:job:job-{n}" for n in range(1, 10)]
    for left in (3, 2, 1):
        cluster.move_keys("q", source, target, most=4)
        replies = client.link.pipeline([("HGET", name, "id") for name in (*names, "{other}:job:job-1")])
        assert replies == [*(f"job-{n}".encode() for n in range(1, 10)), b"job-1"], left
    assert met["ASK", True] > 0
    client.pause(queue="other")
    assert (client.is_paused(queue="q"), client.is_paused(queue="other")) == (False, True)
    cluster.move_keys("q", source, target)
    cluster.end_move("q", target)


def test_a_page_of_many_queues_does_not_wait_for_the_one_that_moves(
    cluster: ThreeMasters, client: OmniqClient, move: tuple[RedisServer, RedisServer]
) -> None:
    publish_jobs(client, "q", 2, now_ms=T)
    publish_jobs(client, "other", 1, now_ms=T)
    assert queue_snapshots(client.link, ["q", "other"], T)["q"].waiting_total == 2
    source, target = move
    cluster.begin_move("q", target)
    began = time.monotonic()
    with pytest.raises(TryAgainError):
        queue_snapshots(client.link, ["q", "other"], T)
    assert time.monotonic() - began < 1
    cluster.move_keys("q", source, target)
    with pytest.raises(TryAgainError):  # it asks for several keys at once, of which some are nowhere
        queue_snapshots(client.link, ["q", "other"], T)
    cluster.end_move("q", target)
    assert queue_snapshots(client.link, ["q", "other"], T)["q"].waiting_total == 2


@pytest.mark.parametrize("arrived", [0, 3, 100])
def test_no_job_is_lost_on_the_way_to_the_trash_or_back(
    cluster: ThreeMasters,
    client: OmniqClient,
    move: tuple[RedisServer, RedisServer],
    monkeypatch: pytest.MonkeyPatch,
    arrived: int,
) -> None:
    """A record gets a name that no key has yet, which fails on both sides: it must fail before anything is written."""
    monkeypatch.setattr("omniq_core.connection.AGAIN_FOR_S", 0.1)
    failed = fail_jobs(client, "q", 3, now_ms=T)
    client.remove_jobs_batch(queue="q", lane="failed", job_ids=failed, keep=Keep("b"))
    publish_jobs(client, "q", ["w"], now_ms=T)
    source, target = move
    with source.client() as old, target.client() as new:
        before = settled(old)
        cluster.begin_move("q", target)
        cluster.move_keys("q", source, target, most=arrived)
        removal: dict[str, Any] = {"queue": "q", "job_id": "w", "lane": "wait", "keep": Keep("c")}
        for call in (lambda: restore(client), lambda: client.remove_job(**removal)):
            with pytest.raises(TryAgainError, match="nothing was done"):
                call()
        cluster.move_keys("q", source, target)
        cluster.end_move("q", target)
        assert settled(new) == before
        assert restore(client) == [(name, None) for name in failed]
        assert client.remove_job(**removal) == "OK"
        check_invariants(new)


def test_a_slot_moves_under_load(
    cluster: ThreeMasters,
    client: OmniqClient,
    move: tuple[RedisServer, RedisServer],
    met: Counter[tuple[str, bool]],
    work: Work,
) -> None:
    source, target = move
    published: list[str] = []
    ran: list[str] = []
    enough = threading.Event()

    def publish() -> None:
        while not enough.is_set():
            published.append(client.publish(queue="q", payload={}, gid=f"g{len(published) % 3}", group_limit=2))

    def until() -> bool:
        wait_until(lambda: len(ran) > 50, what="the first jobs")
        cluster.begin_move("q", target)
        wait_until(lambda: met["ASK", False] > 3, what="ASK for scripts that have to wait")
        while cluster.move_keys("q", source, target, most=20):
            pass
        before = len(ran)
        wait_until(lambda: met["ASK", True] > 0, what="scripts sent on by ASK")
        cluster.end_move("q", target)
        wait_until(lambda: met["MOVED", True] > 0 and len(ran) > before + 60, what="MOVED")
        enough.set()
        publisher.join(timeout=10)
        wait_until(lambda: len(ran) >= len(published), timeout=20, what="all jobs")
        return True

    publisher = threading.Thread(target=publish)
    publisher.start()
    try:
        work(lambda ctx: ran.append(ctx.job_id), until, port=cluster.servers[1].port, concurrency=4, lasts_s=45)
    finally:
        enough.set()
        publisher.join(timeout=10)
    assert Counter(ran) == Counter(published)
    with source.client() as left, target.client() as node:
        assert list(left.scan_iter("{q}:*")) == []
        check_invariants(node)
        assert node.hmget("{q}:stats", "waiting_total", "active", "failed") == [b"0", b"0", None]
        assert node.get("{q}:lease:seq") == str(len(published)).encode()
