"""Orders by a lane's own scores, leases and due times; positions of waiting jobs."""

from __future__ import annotations

from typing import Any

import pytest

from omniq_core import OmniqClient, backing_off, read_queue
from omniq_core.operator import LanePage, lane_page
from tests.support.clock import Clock
from tests.support.factories import delay_jobs, lease_jobs, publish_jobs


def page(client: OmniqClient, lane: str, order: str = "entered", **options: Any) -> LanePage:
    options = {"newest_first": False, **options}
    return lane_page(client.link, "q", lane, now_ms=1, order=order, **options)


def ids(found: LanePage) -> list[str]:
    return [row.job_id for row in found.rows]


def walk(client: OmniqClient, lane: str, order: str, **options: Any) -> list[str]:
    """All ids, page by page, in the order asked for."""
    seen: list[str] = []
    cursor = None
    for _ in range(1_000):
        found = page(client, lane, order, cursor=cursor, **options)
        assert found.first == len(seen) + 1
        seen += ids(found)
        cursor = found.older if options.get("newest_first") else found.newer
        if not cursor:
            return seen
    raise AssertionError("the pages do not end")


def test_by_lease_the_shortest_first_and_the_other_way_round(client: OmniqClient, clock: Clock) -> None:
    t = clock.now_ms
    for job_id, timeout in (("long", 90_000), ("short", 1_000), ("middle", 30_000)):
        lease_jobs(client, "q", [job_id], now_ms=t, timeout_ms=timeout)
    assert ids(page(client, "active", "lease")) == ["short", "middle", "long"]
    assert ids(page(client, "active", "lease", newest_first=True)) == ["long", "middle", "short"]
    row = page(client, "active", "lease").rows[0]
    assert (row.lock_until_ms, row.timeout_ms, row.last_started_ms) == (t + 1_000, 1_000, t)
    assert row.score_ms is None  # the index was not asked


def test_a_heartbeat_moves_a_job_back_and_the_field_is_not_what_counts(
    client: OmniqClient, redis: Any, clock: Clock
) -> None:
    t = clock.now_ms
    tokens = lease_jobs(client, "q", ["a", "b"], now_ms=t, timeout_ms=10_000)
    client.heartbeat(queue="q", job_id="a", lease_token=tokens["a"], now_ms_override=t + 5_000)
    redis.hset("{q}:job:a", "lock_until_ms", t)  # an SDK that keeps the field only at reserve
    for order in ("lease", "entered"):
        locks = {row.job_id: row.lock_until_ms for row in page(client, "active", order).rows}
        assert locks == {"a": t + 15_000, "b": t + 10_001}
    assert ids(page(client, "active", "lease")) == ["b", "a"]
    assert ids(page(client, "active")) == ["a", "b"]


def test_by_due_time(client: OmniqClient, clock: Clock) -> None:
    t = clock.now_ms
    for job_id, due in (("tomorrow", 86_400_000), ("soon", 1_000), ("hour", 3_600_000)):
        delay_jobs(client, "q", [job_id], now_ms=t, due_ms=t + due)
    assert ids(page(client, "delayed", "due")) == ["soon", "hour", "tomorrow"]
    assert ids(page(client, "delayed", "due", newest_first=True)) == ["tomorrow", "hour", "soon"]
    assert [row.due_ms for row in page(client, "delayed", "due").rows] == [t + 1_000, t + 3_600_000, t + 86_400_000]


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("same_ms", [False, True])
@pytest.mark.parametrize("lane", ["active", "delayed"])
def test_walking_all_pages(client: OmniqClient, clock: Clock, lane: str, same_ms: bool, newest_first: bool) -> None:
    t, step = clock.now_ms, 0 if same_ms else 1
    names = [f"job-{n:03}" for n in range(60)]
    if lane == "active":
        lease_jobs(client, "q", names, now_ms=t, step_ms=step)
    else:
        delay_jobs(client, "q", names, now_ms=t, due_ms=t + 9_000, step_ms=step)
    wanted = names[::-1] if newest_first else names
    assert walk(client, lane, "lease" if lane == "active" else "due", size=7, newest_first=newest_first) == wanted


