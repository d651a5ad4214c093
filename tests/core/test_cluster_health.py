"""What one node of a cluster says about itself."""

from __future__ import annotations

from omniq_core import OmniqClient, server_facts
from tests.support.redis_cluster import ThreeMasters


def test_a_cluster_names_the_node_it_asked(cluster: ThreeMasters) -> None:
    with OmniqClient(redis_url=cluster.servers[0].url) as client:
        found = [server_facts(client.link, 1_750_000_000_000) for _ in range(2)]
    assert [one.cluster for one in found] == [True, True]
    assert len({one.port for one in found}) == 1, "always the same one"
    assert found[0].port in {server.port for server in cluster.servers}
