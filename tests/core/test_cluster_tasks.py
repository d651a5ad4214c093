"""Bulk work on a cluster: the index stands on another node than the queues, and a batch touches one slot."""

from __future__ import annotations

from omniq_core import OmniqClient
from tests.core.long_lane import T
from tests.operator.bulk import begin, runner, the_task, work_off
from tests.support.factories import fail_jobs
from tests.support.redis_cluster import ThreeMasters


def test_tasks_of_queues_on_three_nodes(cluster: ThreeMasters) -> None:
    with OmniqClient(host=cluster.servers[0].host, port=cluster.servers[0].port) as client:
        for queue in ("a", "b", "c", "d"):
            for n in range(30):
                fail_jobs(client, queue, [f"{queue}-{n:02}"], now_ms=T + n, gid=("", "G")[n % 2])
            begin(client.link, queue, "retry", "failed", now_ms=T)
        works = runner(client.link)
        for queue in ("a", "b", "c", "d"):
            work_off(client.link, lambda q=queue: the_task(client.link, q).state == "finished", with_runner=works)
            assert (the_task(client.link, queue).done, the_task(client.link, queue).skipped) == (30, 0)
