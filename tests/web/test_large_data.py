"""Megabytes in every place: pages stay small, and what is cut says so."""

from __future__ import annotations

import re
from typing import Any

import pytest

from omniq_core import OmniqClient
from tests.support.factories import complete_jobs, delay_jobs, fail_jobs, lease_jobs, publish_jobs
from tests.web.pages_support import NOW, QUEUE, Browser, browser, job_url, row_button

BIG = 5_000_000
FAILED = f"/queues/{QUEUE}/failed"


@pytest.fixture
def visitor(client: OmniqClient) -> Browser:
    return browser(client)


@pytest.mark.parametrize("lane", ["waiting", "active", "delayed", "failed", "completed"])
def test_a_list_of_large_payloads_ships_none(client: OmniqClient, visitor: Browser, lane: str) -> None:
    payload = {"text": "x" * BIG}
    if lane == "delayed":
        delay_jobs(client, QUEUE, 25, now_ms=NOW, due_ms=NOW + 1000, payload=payload)
    else:
        makers: dict[str, Any] = {
            "waiting": publish_jobs, "active": lease_jobs, "failed": fail_jobs, "completed": complete_jobs,
        }  # fmt: skip
        makers[lane](client, QUEUE, 25, now_ms=NOW, payload=payload)
    page = visitor.get(f"/queues/{QUEUE}/{lane}")
    assert len(page.job_ids()) == 25
    assert len(page.text.encode()) < 200_000
    if lane != "failed":
        assert "4.7 MB" in page.rows("jobs")[0]


def test_a_large_error(client: OmniqClient, redis: Any, visitor: Browser) -> None:
    """Our acks cut an error at 4 KB; another program may have written any length."""
    fail_jobs(client, QUEUE, ["a"], now_ms=NOW)
    redis.hset("{mail}:job:a", "last_error", "E: " + "x" * BIG)
    page = visitor.get(FAILED)
    assert page.rows("jobs")[0][2] == "An error of 4.7 MB, too large to list"
    assert len(page.text) < 100_000
    page = visitor.get(job_url(QUEUE, "a"))
    assert "An error of 5,000,003 bytes, too large to show" in page.words()
    assert len(page.text) < 100_000


def test_a_job_whose_id_is_large(client: OmniqClient, visitor: Browser) -> None:
    fail_jobs(client, QUEUE, ["a", "x" * BIG, "b"], now_ms=NOW)
    page = visitor.get(FAILED)
    assert page.job_ids() == ["b", "a"]
    assert "too long for a page or a button" in page.words("#jobs")
    assert len(page.text) < 100_000
    # The neighbours of the others skip over what no address can name.
    visitor.get(job_url(QUEUE, "a"))
    visitor.press(page, row_button(page, "a", "retry"))
    assert visitor.get(FAILED).job_ids() == ["b"]


def test_a_job_whose_group_is_large(client: OmniqClient, visitor: Browser) -> None:
    fail_jobs(client, QUEUE, ["a"], now_ms=NOW, gid="g" * BIG)
    page = visitor.get(FAILED)
    assert len(page.text) < 100_000
    assert len(visitor.get(job_url(QUEUE, "a")).text) < 100_000
    assert visitor.press(page, row_button(page, "a", "retry")).toast().startswith("Retried 1 job")
    assert visitor.get(f"/queues/{QUEUE}/waiting").job_ids() == ["a"]


def test_the_page_of_a_large_payload(client: OmniqClient, visitor: Browser) -> None:
    publish_jobs(client, QUEUE, ["a"], now_ms=NOW, payload={"t": "<b>" * 90_000 + "x" * 5_730_000})
    page = visitor.get(job_url(QUEUE, "a"))
    footer = "section[aria-labelledby=payload-h] footer"
    assert page.words(footer) == "5.7 MB, too large to show unasked. Show all Download"
    whole = visitor.follow(page, f"{footer} a:not([download])")
    assert whole.one("#payload").get_text().strip("\n").startswith('{"t":"' + "<b>" * 90_000)
    assert not whole.soup.select("#payload b")


def test_many_fields(client: OmniqClient, redis: Any, visitor: Browser) -> None:
    fail_jobs(client, QUEUE, ["a"], now_ms=NOW)
    redis.hset("{mail}:job:a", mapping={f"f{n}": "x" * 5_000 for n in range(3_000)})
    page = visitor.get(job_url(QUEUE, "a"))
    assert "3,0" in page.words("details.fold summary")
    assert len(page.text) < 1_000_000


def test_each_figure_that_is_cut_to_three_digits_has_the_exact_one(
    client: OmniqClient, redis: Any, visitor: Browser
) -> None:
    lease_jobs(client, QUEUE, ["a"], now_ms=NOW - 1_000, gid="big", group_limit=2)
    redis.delete(*redis.keys(f"{{{QUEUE}}}:idx:*"))  # as an SDK without these leaves it: the stats are believed
    redis.hset(f"{{{QUEUE}}}:stats", "group_waiting", 12_345_678)
    redis.hset(f"{{{QUEUE}}}:stats", "waiting_total", 12_345_678)
    redis.set(f"{{{QUEUE}}}:g:big:inflight", 45_000_000)
    redis.zadd(f"{{{QUEUE}}}:groups:ready", {"big": NOW})
    for path, least in (("/", 3), (f"/queues/{QUEUE}/waiting", 3), (f"/queues/{QUEUE}/groups", 4)):
        page = visitor.get(path)
        cut = page.soup.find_all(string=re.compile(r"\d (M|bn)\b"))
        assert len(cut) >= least, path
        for text in cut:
            named = [element["title"] for element in text.parents if element.has_attr("title")]
            assert named[:1] in (["12,345,678"], ["45,000,000"]), f"{path}: {text}"


def test_a_huge_limit_fits_its_card(redis: Any, client: OmniqClient, visitor: Browser) -> None:
    publish_jobs(client, QUEUE, ["a"], now_ms=NOW, gid="big", group_limit=99_999_999_999)
    assert redis.get(f"{{{QUEUE}}}:g:big:limit") == b"99999999999"
    for reader in (visitor, browser(client, read_only=True)):
        cell = reader.get(f"/queues/{QUEUE}/groups").one("#groups td[data-label=Limit]")
        assert (cell.get_text(strip=True), cell.span["title"]) == ("99.9 bn", "99,999,999,999")
