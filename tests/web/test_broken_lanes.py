"""A lane whose key is of another type than the protocol's: its page and every figure of it say so, none says 0."""

from __future__ import annotations

from typing import Any

import pytest

from omniq_core import OmniqClient
from tests.support.factories import fail_jobs
from tests.web.pages_support import NOW, browser

KEYS = {"waiting": "wait", "active": "active", "delayed": "delayed", "failed": "failed", "completed": "completed"}


def wreck(redis: Any, part: str) -> None:
    redis.delete(f"{{mail}}:{part}")
    redis.set(f"{{mail}}:{part}", "rubbish")


@pytest.mark.broken_data
@pytest.mark.parametrize("lane", KEYS)
def test_the_page_of_a_broken_lane_names_the_key(client: OmniqClient, redis: Any, lane: str) -> None:
    client.publish(queue="mail", payload={}, now_ms_override=NOW)
    redis.delete("{mail}:idx:wait")
    wreck(redis, KEYS[lane])
    page = browser(client).get(f"/queues/mail/{lane}")
    assert page.words("#jobs") == (
        f"This lane is broken The key {{mail}}:{KEYS[lane]} is of type string, not of the protocol's, "
        "so what this lane holds is not known. Workers get errors from it."
    )
    assert page.words('#queue-tabs [aria-current="page"] .count') == "broken"


@pytest.mark.broken_data
def test_rows_that_the_index_still_knows_are_listed_below(client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, "mail", ["a"], now_ms=NOW - 1_000)
    wreck(redis, "failed")
    page = browser(client).get("/queues/mail/failed")
    rows = page.soup.select("#jobs > tr")
    assert "This lane is broken" in rows[0].get_text()
    assert [row.select_one("a.job-id").get_text() for row in rows[1:]] == ["a"]  # type: ignore[union-attr]


@pytest.mark.broken_data
def test_the_overview_calls_it_broken_and_asks_for_attention(client: OmniqClient, redis: Any) -> None:
    client.publish(queue="mail", payload={}, now_ms_override=NOW)
    for part in ("wait", "active", "delayed", "failed"):
        wreck(redis, part)
    page = browser(client, queues=("mail",)).get("/?state=attention")
    cells = {cell["data-label"]: cell.get_text().strip() for cell in page.soup.select("#queues td[data-label]")}
    assert {name: cells[name] for name in ("Waiting", "Active", "Delayed", "Failed")} == dict.fromkeys(
        ("Waiting", "Active", "Delayed", "Failed"), "broken"
    )
    head = browser(client).get("/queues/mail/failed")
    assert [tile.get_text(" ", strip=True) for tile in head.soup.select("#queue-tiles .tile")[::2][:2]] == [
        "Started – Its active jobs are broken",
        "Waiting – Its key is broken",
    ]


@pytest.mark.broken_data
def test_each_broken_row_says_what_it_is_and_leads_to_no_page_that_is_not_there(
    client: OmniqClient, redis: Any
) -> None:
    fail_jobs(client, "mail", ["ghost", "moved", "text", "bare", "well"], now_ms=NOW - 1_000)
    redis.delete("{mail}:job:ghost", "{mail}:job:text")
    redis.hset("{mail}:job:moved", "state", "completed")
    redis.set("{mail}:job:text", "rubbish")
    redis.hdel("{mail}:job:bare", "id")
    redis.lpush("{mail}:failed", "")
    redis.zadd("{mail}:idx:failed", {"": NOW})
    page = browser(client).get("/queues/mail/failed")
    assert [row[1:3] for row in page.rows("jobs")] == [
        ["(empty)", "An empty id, which names no job"],
        ["well", "ValueError: no such account"],
        ["bare", "The record behind this id has no id, so workers drop it"],
        ["text", "The key of this job is of type string, so there is no job in it"],
        ["moved", "Its record says that it is completed, but it stands in this lane"],
        ["ghost", "This id has no job behind it any more"],
    ]
    assert page.job_ids() == ["well", "bare", "moved"]
