"""What the masters of a cluster say about themselves."""

from __future__ import annotations

from omniq_core import OmniqClient, seen_facts, server_facts
from tests.support.redis_cluster import ThreeMasters

T = 1_750_000_000_000


def test_each_master_of_a_cluster_is_asked(cluster: ThreeMasters) -> None:
    last = max(cluster.servers, key=lambda one: f"127.0.0.1:{one.port}")
    with last.client() as node, OmniqClient(redis_url=cluster.servers[0].url) as client:
        node.config_set("maxmemory", 10**9)
        node.config_set("maxmemory-policy", "allkeys-lru")
        try:
            found = [server_facts(client.link, T) for _ in range(2)]
        finally:
            node.config_set("maxmemory", 0)
            node.config_set("maxmemory-policy", "noeviction")
        assert seen_facts(client.link) == found[1]
    for one in found:
        assert [server.node for server in one.all] == sorted(f"127.0.0.1:{server.port}" for server in cluster.servers)
        assert [server.node for server in one.all] == [f"127.0.0.1:{server.port}" for server in one.all]
        evicts = [server.node for server in one.all if server.memory and server.memory.evicts_jobs]
        assert evicts == [f"127.0.0.1:{last.port}"]
        assert all(server.slow is not None and server.clock_ms is not None and server.cluster for server in one.all)
    assert found[0].answers.count == 1, "how long the others take is no answer time of this one"
