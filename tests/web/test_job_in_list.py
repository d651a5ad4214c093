"""A job's page opened from a list: its arrows lead through that list, whatever leaves it meanwhile."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from omniq_core import OmniqClient, lane_neighbours
from tests.operator.failing import index_all
from tests.support.clock import Clock
from tests.support.factories import delay_jobs, fail_jobs, publish_jobs
from tests.web.pages_support import NOW, QUEUE, SCRIPT, Browser, Page, browser, job_url, words

FAILED = f"/queues/{QUEUE}/failed"


@pytest.fixture
def visitor(client: OmniqClient) -> Browser:
    return browser(client)


def open_job(visitor: Browser, page: Page, job_id: str) -> Page:
    return visitor.follow(page, f"#jobs a.job-id[title='{job_id}']")


def pager(page: Page) -> str:
    nav = page.one(".page-path nav.pager")
    ends = [link["aria-label"] for link in nav.select("a") if not link.has_attr("href")]
    return f"{nav['aria-label']}: {page.words('.page-path nav.pager')} {ends}"


def turn(visitor: Browser, page: Page, key: str) -> Page:
    return visitor.follow(page, f"a[data-key='{key}']")


def walk(visitor: Browser, page: Page, key: str = "j") -> list[str]:
    """The ids of the pages that one arrow leads through."""
    found = [page.words("h1")]
    while page.one(f"a[data-key='{key}']").has_attr("href"):
        page = turn(visitor, page, key)
        found.append(page.words("h1"))
    return found


def every_second(n: int) -> str:
    return f"{'ValueError' if n % 2 else 'KeyError'}: {n}"


def test_through_a_filter(client: OmniqClient, visitor: Browser) -> None:
    fail_jobs(client, QUEUE, 8, now_ms=NOW - 60_000, error=every_second)  # job-2, 4, 6, 8 are ValueErrors
    page = open_job(visitor, visitor.get(f"{FAILED}?q=valueerror"), "job-6")
    assert pager(page) == "Matching jobs: 2 of 4 []"
    assert page.words(".crumbs li:last-child") == "Failed, filtered"
    assert walk(visitor, page) == ["job-6", "job-4", "job-2"]
    first = turn(visitor, page, "k")
    assert (first.words("h1"), pager(first)) == ("job-8", "Matching jobs: 1 of 4 ['Previous matching job']")
    assert walk(visitor, first) == ["job-8", "job-6", "job-4", "job-2"]
    assert visitor.follow(page, ".crumbs li:last-child a").job_ids() == ["job-8", "job-6", "job-4", "job-2"]
    trips = client.link.round_trips
    visitor.get(page.path)
    assert client.link.round_trips - trips == 4


def test_the_oldest_first_and_on_a_later_page(client: OmniqClient, visitor: Browser) -> None:
    fail_jobs(client, QUEUE, 60, now_ms=NOW - 60_000, error=every_second)
    listed = visitor.get(f"{FAILED}?q=valueerror&sort=-failed&size=25")
    page = open_job(visitor, visitor.follow(listed, "#pager a[rel=next]"), "job-52")
    assert pager(page) == "Matching jobs: 26 of 30 []"
    assert walk(visitor, page) == ["job-52", "job-54", "job-56", "job-58", "job-60"]
    before = turn(visitor, page, "k")
    assert (before.words("h1"), pager(before)) == ("job-50", "Matching jobs: 25 of 30 []")
    assert visitor.follow(before, ".crumbs li:last-child a").job_ids()[:2] == ["job-2", "job-4"]


def test_a_job_that_was_retried_still_leads_to_the_next(client: OmniqClient, visitor: Browser) -> None:
    fail_jobs(client, QUEUE, 8, now_ms=NOW - 60_000, error=every_second)
    page = open_job(visitor, visitor.get(f"{FAILED}?q=valueerror"), "job-6")
    client.retry_failed(queue=QUEUE, job_id="job-4", now_ms_override=NOW)
    page = visitor.press(page, "#job-actions button[data-key=r]")
    assert (page.words("h1"), page.words("#job-state")) == ("job-6", "Waiting")
    fail_jobs(client, QUEUE, ["new"], now_ms=NOW + 1, error="ValueError: later", gid="x")
    assert walk(visitor, page) == ["job-6", "job-2"]
    assert walk(visitor, page, "k") == ["job-6", "job-8"]


def test_a_job_that_was_removed_leads_back_to_its_list(client: OmniqClient, visitor: Browser) -> None:
    fail_jobs(client, QUEUE, 8, now_ms=NOW - 60_000, error=every_second)
    page = open_job(visitor, visitor.get(f"{FAILED}?q=valueerror"), "job-6")
    back = visitor.press(visitor.press(page, "#job-actions button[data-key='#']"), ".dialog button[type=submit].danger")
    assert (back.path, back.job_ids()) == (f"{FAILED}?q=valueerror", ["job-8", "job-4", "job-2"])


@pytest.mark.parametrize(("lane", "query", "ids"), [
    ("waiting", "prefix=a", ["a1", "a2", "a3"]),
    ("waiting", "payload=n", ["a1", "b", "a2", "a3"]),
    ("waiting", "payload=n:3&prefix=a&size=25", ["a2"]),
    ("delayed", "prefix=d", ["d3", "d2", "d1"]),
    ("delayed", "prefix=d&sort=-due", ["d1", "d2", "d3"]),
    ("delayed", "group=g&since=1h", ["d3", "d2", "d1"]),
])  # fmt: skip
def test_in_other_lanes(client: OmniqClient, visitor: Browser, lane: str, query: str, ids: list[str]) -> None:
    publish_jobs(client, QUEUE, ["a1", "b", "a2", "a3"], now_ms=NOW - 9_000)
    for job_id, due in (("d1", 9_000), ("d2", 8_000), ("x", 7_000), ("d3", 6_000)):
        delay_jobs(client, QUEUE, [job_id], now_ms=NOW - 9_000, due_ms=NOW + due, gid="" if job_id == "x" else "g")
    listed = visitor.get(f"/queues/{QUEUE}/{lane}?{query}")
    assert listed.job_ids() == ids
    page = open_job(visitor, listed, ids[0])
    assert pager(page).startswith(f"Matching jobs: 1 of {len(ids)} ['Previous matching job'")
    assert walk(visitor, page) == ids
    assert walk(visitor, open_job(visitor, listed, ids[-1]), "k") == ids[::-1]


def test_the_whole_payload_is_shown_within_the_list(client: OmniqClient) -> None:
    visitor = browser(client, payload_limit=1024)
    publish_jobs(client, QUEUE, 3, now_ms=NOW - 9_000, payload={"user": "x" * 2_000})
    page = open_job(visitor, visitor.get(f"/queues/{QUEUE}/waiting?payload=user:x"), "job-2")
    whole = visitor.follow(page, "section[aria-labelledby=payload-h] footer a:-soup-contains('Show all')")
    assert "x" * 2_000 in whole.words("#payload")
    assert walk(visitor, whole) == ["job-2", "job-3"]


def test_through_the_jobs_of_a_kind(client: OmniqClient, visitor: Browser) -> None:
    fail_jobs(client, QUEUE, 8, now_ms=NOW - 60_000, error=every_second)
    clock = Clock()
    clock.now_ms = NOW
    kinds = index_all(client, clock, queue=QUEUE).kinds
    for sort, ids in (
        ("failed", ["job-8", "job-6", "job-4", "job-2"]),
        ("-failed", ["job-2", "job-4", "job-6", "job-8"]),
    ):
        for kind in kinds:
            listed = visitor.get(f"/queues/{QUEUE}/failures/{kind.digest}?sort={sort}")
            if listed.job_ids() == ids:
                break
        else:
            raise AssertionError("no kind lists these jobs")
        page = open_job(visitor, listed, ids[1])
        assert pager(page) == "Jobs with this error: 2 of 4 []"
        assert page.words(".crumbs li:last-child") == "By error"
        assert walk(visitor, page) == ids[1:]
        assert walk(visitor, page, "k") == [ids[1], ids[0]]
    # From here on the oldest comes first; one leaves the lane, and its row is passed over.
    client.retry_failed(queue=QUEUE, job_id="job-6", now_ms_override=NOW)
    assert walk(visitor, visitor.get(page.path)) == ["job-4", "job-8"]


@pytest.mark.parametrize(("job_id", "copied"), [("a b", 1), ("a\u200bb", 0), ("a\nb", 0), ("\udcff", 0)])
def test_only_an_id_that_is_shown_as_it_is_can_be_copied(
    client: OmniqClient, visitor: Browser, job_id: str, copied: int
) -> None:
    fail_jobs(client, QUEUE, [job_id], now_ms=NOW - 60_000)
    assert len(visitor.get(job_url(QUEUE, job_id)).soup.select("[data-copy='#job-id']")) == copied


def test_the_others_with_its_error_appear_on_an_open_page(client: OmniqClient, visitor: Browser) -> None:
    fail_jobs(client, QUEUE, 8, now_ms=NOW - 60_000, error=every_second)
    page = visitor.get(job_url(QUEUE, "job-2"))
    assert not page.soup.select("#job-error .panel-foot")
    drawn = page.one("#main")["data-version"]
    clock = Clock()
    clock.now_ms = NOW
    index_all(client, clock, queue=QUEUE)
    tick = visitor.get(f"{job_url(QUEUE, 'job-2')}?live=1&v={drawn}", headers=SCRIPT)
    assert words(tick.region("job-error")).endswith("3 other failed jobs in this queue have this error. Show them")


def test_the_failed_lane_from_its_oldest_end(client: OmniqClient, visitor: Browser) -> None:
    fail_jobs(client, QUEUE, 3, now_ms=NOW - 60_000)
    page = open_job(visitor, visitor.get(f"{FAILED}?sort=-failed"), "job-1")
    assert pager(page) == "Failed jobs: 1 of 3 ['Previous failed job']"
    assert walk(visitor, page) == ["job-1", "job-2", "job-3"]


@pytest.mark.broken_data
def test_ids_without_a_job_are_passed_over(client: OmniqClient, redis: Any, visitor: Browser) -> None:
    fail_jobs(client, QUEUE, 5, now_ms=NOW - 60_000)
    redis.delete("{mail}:job:job-2", "{mail}:job:job-3")
    redis.set("{mail}:job:job-3", "no hash")
    assert walk(visitor, visitor.get(job_url(QUEUE, "job-5"))) == ["job-5", "job-4", "job-1"]
    assert walk(visitor, visitor.get(job_url(QUEUE, "job-1")), "k") == ["job-1", "job-4", "job-5"]
    assert walk(visitor, open_job(visitor, visitor.get(f"{FAILED}?prefix=job"), "job-4")) == ["job-4", "job-1"]


def test_what_is_too_far_to_find_at_once_is_looked_for_in_the_list(
    client: OmniqClient, visitor: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_jobs(client, QUEUE, 900, now_ms=NOW - 60_000, error=lambda n: "ValueError" if n in (0, 899) else "KeyError")
    page = open_job(visitor, visitor.get(f"{FAILED}?q=ValueError"), "job-900")
    monkeypatch.setattr("dashboard.queries.job_list.lane_neighbours", partial(lane_neighbours, budget_ms=0))
    monkeypatch.setattr("omniq_core.operator.lane_scan.FIRST_WORK", 20)
    page = visitor.get(page.path)
    assert page.one("a[data-key='j']")["aria-label"] == "Look on for the next matching job"
    assert turn(visitor, page, "j").job_ids() == ["job-1"]


@pytest.mark.parametrize("query", ["list=odd!", "list=failed&q=a&at=zzz", "list=0123456789abcdef&at=zzz",
                                   "list=failed&q=a&at=0.....~1"])  # fmt: skip
def test_no_place_in_a_list(client: OmniqClient, visitor: Browser, query: str) -> None:
    fail_jobs(client, QUEUE, 3, now_ms=NOW - 60_000)
    visitor.get(f"{job_url(QUEUE, 'job-2')}?{query}", 400)


def test_a_filter_without_a_place_names_no_neighbours(client: OmniqClient, visitor: Browser) -> None:
    fail_jobs(client, QUEUE, 3, now_ms=NOW - 60_000, error=every_second)
    page = visitor.get(f"{job_url(QUEUE, 'job-2')}?list=failed&q=ValueError")
    assert pager(page) == "Failed jobs: 2 of 3 []"
