"""The same buttons pressed by script: the answer is the regions that changed and a toast, and the page stays."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.blueprint import static_version
from omniq_core import OmniqClient
from tests.support.factories import fail_jobs, publish_jobs
from tests.support.snapshot import snapshot
from tests.web.pages_support import (
    NOW,
    QUEUE,
    SCRIPT,
    UNDO,
    Browser,
    Page,
    browser,
    bulk_button,
    job_url,
    row_button,
    words,
)

FAILED = f"/queues/{QUEUE}/failed"
REGIONS = ["queue-state", "queue-actions", "queue-tiles", "queue-tabs", "lane-actions", "jobs", "pager"]
REGIONS += ["select-all", "filter-tags", "dialog"]


@pytest.fixture
def visitor(client: OmniqClient) -> Browser:
    return browser(client)


def last_button(page: Page) -> Any:
    return page.soup.select("dialog .dialog-foot button")[-1]


def test_retry_of_one(client: OmniqClient, visitor: Browser) -> None:
    ids = fail_jobs(client, QUEUE, 30, now_ms=NOW - 1000)
    page = visitor.get(f"{FAILED}?size=25&sort=-failed")
    answer = visitor.press(page, row_button(page, "job-2", "retry"), script=True)
    assert (answer.status, answer.targets()) == (200, REGIONS)
    assert answer.toast() == "Retried 1 job It waits at the tail of mail Show"
    assert answer.region("dialog").get_text() == ""
    # The rows are those of the page that was open: its size and its order.
    assert answer.region("jobs").select("a.job-id")[1]["title"] == "job-3"
    assert len(answer.region("jobs").select("tr")) == 25
    assert words(answer.region("queue-tabs")) == "Waiting 1 Groups 0 Active 0 Delayed 0 Failed 29 Completed last 100"
    assert words(answer.region("pager")).startswith("1–25 of 29")
    assert "sort=-failed" in answer.region("pager").select("a[rel=next]")[0]["href"]
    # The cookie of a message belongs to pages without script.
    assert visitor.get(FAILED).toast() == ""
    assert visitor.get(FAILED).job_ids() == [job for job in ids[::-1] if job != "job-2"]


def test_every_region_is_on_the_page(client: OmniqClient, visitor: Browser) -> None:
    """A region without a target is dropped by htmx without a word."""
    fail_jobs(client, QUEUE, 3, now_ms=NOW - 1000)
    pages = {FAILED: "job-1", job_url(QUEUE, "job-2"): "job-2"}
    for path, job_id in pages.items():
        page = visitor.get(path)
        sent = {"id": job_id, "back": path}
        answer = visitor.post(f"/queues/{QUEUE}/jobs/retry", sent, script=True)
        assert answer.toast().startswith("Retried 1 job")
        for target in answer.targets():
            assert len(page.soup.select(f"#{target}")) == 1, (path, target)
    overview = visitor.get("/")
    answer = visitor.post(f"/queues/{QUEUE}/pause", {"back": "/"}, script=True)
    assert answer.targets() == ["notices", "totals", "queue-states", "queues", "dialog"]
    assert all(len(overview.soup.select(f"#{target}")) == 1 for target in answer.targets())


def test_bulk(client: OmniqClient, redis: Any, visitor: Browser) -> None:
    fail_jobs(client, QUEUE, ["a", "b", "c"], now_ms=NOW - 1000)
    page = visitor.get(FAILED)
    dialog = visitor.press(page, bulk_button(page, "remove"), check=["a", "c"], script=True)
    assert (dialog.status, dialog.targets()) == (200, ["dialog"])
    assert words(dialog.one("dialog h2")) == "Remove 2 failed jobs?"
    assert dialog.one("dialog [autofocus]").get_text() == "Keep jobs"
    answer = visitor.press(dialog, last_button(dialog), script=True)
    assert (answer.toast(), answer.targets()) == (f"Removed 2 jobs{UNDO}", REGIONS)
    assert [link["title"] for link in answer.region("jobs").select("a.job-id")] == ["b"]


def test_without_a_token_the_dialog_comes_again(client: OmniqClient, redis: Any, visitor: Browser) -> None:
    fail_jobs(client, QUEUE, ["a", "b"], now_ms=NOW - 1000)
    before = snapshot(redis, QUEUE)
    answer = visitor.post(f"/queues/{QUEUE}/jobs/remove", {"id": ["a", "b"], "lane": "failed"}, script=True)
    assert (answer.status, answer.targets()) == (409, ["dialog"])
    assert "needs a confirmation" in words(answer.one("dialog [role=alert]"))
    assert snapshot(redis, QUEUE) == before
    assert visitor.press(answer, last_button(answer), script=True).toast() == f"Removed 2 jobs{UNDO}"


def test_a_removed_job_leaves_its_page(client: OmniqClient, visitor: Browser) -> None:
    fail_jobs(client, QUEUE, ["a", "b"], now_ms=NOW - 1000)
    page = visitor.get(job_url(QUEUE, "a"))
    dialog = visitor.press(page, "#job-actions button[formaction$=confirm]", script=True)
    answer = visitor.press(dialog, last_button(dialog), script=True)
    assert (answer.status, answer.headers["HX-Redirect"], answer.text) == (200, FAILED, "")
    after = visitor.get(FAILED)
    assert (after.toast(), after.job_ids()) == (f"Removed 1 job{UNDO}", ["b"])


def test_a_job_that_moved_on(client: OmniqClient, redis: Any, visitor: Browser) -> None:
    fail_jobs(client, QUEUE, ["a", "b"], now_ms=NOW - 1000)
    page = visitor.get(FAILED)
    client.retry_failed(queue=QUEUE, job_id="a", now_ms_override=NOW)
    client.remove_job(queue=QUEUE, job_id="b", lane="failed")
    before = snapshot(redis, QUEUE)
    for job_id, why in (("a", "No longer failed (NOT_FAILED): a"), ("b", "No longer in the queue (NO_JOB): b")):
        answer = visitor.press(page, row_button(page, job_id, "retry"), script=True)
        assert answer.one("[role=alert]").get_text().startswith("The job was not retried")
        assert why in answer.toast()
        assert "No failed jobs" in words(answer.region("jobs"))  # the row that was pressed is gone
    assert snapshot(redis, QUEUE) == before


def test_pause_and_resume(client: OmniqClient, visitor: Browser) -> None:
    publish_jobs(client, QUEUE, 1, now_ms=NOW)
    page = visitor.get(f"/queues/{QUEUE}/waiting")
    dialog = visitor.get(page.one("#queue-actions a[href*=pause]")["hx-get"], headers=SCRIPT)
    assert dialog.targets() == ["dialog"]
    answer = visitor.press(dialog, last_button(dialog), script=True)
    assert (words(answer.region("queue-state").select_one(".state")), words(answer.region("queue-actions"))) == (
        "Paused",
        "Resume Publish a job Check and repair",
    )
    assert answer.toast() == "Paused mail Resume"
    answer = visitor.press(page, answer.region("queue-actions").find("button"), script=True)
    assert (words(answer.region("queue-state")), words(answer.region("queue-actions"))) == (
        "Running",
        "Pause Publish a job Check and repair",
    )
    assert answer.toast() == "Resumed mail"


@pytest.mark.parametrize(
    "back",
    [
        *(f"/queues/{QUEUE}/{place}" for place in ("nonsense", "check", "pause")),
        f"/assets/{static_version()}/omniq.css",
    ],
)
def test_a_button_whose_page_is_none_does_what_it_says(client: OmniqClient, visitor: Browser, back: str) -> None:
    publish_jobs(client, QUEUE, 1, now_ms=NOW)
    answer = visitor.http.post(f"/queues/{QUEUE}/pause", data={"back": back, "reason": "x"}, headers=SCRIPT)
    assert (answer.status_code, client.is_paused(queue=QUEUE)) == (200, True)
    assert f"Paused {QUEUE}" in answer.text


def test_pause_in_the_overview_changes_its_row(client: OmniqClient, visitor: Browser) -> None:
    for name in ("a1", "a2", "b1"):
        publish_jobs(client, name, 1, now_ms=NOW)
    page = visitor.get("/?q=a&sort=-name")
    dialog = visitor.get(page.one("a[aria-label='Pause a2']")["hx-get"], headers=SCRIPT)
    answer = visitor.press(dialog, last_button(dialog), script=True)
    rows = [words(row) for row in answer.region("queues").select("tr")]
    assert [row.split()[:2] for row in rows] == [["a2", "Paused"], ["a1", "Running"]]
    assert words(answer.region("queue-states")) == "All 3 Attention 1 Running 2 Paused 1 Stalled 0 Idle 0"


def test_the_last_job_of_a_queue(client: OmniqClient, redis: Any, visitor: Browser) -> None:
    """The queue's figures stay behind, so its page does too."""
    fail_jobs(client, QUEUE, ["a"], now_ms=NOW)
    dialog = visitor.press(visitor.get(FAILED), row_button(visitor.get(FAILED), "a", "remove"), script=True)
    answer = visitor.press(dialog, last_button(dialog), script=True)
    assert answer.toast() == f"Removed 1 job{UNDO}" and "No failed jobs" in words(answer.region("jobs"))
