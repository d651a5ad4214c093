"""A cluster of three masters: found out from any node, used as one Redis, and nothing sent twice there either."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import redis as redis_py
from redis.cluster import ClusterNode
from redis.exceptions import ConnectionError as RedisConnectionError

from omniq_core import (
    Background,
    OmniqClient,
    QueueMonitor,
    group_jobs,
    overview_away,
    queue_snapshots,
    read_counters,
    read_failures,
    read_groups,
    read_overview,
    read_queue,
)
from omniq_core.operator import Discovery
from omniq_core.scripts import script
from tests.core.cutting_proxy import CuttingProxy
from tests.support.clock import wait_until
from tests.support.factories import complete_jobs, fail_jobs, publish_jobs
from tests.support.invariants import check_invariants
from tests.support.redis_cluster import ThreeMasters, slot_of
from tests.support.redis_server import free_port
from tests.support.sources import ROOT

T = 1_750_000_000_000
QUEUES = ["a", "b", "c", "d", "e", "f"]


@pytest.fixture
def client(cluster: ThreeMasters) -> Iterator[OmniqClient]:
    """Our client, which was given the last node only."""
    with OmniqClient(host=cluster.servers[2].host, port=cluster.servers[2].port, db=3) as made:
        yield made


@pytest.fixture(autouse=True)
def _sound(cluster: ThreeMasters) -> Iterator[None]:
    yield
    for server in cluster.servers:
        with server.client() as node:
            check_invariants(node)


def test_any_node_stands_for_all_and_the_database_is_ignored(cluster: ThreeMasters, client: OmniqClient) -> None:
    assert client.link.label == f"127.0.0.1:{cluster.servers[2].port}/3"
    for queue in QUEUES:
        publish_jobs(client, queue, 2, now_ms=T)
    owners = {cluster.owner(queue).port for queue in QUEUES}
    assert owners == {server.port for server in cluster.servers}
    assert isinstance(client.ops.r, redis_py.RedisCluster)
    assert client.link.label == "cluster " + ", ".join(sorted(f"127.0.0.1:{one.port}" for one in cluster.servers))
    for queue in QUEUES:
        job: Any = client.reserve(queue=queue, now_ms_override=T + 9)
        client.ack_success(queue=queue, job_id=job.job_id, lease_token=job.lease_token, now_ms_override=T + 10)
        with cluster.owner(queue).client() as node:
            assert node.lrange(f"{{{queue}}}:completed", 0, -1) == [b"job-1"]


@pytest.mark.parametrize("protocol", [2, 3])
def test_an_address_of_a_node_is_found_out_in_either_protocol(cluster: ThreeMasters, protocol: int) -> None:
    with OmniqClient(redis_url=f"redis://127.0.0.1:{cluster.servers[1].port}/1?protocol={protocol}") as client:
        assert [client.publish(queue=queue, payload={}, job_id="j").created for queue in QUEUES] == [True] * 6
        assert QueueMonitor(client).scan_queues() == QUEUES


def test_the_keys_of_one_script_share_a_slot_and_our_own_are_apart(client: OmniqClient) -> None:
    assert slot_of("omniq:x") not in {slot_of(queue) for queue in QUEUES}
    for n in range(200):
        client.publish(queue="a", payload={}, job_id=f"j{n}{{z}}", gid=f"g{{{n}}}", now_ms_override=T)
    assert QueueMonitor(client).stats("a").group_waiting == 200


def test_operators_read_all_nodes(cluster: ThreeMasters, client: OmniqClient) -> None:
    for queue in QUEUES:
        complete_jobs(client, queue, 1, now_ms=T)
        client.childs_init(key=f"k-{queue}", expected=2)
        client.child_ack(key=f"k-{queue}", child_id="x")
    monitor = QueueMonitor(client)
    assert monitor.scan_queues() == QUEUES
    assert [stats.completed_kept for stats in monitor.stats_many()] == [1] * 6
    search = Discovery(client.link)
    wait_until(lambda: search.step(5))
    assert read_overview(client.link, T).names == tuple(QUEUES)
    assert [one.completed for one in queue_snapshots(client.link, QUEUES, T).values()] == [1] * 6
    counters = read_counters(client.link, [f"k-{queue}" for queue in QUEUES])
    assert [counter.remaining for counter in counters.values()] == [1] * 6
    for queue in QUEUES:
        page: Any = read_queue(client.link, queue, "completed", now_ms=T)
        assert [row.job_id for row in page.page.rows] == ["job-1"]
    sizes: list[int] = []
    for server in cluster.servers:
        with server.client() as node:
            sizes.append(int(node.dbsize()))
    assert client.link.call("DBSIZE", read=True) == sum(sizes) > max(sizes)


def test_a_scan_walks_all_nodes_in_small_steps(client: OmniqClient) -> None:
    for queue in QUEUES:
        publish_jobs(client, queue, 20, now_ms=T)
    met: list[bytes] = []
    cursor, steps = 0, 0
    while True:
        page = client.link.call("SCAN", cursor, "MATCH", "*:job:*", "COUNT", 10, read=True)
        cursor, steps = int(page[0]), steps + 1
        met += page[1]
        if cursor == 0:
            break
    assert (len(set(met)), steps > 6) == (120, True)


def test_a_batch_timed_by_the_server_runs_where_its_queue_is(client: OmniqClient) -> None:
    for queue in QUEUES:
        fail_jobs(client, queue, 30, now_ms=T)
        assert [one.status for results in client.retry_all(queue=queue) for one in results] == ["OK"] * 30


def test_each_node_learns_a_script_by_itself(cluster: ThreeMasters, client: OmniqClient) -> None:
    for queue in QUEUES:
        publish_jobs(client, queue, 1, now_ms=T)
    queue_snapshots(client.link, QUEUES, T)
    for server in cluster.servers:
        with server.client() as node:
            node.script_flush()
        assert [one.waiting_total for one in queue_snapshots(client.link, QUEUES, T).values()] == [1] * 6
        publish_jobs(client, "other", [f"x{server.port}"], now_ms=T)


def test_a_node_that_is_away_costs_its_queues_only_and_comes_back(
    cluster: ThreeMasters, client: OmniqClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The node that also has what is about all queues: a page of a queue on another one does without."""
    for queue in QUEUES:
        publish_jobs(client, queue, 1, now_ms=T, gid="g")
    lost = cluster.owner("omniq:x")
    gone, other = (
        next(one for one in QUEUES if (cluster.servers[_place(cluster, one)] is lost) is is_lost)
        for is_lost in (True, False)
    )

    def pages(queue: str) -> list[Any]:
        return [
            read_queue(client.link, queue, "wait", now_ms=T),
            read_groups(client.link, queue, now_ms=T),
            group_jobs(client.link, queue, "g", now_ms=T),
            read_failures(client.link, queue, now_ms=T),
        ]

    Background(client.link, lambda: T).tick()
    assert [(one.snapshot.group_waiting, one.beside.away) for one in pages(other)] == [(1, False)] * 4
    assert all(gone in one.beside.figures for one in pages(other))
    lost.stop()
    with pytest.raises(RedisConnectionError) as caught:
        client.publish(queue=gone, payload={})
    assert client.link.place_of(caught.value) == f"node 127.0.0.1:{lost.port} of the cluster"
    assert client.link.place_of(ValueError("of none")) == client.link.label
    with pytest.raises(RedisConnectionError):
        read_queue(client.link, gone, "wait", now_ms=T)
    assert not overview_away(client.link), "the queue itself is away"
    for _ in range(2):  # asked in vain, and not asked again so soon
        found = pages(other)
        assert [(one.snapshot.group_waiting, one.beside.away) for one in found] == [(1, True)] * 4
        assert not any(one.beside.figures or getattr(one, "kept", False) for one in found)
        assert overview_away(client.link)
    assert client.publish(queue=other, payload={}, job_id="meanwhile", now_ms_override=T).created
    lost.start()
    wait_until(lambda: _works(client, gone), what="the node is back")
    monkeypatch.setattr("omniq_core.operator.beside.time", SimpleNamespace(monotonic=lambda: float("inf")))
    assert [one.beside.away for one in pages(other)] == [False] * 4


