"""Pages of a filtered lane: numbers that are true, pages that hang together, answers that go on where they ended."""

from __future__ import annotations

from typing import Any

import pytest

from omniq_core import BadCursor, OmniqClient
from omniq_core.operator.filtered import Count, FilteredPage, filtered_page, newer_matches
from omniq_core.operator.filters import Filter
from tests.operator.lanes_by_hand import FIRST_MS, drop_failed, job_hash, push_failed, write_failed

pytestmark = pytest.mark.broken_data
ODD = Filter(payload="odd")


def odd_lane(redis: Any, count: int) -> list[str]:
    """Failed jobs of which every second one, the last among them, is a match; returns the matches, newest first."""
    ids = write_failed(redis, "q", count)
    for job in ids[count - 1 :: -2]:
        redis.hset(f"{{q}}:job:{job}", "payload", '{"odd":1}')
    return ids[count - 1 :: -2]


def page(client: OmniqClient, asked: Filter = ODD, **options: Any) -> FilteredPage:
    options = {"size": 10, "budget_ms": 60_000} | options
    return filtered_page(client.link, "q", "failed", asked, **options)


def ids(found: FilteredPage) -> list[str]:
    return [row.job_id for row in found.jobs.rows]


def test_a_first_page_knows_its_rows_and_the_count(client: OmniqClient, redis: Any) -> None:
    odd = odd_lane(redis, 47)
    found = page(client)
    assert ids(found) == odd[:10] and found.count == Count(24, 47, 0)
    assert (found.jobs.first, found.before, found.listed, found.complete, found.jobs.newer) == (1, 0, 10, True, None)
    assert (found.scanned, found.left, found.going_on) == (47, 0, None) and found.jobs.older and found.mark


def test_pages_follow_each_other_and_lead_back(client: OmniqClient, redis: Any) -> None:
    odd = odd_lane(redis, 47)
    second = page(client, cursor=page(client).jobs.older)
    assert (ids(second), second.jobs.first, second.count) == (odd[10:20], 11, Count(24, 47, 0))
    third = page(client, cursor=second.jobs.older)
    assert (ids(third), third.jobs.first, third.jobs.older) == (odd[20:24], 21, None)
    back = page(client, cursor=third.jobs.newer)
    assert (ids(back), back.jobs.first, back.count) == (odd[10:20], 11, Count(24, 47, 0))
    assert ids(page(client, cursor=back.jobs.older)) == odd[20:24]
    first = page(client, cursor=back.jobs.newer)
    assert (ids(first), first.jobs.first) == (odd[:10], 1)
    upwards = page(client, newest_first=False)
    assert ids(upwards) == odd[:13:-1]
    assert ids(page(client, newest_first=False, cursor=upwards.jobs.older)) == odd[13:3:-1]


def test_the_count_is_that_of_the_mark_whatever_comes(client: OmniqClient, redis: Any) -> None:
    odd = odd_lane(redis, 40)
    first = page(client)
    push_failed(redis, "q", ["n1", "n2", "n3"], FIRST_MS + 1000)
    for job in ("n1", "n3"):
        redis.hset(f"{{q}}:job:{job}", "payload", '{"odd":2}')
    second = page(client, cursor=first.jobs.older, recount=True)
    assert (ids(second), second.count) == (odd[10:20], Count(20, 43, 0))
    again = page(client, upto=first.mark)
    assert (ids(again), again.mark) == (odd[:10], first.mark)
    assert newer_matches(client.link, "q", "failed", ODD, first.mark) == (2, True)
    assert ids(page(client))[:3] == ["n3", "n1", odd[0]]
    drop_failed(redis, "q", odd[:12])
    # The page before is now less than a page away from the beginning, which is the first page then.
    back = page(client, cursor=second.jobs.newer, recount=True)
    assert (ids(back), back.jobs.first, back.count) == (odd[12:20], 1, Count(8, 31, 0))