def test_jobs_that_come_and_go_around_the_cursor(client: OmniqClient, clock: Clock) -> None:
    """Due times are given out in any order, so newcomers stand before and behind the cursor."""
    t = clock.now_ms
    names = [f"job-{n:03}" for n in range(60)]
    for n, job_id in enumerate(names):
        delay_jobs(client, "q", [job_id], now_ms=t + 60 - n, due_ms=t + 100_000 + 10 * n)  # entered in reverse
    seen: list[str] = []
    gone: set[str] = set()
    found = page(client, "delayed", "due", size=7)
    step = 0
    while True:
        seen += [job_id for job_id in ids(found) if job_id in names]
        if not found.newer:
            break
        at = names.index(seen[-1])
        leaving = [job_id for job_id in names[at : at + 2] if job_id not in gone]  # the cursor's own row and the next
        client.run_now_batch(queue="q", job_ids=leaving, now_ms_override=t + 61)
        gone |= set(leaving)
        delay_jobs(client, "q", [f"new-{step}"], now_ms=t + 61, due_ms=t + 100_000 + 10 * at - 5)
        step += 1
        found = page(client, "delayed", "due", size=7, cursor=found.newer)
    assert seen == [job_id for job_id in names if job_id in seen]
    assert set(names) - set(seen) <= gone
    assert step >= 6


def test_an_order_that_a_lane_does_not_have_is_refused(client: OmniqClient) -> None:
    for lane, order in (("wait", "due"), ("active", "due"), ("delayed", "lease"), ("failed", "lease"), ("wait", "x")):
        with pytest.raises(ValueError, match="no order"):
            page(client, lane, order)


@pytest.mark.broken_data
def test_an_old_sdks_lane_has_these_orders_without_an_index(client: OmniqClient, redis: Any, clock: Clock) -> None:
    names = delay_jobs(client, "q", 30, now_ms=clock.now_ms, due_ms=clock.now_ms + 1_000)
    redis.delete("{q}:idx:delayed")
    found = page(client, "delayed", "due", size=7)
    assert (found.indexed, found.total) == (True, 30)
    assert walk(client, "delayed", "due", size=7) == names
    assert not page(client, "delayed").indexed


@pytest.mark.broken_data
def test_a_lane_of_the_wrong_type_says_so(client: OmniqClient, redis: Any, clock: Clock) -> None:
    delay_jobs(client, "q", 30, now_ms=clock.now_ms, due_ms=clock.now_ms + 1_000)
    cursor = page(client, "delayed", "due", size=7).newer
    redis.delete("{q}:delayed")
    redis.set("{q}:delayed", "x")
    for found in (page(client, "delayed", "due"), page(client, "delayed", "due", cursor=cursor)):
        assert (found.rows, found.broken) == ((), ("delayed", "string"))
    redis.delete("{q}:delayed", "{q}:idx:delayed")
    redis.hset("{q}:idx:delayed", "x", "y")
    assert page(client, "delayed", "due").broken == ("idx:delayed", "hash")
    assert page(client, "waiting", "entered").broken is None


def test_positions_count_within_the_group_or_among_the_ungrouped(client: OmniqClient, clock: Clock) -> None:
    t = clock.now_ms
    for n, (job_id, gid) in enumerate([("u1", ""), ("a1", "A"), ("a2", "A"), ("u2", ""), ("b1", "B"), ("a3", "A")]):
        publish_jobs(client, "q", [job_id], now_ms=t + n, gid=gid or None)
    found = {row.job_id: row.position for row in page(client, "wait").rows}
    assert found == {"u1": 1, "a1": 1, "a2": 2, "u2": 2, "b1": 1, "a3": 3}
    assert list(found) == ["u1", "a1", "a2", "u2", "b1", "a3"]  # all together, longest wait first
    client.reserve(queue="q", now_ms_override=t + 9)  # of group A, the first that was ready
    assert {row.job_id: row.position for row in page(client, "wait").rows}["a3"] == 2
    delay_jobs(client, "q", ["later"], now_ms=t, due_ms=t + 1_000)
    assert page(client, "delayed").rows[0].position is None


