"""The form of Pause: a reason and an end, who did it, and a queue that somebody else paused meanwhile."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.access import Actor
from omniq_core import OmniqClient, pause_queue
from tests.support.factories import lease_jobs, publish_jobs
from tests.support.pauses import has_left
from tests.web.pages_support import NOW, QUEUE, Browser, Page, browser, everything, pages_app, words

MINUTE = 60_000
CONFIRM, PRESS = f"/queues/{QUEUE}/pause/confirm", f"/queues/{QUEUE}/pause"
HOSTILE = "<b>\"'{{7*7}}\u202e"
SHOWN = HOSTILE.replace("\u202e", "‹U+202E›")


@pytest.fixture
def visitor(client: OmniqClient) -> Browser:
    publish_jobs(client, QUEUE, 1, now_ms=NOW)
    app = pages_app(client)
    app.extensions["omniq_dashboard"]["omniq_dashboard"].user = lambda _request: Actor("oncall", "")
    return Browser(app)


def send(visitor: Browser, page: Page, **typed: str) -> Page:
    """Presses the form of the dialog with this typed into it."""
    form = page.one("dialog form")
    sent = {field["name"]: field.get("value", "") for field in form.select("input[type=hidden]")}
    return visitor.post(form["action"], sent | typed)


def left_ms(redis: Any) -> int:
    return redis.pttl(f"{{{QUEUE}}}:paused")


def chip(page: Page, selector: str) -> tuple[str, str]:
    found = page.one(selector)
    return words(found), found["title"]


def test_the_form_says_what_a_pause_does_and_asks_why_and_until_when(client: OmniqClient, visitor: Browser) -> None:
    lease_jobs(client, "busy", ["a", "b"], now_ms=NOW)
    dialog = visitor.get("/queues/busy/pause/confirm")
    assert dialog.words("dialog .dialog-body > p").startswith("Workers finish the 2 jobs they hold and start nothing")
    assert [words(label) for label in dialog.soup.select("dialog .segmented label")] == [
        "15 min",
        "1 h",
        "Until",
        "Open",
    ]
    assert dialog.one("dialog input[checked]")["value"] == "open"
    assert dialog.one("#f-at")["value"] == "2025-06-15T16:00"  # NOW is 15:06:40


def test_who_why_and_until_stand_wherever_the_queue_does(visitor: Browser, redis: Any) -> None:
    after = send(visitor, visitor.get(CONFIRM), reason=f" {HOSTILE} ", until="15m")
    assert after.toast() == "Paused mail Until 2025-06-15 15:21:40 UTC Resume"
    assert 14 * MINUTE < left_ms(redis) <= 15 * MINUTE
    title = f"Paused by oncall, until 2025-06-15 15:21:40 UTC, since 2025-06-15 15:06:40 UTC: {SHOWN}"
    has_left(redis, QUEUE, 15 * MINUTE)
    assert chip(visitor.get("/"), "#queues .state") == ("Paused", title)
    for name in ("waiting", "groups", "failures"):
        has_left(redis, QUEUE, 15 * MINUTE)
        page = visitor.get(f"/queues/{QUEUE}/{name}")
        assert chip(page, "#queue-state .state") == ("Paused", title)
        assert page.words("#queue-state .page-note") == f"Paused by oncall now , until 15:21:40 : {SHOWN}"


def test_until_a_time_of_another_day(visitor: Browser, redis: Any) -> None:
    send(visitor, visitor.get(CONFIRM), until="at", at="2025-06-16T05:00")
    assert 833 * MINUTE < left_ms(redis) <= 833 * MINUTE + 20_000
    has_left(redis, QUEUE, 833 * MINUTE + 20_000)
    assert (
        visitor.get(f"/queues/{QUEUE}/waiting").words("#queue-state .page-note")
        == "Paused by oncall now , until 05:00:00 on 16 Jun 2025"
    )


def test_open_has_no_end_and_a_reader_without_a_name_is_not_named(client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, QUEUE, 1, now_ms=NOW)
    nobody = browser(client)
    send(nobody, nobody.get(CONFIRM), until="open")
    assert left_ms(redis) == -1
    page = nobody.get(f"/queues/{QUEUE}/waiting")
    assert page.words("#queue-state .page-note") == "Paused now , until somebody resumes it"
    nobody.press(page, "#queue-actions > button")
    assert left_ms(redis) == -2
    assert not nobody.get("/").one("#queues .state").has_attr("title")


@pytest.mark.parametrize(
    ("typed", "field", "fault"),
    [
        ({"until": "at", "at": "soon"}, "at", "Use a date and a time in UTC."),
        ({"until": "at", "at": ""}, "at", "Use a date and a time in UTC."),
        ({"until": "at", "at": "2025-06-15T15:00"}, "at", "This moment is over: 6 min ago. Choose a later one."),
        ({"until": "at", "at": "2062-06-15T15:00"}, "at", "This is more than a year away. Choose Open, and resume"),
        ({"until": "1h", "reason": "x" * 201}, "reason", "A reason has at most 200 characters; this one has 201."),
        ({"until": "never"}, "until", "Use one of 15 min, 1 h, Until, Open."),
    ],
)
def test_what_cannot_be_used_comes_back_as_typed(
    visitor: Browser, redis: Any, typed: dict[str, str], field: str, fault: str
) -> None:
    before = everything(redis)
    answer = send(visitor, visitor.get(CONFIRM), **{"reason": HOSTILE, "at": "2025-06-16T05:00", **typed})
    assert answer.status == 422
    assert answer.words(f"#f-{field}-e").startswith(fault)
    assert answer.one("#f-reason")["value"] == typed.get("reason", HOSTILE)
    assert answer.one("#f-at")["value"] == typed.get("at", "2025-06-16T05:00")
    assert [radio["value"] for radio in answer.soup.select("dialog input[checked]")] == (
        [] if field == "until" else [typed["until"]]
    )
    assert everything(redis) == before


def test_a_queue_that_somebody_else_paused_meanwhile(client: OmniqClient, visitor: Browser, redis: Any) -> None:
    dialog = visitor.get(CONFIRM)
    pause_queue(client.link, QUEUE, now_ms=NOW - 2 * MINUTE, by="ana", reason="deploying v2", length_ms=12 * MINUTE)
    has_left(redis, QUEUE, 10 * MINUTE)
    before = redis.get(f"{{{QUEUE}}}:x:pause")
    again = send(visitor, dialog, reason="paygate is down", until="1h")
    assert (again.status, again.words("dialog .alert")) == (
        409,
        "Somebody paused this queue meanwhile. Nothing was changed.",
    )
    assert again.words("dialog .dialog-body > p:not(.alert)").startswith("It is paused by ana 2 min ago , until 15:16")
    assert (again.words("dialog h2"), again.one("#f-reason")["value"]) == (
        "Replace the pause of mail?",
        "paygate is down",
    )
    assert redis.get(f"{{{QUEUE}}}:x:pause") == before
    after = send(visitor, again, reason="paygate is down", until="1h")
    assert after.toast().startswith("Paused mail")
    assert chip(visitor.get("/"), "#queues .state")[1].endswith(": paygate is down")
    assert 59 * MINUTE < left_ms(redis) <= 60 * MINUTE


def test_a_pause_that_is_over_is_not_replaced_but_asked_for_anew(client: OmniqClient, visitor: Browser) -> None:
    client.pause(queue=QUEUE)
    dialog = visitor.get(CONFIRM)
    assert dialog.words("dialog .dialog-body > p") == "It is paused outside the dashboard until somebody resumes it."
    client.resume(queue=QUEUE)
    again = send(visitor, dialog)
    assert (again.status, again.words("dialog h2")) == (409, "Pause mail?")
    assert again.words("dialog .alert") == "This queue runs: its pause is over. Nothing was changed."
    assert not client.is_paused(queue=QUEUE)