def test_a_node_that_another_took_the_place_of_is_left_at_the_first_call(
    client: OmniqClient,
) -> None:
    """What a client knows since before a failover is an address where nobody listens: nothing was sent there."""
    client.publish(queue="a", payload={}, now_ms_override=T)
    nodes, nobody = client.link.r.nodes_manager, free_port()

    def forget() -> None:
        nodes.slots_cache[slot_of("a")] = [ClusterNode("127.0.0.1", nobody, "primary")]

    forget()
    assert client.publish(queue="a", payload={}, job_id="after", now_ms_override=T) == "after"
    forget()
    assert QueueMonitor(client).stats("a").waiting == 2
    forget()
    assert [one.waiting for one in queue_snapshots(client.link, ["a", "b"], T).values()] == [2, 0]
    forget()
    client.pause(queue="a")
    assert client.is_paused(queue="a")


def test_a_user_with_the_rights_of_the_docs(cluster: ThreeMasters) -> None:
    text = (ROOT / "docs/library.md").read_text("utf-8")
    rights = re.search(r"^ACL SETUSER worker on >secret (.*)$", text, re.M)
    more = re.search(r"in a cluster also `(.*)`", text)
    assert rights is not None
    assert more is not None
    for server in cluster.servers:
        with server.client() as node:
            node.execute_command("ACL", "SETUSER", "worker", "on", ">secret", *rights[1].split(), *more[1].split())
    login: dict[str, Any] = {"username": "worker", "password": "secret"}
    with OmniqClient(host="127.0.0.1", port=cluster.servers[0].port, **login) as client:
        for queue in QUEUES:
            fail_jobs(client, queue, 3, now_ms=T)
            assert [one.status for results in client.retry_all(queue=queue) for one in results] == ["OK"] * 3
        assert QueueMonitor(client).scan_queues() == QUEUES
        source = cluster.owner("a")
        target = next(server for server in cluster.servers if server is not source)
        cluster.begin_move("a", target)
        cluster.move_keys("a", source, target)
        assert client.publish(queue="a", payload={}, job_id="asked", now_ms_override=T).created
        cluster.end_move("a", target)
        assert client.publish(queue="a", payload={}, job_id="moved", now_ms_override=T).created
    cluster.begin_move("a", source)
    cluster.move_keys("a", target, source)
    cluster.end_move("a", source)


