"""Counters that no job names: found, marked, and ended or deleted as their dialog showed them, with what that means."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard import create_app
from dashboard.access import Allow, Decision, Deny
from dashboard.tokens import to_token
from omniq_core import Background, OmniqClient, read_counters
from tests.support.clock import Clock
from tests.support.factories import fail_jobs, publish_jobs
from tests.web.pages_support import Browser, Page, browser

MINUTE = 60_000


@pytest.fixture
def watched(client: OmniqClient, redis: Any, clock: Clock) -> Browser:
    """45 min ago three counters were found: a job waits of the first, two failed of the second, the third has none."""
    del redis
    for key in ("live", "failed", "none"):
        client.childs_init(key=key, expected=4)
        client.child_ack(key=key, child_id="c1")
    publish_jobs(client, "mail", 1, now_ms=clock.now_ms, payload={"completion_key": "live"})
    fail_jobs(client, "video", 2, now_ms=clock.now_ms, payload={"completion_key": "failed"})
    background = Background(client.link, clock, timer=lambda: 0.0, counter_at="completion_key")
    for _ in range(110):
        background.tick()
        clock.advance(25_000)
    background.close()
    return browser(client, clock=clock)


def rows(page: Page) -> list[tuple[str, str]]:
    return [(row[0], row[1]) for row in page.rows("children")]


def opened(visitor: Browser, how: str, key: str) -> Page:
    return visitor.post(f"/children/{how}/confirm", {"key": to_token(key)})


def agreed(visitor: Browser, dialog: Page) -> Page:
    return visitor.press(dialog, dialog.soup.select("dialog .dialog-foot button")[-1])


def test_a_counter_without_live_children_is_found(watched: Browser) -> None:
    page = watched.get("/children?sort=state")
    assert rows(page) == [("failed", "No job found"), ("none", "No job found"), ("live", "Stuck")]
    assert page.words("#child-states") == "All 3 No job found 2 Stuck 1 Quiet 0 Moving 0"
    assert [key for key, _ in rows(watched.get("/children?state=alone"))] == ["failed", "none"]
    assert "No job found: it stands still, and no job that waits, runs or is delayed names it" in page.words("#foot")
    titles = [button["title"] for button in page.soup.select("#children button")]
    assert titles == ["Let the next child end it", "Delete counter"] * 2 + ["Delete counter"]


def test_the_page_of_a_counter_says_what_was_looked_at(watched: Browser) -> None:
    told = {key: watched.get(f"/children/{key}").words("#facts-jobs") for key in ("none", "failed", "live")}
    known = "A child that does not name the counter in completion_key cannot be found."
    assert told["none"].startswith("None of 1 job that waits, runs or is delayed names it in 2 queues. Looked at ")
    assert told["failed"].startswith(
        "None of 1 job that waits, runs or is delayed names it in 2 queues; 2 failed jobs do. Looked at "
    )
    assert told["live"].startswith("1 job that waits, runs or is delayed names it in 2 queues. Looked at ")
    assert all(text.endswith(known) for text in told.values())


def test_the_mark_leaves_with_the_next_change(watched: Browser, client: OmniqClient) -> None:
    client.child_ack(key="none", child_id="late")
    assert dict(rows(watched.get("/children")))["none"] == "Moving"
    assert "Not looked for while it moves" in watched.get("/children/none").words("#facts-jobs")


def test_where_no_job_names_any_counter_nothing_is_said(client: OmniqClient, redis: Any, clock: Clock) -> None:
    client.childs_init(key="a", expected=4)
    publish_jobs(client, "mail", 3, now_ms=clock.now_ms, payload={"parent": "a"})
    background = Background(client.link, clock, timer=lambda: 0.0, counter_at="completion_key")
    for _ in range(110):
        background.tick()
        clock.advance(25_000)
    visitor = browser(client, clock=clock)
    assert rows(visitor.get("/children")) == [("a", "Stuck")]
    assert "Not known: none of 3 jobs names any counter in completion_key" in visitor.get("/children/a").words(
        "#facts-jobs"
    )
    off = browser(client, clock=clock, completion_key="")
    assert "the setting completion_key is empty" in off.get("/children/a").words("#facts-jobs")
    hidden = browser(client, clock=clock, redact=["completion_key"])
    assert "Not looked for: the place where payloads name their counter is hidden" in hidden.get("/children/a").words(
        "#facts-jobs"
    )
    background.close()


@pytest.mark.parametrize(("redact", "at"), [(["completion_key"], ""), (["token"], "completion_key")])
def test_the_background_reads_no_counter_at_a_hidden_path(client: OmniqClient, redact: list[str], at: str) -> None:
    app = create_app(client, redact=redact, secret="not secret", insecure=True)
    threads = app.extensions["omniq_dashboard"]["omniq_dashboard"].background
    assert threads._counter_at == at
    threads.stop()


def test_the_next_child_ends_it_and_the_dialog_said_so(watched: Browser, client: OmniqClient) -> None:
    page = watched.get("/children/none")
    dialog = watched.press(page, page.one("#counter-actions button.button:not(.danger-text)"))
    said = dialog.words("dialog")
    for sentence in (
        "3 of 4 children are still missing. The count becomes 1: the next child that acks gets 0",
        "Children that end after it get -1",
        "Nobody is told now, and nothing starts now. No job was found that could be the one",
        "it then reads as 2 children. This cannot be undone.",
        "None of 1 job that waits, runs or is delayed names it",
    ):
        assert sentence in said
    after = agreed(watched, dialog)
    assert after.toast().startswith("The next child ends counter none")
    assert [client.child_ack(key="none", child_id=child) for child in ("c1", "c2", "c3")] == [1, 0, -1]
    assert "A failed job that names it is the one when it is retried" in opened(watched, "finish", "failed").words(
        "dialog"
    )
    assert "The first of the jobs that name it" in opened(watched, "finish", "live").words("dialog")


@pytest.mark.parametrize("how", ["finish", "remove"])
def test_one_that_moved_on_since_is_asked_about_again(watched: Browser, client: OmniqClient, how: str) -> None:
    dialog = opened(watched, how, "none")
    client.child_ack(key="none", child_id="late")
    again = agreed(watched, dialog)
    assert again.status == 409
    assert "It changed while this was open: these are its figures now. Nothing was changed." in again.words("dialog")
    assert "2 of 4 children are still missing." in again.words("dialog")
    assert read_counters(client.link, ["none"])["none"].remaining == 2
    assert agreed(watched, again).status == 200
    client.child_ack(key="none", child_id="last")
    assert agreed(watched, dialog).toast().startswith("Counter none is gone")


def test_what_was_not_shown_is_not_done(watched: Browser, client: OmniqClient) -> None:
    for how in ("finish", "remove"):
        assert watched.post(f"/children/{how}", {"key": to_token("none")}).status == 409
        assert watched.post(f"/children/{how}", {"key": to_token("none"), "seen": "x"}).status == 409
    client.childs_init(key="one", expected=1)
    dialog = opened(watched, "finish", "one")
    assert "the next child that acks is the last one anyway" in dialog.words("dialog")
    assert dialog.soup.select("dialog .dialog-foot button")[-1].has_attr("disabled")
    assert agreed(watched, dialog).status == 409
    assert read_counters(client.link, ["none", "one"])["none"].remaining == 3


def test_each_needs_its_own_permission(watched: Browser, client: OmniqClient, clock: Clock) -> None:
    def only(action: str) -> Any:
        def access(_request: Any, asked: str, _queue: str | None) -> Decision:
            return Allow() if asked in ("read", action) else Deny()

        return access

    for action, how, other in (("repair", "finish", "remove"), ("remove", "remove", "finish")):
        visitor = browser(client, clock=clock, access=only(action))
        assert len(visitor.get("/children/none").soup.select("#counter-actions button")) == 1
        buttons = visitor.get("/children?state=alone").soup.select("#children button")
        assert {button["formaction"].split("/")[2] for button in buttons} == {how}
        assert opened(visitor, other, "none").status == 403
        assert opened(visitor, how, "none").status == 200
    # Who may not do everything in each queue may not do it with what has no queue, nor is told sums over all of them.
    partly = browser(client, clock=clock, access=lambda _r, _a, queue: Deny() if queue == "video" else Allow())
    wholly = browser(client, clock=clock, access=lambda *_: Allow())
    page = partly.get("/children/failed")
    told = "Not told: it is counted over all queues, and you may not look at each of them."
    assert page.words("#facts-jobs") == partly.get("/children/live").words("#facts-jobs") == told
    assert wholly.get("/children/failed").words("#facts-jobs") == watched.get("/children/failed").words("#facts-jobs")
    assert all(state == "Stuck" for _, state in rows(partly.get("/children")))
    # A counter has no queue: to change one takes the right in each.
    assert page.soup.select("#counter-actions button") == partly.get("/children").soup.select("#children button") == []
    for how in ("finish", "remove"):
        refused = opened(partly, how, "failed")
        assert refused.status == 403 and "the right in every queue there is" in refused.words()
        sent = {"key": to_token("failed"), "seen": "x"}
        assert partly.post(f"/children/{how}", sent).status == 403
        assert wholly.post(f"/children/{how}", sent).status == 409


def test_a_counter_deleted_on_its_own_page_leads_to_the_others(watched: Browser) -> None:
    page = watched.get("/children/live")
    button = next(one for one in page.soup.select("button[formaction]") if "remove" in one["formaction"])
    after = agreed(watched, watched.press(page, button))
    assert (after.path, after.toast().partition(" Children")[0]) == ("/children", "Deleted counter live")
