"""Pages of a lane by cursor, while jobs come and go between them."""

from __future__ import annotations

from typing import Any

import pytest

from omniq_core import OmniqClient
from tests.support.factories import complete_jobs, delay_jobs, fail_jobs, lease_jobs, publish_jobs
from tests.web.pages_support import NOW, QUEUE, Browser, Page, browser

MINUTE = 60_000
FAILED = f"/queues/{QUEUE}/failed"


@pytest.fixture
def visitor(client: OmniqClient) -> Browser:
    return browser(client)


def walk(visitor: Browser, page: Page, rel: str = "next") -> list[Page]:
    """This page and all behind it, by the pager's links."""
    pages = [page]
    while pages[-1].soup.select(f"#pager a[rel={rel}]"):
        pages.append(visitor.follow(pages[-1], f"#pager a[rel={rel}]"))
        assert len(pages) < 50
    return pages


def ids_of(pages: list[Page]) -> list[str]:
    return [job_id for page in pages for job_id in page.job_ids()]


@pytest.mark.parametrize(
    ("same_ms", "size"),
    [
        (True, 25),
        (False, 50),
        (True, 100),
        *(pytest.param(*other, marks=pytest.mark.long) for other in ((False, 25), (True, 50), (False, 100))),
    ],
)
def test_walking_all_pages_both_ways(client: OmniqClient, visitor: Browser, size: int, same_ms: bool) -> None:
    ids = fail_jobs(client, QUEUE, 210, now_ms=NOW - MINUTE, step_ms=0 if same_ms else 1)
    if same_ms:
        ids.sort()  # one score: by the bytes of the id
    address = f"{FAILED}?size={size}" if size != 50 else FAILED
    there = walk(visitor, visitor.get(address))
    assert ids_of(there) == ids[::-1]
    assert [len(page.job_ids()) for page in there[:-1]] == [size] * (len(there) - 1)
    back = walk(visitor, there[-1], "prev")
    assert ids_of(back[::-1]) == ids[::-1]
    starts = [int(page.words("#pager").partition("–")[0]) for page in there]
    assert starts == list(range(1, 211, size))
    oldest_first = visitor.get(f"{address}{'&' if '?' in address else '?'}sort=-failed")
    upwards = walk(visitor, oldest_first)
    assert ids_of(upwards) == ids
    assert oldest_first.one("th[aria-sort]")["aria-sort"] == "ascending"
    # The size and the order stay in every link of the list.
    assert all(f"size={size}" in p.path for p in upwards) or size == 50
    assert visitor.follow(oldest_first, "th[aria-sort] a").job_ids() == ids[::-1][:size]


@pytest.mark.parametrize("sort", ["failed", "-failed"])
def test_new_failures_and_retries_between_pages_neither_repeat_nor_skip(
    client: OmniqClient, visitor: Browser, sort: str
) -> None:
    ids = fail_jobs(client, QUEUE, 200, now_ms=NOW - MINUTE)
    order = ids[::-1] if sort == "failed" else ids
    page = visitor.get(f"{FAILED}?size=25&sort={sort}")
    seen = page.job_ids()
    gone: list[str] = []
    n = 0
    while page.soup.select("#pager a[rel=next]"):
        n += 1
        # Three more fail; the last row shown (where the cursor stands), the first of all and one ahead are retried.
        fail_jobs(client, QUEUE, [f"new-{n}-{k}" for k in range(3)], now_ms=NOW - 1000 + n * 3)
        client.reserve(queue=QUEUE, now_ms_override=NOW)
        ahead = [job for job in order if job not in seen and job not in gone]
        moved = [seen[-1], order[n - 1], *ahead[1:2]]
        client.retry_failed_batch(queue=QUEUE, job_ids=moved, now_ms_override=NOW)
        while client.reserve(queue=QUEUE, now_ms_override=NOW):
            pass  # a waiting job would be taken by the next failure of this test
        gone += ahead[1:2]
        page = visitor.follow(page, "#pager a[rel=next]")
        seen += page.job_ids()
    expected = [job for job in order if job not in gone]
    if sort == "failed":
        assert seen == expected  # what failed meanwhile stands before the first page
    else:
        assert [job for job in seen if not job.startswith("new")] == expected
        assert len(seen) == len(set(seen))
    assert n >= 6


