"""What works for long, on a cluster of three masters: bulk tasks, the check and every repair, pressed on the pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from redis.exceptions import TryAgainError

from omniq_core import OmniqClient, TaskRunner, read_health, read_task
from tests.operator.bulk import Timer
from tests.operator.test_check_runner import runner as checking
from tests.operator.test_check_runner import work
from tests.support.factories import delay_jobs, fail_jobs
from tests.support.invariants import check_invariants
from tests.support.redis_cluster import ThreeMasters
from tests.support.redis_server import RedisServer
from tests.web.groups_support import GROUPS, four_states
from tests.web.pages_support import NOW, QUEUE, Browser, Page, browser
from tests.web.test_repairs_page import REPAIRABLE, press, shown_repaired_and_gone
from tests.web.walking import REDIRECTIONS

QUEUES = ("mail", "billing", "images")
"""Each on a node of its own."""


@pytest.fixture
def client(cluster: ThreeMasters) -> Iterator[OmniqClient]:
    assert len({cluster.owner(queue).port for queue in QUEUES}) == 3
    with OmniqClient(redis_url=cluster.servers[0].url) as made:
        yield made


def asked(visitor: Browser, queue: str, verb: str, lane: str) -> Page:
    """Begins the work on a whole lane from its dialog; the task's page."""
    form = {"scope": "filter", "lane": lane}
    return press(visitor, visitor.post(f"/queues/{queue}/jobs/{verb}/confirm", form))


def task_of(client: OmniqClient, queue: str, page: Page) -> Any:
    return read_task(client.link, queue, page.path.rsplit("/", 1)[1])


def test_bulk_work_is_begun_cancelled_and_gone_on_with(cluster: ThreeMasters, client: OmniqClient) -> None:
    for queue in QUEUES:
        delay_jobs(client, queue, 30, now_ms=NOW - 9_000, due_ms=NOW + 60_000)
        fail_jobs(client, queue, [f"f{n}" for n in range(30)], now_ms=NOW - 8_000, gid="g")
    visitor, timer = browser(client), Timer()
    runner = TaskRunner(client.link, lambda: NOW, timer=timer)

    def work_on() -> None:
        for _ in range(40):
            timer.now += max(runner.tick(), 2.0)

    runs = {queue: asked(visitor, queue, "run-now", "delayed") for queue in QUEUES}
    removals = {queue: asked(visitor, queue, "remove", "failed") for queue in QUEUES}
    for queue in QUEUES:
        stopped = visitor.post(f"{removals[queue].path}/cancel", {})
        assert "Stopped" in stopped.words("#task-state")
    work_on()
    for queue in QUEUES:
        done, left = (task_of(client, queue, pages[queue]) for pages in (runs, removals))
        assert (done.state, done.done, done.skipped) == ("finished", 30, 0)
        assert (left.state, left.done, left.left) == ("stopped", 0, 30)
        visitor.post(f"{removals[queue].path}/resume", {})
    work_on()
    for queue in QUEUES:
        over = task_of(client, queue, removals[queue])
        assert (over.state, over.done) == ("finished", 30)
        assert not any(word in visitor.get(removals[queue].path).text for word in REDIRECTIONS)
        with cluster.owner(queue).client() as node:
            assert (node.llen(f"{{{queue}}}:wait"), node.zcard(f"{{{queue}}}:delayed")) == (30, 0)
            assert node.llen(f"{{{queue}}}:failed") == 0
            check_invariants(node, queue)
    runner.close()


def test_stuck_groups_are_repaired(cluster: ThreeMasters, client: OmniqClient) -> None:
    with cluster.owner(QUEUE).client() as node:
        four_states(client, node)
        visitor = browser(client)
        done = press(visitor, visitor.follow(visitor.get(GROUPS), "#stuck a"))
        assert "Repaired 2 groups" in done.toast()
        check_invariants(node, QUEUE)


@pytest.mark.broken_data
def test_a_check_waits_for_a_slot_that_moves_and_goes_on(
    cluster: ThreeMasters, client: OmniqClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it found of other queues stays; the queue whose keys are on their way is looked at when all have arrived."""
    monkeypatch.setattr("omniq_core.connection.AGAIN_FOR_S", 0.1)
    for queue in QUEUES:
        fail_jobs(client, queue, 30, now_ms=NOW - 8_000, gid="g")
        client.link.call("HSET", f"{{{queue}}}:job:lost", "id", "lost", "state", "failed")
    visitor, (check, timer) = browser(client), checking(client)
    monkeypatch.setattr("omniq_core.operator.check_runner.MOST_AT_ONCE", 1)
    source, target = cluster.owner("mail"), cluster.owner("billing")
    client.link.call("SADD", "{omniq:x}:queues", *QUEUES)
    assert "Checking 3 queues" in visitor.post("/health/check", {}).toast()
    try:
        for _ in range(2_000):
            timer.now += max(check.tick(), 0.001)
            if len(read_health(client.link).reports) == 2:
                break
        assert [one.queue for one in read_health(client.link).reports] == ["billing", "images"]
        cluster.begin_move("mail", target)
        cluster.move_keys("mail", source, target, most=20)
        with pytest.raises(TryAgainError):
            work(check, timer, client)
        assert visitor.get("/health").words("#health-state").startswith("2 findings Checking")
        cluster.move_keys("mail", source, target)
        cluster.end_move("mail", target)
        work(check, timer, client)
        reports = read_health(client.link).reports
        assert {one.queue: (one.jobs, one.found) for one in reports} == dict.fromkeys(QUEUES, (30, {"orphans": 1}))
        page = visitor.get("/health")
        assert not any(word in page.text for word in REDIRECTIONS)
    finally:
        cluster.flush()
        cluster.put_back("mail", source)


@pytest.fixture
def far(cluster: ThreeMasters) -> Iterator[RedisServer]:
    """The node that has queue `a`, which is moved away from what the dashboard keeps about all queues."""
    source, target = cluster.owner("a"), cluster.owner("b")
    assert source is cluster.owner("omniq:x") and source is not target
    cluster.begin_move("a", target)
    cluster.end_move("a", target)
    yield target
    cluster.flush()
    cluster.put_back("a", source)


@pytest.mark.broken_data
@pytest.mark.parametrize("kind", REPAIRABLE)
def test_what_a_check_finds_is_repaired(far: RedisServer, client: OmniqClient, kind: str) -> None:
    with far.client() as node:
        shown_repaired_and_gone(client, node, kind)
