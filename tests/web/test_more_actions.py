"""The menu of a queue's head: all failed and all delayed jobs, from whichever page of the queue."""

from __future__ import annotations

import pytest
from flask import Request

from dashboard.access import Allow, Decision, Deny
from omniq_core import OmniqClient
from tests.support.factories import delay_jobs, fail_jobs, publish_jobs
from tests.web.pages_support import NOW, QUEUE, Page, browser

MENU = "#queue-actions details.menu"


def items(page: Page) -> list[str]:
    return [" ".join(item.get_text(" ").split()) for item in page.soup.select(f"{MENU} .menu-item")]


@pytest.mark.parametrize("path", ["waiting", "failed?q=nothing", "delayed", "groups", "failures", "groups/acme"])
def test_it_is_about_whole_lanes_whatever_the_page_shows(client: OmniqClient, path: str) -> None:
    fail_jobs(client, QUEUE, ["f1", "f2", "f3"], now_ms=NOW - 1_000)
    publish_jobs(client, QUEUE, ["w1", "w2"], now_ms=NOW, gid="acme")
    delay_jobs(client, QUEUE, ["d1", "d2", "d3", "d4"], now_ms=NOW, due_ms=NOW + 60_000)
    visitor = browser(client)
    page = visitor.get(f"/queues/{QUEUE}/{path}")
    assert items(page) == ["Retry 3 failed", "Run 4 delayed now", "Check and repair", "Remove 3 failed"]
    questions = {"retry": "Retry 3 failed jobs?", "run": "Run 4 delayed jobs now?", "remove": "Remove 3 failed jobs?"}
    for item, asked in questions.items():
        dialog = visitor.press(page, f"#more-{item}")
        assert dialog.words("dialog h2") == asked
        assert [back["value"] for back in dialog.soup.select("dialog input[name=back]")] == [f"/queues/{QUEUE}/{path}"]


def test_it_offers_what_there_is_and_what_one_may_do(client: OmniqClient) -> None:
    publish_jobs(client, QUEUE, ["w"], now_ms=NOW)
    assert items(browser(client).get(f"/queues/{QUEUE}/waiting")) == ["Check and repair"]
    client.remove_job(queue=QUEUE, job_id="w", lane="wait")
    delay_jobs(client, QUEUE, ["d"], now_ms=NOW, due_ms=NOW + 60_000)
    assert items(browser(client).get(f"/queues/{QUEUE}/waiting")) == ["Run 1 delayed now", "Check and repair"]
    fail_jobs(client, QUEUE, ["f"], now_ms=NOW - 1_000)
    assert browser(client, read_only=True).get(f"/queues/{QUEUE}/waiting").soup.select(MENU) == []

    def access(_request: Request, action: str, _queue: str | None) -> Decision:
        return Allow() if action in ("read", "remove") else Deny("No.")

    assert items(browser(client, access=access).get(f"/queues/{QUEUE}/waiting")) == ["Remove 1 failed"]
