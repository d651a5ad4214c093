"""Pages of a lane: no row twice, none skipped, whatever happens around the cursor."""

from __future__ import annotations

from typing import Any

import pytest

from omniq_core import BadCursor, OmniqClient
from omniq_core.operator import LanePage, lane_page, page_of_mark
from tests.operator.lanes_by_hand import FIRST_MS, drop_failed, push_failed, write_failed
from tests.support.clock import Clock
from tests.support.factories import delay_jobs, fail_jobs, lease_jobs, publish_jobs


def page(client: OmniqClient, lane: str = "failed", queue: str = "q", **options: Any) -> LanePage:
    return lane_page(client.link, queue, lane, now_ms=1, **options)


def ids(found: LanePage) -> list[str]:
    return [row.job_id for row in found.rows]


def test_a_row_holds_what_a_list_shows(client: OmniqClient, clock: Clock) -> None:
    t = clock.now_ms
    fail_jobs(client, "q", ["a"], now_ms=t, error="ValueError: bad", payload={"n": "é"}, gid="G")
    row = page(client).rows[0]
    assert (row.job_id, row.state, row.gid, row.attempt, row.max_attempts) == ("a", "failed", "G", 1, 1)
    assert (row.score_ms, row.queued_ms, row.last_started_ms, row.failed_ms) == (t, t, t, t)
    assert (row.completed_ms, row.due_ms, row.lock_until_ms) == (None, None, None)
    assert (row.error, row.error_bytes) == ("ValueError: bad", 15)
    assert (row.payload_excerpt, row.payload_bytes) == ('{"n":"é"}', 10)
    assert (row.missing, row.id_cut) == (False, False)


def test_newest_first_and_oldest_first(client: OmniqClient, clock: Clock) -> None:
    fail_jobs(client, "q", 5, now_ms=clock.now_ms)
    newest = page(client, size=2)
    assert (ids(newest), newest.total, newest.first, newest.newer) == (["job-5", "job-4"], 5, 1, None)
    middle = page(client, size=2, cursor=newest.older)
    assert (ids(middle), middle.first) == (["job-3", "job-2"], 3)
    last = page(client, size=2, cursor=middle.older)
    assert (ids(last), last.first, last.older) == (["job-1"], 5, None)
    assert ids(page(client, size=2, cursor=last.newer)) == ["job-3", "job-2"]
    oldest = page(client, size=2, newest_first=False)
    assert (ids(oldest), oldest.first, oldest.older) == (["job-1", "job-2"], 1, None)
    following = page(client, size=2, newest_first=False, cursor=oldest.newer)
    assert (ids(following), following.first) == (["job-3", "job-4"], 3)


def test_every_lane_has_pages_and_waiting_holds_the_grouped_too(client: OmniqClient, clock: Clock) -> None:
    t = clock.now_ms
    lease_jobs(client, "q", ["a"], now_ms=t, timeout_ms=500)
    delay_jobs(client, "q", ["d"], now_ms=t, due_ms=t + 900)
    publish_jobs(client, "q", ["w"], now_ms=t)
    publish_jobs(client, "q", ["g"], now_ms=t + 1, gid="G")
    assert ids(page(client, "wait")) == ids(page(client, "waiting")) == ["g", "w"]
    assert page(client, "active").rows[0].lock_until_ms == t + 500
    assert page(client, "delayed").rows[0].due_ms == t + 900
    assert page(client, "completed") == LanePage((), 0, 0, None, None, True)


@pytest.mark.broken_data
@pytest.mark.parametrize("same_ms", [False, True])
def test_no_row_twice_and_none_skipped_while_the_lane_moves(client: OmniqClient, redis: Any, same_ms: bool) -> None:
    all_ids = write_failed(redis, "q", 3_000, same_ms=same_ms)
    seen: list[str] = []
    gone: set[str] = set()
    found = page(client, size=100)
    for step in range(1000):
        seen += ids(found)
        if not found.older:
            break
        # A new failure, and the rows on both sides of the cursor leave: only those not shown yet may be missed.
        push_failed(redis, "q", [f"new-{step}"], FIRST_MS + 10_000_000 + step)
        edge = all_ids.index(seen[-1])
        leaving = [job for job in all_ids[edge - 1 : edge + 1] if job not in gone]
        drop_failed(redis, "q", leaving)
        gone |= set(leaving)
        found = page(client, size=100, cursor=found.older)
    assert len(seen) == len(set(seen)), "a row came twice"
    assert [job for job in reversed(all_ids) if job in set(seen) | gone] == list(reversed(all_ids)), "a row was skipped"
    assert not [job for job in seen if job.startswith("new-")]


