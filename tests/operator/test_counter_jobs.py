"""Which counters no job names: seen from the payloads of all lanes of all queues, confirmed by a second look."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from omniq_core import Background, ChildCounter, CounterChange, CounterJobs, OmniqClient, read_counter
from omniq_core.keys import QueueKeys
from omniq_core.operator.children import NotedCounter
from omniq_core.operator.counter_jobs import COUNTER_STILL_MS, ROUND_MS, CounterJobsWatch
from omniq_core.scripts import script
from tests.support.clock import Clock
from tests.support.factories import delay_jobs, fail_jobs, publish_jobs

JOBS = "{omniq:x}:children:jobs"


def named(key: str) -> dict[str, str]:
    return {"completion_key": key}


def still(*keys: str) -> list[NotedCounter]:
    return [NotedCounter(ChildCounter(key, "2", 1, 2, 0, ""), CounterChange(0, "moved")) for key in keys]


@pytest.fixture
def watch(client: OmniqClient) -> CounterJobsWatch:
    return CounterJobsWatch(client.link, "completion_key", timer=lambda: 0.0)


def look(watch: CounterJobsWatch, clock: Clock, queues: list[str], noted: list[NotedCounter] | None) -> None:
    """One whole look."""
    clock.advance(ROUND_MS)
    for _ in range(400):
        watch.step(clock.now_ms, queues, noted)
        if not watch._left:
            return
    raise AssertionError("the look did not end")


def said(client: OmniqClient, key: str, now_ms: int) -> CounterJobs | None:
    found = read_counter(client.link, key, now_ms)
    assert found is not None
    return found[2]


def figures(client: OmniqClient, key: str, now_ms: int) -> tuple[int, int] | None:
    jobs = said(client, key, now_ms)
    return (jobs.live, jobs.failed) if jobs else None


def test_jobs_of_every_lane_are_seen(client: OmniqClient, watch: CounterJobsWatch, clock: Clock) -> None:
    now, keys = clock.now_ms, ["waits", "grouped", "runs", "delayed", "failed", "none"]
    for key in keys:
        client.childs_init(key=key, expected=2)
    publish_jobs(client, "mail", ["a"], now_ms=now, payload=named("runs"))
    assert client.reserve(queue="mail", now_ms_override=now)
    publish_jobs(client, "mail", 3, now_ms=now, payload=named("waits"))
    publish_jobs(client, "other", 2, now_ms=now, payload=named(" grouped "), gid="g")
    delay_jobs(client, "other", ["d"], now_ms=now, due_ms=now + 10**9, payload=named("delayed"))
    fail_jobs(client, "third", 2, now_ms=now, payload=named("failed"))
    publish_jobs(client, "third", ["x"], now_ms=now, payload={"n": 1})
    for _ in range(2):
        look(watch, clock, ["mail", "other", "third"], still(*keys))
    seen = {key: figures(client, key, clock.now_ms) for key in keys}
    assert seen == {
        "waits": (3, 0), "grouped": (2, 0), "runs": (1, 0), "delayed": (1, 0), "failed": (0, 2), "none": (0, 0),
    }  # fmt: skip
    jobs = said(client, "none", clock.now_ms)
    assert jobs is not None
    assert dataclasses.astuple(jobs.look) == (clock.now_ms, clock.now_ms, 3, 8, 2, 9, 0, 0)
    assert jobs.look.telling


def test_that_no_job_names_it_takes_two_looks(
    client: OmniqClient, watch: CounterJobsWatch, clock: Clock, redis: Any
) -> None:
    """A job may move from a lane that is yet to be looked at into one that was."""
    client.childs_init(key="a", expected=2)
    look(watch, clock, ["mail"], still("a"))
    assert figures(client, "a", clock.now_ms) is None
    clock.advance(2_000)
    for _ in range(10):
        watch.step(clock.now_ms, ["mail"], still("a"))
    assert figures(client, "a", clock.now_ms) == (0, 0), "the second comes 2 s later"
    publish_jobs(client, "mail", 1, now_ms=clock.now_ms, payload=named("a"))
    look(watch, clock, ["mail"], still("a"))
    assert figures(client, "a", clock.now_ms) == (1, 0)
    assert 0 < redis.pttl(JOBS) <= 3_600_000


def test_nothing_is_read_while_every_counter_moves(client: OmniqClient, clock: Clock) -> None:
    client.childs_init(key="a", expected=2)
    fresh = dataclasses.replace(still("a")[0], change=CounterChange(clock.now_ms, "moved"))
    broken = dataclasses.replace(still("a")[0], counter=ChildCounter("a", None, 0, None, 1, "no_count"))
    before = client.link.round_trips
    for path, noted in (
        ("completion_key", [fresh]),
        ("completion_key", [broken]),
        ("completion_key", None),
        ("", still("a")),
    ):
        watch = CounterJobsWatch(client.link, path, timer=lambda: 0.0)
        for _ in range(3):
            watch.step(clock.now_ms + COUNTER_STILL_MS - 1, ["mail"], noted)
    assert client.link.round_trips == before


def test_what_cannot_be_looked_into_is_counted(client: OmniqClient, watch: CounterJobsWatch, clock: Clock) -> None:
    client.childs_init(key="a", expected=2)
    publish_jobs(client, "mail", 2, now_ms=clock.now_ms, payload={"completion_key": "a", "x": "x" * 17_000})
    publish_jobs(client, "mail", ["small"], now_ms=clock.now_ms, payload={"n": 1})
    for _ in range(2):
        look(watch, clock, ["mail"], still("a"))
    jobs = said(client, "a", clock.now_ms)
    assert jobs is not None
    assert (jobs.live, jobs.look.live, jobs.look.unread, jobs.look.named) == (0, 3, 2, 0)
    assert not jobs.look.telling, "jobs are there, and none names any counter"


@pytest.mark.broken_data
def test_broken_data_raises_nothing(client: OmniqClient, watch: CounterJobsWatch, clock: Clock, redis: Any) -> None:
    client.childs_init(key="a", expected=2)
    publish_jobs(client, "mail", ["j", "k", "l"], now_ms=clock.now_ms, payload=named("a"))
    redis.hset("{mail}:job:j", "payload", '{"completion_key":"a","x":' + "[" * 5_000)
    redis.hset("{mail}:job:k", "payload", r'{"c\u006fmpletion_key":"a"}')
    redis.delete("{mail}:job:l")
    redis.set("{mail}:job:l", "of another type")
    redis.set("{mail}:failed", "of another type")
    redis.rpush("{old}:wait", "ghost")
    redis.set(JOBS, "of another type")
    look(watch, clock, ["mail", "old", "gone"], still("a", "\udcff"))
    jobs = said(client, "a", clock.now_ms)
    assert jobs is not None
    assert (jobs.live, jobs.look.live, jobs.look.unindexed) == (1, 4, 1)


@pytest.mark.parametrize(
    "raw", [b"", b"x", b"[]", b'{"v":1,"f":[1]}', b'{"v":1,"f":' + b"[" * 400, b'{"v":1,"f":["a",1,1,1,1,1,1,1]}']
)
def test_a_look_that_cannot_be_read_says_nothing(client: OmniqClient, redis: Any, raw: bytes) -> None:
    client.childs_init(key="a", expected=2)
    redis.hset(JOBS, mapping={"": raw, "a": "0|0"})
    assert said(client, "a", 1) is None


def test_a_piece_of_many_jobs_is_short(client: OmniqClient, watch: CounterJobsWatch, clock: Clock) -> None:
    """The work is bounded: 3,000 jobs take several pieces, and each goes on where the last one stopped."""
    client.childs_init(key="a", expected=2)
    publish_jobs(client, "mail", 3_000, now_ms=clock.now_ms, payload=named("a"))
    reply = client.link.run(
        script("operator/counter_jobs"), QueueKeys("mail").anchor, "wait", "completion_key", 100, "", "", ""
    )
    assert 0 < reply[0] <= 100
    assert reply[3] == [[b"a", reply[0]]]
    look(watch, clock, ["mail"], still("a"))
    assert figures(client, "a", clock.now_ms) == (3_000, 0)


def test_the_background_looks(client: OmniqClient, clock: Clock) -> None:
    client.childs_init(key="a", expected=2)
    publish_jobs(client, "mail", 1, now_ms=clock.now_ms, payload={"meta": {"counter": "b"}})
    background = Background(client.link, lambda: clock.now_ms, timer=lambda: 0.0, counter_at="meta.counter")
    for _ in range(120):
        background.tick()
        clock.advance(6_000)
    assert figures(client, "a", clock.now_ms) == (0, 0)
    jobs = said(client, "a", clock.now_ms)
    assert jobs is not None
    assert (jobs.look.live, jobs.look.named) == (1, 1)
    background.close()