@pytest.mark.broken_data
def test_positions_are_exact_among_the_first_thousand(client: OmniqClient, redis: Any) -> None:
    names = [f"job-{n:05}" for n in range(1_200)]
    pipe = redis.pipeline(transaction=False)
    for n, job_id in enumerate(names):
        pipe.rpush("{q}:wait", job_id)
        pipe.zadd("{q}:idx:wait", {job_id: n + 1})
        pipe.hset(f"{{q}}:job:{job_id}", mapping={"id": job_id, "state": "wait"})
    pipe.execute()
    for size in (2, 100):  # few are looked for one by one, many in the head of the list
        positions: list[int | None] = []
        cursor = None
        while True:
            found = page(client, "wait", size=size, cursor=cursor)
            positions += [row.position for row in found.rows]
            cursor = found.newer
            if not cursor or (size == 2 and len(positions) >= 20):
                break
        assert positions == [min(n, 1_001) for n in range(1, len(positions) + 1)]
    assert [row.position for row in page(client, "wait", size=2, newest_first=True).rows] == [1_001, 1_001]
    redis.lrem("{q}:wait", 1, names[7])
    redis.ltrim("{q}:wait", 0, 500)
    rows = page(client, "wait", size=9).rows
    assert [row.position for row in rows] == [1, 2, 3, 4, 5, 6, 7, None, 8], "no list holds the eighth"


@pytest.mark.broken_data
def test_a_page_of_a_hundred_among_many_groups_is_cheap(client: OmniqClient, redis: Any) -> None:
    """100 rows of 100 groups with 1,100 jobs each, newest first: a miss in each list. A benchmark measures the time."""
    pipe = redis.pipeline(transaction=False)
    for gid in range(100):
        pipe.rpush(f"{{q}}:g:{gid}:wait", *[f"{gid}-{n}" for n in range(1_100)])
        pipe.zadd("{q}:idx:wait", {f"{gid}-1099": gid + 1})
        pipe.hset(f"{{q}}:job:{gid}-1099", mapping={"id": f"{gid}-1099", "state": "wait", "gid": gid})
    pipe.execute()
    page(client, "wait", size=100)
    redis.config_resetstat()
    found = page(client, "wait", size=100)
    assert {row.position for row in found.rows} == {1_001}
    calls = {name: stats["calls"] for name, stats in redis.info("commandstats").items()}
    assert (calls["cmdstat_lpos"], calls.get("cmdstat_lrange")) == (100, None)


def test_a_queues_page_in_these_orders_is_one_round_trip(client: OmniqClient, clock: Clock) -> None:
    delay_jobs(client, "q", 3, now_ms=clock.now_ms, due_ms=clock.now_ms + 5)
    read_queue(client.link, "q", "delayed", now_ms=clock.now_ms, order="due", newest_first=False)
    trips = client.link.round_trips
    found = read_queue(client.link, "q", "delayed", now_ms=clock.now_ms, order="due", newest_first=False, ids=["job-2"])
    assert client.link.round_trips - trips == 1
    assert ids(found.page) == ["job-1", "job-2", "job-3"]
    assert found.watch.rows[0].due_ms == clock.now_ms + 6


def test_backing_off_counts_attempts_not_appointments(client: OmniqClient, clock: Clock) -> None:
    t = clock.now_ms
    for job_id in ("failed-1", "failed-2"):
        token = lease_jobs(client, "q", [job_id], now_ms=t, backoff_ms=1_000)[job_id]
        client.ack_fail(queue="q", job_id=job_id, lease_token=token, now_ms_override=t)
    delay_jobs(client, "q", ["later"], now_ms=t, due_ms=t + 1_000)
    lease_jobs(client, "q", ["running"], now_ms=t)
    trips = client.link.round_trips
    asked = ["failed-1", "failed-2", "failed-2", "later", "running", "nobody"]
    assert backing_off(client.link, "q", asked) == 2
    assert client.link.round_trips - trips == 1
