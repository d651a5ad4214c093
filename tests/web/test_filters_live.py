"""Ticks of a filtered page: it stays as of its mark, what came since is announced, and a search is left alone."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup

from dashboard.queries import filtered
from omniq_core import OmniqClient
from tests.operator.lanes_by_hand import push_failed, write_failed
from tests.support.factories import delay_jobs, fail_jobs, publish_jobs
from tests.web.test_live import FAILED, NOW, SCRIPT, Page, part, targets


@pytest.fixture(autouse=True)
def time_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is busy with other things does not make an answer end earlier."""
    for name in ("PAGE_MS", "TICK_MS", "NEWER_MS"):
        monkeypatch.setattr(filtered, name, 60_000)


def ids(answer: Any) -> list[str]:
    return [str(link["title"]) for link in part(answer, "jobs").select("a.job-id")]


def words(answer: Any, target: str) -> str:
    return part(answer, target).get_text(" ", strip=True)


def odd_failures(client: OmniqClient, count: int, *, at: int = NOW - 90_000, first: int = 1) -> None:
    names = [f"job-{n}" for n in range(first, first + count)]
    fail_jobs(client, "mail", names, now_ms=at, error=lambda n: "even" if n % 2 else "odd")


def test_nothing_changed_is_a_204(client: OmniqClient) -> None:
    odd_failures(client, 60)
    for path in (f"{FAILED}?q=odd", f"{FAILED}?q=odd&since=1h&size=25", f"{FAILED}?q=nothing"):
        page = Page(client, path)
        page.now += 5_000
        assert page.tick().status_code == 204


def test_matches_that_came_since_are_announced_and_move_nothing(client: OmniqClient) -> None:
    odd_failures(client, 9)
    page = Page(client, f"{FAILED}?q=odd")
    odd_failures(client, 4, at=NOW, first=10)
    answer = page.tick()
    assert ids(answer) == ["job-9", "job-7", "job-5", "job-3", "job-1"]
    assert words(answer, "newer") == "2 newer failures. Show them."
    assert part(answer, "newer").select_one("a")["href"] == f"{FAILED}?q=odd"  # type: ignore[index]
    assert words(answer, "match-count") == "5 of 13 match"
    assert "filter-tags" not in targets(answer)


def test_what_left_is_missing_from_the_rows_and_from_the_count(client: OmniqClient) -> None:
    odd_failures(client, 60)
    page = Page(client, f"{FAILED}?q=odd&size=25")
    client.retry_failed(queue="mail", job_id="job-59", now_ms_override=NOW)
    answer = page.tick()
    assert ids(answer) == [f"job-{n}" for n in range(57, 7, -2)]
    assert (words(answer, "match-count"), words(answer, "pager")[:10]) == ("29 of 59 match", "1–25 of 29")
    held = page.tick(hold=True, sel=("job-59",))
    assert "jobs" not in targets(held) and "No longer failed" in held.text


def test_a_later_page_stays_the_page_it_is(client: OmniqClient) -> None:
    odd_failures(client, 60)
    first = Page(client, f"{FAILED}?q=odd&size=25")
    href = BeautifulSoup(first.http.get(first.path).data, "html.parser").select_one("#pager a[rel=next]")
    page = Page(client, str(href["href"]))  # type: ignore[index]
    odd_failures(client, 10, at=NOW, first=61)
    answer = page.tick()
    assert ids(answer) == ["job-9", "job-7", "job-5", "job-3", "job-1"]
    assert words(answer, "newer") == "5 newer failures. Show them."
    assert words(answer, "pager").startswith("26–30 of 30")


@pytest.mark.parametrize("cursor", [False, True])
def test_in_an_order_where_they_have_their_places_new_matches_come_by_themselves(
    client: OmniqClient, cursor: bool
) -> None:
    publish_jobs(client, "mail", [f"w{n}" for n in range(30)], now_ms=NOW - 90_000, gid="G")
    path = "/queues/mail/waiting?group=G&size=25"
    page = Page(client, path)
    if cursor:
        link = BeautifulSoup(page.http.get(path).data, "html.parser").select_one("#pager a[rel=next]")
        page = Page(client, str(link["href"]))  # type: ignore[index]
    publish_jobs(client, "mail", ["n1", "n2"], now_ms=NOW, gid="G")
    publish_jobs(client, "mail", ["other"], now_ms=NOW + 9)
    answer = page.tick()
    first = ids(answer)
    assert first == [*(f"w{n}" for n in range(25, 30)), "n1", "n2"] if cursor else first[0] == "w0" and len(first) == 25
    assert (words(answer, "match-count"), words(answer, "newer")) == ("32 of 33 match", "")


