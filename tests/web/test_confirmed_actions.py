"""More than one job needs the token of exactly these; a batch that meets other clients says what became of each."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Request

from dashboard.access import Actor
from omniq_core import OmniqClient
from tests.support.clock import Clock
from tests.support.factories import fail_jobs, lease_jobs, publish_jobs
from tests.support.invariants import check_invariants
from tests.support.snapshot import snapshot
from tests.web.pages_support import NOW, QUEUE, Browser, Page, browser, pages_app, words

RETRY, REMOVE = f"/queues/{QUEUE}/jobs/retry", f"/queues/{QUEUE}/jobs/remove"
CLOCK = Clock(NOW)


def who(request: Request) -> Actor:
    return Actor(request.headers.get("X-Who", "anna"), "")


@pytest.fixture
def visitor(client: OmniqClient, redis: Any) -> Iterator[Browser]:
    app = pages_app(client, clock=CLOCK)
    app.extensions["omniq_dashboard"]["omniq_dashboard"].user = who
    CLOCK.now_ms = NOW
    fail_jobs(client, QUEUE, ["a", "b", "c"], now_ms=NOW - 1000)
    fail_jobs(client, "other", ["a", "b"], now_ms=NOW - 1000)
    yield Browser(app)
    check_invariants(redis)


def token(visitor: Browser, verb: str, ids: list[str], queue: str = QUEUE, lane: str = "failed") -> str:
    dialog = visitor.post(f"/queues/{queue}/jobs/{verb}/confirm", {"id": ids, "lane": lane})
    assert dialog.status == 200
    return dialog.one("input[name=confirm_token]")["value"]


def refused(
    visitor: Browser, redis: Any, verb: str, why: str, sent: dict[str, Any], headers: dict[str, str] | None = None
) -> Page:
    before = snapshot(redis, QUEUE), snapshot(redis, "other")
    page = visitor.post(f"/queues/{QUEUE}/jobs/{verb}", sent, headers=headers)
    assert page.status == 409
    assert words(page.one("dialog [role=alert]")) == f"{why} Nothing was changed; look again and confirm."
    assert (snapshot(redis, QUEUE), snapshot(redis, "other")) == before
    return page


FOREIGN = "The confirmation was for something else."


@pytest.mark.parametrize("verb", ["retry", "remove"])
def test_the_wrong_token(visitor: Browser, redis: Any, verb: str) -> None:
    ids = ["a", "b"]
    good = token(visitor, verb, ids)
    refused(visitor, redis, verb, "This needs a confirmation.", {"id": ids})
    refused(visitor, redis, verb, "The confirmation is not valid.", {"id": ids, "confirm_token": good[:-2] + "xx"})
    refused(visitor, redis, verb, "The confirmation is not valid.", {"id": ids, "confirm_token": "x"})
    for others in (["a", "b", "c"], ["a", "c"], ["b", "c"]):
        refused(visitor, redis, verb, FOREIGN, {"id": others, "confirm_token": good})
    refused(visitor, redis, verb, FOREIGN, {"id": ids, "confirm_token": token(visitor, verb, ids, queue="other")})
    other_verb = "remove" if verb == "retry" else "retry"
    refused(visitor, redis, verb, FOREIGN, {"id": ids, "confirm_token": token(visitor, other_verb, ids)})
    refused(visitor, redis, verb, FOREIGN, {"id": ids, "confirm_token": good}, {"X-Who": "bert"})
    page = refused(visitor, redis, verb, FOREIGN, {"id": ids, "confirm_token": token(visitor, verb, ["a", "c"])})
    # The dialog that came back asks for the right thing, and its button works.
    after = visitor.press(page, page.soup.select("dialog .dialog-foot button")[-1])
    assert "2 jobs" in after.toast()


def test_a_token_of_another_lane(visitor: Browser, redis: Any) -> None:
    of_waiting = token(visitor, "remove", ["a", "b"], lane="waiting")
    refused(visitor, redis, "remove", FOREIGN, {"id": ["a", "b"], "confirm_token": of_waiting})


def test_a_token_is_good_for_ten_minutes(visitor: Browser, redis: Any) -> None:
    sent = {"id": ["a", "b"], "confirm_token": token(visitor, "retry", ["a", "b"])}
    CLOCK.advance(600_001)
    refused(visitor, redis, "retry", "The confirmation is older than 10 min.", sent)
    CLOCK.advance(-1)
    assert visitor.post(RETRY, sent).toast().startswith("Retried 2 jobs")


def test_a_token_of_another_secret(visitor: Browser, client: OmniqClient, redis: Any) -> None:
    foreign = token(browser(client, secret="another secret"), "retry", ["a", "b"])
    refused(visitor, redis, "retry", "The confirmation is not valid.", {"id": ["a", "b"], "confirm_token": foreign})


def test_order_and_repetition_of_ids_do_not_matter(visitor: Browser) -> None:
    good = token(visitor, "retry", ["a", "b"])
    assert visitor.post(RETRY, {"id": ["b", "a", "b"], "confirm_token": good}).toast().startswith("Retried 2 jobs")


@pytest.mark.parametrize("path", [RETRY, REMOVE, f"{RETRY}/confirm", f"{REMOVE}/confirm"])
@pytest.mark.parametrize(
    ("sent", "why"),
    [
        ({"id": [f"j{n}" for n in range(101)]}, "101 jobs in one request: at most 100 can be changed at once."),
        ({}, "No job is selected."),
        ({"id": "~!"}, "One of the selected jobs cannot be read from the form."),
        ({"id": ["a", "%ff"]}, "One of the selected jobs cannot be read from the form."),
    ],
)
def test_ids_that_cannot_be_used(visitor: Browser, redis: Any, path: str, sent: dict[str, Any], why: str) -> None:
    before = snapshot(redis, QUEUE)
    page = visitor.post(path, sent)
    assert (page.status, why in page.words()) == (400, True)
    assert snapshot(redis, QUEUE) == before


@pytest.mark.parametrize("lane", ["active", "gwait", "x"])
def test_a_lane_nothing_is_removed_from(visitor: Browser, redis: Any, lane: str) -> None:
    before = snapshot(redis, QUEUE)
    page = visitor.post(REMOVE, {"id": "a", "lane": lane})
    assert page.status == 400
    assert page.one("input[aria-invalid=true]")["name"] == "lane"
    assert snapshot(redis, QUEUE) == before


def test_partial_success_names_each_job_and_why(visitor: Browser, client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, QUEUE, ["w"], now_ms=NOW)
    ids = ["a", "b", "c", "gone", "w"]
    good = token(visitor, "retry", ids)
    client.retry_failed(queue=QUEUE, job_id="b", now_ms_override=NOW)
    page = visitor.post(RETRY, {"id": ids, "confirm_token": good})
    lines = [words(line) for line in page.soup.select("#toasts .sub")]
    assert page.toast().startswith("3 of 5 jobs were not retried")
    assert page.soup.select("#toasts [role=alert]")
    assert lines == [
        "2 jobs were retried",
        "No longer failed (NOT_FAILED): b, w",
        "No longer in the queue (NO_JOB): gone",
    ]
    assert [job.decode() for job in redis.lrange("{mail}:failed", 0, -1)] == []


def test_partial_removal(visitor: Browser, client: OmniqClient) -> None:
    lease_jobs(client, "two", ["run"], now_ms=NOW)
    fail_jobs(client, "two", ["f"], now_ms=NOW)
    publish_jobs(client, "two", ["w"], now_ms=NOW)
    publish_jobs(client, "two", ["g1", "g2"], now_ms=NOW, gid="acct")
    ids = ["w", "g1", "run", "f", "no"]
    good = token(visitor, "remove", ids, queue="two", lane="waiting")
    page = visitor.post("/queues/two/jobs/remove", {"id": ids, "lane": "waiting", "confirm_token": good})
    assert [words(line) for line in page.soup.select("#toasts .sub")] == [
        "2 jobs were removed",
        "A worker holds it now (ACTIVE): run",
        "No longer in this lane (LANE_MISMATCH): f",
        "No longer in the queue (NO_JOB): no",
    ]
    assert visitor.get("/queues/two/waiting").job_ids() == ["g2"]


def test_a_job_that_a_worker_took_while_its_page_was_open(visitor: Browser, client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, "two", ["w"], now_ms=NOW)
    client.reserve(queue="two", now_ms_override=NOW)
    before = snapshot(redis, "two")
    page = visitor.post("/queues/two/jobs/remove", {"id": "w", "lane": "waiting"})
    assert (page.status, "409, ACTIVE" in page.words()) == (409, True)
    assert "It was waiting when you pressed Remove and is active now. Nothing was changed." in page.words()
    assert visitor.follow(page, "main a").words("#job-state") == "Active"
    assert snapshot(redis, "two") == before


def test_two_operators_at_once(visitor: Browser, client: OmniqClient, redis: Any) -> None:
    """Both confirmed the same fifty; each job is retried once, and what both were told adds up."""
    ids = fail_jobs(client, "race", 50, now_ms=NOW - 1000)
    sent = {"id": ids, "confirm_token": token(visitor, "retry", ids, queue="race")}
    gate, told = threading.Barrier(2), []

    def press() -> None:
        one = Browser(visitor.app)
        gate.wait(15)
        told.append(one.post("/queues/race/jobs/retry", sent).toast())

    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(text.split(" ", 2)[0] for text in told) == ["50", "Retried"]
    assert sorted(job.decode() for job in redis.lrange("{race}:wait", 0, -1)) == sorted(ids)
    assert redis.llen("{race}:failed") == 0
