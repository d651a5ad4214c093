"""What happened in queues on three nodes, each in its own slot, and their sum in one."""

from __future__ import annotations

from omniq_core import HistorySampler, OmniqClient, read_history
from tests.support.clock import Clock
from tests.support.factories import complete_jobs
from tests.support.redis_cluster import ThreeMasters


def test_the_history_of_queues_on_three_nodes(cluster: ThreeMasters, clock: Clock) -> None:
    names = ("a", "b", "c", "d")
    assert len({cluster.owner(name).port for name in names}) == 3
    with OmniqClient(redis_url=cluster.servers[0].url) as client:
        for round_ in range(4):
            for name in names:
                complete_jobs(client, name, [f"{name}{round_}"], now_ms=clock.now_ms)
            clock.advance(10_000)
            HistorySampler(client.link).step(clock.now_ms, names)
        newest = [read_history(client.link, name, "15m", clock.now_ms).points[-1].started for name in names]
        assert newest == [1, 1, 1, 1]
        assert read_history(client.link, None, "15m", clock.now_ms).points[-3].started == 4