@pytest.mark.parametrize("size", [10, 100])
def test_an_answer_without_time_goes_on_until_all_is_seen(client: OmniqClient, redis: Any, size: int) -> None:
    odd = odd_lane(redis, 2_000)
    found = page(client, size=size, budget_ms=0)
    rows, counts = ids(found), [found.matched]
    # 400 units of work look at most at 320 entries, for each costs at least 1.25.
    assert 0 < found.scanned <= 320 and found.scanned + found.left == 2_000 and found.count is None
    assert found.matched == (found.scanned + 1) // 2
    push_failed(redis, "q", ["late"], FIRST_MS + 9_999)
    redis.hset("{q}:job:late", "payload", '{"odd":1}')
    while found.going_on:
        found = page(client, size=size, budget_ms=0, going_on=found.going_on)
        rows += ids(found)
        counts.append(found.matched)
        assert found.scanned + found.left == 2_000
    assert rows == odd[:size] and found.count == Count(1_000, 2_001, 0) and found.jobs.older
    assert counts == sorted(counts) and len(counts) > 6
    assert ids(page(client, size=10, cursor=found.jobs.older)) == odd[size : size + 10]


def test_a_later_page_goes_on_too_and_keeps_the_count_it_knows(client: OmniqClient, redis: Any) -> None:
    write_failed(redis, "q", 3_000)
    for n in (5, 2_000, 2_990):
        redis.hset(f"{{q}}:job:job-{n:07d}", "payload", '{"odd":1}')
    first = page(client, size=1)
    assert (ids(first), first.count) == (["job-0002990"], Count(3, 3_000, 0))
    second = page(client, size=2, cursor=first.jobs.older, budget_ms=0)
    assert (ids(second), second.complete, second.count) == ([], False, Count(3, 3_000, 0))
    rows: list[str] = []
    while second.going_on:
        second = page(client, size=2, going_on=second.going_on, budget_ms=0)
        rows += ids(second)
    assert rows == ["job-0002000", "job-0000005"] and (second.count, second.jobs.older) == (Count(3, 3_000, 0), None)
    assert ids(page(client, size=2, cursor=second.jobs.newer)) == ["job-0002990", "job-0002000"]


def test_a_later_page_opened_before_the_count_was_through_counts_anew(client: OmniqClient, redis: Any) -> None:
    odd = odd_lane(redis, 2_000)
    found = page(client, cursor=page(client, budget_ms=0).jobs.older, budget_ms=0)
    assert (ids(found), found.count, found.scanned, found.matched) == (odd[10:20], None, 0, 0)
    while found.going_on:
        newer = found.jobs.newer
        found = page(client, going_on=found.going_on, budget_ms=0)
        assert found.jobs.newer == newer or found.count
    assert found.count == Count(1_000, 2_000, 0) and (found.before, found.listed) == (10, 10)
    assert ids(page(client, cursor=found.jobs.newer)) == odd[:10]
    assert ids(page(client, cursor=found.jobs.older)) == odd[20:30]


def test_what_was_not_searched_is_counted(client: OmniqClient, redis: Any) -> None:
    write_failed(redis, "q", 500)
    for n in (3, 400):
        redis.hset(f"{{q}}:job:job-{n:07d}", mapping=job_hash("x", 1, payload='{"odd":"' + "x" * 70_000 + '"}'))
    found = page(client, budget_ms=0)
    while found.going_on:
        found = page(client, going_on=found.going_on, budget_ms=0)
    assert found.count == Count(0, 500, 2) and found.jobs.rows == ()


def test_an_empty_lane_has_no_mark(client: OmniqClient) -> None:
    found = page(client)
    assert (found.jobs.rows, found.count, found.mark, found.going_on) == ((), Count(0, 0, 0), "", None)


@pytest.mark.parametrize("bad", ["x", "0.....", "0.x..1.", "0...1.2-3", "0...²..", "1.2.3.4.5.6.7.8.9.10.11", "." * 10])
def test_tokens_that_no_page_gave_out(client: OmniqClient, bad: str) -> None:
    with pytest.raises(BadCursor):
        page(client, cursor=bad)
    with pytest.raises(BadCursor):
        page(client, going_on=bad)
    with pytest.raises(BadCursor):
        page(client, upto=bad)