def test_a_page_whose_jobs_all_left_leads_back(client: OmniqClient, visitor: Browser) -> None:
    ids = fail_jobs(client, QUEUE, 60, now_ms=NOW - MINUTE)
    first = visitor.get(f"{FAILED}?size=25")
    client.remove_jobs_batch(queue=QUEUE, lane="failed", job_ids=ids[:35])
    asked = first.one("#pager a[rel=next]")["href"]
    page = visitor.follow(first, "#pager a[rel=next]")
    assert page.job_ids() == ids[:34:-1]
    assert page.path != asked  # the page before has an address of its own
    assert visitor.get(page.path).path == page.path


def test_the_form_of_sort_and_size(client: OmniqClient, visitor: Browser) -> None:
    ids = fail_jobs(client, QUEUE, 30, now_ms=NOW - MINUTE)
    page = visitor.get(f"{FAILED}?size=25&sort=-failed")
    fields = page.soup.select("[form=filters][name]")
    assert {field["name"] for field in fields} == {"sort", "size"}
    chosen = {field["name"]: field.find("option", selected=True) for field in fields}
    assert (chosen["sort"]["value"], chosen["size"].get_text()) == ("-failed", "25")
    assert visitor.get(f"{FAILED}?sort=-failed&size=50").job_ids() == ids


@pytest.mark.parametrize(
    ("lane", "first", "turned"),
    [
        ("waiting", "queued", "-queued"),
        ("active", "lease", "-lease"),
        ("active", "started", "-started"),
        ("delayed", "due", "-due"),
        ("completed", "completed", "-completed"),
    ],
)
def test_each_lane_sorts_both_ways(client: OmniqClient, visitor: Browser, lane: str, first: str, turned: str) -> None:
    fill = {"waiting": publish_jobs, "active": lease_jobs, "completed": complete_jobs}
    if lane == "delayed":
        ids = delay_jobs(client, QUEUE, 30, now_ms=NOW, due_ms=NOW + MINUTE)
    else:
        ids = list(fill[lane](client, QUEUE, 30, now_ms=NOW - MINUTE))
    usual = ids[::-1] if lane == "completed" else ids
    assert visitor.get(f"/queues/{QUEUE}/{lane}").job_ids() == usual
    assert visitor.get(f"/queues/{QUEUE}/{lane}?sort={turned}").one("th[aria-sort]").a["href"] in (
        f"/queues/{QUEUE}/{lane}",  # the usual order has the plain address
        f"/queues/{QUEUE}/{lane}?sort={first}",
    )
    assert ids_of(walk(visitor, visitor.get(f"/queues/{QUEUE}/{lane}?sort={first}&size=25"))) == usual
    assert ids_of(walk(visitor, visitor.get(f"/queues/{QUEUE}/{lane}?sort={turned}&size=25"))) == usual[::-1]


def test_a_lane_that_an_old_sdk_filled(client: OmniqClient, redis: Any, visitor: Browser) -> None:
    ids = fail_jobs(client, QUEUE, 60, now_ms=NOW - MINUTE)
    redis.delete("{mail}:idx:failed")
    page = visitor.get(f"{FAILED}?size=25")
    assert "written by an older SDK without an index" in page.words()
    assert ids_of(walk(visitor, page)) == ids[::-1]
    assert not page.soup.select("th[aria-sort]")
    assert [row[-2] for row in page.rows("jobs")][:2] == ["59 s ago"] * 2  # the moment stands in the job
