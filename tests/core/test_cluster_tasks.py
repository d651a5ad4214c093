"""Bulk work on a cluster: the index stands on another node than the queues, and a batch touches one slot."""

from __future__ import annotations

import pytest

from omniq_core import OmniqClient, preview_repair, read_health, start_check, start_repair
from tests.core.long_lane import T
from tests.operator.bulk import NOW, begin, runner, the_task, work_off
from tests.operator.repairing import found
from tests.operator.test_check_runner import runner as check_runner
from tests.operator.test_check_runner import work
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


@pytest.mark.broken_data
def test_repairs_of_queues_on_three_nodes(cluster: ThreeMasters) -> None:
    with OmniqClient(host=cluster.servers[0].host, port=cluster.servers[0].port) as client:
        works = runner(client.link)
        for queue in ("a", "b", "c"):
            client.link.call("SET", f"{{{queue}}}:stats", "x")
            client.link.call("SET", f"{{{queue}}}:g:G:inflight", 2)
            wanted = (("types", "a" * 16, {"stats": {"wanted": "hash"}}), ("inflight", "b" * 16, {"G": {}}))
            for kind, task_id, subjects in wanted:
                found(client, kind, subjects, queue)
                shown = preview_repair(client.link, queue, kind, now_ms=NOW)
                began = start_repair(client.link, queue, task_id, kind=kind, total=shown.count, actor="", now_ms=NOW)
                assert (shown.count, began) == (1, "begun")
                works[1].now += 2
                work_off(
                    client.link,
                    lambda q=queue, at=task_id: the_task(client.link, q, at).state == "finished",
                    with_runner=works,
                )
                assert the_task(client.link, queue, task_id).done == 1
            assert client.link.call("GET", f"{{{queue}}}:g:G:inflight") == b"0"


@pytest.mark.broken_data
def test_a_check_of_queues_on_three_nodes(cluster: ThreeMasters) -> None:
    with OmniqClient(host=cluster.servers[0].host, port=cluster.servers[0].port) as client:
        for queue in ("a", "b", "c"):
            fail_jobs(client, queue, ["f"], now_ms=T, gid="G")
            client.link.call("HSET", f"{{{queue}}}:job:lost", "id", "lost", "state", "failed")
            client.link.call("SET", f"{{{queue}}}:job:text", "no hash")
        start_check(client.link, "c1", ["a", "b", "c"], by="", now_ms=NOW)
        check, timer = check_runner(client)
        work(check, timer, client)
        health = read_health(client.link)
        assert health.check is not None and health.check.state == "finished"
        assert [(one.queue, one.found, one.notes) for one in health.reports] == [
            (queue, {"orphans": 1, "types": 1}, ()) for queue in ("a", "b", "c")
        ]
