"""Bulk work on what matches a filter: exactly what matched at the mark."""

from __future__ import annotations

from typing import Any

import pytest

from omniq_core import Filter, Matching, OmniqClient, read_selection
from tests.operator.bulk import begin, counted, runner, the_task, work_off
from tests.support.factories import delay_jobs, fail_jobs, publish_jobs

T = 1_750_000_000_000


def failed(redis: Any) -> list[str]:
    return [raw.decode() for raw in redis.lrange("{q}:failed", 0, -1)]


def finish(client: OmniqClient) -> Any:
    work_off(client.link, lambda: the_task(client.link, "q").state == "finished")
    return the_task(client.link, "q")


def test_300_of_1000(client: OmniqClient, redis: Any) -> None:
    def error(n: int) -> str:
        return "ValueError: no" if n % 10 in (0, 3, 7) else "KeyError: 'x'"

    names = fail_jobs(client, "q", 1_000, now_ms=T, error=error)
    wanted = Matching(Filter(q="valueerror"))
    assert begin(client.link, "q", "remove", "failed", selection=wanted).count == 300
    fail_jobs(client, "q", ["late"], now_ms=T + 5_000, error="ValueError: no")
    task = finish(client)
    assert (task.total, task.done, task.skipped) == (300, 300, 0)
    assert failed(redis) == ["late", *(name for n, name in list(enumerate(names))[::-1] if n % 10 not in (0, 3, 7))]


def test_each_lane_with_a_filter(client: OmniqClient, redis: Any) -> None:
    for n in range(40):
        publish_jobs(client, "q", [f"w{n:02}"], now_ms=T + n, gid=("", "A", "B")[n % 3])
    delay_jobs(client, "q", [f"d{n:02}" for n in range(30)], now_ms=T, due_ms=T + 99_000)
    begin(client.link, "q", "remove", "wait", selection=Matching(Filter(group="A")))
    assert finish(client).done == 13
    assert redis.exists("{q}:g:A:wait") == 0
    begin(client.link, "q", "run_now", "delayed", selection=Matching(Filter(prefix="d1")), task_id="b" * 16)
    work_off(client.link, lambda: the_task(client.link, "q", "b" * 16).state == "finished")
    assert the_task(client.link, "q", "b" * 16).done == 10
    assert redis.zcard("{q}:delayed") == 20


def test_what_no_longer_matches_is_skipped(client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, "q", 60, now_ms=T, error="ValueError: no")
    begin(client.link, "q", "retry", "failed", selection=Matching(Filter(q="ValueError")))
    redis.hset("{q}:job:job-50", "last_error", "KeyError: 'x'")
    task = finish(client)
    assert (task.done, task.reasons) == (59, (("LEFT_LANE", 1),))
    assert failed(redis) == ["job-50"]


@pytest.mark.broken_data
def test_a_lane_without_an_index(client: OmniqClient, redis: Any) -> None:
    names = fail_jobs(client, "q", 200, now_ms=T, error=lambda n: "ValueError" if n % 2 else "KeyError")
    redis.delete("{q}:idx:failed")
    begin(client.link, "q", "retry", "failed", selection=Matching(Filter(q="ValueError")))
    assert finish(client).done == 100
    assert [raw.decode() for raw in redis.lrange("{q}:wait", 0, -1)] == names[1::2]


@pytest.mark.broken_data
def test_an_id_too_long_to_be_named(client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, "q", ["a", "x" * 2_000, "b"], now_ms=T)
    begin(client.link, "q", "retry", "failed", selection=Matching(Filter(q="ValueError")))
    task = finish(client)
    assert (task.total, task.done, task.reasons) == (3, 2, (("ID_TOO_LONG", 1),))


def test_long_ids_in_a_whole_lane(client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, "q", ["x" * 2_000 + str(n) for n in range(60)], now_ms=T)
    begin(client.link, "q", "retry", "failed")
    assert finish(client).done == 60


def test_nothing_matches(client: OmniqClient, redis: Any) -> None:
    for n, lane in enumerate(("failed", "delayed")):
        fail_jobs(client, "q", 3, now_ms=T) if not n else None
        assert counted(client.link, "q", lane, Matching(Filter(q="moon"))).count == 0


@pytest.mark.parametrize("wanted", [Filter(q='é"\udcff', group="g", prefix="p", since_ms=5), Filter(payload="a.b:1")])
def test_a_selection_is_read_as_it_was_written(wanted: Filter) -> None:
    assert read_selection(Matching(wanted).text()) == Matching(wanted)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"v":1}', '{"v":1,"kind":"filter","moon":1}', '{"v":2,"kind":"lane"}']
)
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_selection(text)


def test_a_cancelled_filter_goes_on_where_it_was(client: OmniqClient, redis: Any) -> None:
    names = fail_jobs(client, "q", 300, now_ms=T, error=lambda n: "ValueError" if n % 2 else "KeyError")
    begin(client.link, "q", "retry", "failed", selection=Matching(Filter(q="ValueError")))
    first, second = runner(client.link), runner(client.link)
    work_off(client.link, lambda: the_task(client.link, "q").done >= 25, with_runner=first)
    first[0].close()
    work_off(client.link, lambda: the_task(client.link, "q").state == "finished", with_runner=second)
    assert [raw.decode() for raw in redis.lrange("{q}:wait", 0, -1)] == names[1::2]
