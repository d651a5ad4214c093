"""Groups on a cluster: each queue's list stands in its own slot, found by one search over all nodes."""

from __future__ import annotations

from omniq_core import Background, OmniqClient, group_rows, read_groups
from tests.support.factories import complete_jobs, publish_jobs
from tests.support.redis_cluster import ThreeMasters

T = 1_750_000_000_000
QUEUES = ("a", "b", "c", "d")


def test_groups_of_queues_on_several_nodes(cluster: ThreeMasters) -> None:
    with OmniqClient(host=cluster.servers[0].host, port=cluster.servers[0].port) as client:
        for queue in QUEUES:
            complete_jobs(client, queue, ["done"], now_ms=T, gid=f"over-{queue}")
            publish_jobs(client, queue, 2, now_ms=T, gid=f"works-{queue}")
            read_groups(client.link, queue, now_ms=T)  # somebody looks
        background = Background(client.link, lambda: T, timer=lambda: 0.0)
        for _ in range(30):
            background.tick()
        assert len({cluster.owner(queue).port for queue in QUEUES}) > 1
        for queue in QUEUES:
            names = read_groups(client.link, queue, now_ms=T).names
            assert names == (f"over-{queue}", f"works-{queue}")
            assert [one.state for one in group_rows(client.link, queue, names).values()] == ["idle", "ready"]
            assert client.set_group_limit(queue=queue, gid=names[1], limit=2, now_ms_override=T) == 1