@pytest.mark.broken_data
def test_the_way_back_from_a_page_that_emptied(client: OmniqClient, redis: Any) -> None:
    all_ids = write_failed(redis, "q", 4)
    newest = page(client, size=2)
    drop_failed(redis, "q", all_ids[:2])
    empty = page(client, size=2, cursor=newest.older)
    assert (empty.rows, empty.first, empty.older, empty.total) == ((), 0, None, 2)
    assert ids(page(client, size=2, cursor=empty.newer)) == [all_ids[3], all_ids[2]]


@pytest.mark.broken_data
def test_the_newer_page_begins_right_beside_a_row_that_left(client: OmniqClient, redis: Any) -> None:
    a, b, c, d, e, f = write_failed(redis, "q", 6)
    older = page(client, size=2, cursor=page(client, size=2).older)
    assert ids(older) == [d, c]
    drop_failed(redis, "q", [d])
    assert ids(page(client, size=2, cursor=older.newer)) == [f, e]
    drop_failed(redis, "q", [e, f])
    empty = page(client, size=2, cursor=older.newer)
    assert (empty.rows, empty.newer) == ((), None)
    assert ids(page(client, size=2, cursor=empty.older)) == [c, b]
    oldest = page(client, size=1, newest_first=False)
    assert ids(oldest) == [a]
    drop_failed(redis, "q", [b, c])
    beyond = page(client, size=1, newest_first=False, cursor=oldest.newer)
    assert beyond.rows == ()
    assert ids(page(client, size=1, newest_first=False, cursor=beyond.older)) == [a], "the row of the cursor itself"


@pytest.mark.broken_data
def test_a_lane_without_index_pages_its_list_and_says_so(client: OmniqClient, redis: Any) -> None:
    all_ids = write_failed(redis, "q", 5)
    redis.delete("{q}:idx:failed")
    newest = page(client, size=2)
    assert (ids(newest), newest.indexed, newest.total) == ([all_ids[4], all_ids[3]], False, 5)
    push_failed(redis, "q", ["late"], FIRST_MS + 99)
    redis.delete("{q}:idx:failed")
    assert ids(page(client, size=2, cursor=newest.older)) == [all_ids[2], all_ids[1]]
    assert newest.rows[0].score_ms is None
    redis.rpush("{q}:wait", "w1", "w2", "w3")
    waiting = page(client, "wait", size=2, newest_first=False)
    assert (ids(waiting), waiting.indexed) == (["w1", "w2"], False)
    redis.zadd("{q}:active", {"a1": 5, "a2": 9})
    assert ids(page(client, "active", size=1, cursor=page(client, "active", size=1).older)) == ["a1"]


@pytest.mark.broken_data
def test_an_index_that_misses_jobs_hides_none_of_them(client: OmniqClient, redis: Any) -> None:
    all_ids = write_failed(redis, "q", 3)
    redis.zrem("{q}:idx:failed", all_ids[0])
    found = page(client)
    assert (ids(found), found.indexed) == (list(reversed(all_ids)), False)


def test_the_page_of_a_mark_begins_where_the_lane_began_then(client: OmniqClient, clock: Clock) -> None:
    fail_jobs(client, "q", ["c", "b", "a", "\xff"], now_ms=clock.now_ms, step_ms=0)
    then = page_of_mark(str(clock.now_ms))
    fail_jobs(client, "q", ["new", "newer"], now_ms=clock.now_ms + 1)
    found = page(client, size=3, cursor=then)
    assert (ids(found), found.first, found.total) == (["\xff", "c", "b"], 3, 6)
    assert ids(page(client, cursor=found.newer)) == ["newer", "new"]
    with pytest.raises(BadCursor):
        page(client, cursor=page_of_mark("yesterday"))


@pytest.mark.parametrize("cursor", ["x", "é", "", "bzoK", "AAAA", "b" * 3, "b1xuMQoKYQ==", "bwppbmYxCgph"])
def test_a_cursor_nobody_gave_out_is_refused(client: OmniqClient, cursor: str) -> None:
    if cursor == "":
        assert page(client, cursor=cursor).rows == ()
        return
    with pytest.raises(BadCursor):
        page(client, cursor=cursor)


def test_a_lane_or_a_size_that_is_none_is_refused(client: OmniqClient) -> None:
    with pytest.raises(ValueError, match="not a lane"):
        page(client, "gwait")
    for size in (0, 101):
        with pytest.raises(ValueError, match="1 to 100"):
            page(client, size=size)
