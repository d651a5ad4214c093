"""Retry and remove of all jobs of one kind of error: exactly those that were counted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from omniq_core import OmniqClient
from omniq_core.operator.failure_index import FailureIndex
from tests.operator.failing import index_all
from tests.support.factories import fail_jobs
from tests.support.invariants import check_invariants
from tests.web.pages_support import NOW, QUEUE, SCRIPT, Browser, Page, pages_app
from tests.web.test_bulk import CLOCK, errors, fields, work

PATH = f"/queues/{QUEUE}/failures"
REMOVE = f"/queues/{QUEUE}/jobs/remove"


@pytest.fixture
def index(client: OmniqClient) -> FailureIndex:
    """Of each ten jobs three with a ValueError, seven with a KeyError, 1,000 in all."""
    CLOCK.now_ms = NOW
    fail_jobs(client, QUEUE, 1_000, now_ms=NOW - 100_000, error=errors)
    made = FailureIndex(client.link)
    index_all(client, CLOCK, made, queue=QUEUE)
    return made


@pytest.fixture
def visitor(client: OmniqClient, redis: Any, index: FailureIndex) -> Iterator[Browser]:
    """Somebody who looks at the grouped errors."""
    del index
    yield Browser(pages_app(client, clock=CLOCK))
    check_invariants(redis)


def dialog_of(visitor: Browser, label: str, script: bool = False) -> Page:
    page = visitor.get(PATH)
    button = next(b for b in page.soup.select("#errors button") if b["aria-label"] == label)
    return visitor.press(page, button, script=script)


def test_300_of_1000_are_removed(visitor: Browser, client: OmniqClient, redis: Any) -> None:
    dialog = dialog_of(visitor, "Remove 300 jobs with ValueError")
    assert dialog.words("dialog h2") == "Remove 300 failed jobs?"
    assert dialog.words("dialog .quote") == "Error ValueError"
    fail_jobs(client, QUEUE, ["late"], now_ms=CLOCK.now_ms, error="ValueError: no")
    begun = visitor.post(REMOVE, fields(dialog) | {"confirm": QUEUE})
    work(client)
    over = visitor.get(begun.path)
    assert over.words("#task-facts").startswith("Removed 300 Skipped 0 Left 0 Undo works until")
    left = redis.lrange(f"{{{QUEUE}}}:failed", 0, -1)
    assert len(left) == 701
    assert {redis.hget(f"{{{QUEUE}}}:job:{job.decode()}", "last_error") for job in left if job != b"late"} == {
        b"KeyError: 'x'"
    }


def test_one_that_was_retried_or_failed_otherwise_since_is_skipped(
    visitor: Browser, client: OmniqClient, redis: Any
) -> None:
    dialog = dialog_of(visitor, "Remove 300 jobs with ValueError")
    client.retry_failed_batch(queue=QUEUE, job_ids=["job-1", "job-2"], now_ms_override=CLOCK.now_ms)
    got = client.reserve(queue=QUEUE, now_ms_override=CLOCK.now_ms)
    token = getattr(got, "lease_token", "")
    client.ack_fail(queue=QUEUE, job_id="job-1", lease_token=token, error="KeyError: 'x'", now_ms_override=CLOCK.now_ms)
    begun = visitor.post(REMOVE, fields(dialog) | {"confirm": QUEUE})
    work(client)
    assert visitor.get(begun.path).words("#task-facts").startswith("Removed 298 Skipped: no longer failed 2 Left 0")
    assert redis.exists(f"{{{QUEUE}}}:job:job-1")
    assert redis.exists(f"{{{QUEUE}}}:job:job-2")


def test_retry_of_a_kind(visitor: Browser, client: OmniqClient) -> None:
    dialog = dialog_of(visitor, "Retry 700 jobs with KeyError")
    assert dialog.words("dialog h2") == "Retry 700 failed jobs?"
    begun = visitor.post(f"/queues/{QUEUE}/jobs/retry", fields(dialog) | {"confirm": QUEUE, "pace": "now"})
    work(client)
    assert visitor.get(begun.path).words("#task-facts").startswith("Retried 700 Skipped 0 Left 0")


def test_from_the_page_of_the_kind(visitor: Browser) -> None:
    page = visitor.follow(visitor.get(f"{PATH}?sort=-jobs"), "#errors tr:nth-of-type(1) a")
    button = next(b for b in page.soup.select("#kind-count button") if b.get_text(strip=True) == "Remove 300")
    assert visitor.press(page, button).words("dialog h2") == "Remove 300 failed jobs?"


def test_a_dialog_that_asks_again_asks_about_the_same_jobs(visitor: Browser) -> None:
    dialog = dialog_of(visitor, "Remove 300 jobs with ValueError", script=True)
    again = visitor.post(REMOVE, fields(dialog) | {"confirm_token": "over", "confirm": QUEUE}, script=True)
    assert again.status == 409
    assert again.words("dialog h2") == "Remove 300 failed jobs?"
    assert again.words("dialog .quote") == "Error ValueError"
    filtered = visitor.get(f"/queues/{QUEUE}/failed?q=ValueError")
    button = next(b for b in filtered.soup.select("button") if b.get_text(strip=True) == "Remove 300 matching")
    dialog = visitor.press(filtered, button, script=True)
    again = visitor.post(REMOVE, fields(dialog) | {"confirm_token": "over", "confirm": QUEUE}, script=True)
    assert again.words("dialog h2") == "Remove 300 failed jobs?", "not those of the whole lane"


@pytest.mark.parametrize("about", ["{", "[" * 3_000, '{"kind":"fingerprint","v":1}', '{"kind":"lane","v":2}'])
def test_a_selection_that_cannot_be_read(visitor: Browser, about: str) -> None:
    sent = {"scope": "filter", "lane": "failed", "about": about}
    assert visitor.post(f"{REMOVE}/confirm", sent, headers=SCRIPT).status == 400


def test_a_page_drawn_again_after_an_action(visitor: Browser) -> None:
    page = visitor.get(f"{PATH}?sort=-jobs")
    kind = visitor.follow(page, "#errors tr:nth-of-type(1) a")
    one = {"id": kind.job_ids()[0], "lane": "failed", "back": kind.path}
    answer = visitor.post(REMOVE, one, script=True)
    assert "Removed 1 job" in answer.toast()
    assert "No longer" in answer.region("jobs").get_text(" ")
    answer = visitor.post(REMOVE, {"id": "job-5", "lane": "failed", "back": PATH}, script=True)
    assert {"errors", "queue-tiles", "newer"} <= set(answer.targets())
