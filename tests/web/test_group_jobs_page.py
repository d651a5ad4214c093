"""The jobs of a group: its waiting list with the actions of the lane, paged, by ticks, also read only."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.formatting import row_id
from omniq_core import OmniqClient
from tests.support.factories import publish_jobs
from tests.web.groups_support import GROUPS
from tests.web.pages_support import NOW, QUEUE, SCRIPT, Browser, browser, bulk_button, row_button, words

PATH = f"{GROUPS}/acme"


@pytest.fixture
def visitor(client: OmniqClient, redis: Any) -> Browser:
    del redis
    publish_jobs(client, QUEUE, [f"j{nth:02}" for nth in range(30)], now_ms=NOW - 100, gid="acme", group_limit=2)
    publish_jobs(client, QUEUE, ["other"], now_ms=NOW - 200, gid="other")
    return browser(client)


def test_the_list_that_the_next_jobs_are_taken_from(visitor: Browser, client: OmniqClient) -> None:
    client.reserve(queue=QUEUE, now_ms_override=NOW)  # the other group's
    client.reserve(queue=QUEUE, now_ms_override=NOW)
    page = visitor.get(f"{PATH}?size=25")
    assert page.heads() == ["Select", "Job", "Payload", "Position", "Queued", "Actions"]
    assert (page.job_ids()[0], page.rows("jobs")[0][3], len(page.job_ids())) == ("j01", "1", 25)
    assert page.words("#group-facts") == "Ready 1 of 2"
    assert page.words("#queue-tabs [aria-current]").startswith("Groups")
    second = visitor.follow(page, "#pager a[rel=next]")
    assert second.job_ids() == ["j26", "j27", "j28", "j29"]
    assert visitor.follow(second, "main .segmented a").path == GROUPS
    turned = visitor.get(f"{PATH}?sort=-queued&size=25")
    assert turned.job_ids()[:2] == ["j29", "j28"]


def test_one_and_the_selected_are_removed(visitor: Browser, redis: Any) -> None:
    page = visitor.get(PATH)
    dialog = visitor.press(page, row_button(page, "j00", "remove"))
    removed = visitor.press(dialog, "dialog button.danger")
    assert (removed.path, removed.job_ids()[0]) == (PATH, "j01")
    dialog = visitor.press(removed, bulk_button(removed, "remove"), check=["j01", "j02"])
    removed = visitor.press(dialog, "dialog button.danger", script=True)
    assert {"jobs", "pager", "group-facts", "queue-tabs"} <= set(removed.targets())
    assert redis.lrange(f"{{{QUEUE}}}:g:acme:wait", 0, 1) == [b"j03", b"j04"]
    assert redis.exists(f"{{{QUEUE}}}:job:other") == 1


def test_a_tick_is_empty_without_news_and_tells_of_rows_that_left(visitor: Browser, client: OmniqClient) -> None:
    first = visitor.get(f"{PATH}?live=1", headers=SCRIPT)
    same = f"{PATH}?live=1&v={first.headers['X-Omniq-Version']}"
    assert visitor.get(same, 204, SCRIPT).text == ""
    client.remove_job(queue=QUEUE, job_id="j03", lane="gwait")
    held = visitor.get(f"{PATH}?live=1&hold=1&sel=j03&sel=j04", headers=SCRIPT)
    assert "jobs" not in held.targets()
    assert "No longer in the queue" in words(held.region(row_id("job", "j03")))
    assert not held.region(row_id("job", "j04")).select_one("tr").has_attr("data-gone")


def test_a_page_whose_jobs_have_left_becomes_the_one_before(visitor: Browser, client: OmniqClient) -> None:
    second = visitor.follow(visitor.get(f"{PATH}?size=25"), "#pager a[rel=next]").path
    for nth in range(25, 30):
        client.remove_job(queue=QUEUE, job_id=f"j{nth}", lane="gwait")
    assert visitor.get(second).job_ids()[-1] == "j24"
    assert visitor.get(f"{PATH}?cursor=nonsense", 400).status == 400


def test_read_only_and_groups_without_jobs(visitor: Browser, client: OmniqClient) -> None:
    reader = browser(client, read_only=True)
    page = reader.get(PATH)
    assert len(page.job_ids()) == 30
    assert not page.soup.select("#jobs button, #bulk-bar, .row-check")
    client.set_group_limit(queue=QUEUE, gid="quiet", limit=3, now_ms_override=NOW)
    assert "Nothing waits in this group" in visitor.get(f"{GROUPS}/quiet").words("#jobs")
    assert "No such group" in visitor.get(f"{GROUPS}/nobody").words("#jobs")
    assert visitor.get("/queues/nobody/groups/acme", 404).status == 404
