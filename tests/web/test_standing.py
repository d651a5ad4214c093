"""The sentence on a waiting or delayed job's page that says why it is not running."""

from __future__ import annotations

from typing import Any

import pytest

from omniq_core import OmniqClient, pause_queue
from tests.support.factories import delay_jobs, lease_jobs, publish_jobs
from tests.support.pauses import has_left
from tests.web.pages_support import NOW, QUEUE, SCRIPT, Browser, browser, job_url, words

MINUTE = 60_000


@pytest.fixture
def visitor(client: OmniqClient) -> Browser:
    return browser(client)


def sentence(visitor: Browser, job_id: str) -> str:
    found = visitor.get(job_url(QUEUE, job_id)).soup.select("#why span")
    return words(found[0]) if found else ""


def test_a_full_group_and_who_holds_it(client: OmniqClient, visitor: Browser) -> None:
    lease_jobs(client, QUEUE, ["r1", "r2"], now_ms=NOW - 1_000, gid="<acct>", group_limit=2)
    publish_jobs(client, QUEUE, ["x", "y"], now_ms=NOW - 900, gid="<acct>")
    assert sentence(visitor, "x") == "Group <acct> runs 2 of 2. It is the next of its group."
    page = visitor.get(job_url(QUEUE, "y"))
    assert words(page.one("#why span")) == "Group <acct> runs 2 of 2. 1 job stands before this one."
    assert [link["title"] for link in page.soup.select("#why a.job-id")] == ["r1", "r2"]
    assert visitor.follow(page, "#why a.text-button").job_ids() == ["r1", "r2"]
    assert visitor.follow(page, "#why-group").job_ids() == ["x", "y"]


def test_a_stuck_group_leads_to_its_repair(client: OmniqClient, visitor: Browser, redis: Any) -> None:
    publish_jobs(client, QUEUE, ["x"], now_ms=NOW - 900, gid="acct")
    redis.zrem(f"{{{QUEUE}}}:groups:ready", "acct")
    page = visitor.get(job_url(QUEUE, "x"))
    assert words(page.one("#why span")) == "Group acct runs 0 of 1, but workers do not see its free slot."
    stuck = visitor.follow(page, "#why a.text-button")
    assert "Repair 1 group" in stuck.words("#stuck")


def test_paused_and_delayed(client: OmniqClient, visitor: Browser, redis: Any) -> None:
    publish_jobs(client, QUEUE, ["a"], now_ms=NOW - 1_000)
    delay_jobs(client, QUEUE, ["d"], now_ms=NOW, due_ms=NOW + 4 * MINUTE)
    assert sentence(visitor, "d") == "It is due in 4 min ."
    client.pause(queue=QUEUE)
    assert sentence(visitor, "a") == "The queue is paused outside the dashboard until somebody resumes it."
    client.resume(queue=QUEUE)
    why = {"by": "on<call>", "reason": "deploying <v2>"}
    pause_queue(client.link, QUEUE, now_ms=NOW, length_ms=10 * MINUTE, **why)
    paused = "The queue is paused by on<call> until 15:16:40 : deploying <v2>"  # NOW is 15:06:40
    has_left(redis, QUEUE, 10 * MINUTE)
    assert sentence(visitor, "a") == paused
    has_left(redis, QUEUE, 10 * MINUTE)
    assert sentence(visitor, "d") == f"The job is due in 4 min . {paused}"


def test_next_behind_and_overdue(client: OmniqClient, visitor: Browser) -> None:
    publish_jobs(client, QUEUE, ["a", "b", "c"], now_ms=NOW - 1_000)
    publish_jobs(client, QUEUE, ["g1", "g2"], now_ms=NOW - 1_000, gid="acct")
    delay_jobs(client, QUEUE, ["d"], now_ms=NOW - 5_000, due_ms=NOW - 3_000)
    assert sentence(visitor, "a") == "It is the next of the ungrouped."
    assert sentence(visitor, "c") == "2 jobs stand before this one."
    assert sentence(visitor, "g2") == "1 job stands before this one in its group."
    assert sentence(visitor, "d").startswith("It was due 3 s ago . The next worker that asks for a job moves it")


def test_a_tick_says_when_it_is_another_reason(client: OmniqClient, visitor: Browser) -> None:
    publish_jobs(client, QUEUE, ["a"], now_ms=NOW - 1_000)
    path = job_url(QUEUE, "a")
    version = visitor.get(path).one("#main")["data-version"]
    visitor.get(f"{path}?live=1&v={version}", status=204, headers=SCRIPT)
    client.pause(queue=QUEUE)
    tick = visitor.get(f"{path}?live=1&v={version}", headers=SCRIPT)
    assert "The queue is paused" in words(tick.region("facts"))