@pytest.fixture
def proxies(cluster: ThreeMasters) -> Iterator[list[CuttingProxy]]:
    made = [CuttingProxy(server.host, server.port) for server in cluster.servers]
    yield made
    for one in made:
        one.close()


def test_deviation_14_a_given_cluster_client_repeats_nothing_either(
    cluster: ThreeMasters, client: OmniqClient, proxies: list[CuttingProxy]
) -> None:
    """redis-py's own cluster client would send a reserve up to six times (what it was made with does not matter)."""
    to_proxy = {("127.0.0.1", one.port): two.port for one, two in zip(cluster.servers, proxies, strict=True)}
    given = redis_py.RedisCluster(
        host="127.0.0.1",
        port=cluster.servers[0].port,
        decode_responses=True,
        address_remap=lambda address: ("127.0.0.1", to_proxy.get(address, address[1])),
    )
    far = OmniqClient(redis=given)
    publish_jobs(client, "a", 3, now_ms=T)
    with cluster.owner("a").client() as node:
        for name in ("reserve", "publish"):
            node.script_load(script(name).source)
        proxy = proxies[cluster.servers.index(cluster.owner("a"))]
        proxy.cut(script("reserve").sha)
        with pytest.raises(RedisConnectionError):
            far.reserve(queue="a", now_ms_override=T)
        assert (proxy.cuts, node.get("{a}:lease:seq"), node.zcard("{a}:active")) == (1, b"1", 1)
        proxy.cut(script("publish").sha)
        assert far.publish(queue="a", payload={}, job_id="é\udcff", now_ms_override=T).created
        assert (proxy.cuts, node.llen("{a}:wait")) == (2, 3)
        job: Any = far.reserve(queue="a", now_ms_override=T)
        assert job.job_id == "job-2"
    assert client.ops.r is not given
    assert far.ops.r is given
    far.close()
    assert given.ping()
    given.close()


def _place(cluster: ThreeMasters, queue: str) -> int:
    return next(n for n, (first, last) in enumerate(cluster.ranges) if first <= slot_of(queue) <= last)


def _works(client: OmniqClient, queue: str) -> bool:
    try:
        client.publish(queue=queue, payload={}, now_ms_override=T)
    except (RedisConnectionError, redis_py.ResponseError):
        time.sleep(0.05)
        return False
    return True
