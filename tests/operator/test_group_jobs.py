"""The jobs that wait in a group, in the order in which they will run: pages neither repeat nor skip any."""

from __future__ import annotations

from typing import Any

import pytest

from omniq_core import BadCursor, OmniqClient, group_jobs, lane_page
from omniq_core.operator.group_jobs import GroupJobs
from tests.support.factories import publish_jobs

T = 1_750_000_000_000


def page(client: OmniqClient, cursor: str | None = None, **options: Any) -> GroupJobs:
    return group_jobs(client.link, "q", "G", now_ms=T, size=10, cursor=cursor, **options)


def ids(found: GroupJobs) -> list[str]:
    return [row.job_id for row in found.page.rows]


def publish(client: OmniqClient, count: int, *, step_ms: int = 1) -> list[str]:
    names = [f"g{nth:03}" for nth in range(count)]
    publish_jobs(client, "q", ["other"], now_ms=T - 9, gid="other")
    publish_jobs(client, "q", ["ungrouped"], now_ms=T - 8)
    return publish_jobs(client, "q", names, now_ms=T, step_ms=step_ms, gid="G")


@pytest.mark.parametrize("step_ms", [1, 0])
def test_page_by_page_each_job_once(client: OmniqClient, step_ms: int) -> None:
    names = publish(client, 25, step_ms=step_ms)
    first = page(client)
    assert (ids(first), first.page.total, first.page.first, first.page.older) == (names[:10], 25, 1, None)
    assert [row.position for row in first.page.rows] == list(range(1, 11))
    assert (first.group and first.group.waiting, first.snapshot.group_waiting) == (25, 26)
    second = page(client, first.page.newer)
    third = page(client, second.page.newer)
    assert (ids(second), ids(third), third.page.newer) == (names[10:20], names[20:], None)
    assert ids(page(client, third.page.older)) == names[10:20]


def test_last_first(client: OmniqClient) -> None:
    names = publish(client, 15)[::-1]
    first = page(client, last_first=True)
    assert (ids(first), first.page.first) == (names[:10], 1)
    assert ids(page(client, first.page.older, last_first=True)) == names[10:]


@pytest.mark.parametrize("gone", [3, 9, 10, 14], ids="{} have started".format)
def test_jobs_that_start_meanwhile_shift_nothing(client: OmniqClient, gone: int) -> None:
    names = publish(client, 40)
    cursor = page(client).page.newer
    client.set_group_limit(queue="q", gid="G", limit=100, now_ms_override=T)
    for name in names[:gone]:
        client.remove_job(queue="q", job_id=name, lane="gwait")
    publish_jobs(client, "q", ["late"], now_ms=T + 99, gid="G")
    expected = [name for name in names[10:20] if name not in names[:gone]]
    assert ids(page(client, cursor))[: len(expected)] == expected


@pytest.mark.broken_data
def test_without_an_index_pages_are_by_place(client: OmniqClient, redis: Any) -> None:
    names = publish(client, 15)
    redis.delete("{q}:idx:wait")
    first = page(client)
    assert ids(first) == names[:10]
    assert ids(page(client, first.page.newer)) == names[10:]


@pytest.mark.broken_data
def test_long_ids_are_told_apart(client: OmniqClient, redis: Any) -> None:
    names = [f"{'x' * 2_000}{nth}" for nth in range(12)]
    publish_jobs(client, "q", names, now_ms=T, step_ms=0, gid="G")
    first = page(client)
    assert len(first.page.rows) == 10
    assert [row.job_id for row in page(client, first.page.newer).page.rows] == [name[:1024] for name in names[10:]]


@pytest.mark.broken_data
def test_a_list_of_another_type_says_so(client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, "q", ["u"], now_ms=T)
    redis.set("{q}:g:G:wait", "x")
    found = page(client)
    assert (found.page.rows, found.page.broken) == ((), ("g:G:wait", "string"))


def test_nothing_there_and_nothing_asked(client: OmniqClient) -> None:
    assert not page(client).snapshot.exists
    publish(client, 1)
    found = group_jobs(client.link, "q", "nobody", now_ms=T, ids=["g000", "missing"])
    assert (found.group, found.page.rows, [row.missing for row in found.named]) == (None, (), [False, True])
    foreign = lane_page(client.link, "q", "wait", now_ms=T, size=1).older
    assert foreign and ids(page(client, foreign)) == []
    for wrong in (0, 101):
        with pytest.raises(ValueError):
            group_jobs(client.link, "q", "G", now_ms=T, size=wrong)
    with pytest.raises(BadCursor):
        page(client, "nonsense")
