"""A Redis user with rights to the keys of some queues, where no OMNIQ_QUEUES names these."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from omniq_core import Background, OmniqClient, TaskRunner, read_task
from tests.operator.bulk import Timer, begin
from tests.support.clock import Clock
from tests.support.factories import publish_jobs
from tests.web.pages_support import browser

OUR_KEYS = "{omniq:x}:*"
REFUSED = "cannot be read: not permitted by the access list of Redis"


@pytest.fixture
def some(client: OmniqClient, redis_server: Any, redis: Any, clock: Clock) -> Iterator[OmniqClient]:
    """A client whose user may use the keys of `a`, beside `b`, which has twice as many jobs."""
    publish_jobs(client, "a", 3, now_ms=clock.now_ms)
    publish_jobs(client, "b", [f"b{n}" for n in range(6)], now_ms=clock.now_ms)
    redis.acl_setuser("some", enabled=True, nopass=True, keys=["{a}:*", OUR_KEYS], commands=["+@all"])
    with OmniqClient(host=redis_server.host, port=redis_server.port, username="some", password="x") as made:
        yield made
    redis.acl_deluser("some")
    redis.acl_log_reset()


def refusals(redis: Any) -> int:
    return sum(int(one["count"]) for one in redis.acl_log())


@pytest.mark.parametrize("leader", ["nobody", "one with all rights", "itself"])
def test_the_overview_shows_the_others_and_names_what_it_may_not_read(
    client: OmniqClient, some: OmniqClient, redis: Any, clock: Clock, leader: str
) -> None:
    if leader != "nobody":
        Background((some if leader == "itself" else client).link, clock).tick()
    visitor = browser(some, clock=clock)
    before = some.link.round_trips
    page = visitor.get("/")
    assert (page.status, some.link.round_trips - before <= 4) == (200, True)
    asked = refusals(redis)
    for shown in (page, visitor.get("/")):
        assert [row[0] for row in shown.rows("queues")] == ["a"]
        assert shown.words("#totals").startswith("Waiting 3 ")
        assert shown.words("#notices").startswith(f"1 queue {REFUSED} (b). No figure here counts it.")
    found = visitor.http.get("/metrics").text
    assert 'omniq_jobs_waiting{queue="a"} 3.0' in found
    assert '{queue="b"}' not in found
    assert "omniq_queues_not_permitted 1.0" in found
    assert refusals(redis) == asked, "it is not asked again within a minute"
    redis.acl_setuser("some", enabled=True, keys=["{b}:*"])
    clock.advance(60_000)
    page = visitor.get("/?sort=name")
    assert [row[0] for row in page.rows("queues")] == ["a", "b"]
    assert REFUSED not in page.words("#notices")


def test_where_none_may_be_read_nothing_looks_empty(some: OmniqClient, redis: Any, clock: Clock) -> None:
    redis.acl_setuser("some", enabled=True, reset_keys=True, keys=[OUR_KEYS])
    Background(some.link, clock).tick()
    page = browser(some, clock=clock).get("/")
    assert page.words("#notices").startswith(f"2 queues {REFUSED} (a, b). No figure here counts them.")
    assert page.words("#totals").startswith("Waiting – Not known")
    assert "No queue may be read" in page.words("#queues")


def test_a_job_of_a_queue_that_may_not_be_read_is_found_by_its_key(some: OmniqClient, redis: Any, clock: Clock) -> None:
    visitor = browser(some, clock=clock)
    assert [(row[0], row[-1]) for row in visitor.get("/search?id=b3").rows("jobs")] == [("b3", "b")]
    assert "not permitted by its access list" in visitor.get("/queues/b/jobs/b3", status=503).text
    redis.acl_setuser("some", enabled=True, commands=["-scan"])
    page = visitor.get("/search?id=b3")
    assert page.rows("jobs") == []
    assert "No queue that is known and may be read has this id." in page.text
    redis.acl_setuser("some", enabled=True, commands=["+scan"])
    publish_jobs(some, "a", ["b3"], now_ms=clock.now_ms)
    assert visitor.http.get("/search?id=b3").headers["Location"] == "/queues/a/jobs/b3"


def test_a_dashboard_says_what_whoever_keeps_its_figures_may_not_read(
    client: OmniqClient, some: OmniqClient, redis: Any, clock: Clock
) -> None:
    """Two teams, each with its own list and user."""
    leader, other = Background(some.link, clock, ["a"]), Background(client.link, clock, ["b"])
    other_page = browser(client, clock=clock, queues="b")
    for _ in range(2):
        leader.tick()
        other.tick()
        clock.advance(10_000)
    page = other_page.get("/")
    assert page.words("#notices") == (
        "The process that keeps figures may not read 1 queue (b): no history, notices and top errors of it."
        " Run one whose Redis user may read all."
    )
    assert ([row[0] for row in page.rows("queues")], leader.leads) == (["b"], True)
    assert "No process does so now." in page.words("#throughput")
    assert browser(some, clock=clock, queues="a").get("/").words("#notices") == ""
    Background(client.link, clock).tick()
    assert other_page.get("/").words("#notices") == ""
    redis.hset("{omniq:x}:now", ":unread", '{"v":1,"unread":["b",7,null]}')
    assert "may not read 1 queue (b)" in other_page.get("/").words("#notices")
    redis.hset("{omniq:x}:now", ":unread", '{"v":1,"unread":"b"}')
    assert other_page.get("/").words("#notices") == ""


def test_counters_that_may_not_be_read_do_not_keep_the_others_away(
    client: OmniqClient, some: OmniqClient, redis: Any, clock: Clock
) -> None:
    for key in ("ours", "theirs"):
        client.childs_init(key=key, expected=3)
    redis.acl_setuser("some", enabled=True, keys=["{cc:ours}:*"])
    Background(client.link, clock).tick()
    visitor = browser(some, clock=clock)
    for _ in range(2):
        page = visitor.get("/children")
        assert [row[0] for row in page.rows("children")] == ["ours"]
        assert "1 counter cannot be read: not permitted by the access list of Redis." in page.words()
        assert refusals(redis) == 1, "it is not asked again within a minute"
    clock.advance(60_000)
    redis.acl_setuser("some", enabled=True, keys=["{cc:theirs}:*"])
    assert [row[0] for row in visitor.get("/children").rows("children")] == ["ours", "theirs"]


def test_a_task_of_a_queue_that_may_not_be_used_keeps_no_other_waiting(
    client: OmniqClient, some: OmniqClient, redis: Any, clock: Clock
) -> None:
    begin(client.link, "b", "remove", "wait", now_ms=clock.now_ms, task_id="b" * 16)
    begin(client.link, "a", "remove", "wait", now_ms=clock.now_ms + 1, task_id="a" * 16)
    timer = Timer()
    runner = TaskRunner(some.link, clock, timer=timer)
    for _ in range(20):
        timer.now += max(runner.tick(), 0.001)
    assert (redis.llen("{a}:wait"), redis.llen("{b}:wait")) == (0, 6)
    task = read_task(client.link, "b", "b" * 16)
    assert task is not None and (task.state, task.runs_in) == ("running", ""), "whoever may use the queue takes it"
    assert refusals(redis) == 1
    runner.close()
