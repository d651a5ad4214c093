"""Who may see what was done, and with which queues: in the list, an entry, ticks, counts and the file."""

from __future__ import annotations

import pytest
from flask import Request

from dashboard import Allow, Deny
from dashboard.access import Decision
from omniq_core import OmniqClient
from tests.support.factories import fail_jobs, publish_jobs
from tests.web.pages_support import NOW, SCRIPT, browser
from tests.web.test_activity_page import note


def test_who_may_see_it_and_of_which_queues(client: OmniqClient) -> None:
    def looks(_request: Request, action: str, queue: str | None) -> Decision:
        return Allow() if action in ("read", "see_activity") and queue != "secret" else Deny()

    def no_activity(_request: Request, action: str, _queue: str | None) -> Decision:
        return Allow() if action == "read" else Deny()

    note(client, queue="secret", jobs=1, done=1)
    entry_id = note(client, queue="secret", jobs=1, done=1)
    note(client, queue="open", jobs=1, done=1)
    partly = browser(client, access=looks)
    assert [row[3] for row in partly.get("/activity").rows("activity")] == ["open"]
    assert "1–1 of 1" in partly.get("/activity").words("#pager")
    assert len(partly.http.get("/activity/export").text.splitlines()) == 1
    partly.get(f"/activity/{entry_id}", 404)
    rows = browser(client, queues="secret").get("/activity").rows("activity")
    assert [row[3] for row in rows] == ["–", "secret", "secret"]  # the first is of the export
    blind = browser(client, access=no_activity)
    for path in ("/activity", "/activity/export", f"/activity/{entry_id}"):
        blind.get(path, 403)
    assert "Activity" not in blind.get("/").words(".topnav")
    assert len(browser(client, read_only=True).get("/activity").rows("activity")) == 5


def test_of_a_queue_whose_activity_may_not_be_seen_nothing_is_told(client: OmniqClient) -> None:
    """Its lanes may be looked at all the same."""
    publish_jobs(client, "secret", 1, now_ms=NOW)
    task = "b" * 16
    entry_id = note(client, "remove", queue="secret", who="mallory", jobs=1, done=1, facts={"batch": "b", "task": task})
    note(client, queue="secrets", jobs=1, done=1)
    note(client, "sign-in", queue="", done=1)

    def rule(_request: Request, action: str, queue: str | None) -> Decision:
        return Deny() if action == "see_activity" and queue == "secret" else Allow()

    partly = browser(client, access=rule)
    partly.get("/queues/secret/waiting")
    page = partly.get("/activity")
    assert [row[3] for row in page.rows("activity")] == ["–", "secrets"] and "1–2 of 2" in page.words("#pager")
    assert "mallory" not in page.text + partly.http.get("/activity/export").text
    assert partly.get("/activity?who=mallory&action=remove").rows("activity")[0][0].startswith("No entry matches")
    partly.get(f"/activity/{entry_id}", 404)
    for path in ("/activity?queue=secret", "/activity?queue=secret&action=retry", "/activity/export?queue=secret"):
        refused = partly.get(path, 403)
        assert "You may not see who did what with the queue secret." in refused.words()
    # A part of its name, and the name of a queue that is none, are filters like any other.
    assert [row[3] for row in partly.get("/activity?queue=secre").rows("activity")] == ["secrets"]
    nothing = browser(client, access=lambda _r, action, q: Deny() if action == "see_activity" and q else Allow())
    assert [row[3] for row in nothing.get("/activity?action=sign-in").rows("activity")] == ["–"]
    assert "No entry matches" in nothing.get("/activity?queue=secre").words("#activity")
    tick_of = partly.http.get("/activity?live=1&hold=1&mark=0-1", headers=SCRIPT).text
    assert "4 newer entries" in tick_of  # one export, one refused look, and the two that may be seen


@pytest.mark.parametrize(
    "back", ["/queues/secret/failed", "/queues/secret/jobs/s1", "/queues/secret/groups", "/activity"]
)
@pytest.mark.parametrize("listed", ["open", ""])
def test_the_answer_to_a_button_draws_no_page_that_its_reader_may_not_see(
    client: OmniqClient, back: str, listed: str
) -> None:
    """`back` says which page is drawn anew, and may say anything."""

    def rule(_request: Request, action: str, queue: str | None) -> Decision:
        return Deny() if action == "see_activity" or (queue == "secret" and not listed) else Allow()

    fail_jobs(client, "secret", ["s1"], now_ms=NOW - 8_000, payload={"word": "s3cr3t"}, error="ValueError: s3cr3t")
    publish_jobs(client, "open", 1, now_ms=NOW)
    note(client, queue="open", who="mallory", jobs=1, done=1)
    http = browser(client, queues=listed, access=rule).http
    answer = http.post("/queues/open/pause", data={"back": back}, headers=SCRIPT)
    assert (answer.status_code, client.is_paused(queue="open")) == (200, True)
    assert not any(word in answer.text for word in ("s3cr3t", "mallory", "/queues/secret", "s1"))
