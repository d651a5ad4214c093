"""Who works a queue, on the page of its active lane."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.formatting import row_id
from omniq_core import OmniqClient
from tests.support.announced import announce
from tests.support.factories import lease_jobs, publish_jobs
from tests.web.pages_support import NOW, browser
from tests.web.test_live import Page, part, targets

ACTIVE = "/queues/mail/active"


def crew(redis: Any) -> None:
    """Two processes of one host, and one of another that stopped."""
    announce(redis, "mail", "b", now_ms=NOW, ago_ms=4_000, host="hooks-1", pid=12, concurrency=16, running=0)
    announce(redis, "mail", "a", now_ms=NOW, ago_ms=0, host="hooks-1", pid=11, concurrency=8, jobs=["job-1"])
    announce(redis, "mail", "z", now_ms=NOW, ago_ms=12_000, host="hooks-4", pid=5, concurrency=1, jobs=["job-2"])


def test_lost_ones_first_then_by_host_and_process(client: OmniqClient, redis: Any) -> None:
    lease_jobs(client, "mail", 2, now_ms=NOW - 60_000)
    crew(redis)
    page = browser(client).get(ACTIVE)
    assert page.words("#consumers-panel summary") == (
        "Consumers 3 processes, 2 of 25 slots run a job; 1 has stopped beating"
    )
    assert page.rows("consumers") == [
        ["hooks-4", "5", "1 of 1", "12 s ago"],
        ["hooks-1", "11", "1 of 8", "now"],
        ["hooks-1", "12", "0 of 16", "4 s ago"],
    ]
    rows = page.soup.select("#consumers tr")
    assert [len(row.select(".slots .on")) for row in rows] == [1, 1, 0]
    assert [bool(row.select("[data-tone=danger]")) for row in rows] == [True, False, False]
    assert page.one("#consumers .meter")["max"] == "16"
    assert page.words("#unlisted") == ""
    assert not page.soup.select("#consumers-panel :is(button, a, input, form)")


def test_only_the_active_lane_has_them(client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, "mail", 1, now_ms=NOW)
    crew(redis)
    assert not browser(client).get("/queues/mail/waiting").soup.select("#consumers-panel")


def test_what_is_known_of_workers_that_announce_nothing(client: OmniqClient, redis: Any) -> None:
    lease_jobs(client, "mail", 2, now_ms=NOW - 30_000)
    visitor = browser(client)
    page = visitor.get(ACTIVE)
    assert page.words("#consumers-count") == "none announces itself"
    assert page.words("#unlisted") == (
        "2 jobs are leased by workers that do not announce themselves; the first 30 s ago ."
    )
    announce(redis, "mail", "a", now_ms=NOW, jobs=["job-2"])
    page = visitor.get(ACTIVE)
    assert page.words("#consumers-count") == "1 process, 1 of 1 slot runs a job"
    assert page.words("#unlisted").startswith("1 job leased more than 15 s ago is held by no consumer listed here, but")


def test_several_consumers_of_one_process_and_more_than_are_listed(client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, "mail", 1, now_ms=NOW)
    for n in range(3):
        announce(redis, "mail", f"c{n}", now_ms=NOW, pid=n // 2)
    visitor = browser(client)
    assert visitor.get(ACTIVE).words("#consumers-count") == "3 consumers, 0 of 3 slots run a job"
    for n in range(201):
        announce(redis, "mail", f"c{n}", now_ms=NOW, ago_ms=n, pid=n, running=1)
    page = visitor.get(ACTIVE)
    assert len(page.rows("consumers")) == 200
    assert page.words("#consumers-count") == (
        "201 processes, the 200 that beat longest ago are listed: 200 of their 200 slots run a job"
    )
    assert page.words("#unlisted") == ""


def test_a_hostile_record_is_text(client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, "mail", 1, now_ms=NOW)
    host, huge = "<img src=x onerror=alert(1)>\u202e{{7*7}}\ud800", 10**14 - 1
    announce(redis, "mail", "<script>", now_ms=NOW, host=host + "x" * 9_000, pid=huge, concurrency=huge)
    announce(redis, "mail", "none", now_ms=NOW, host="", running=huge)
    announce(redis, "mail", "zero", now_ms=NOW, concurrency=0)
    page = browser(client).get(ACTIVE)
    assert len(page.rows("consumers")) == 2
    name = page.one(f"#{row_id('consumer', '<script>')} th").get_text()
    assert name.startswith("<img src=x onerror=alert(1)>‹U+202E›{{7*7}}‹U+D800›xxx") and len(name) < 200
    assert not page.soup.select("#consumers img, #consumers script")
    assert page.words(f"#{row_id('consumer', 'none')}") == "(no name) 1 99.9 tn of 1 now"


@pytest.mark.parametrize("path", [ACTIVE, f"{ACTIVE}?group=acct"])
def test_a_beat_is_news_and_time_that_goes_by_is_not(client: OmniqClient, redis: Any, path: str) -> None:
    lease_jobs(client, "mail", ["job-1"], now_ms=NOW - 60_000, timeout_ms=600_000, gid="acct")
    announce(redis, "mail", "a", now_ms=NOW, jobs=["job-1"])
    page = Page(client, path)
    page.tick()
    redis.pexpire("{mail}:x:consumer:a", 14_000)
    page.now += 1_000
    assert page.tick().status_code == 204
    redis.persist("{mail}:x:consumer:a")
    page.now += 10_000
    assert part(page.tick(), "consumers-count").get_text(strip=True).endswith("; 1 has stopped beating")
    announce(redis, "mail", "a", now_ms=page.now, jobs=["job-1"])
    answer = page.tick()
    assert {"consumers", "consumers-count", "unlisted"} <= set(targets(answer))
    assert part(answer, "consumers").select("th")[0].get_text() == "hooks-1"


def test_held_rows_come_one_by_one(client: OmniqClient, redis: Any) -> None:
    lease_jobs(client, "mail", ["job-1"], now_ms=NOW - 60_000, timeout_ms=600_000)
    announce(redis, "mail", "a", now_ms=NOW, jobs=["job-1"])
    page = Page(client, ACTIVE)
    answer = page.tick(hold=True)
    assert "consumers" not in targets(answer)
    assert part(answer, row_id("consumer", "a")).select("tr > th")
    assert page.tick(hold=True).status_code == 204


def test_it_costs_no_round_trip(client: OmniqClient, redis: Any) -> None:
    lease_jobs(client, "mail", 1, now_ms=NOW)
    crew(redis)
    visitor = browser(client)
    visitor.get(ACTIVE)
    before = client.link.round_trips
    visitor.get(ACTIVE)
    assert client.link.round_trips - before == 1