def test_what_becomes_due_within_the_time_asked_for_comes_by_itself(client: OmniqClient) -> None:
    delay_jobs(client, "mail", ["d1"], now_ms=NOW, due_ms=NOW + 10 * 60_000)
    delay_jobs(client, "mail", ["d2"], now_ms=NOW, due_ms=NOW + 16 * 60_000)
    page = Page(client, "/queues/mail/delayed?since=15m")
    assert page.tick().status_code == 204
    page.now += 59_999
    assert page.tick().status_code == 204
    page.now += 1
    assert ids(page.tick()) == ["d1", "d2"]


def test_a_page_without_its_mark_is_drawn_anew(client: OmniqClient) -> None:
    odd_failures(client, 9)
    page = Page(client, FAILED)
    page.path, page.mark = f"{FAILED}?q=odd", ""
    answer = page.tick()
    assert {"filter-tags", "jobs", "pager", "newer", "jobs-head"} <= set(targets(answer))
    assert "5 of 9 match" in words(answer, "filter-tags") and len(ids(answer)) == 5
    assert "q=odd" in part(answer, "jobs-head").select_one("a.sort")["href"]  # type: ignore[index]


def test_a_filter_that_was_taken_away_leaves_no_tag(client: OmniqClient) -> None:
    odd_failures(client, 9)
    page = Page(client, f"{FAILED}?q=odd")
    page.path, page.mark = FAILED, ""
    answer = page.tick()
    assert part(answer, "filter-tags").decode_contents().strip() == "" and len(ids(answer)) == 9


@pytest.mark.broken_data
def test_a_lane_too_long_for_a_tick_keeps_its_count(
    client: OmniqClient, redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_failed(redis, "mail", 3_000)
    redis.hset("{mail}:job:job-0000003", "last_error", "E: needle")
    page = Page(client, f"{FAILED}?q=needle")
    monkeypatch.setattr(filtered, "TICK_MS", 0)
    monkeypatch.setattr(filtered, "NEWER_MS", 0)
    push_failed(redis, "mail", [f"new-{n}" for n in range(700)], NOW)
    for n in range(700):
        redis.hset(f"{{mail}}:job:new-{n}", "last_error", "E: needle")
    answer = page.tick(sel=("job-0000003",))
    assert not {"jobs", "match-count", "pager"} & set(targets(answer))
    assert "job-0000003" in answer.text, "rows are asked for by name"
    assert words(answer, "newer").startswith("At least ")


@pytest.mark.broken_data
def test_a_tick_leaves_a_search_alone(client: OmniqClient, redis: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    write_failed(redis, "mail", 2_000)
    monkeypatch.setattr(filtered, "PAGE_MS", 0)
    page = Page(client, f"{FAILED}?q=needle")
    trips = client.link.round_trips
    answer = page.http.get(f"{page.path}&live=1&counting=1&mark={page.mark}", headers=SCRIPT)
    assert client.link.round_trips - trips == 1
    assert not {"jobs", "match-count", "pager", "filter-tags"} & set(targets(answer))
    assert {"queue-tabs", "queue-tiles", "newer"} <= set(targets(answer))


@pytest.mark.broken_data
def test_a_tick_of_a_long_lane_costs_a_bounded_number_of_trips(
    client: OmniqClient, redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_failed(redis, "mail", 20_000)
    page = Page(client, f"{FAILED}?payload=nothing:here")
    monkeypatch.setattr(filtered, "TICK_MS", 40)
    monkeypatch.setattr(filtered, "NEWER_MS", 20)
    trips = client.link.round_trips
    page.tick()
    # 40 ms and 20 ms of chunks that grow to 3 ms each; the first ones are short.
    assert client.link.round_trips - trips < 60
