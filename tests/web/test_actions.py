"""Retry, remove, pause and resume as plain forms: what is pressed is done, once, and the next page says so."""

from __future__ import annotations

from typing import Any

import pytest

from omniq_core import OmniqClient
from tests.support.factories import complete_jobs, delay_jobs, fail_jobs, publish_jobs
from tests.support.invariants import check_invariants
from tests.support.snapshot import snapshot
from tests.web.pages_support import NOW, QUEUE, UNDO, Browser, browser, bulk_button, job_url, row_button, words

FAILED = f"/queues/{QUEUE}/failed"
RETRY, REMOVE = f"/queues/{QUEUE}/jobs/retry", f"/queues/{QUEUE}/jobs/remove"


@pytest.fixture
def visitor(client: OmniqClient, redis: Any) -> Any:
    yield browser(client)
    check_invariants(redis)


def lane(redis: Any, name: str) -> list[str]:
    """The ids of a list, newest or next first as Redis has them."""
    return [job.decode() for job in redis.lrange(f"{{{QUEUE}}}:{name}", 0, -1)]


def test_retry_of_one(client: OmniqClient, redis: Any, visitor: Browser) -> None:
    fail_jobs(client, QUEUE, ["a", "b", "c"], now_ms=NOW - 1000)
    page = visitor.get(FAILED)
    after = visitor.press(page, row_button(page, "b", "retry"))
    assert after.path == FAILED
    assert after.toast() == "Retried 1 job It waits at the tail of mail Show"
    assert after.one(".toast a")["href"] == "/queues/mail/waiting"
    assert (lane(redis, "failed"), lane(redis, "wait")) == (["c", "a"], ["b"])
    assert visitor.get(FAILED).toast() == ""  # the message is shown once


def test_with_rows_checked_the_button_of_a_row_sends_its_own_id_only(client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, QUEUE, ["a", "b", "c", "d"], now_ms=NOW - 1000)
    page = browser(client).get(FAILED)
    button = row_button(page, "d", "retry")
    form = page.one(f"form#{button['form']}")
    # The boxes are in another form, so checking them cannot change what this button sends.
    assert not form.select("input[type=checkbox]")
    assert all(box.find_parent("form")["id"] != form["id"] for box in page.soup.select(".row-check"))
    browser(client).press(page, button)
    assert (lane(redis, "failed"), lane(redis, "wait")) == (["c", "b", "a"], ["d"])


def test_retry_of_three(client: OmniqClient, redis: Any, visitor: Browser) -> None:
    fail_jobs(client, QUEUE, ["a", "b", "c", "d"], now_ms=NOW - 1000)
    page = visitor.get(f"{FAILED}?size=25")
    dialog = visitor.press(page, bulk_button(page, "retry"), check=["a", "b", "d"])
    assert (dialog.status, dialog.words("dialog h2")) == (200, "Retry 3 failed jobs?")
    assert dialog.words(".quote") == "a b d"  # the oldest failure first
    assert lane(redis, "wait") == []
    assert dialog.one("dialog .dialog-foot a")["href"] == f"{FAILED}?size=25"
    after = visitor.press(dialog, dialog.soup.select("dialog .dialog-foot button")[-1])
    assert after.path == f"{FAILED}?size=25"  # the page it began on, its size kept
    assert after.toast() == "Retried 3 jobs They wait at the tail of mail Show"
    assert (lane(redis, "failed"), lane(redis, "wait")) == (["c"], ["a", "b", "d"])


def test_a_long_list_names_three(client: OmniqClient, visitor: Browser) -> None:
    ids = fail_jobs(client, QUEUE, 100, now_ms=NOW - 1000)
    page = visitor.get(f"{FAILED}?size=100")
    dialog = visitor.press(page, bulk_button(page, "remove"), check=ids)
    assert dialog.words("dialog h2") == "Remove 100 failed jobs?"
    assert words(dialog.soup.select("dialog .dialog-foot button")[-1]) == "Remove 100 jobs"
    assert words(dialog.one("dialog .dialog-foot a")) == "Keep jobs"
    assert dialog.words(".quote") == "job-100 job-99 job-98 and 97 more"
    after = visitor.press(dialog, dialog.soup.select("dialog .dialog-foot button")[-1])
    assert after.toast() == f"Removed 100 jobs{UNDO}"
    assert "No failed jobs" in after.words("#jobs")


def fill(client: OmniqClient, name: str) -> list[str]:
    """Jobs a, b and c in that lane; returns what else stands in the queue and must stay."""
    if name == "failed":
        fail_jobs(client, QUEUE, ["a", "b", "c"], now_ms=NOW - 1000)
    elif name == "completed":
        complete_jobs(client, QUEUE, ["a", "b", "c"], now_ms=NOW - 1000)
    elif name == "delayed":
        delay_jobs(client, QUEUE, ["a", "b", "c"], now_ms=NOW - 1000, due_ms=NOW + 1000)
    else:  # waiting: two of them in a group
        publish_jobs(client, QUEUE, ["a"], now_ms=NOW - 1000)
        publish_jobs(client, QUEUE, ["b", "c"], now_ms=NOW - 999, gid="acct_1")
    fail_jobs(client, "other", ["a"], now_ms=NOW)
    return ["a", "b", "c"]


@pytest.mark.parametrize("name", ["failed", "completed", "delayed", "waiting"])
def test_remove_of_one_in_each_lane(client: OmniqClient, redis: Any, visitor: Browser, name: str) -> None:
    fill(client, name)
    for job_id in ("a", "b"):
        page = visitor.get(f"/queues/{QUEUE}/{name}")
        dialog = visitor.press(page, row_button(page, job_id, "remove"))
        assert dialog.words("dialog h2") == "Remove this job?"
        what = "ValueError" if name == "failed" else name.capitalize()
        assert dialog.words("dialog .quote") == f"{job_id} {what} in {QUEUE}"
        assert redis.exists(f"{{mail}}:job:{job_id}")
        after = visitor.press(dialog, dialog.soup.select("dialog .dialog-foot button")[-1])
        assert (after.path, after.toast()) == (f"/queues/{QUEUE}/{name}", f"Removed 1 job{UNDO}")
        assert not redis.exists(f"{{mail}}:job:{job_id}")
    assert visitor.get(f"/queues/{QUEUE}/{name}").job_ids() == ["c"]
    assert redis.exists("{other}:job:a")


def test_remove_of_one_that_is_gone(client: OmniqClient, visitor: Browser) -> None:
    fail_jobs(client, QUEUE, ["a"], now_ms=NOW)
    page = visitor.get(FAILED)
    client.remove_job(queue=QUEUE, job_id="a", lane="failed")
    dialog = visitor.press(page, row_button(page, "a", "remove"))
    assert (dialog.status, dialog.words("dialog .quote")) == (200, "a")
    assert dialog.words("dialog .dialog-body p").startswith(f"The job and its payload leave {QUEUE} .")


@pytest.mark.parametrize("name", ["failed", "completed", "delayed", "waiting"])
def test_remove_of_several_in_each_lane(client: OmniqClient, visitor: Browser, name: str) -> None:
    fill(client, name)
    page = visitor.get(f"/queues/{QUEUE}/{name}")
    dialog = visitor.press(page, bulk_button(page, "remove"), check=["a", "c"])
    assert dialog.words("dialog h2") == f"Remove 2 {name} jobs?"
    after = visitor.press(dialog, dialog.soup.select("dialog .dialog-foot button")[-1])
    assert (after.toast(), after.job_ids()) == (f"Removed 2 jobs{UNDO}", ["b"])


def test_the_buttons_of_a_job_page(client: OmniqClient, redis: Any, visitor: Browser) -> None:
    fail_jobs(client, QUEUE, ["a", "b"], now_ms=NOW - 1000)
    page = visitor.get(job_url(QUEUE, "a"))
    after = visitor.press(page, "#job-actions button[formaction$=retry]")
    assert (after.path, after.words("#job-state")) == (job_url(QUEUE, "a"), "Waiting")
    assert after.toast().startswith("Retried 1 job")
    dialog = visitor.press(visitor.get(job_url(QUEUE, "b")), "#job-actions button[formaction$=confirm]")
    after = visitor.press(dialog, dialog.soup.select("dialog .dialog-foot button")[-1])
    # The page it began on is gone with the job.
    assert (after.path, after.toast()) == (FAILED, f"Removed 1 job{UNDO}")
    assert (lane(redis, "failed"), lane(redis, "wait")) == ([], ["a"])


def test_pause_and_resume(client: OmniqClient, visitor: Browser) -> None:
    publish_jobs(client, QUEUE, 1, now_ms=NOW)
    dialog = visitor.follow(visitor.get(f"/queues/{QUEUE}/waiting?size=25"), "#queue-actions a[href*=pause]")
    assert dialog.words("dialog h2") == "Pause mail?"
    assert not client.is_paused(queue=QUEUE)
    assert dialog.one("dialog .dialog-foot a")["href"] == f"/queues/{QUEUE}/waiting?size=25"
    after = visitor.press(dialog, dialog.soup.select("dialog .dialog-foot button")[-1])
    assert client.is_paused(queue=QUEUE)
    assert (after.path, after.words("#queue-state .state")) == (f"/queues/{QUEUE}/waiting?size=25", "Paused")
    assert after.toast() == "Paused mail Resume"
    after = visitor.press(after, "#toasts button[formaction]")
    assert (client.is_paused(queue=QUEUE), after.toast()) == (False, "Resumed mail")
    assert after.words("#queue-state") == "Running"


def test_pause_and_resume_in_the_overview(client: OmniqClient, visitor: Browser) -> None:
    for name in ("a1", "a2", "b1"):
        publish_jobs(client, name, 1, now_ms=NOW)
    page = visitor.get("/?q=a&sort=-name")
    dialog = visitor.follow(page, "a[aria-label='Pause a2']")
    after = visitor.press(dialog, dialog.soup.select("dialog .dialog-foot button")[-1])
    assert after.path == "/?q=a&sort=-name"
    assert [row[:2] for row in after.rows("queues")] == [["a2", "Paused"], ["a1", "Running"]]
    after = visitor.press(after, "button[aria-label='Resume a2']")
    assert [row[:2] for row in after.rows("queues")] == [["a2", "Running"], ["a1", "Running"]]
    assert after.path == "/?q=a&sort=-name"


def test_a_resume_that_came_late(client: OmniqClient, visitor: Browser) -> None:
    publish_jobs(client, QUEUE, 1, now_ms=NOW)
    client.pause(queue=QUEUE)
    page = visitor.get(FAILED)
    client.resume(queue=QUEUE)
    assert visitor.press(page, "#queue-actions > button").toast() == "mail was not paused"


@pytest.mark.parametrize("what", ["pause", "resume"])
def test_an_unknown_queue_is_neither_paused_nor_resumed(redis: Any, visitor: Browser, what: str) -> None:
    page = visitor.post(f"/queues/nope/{what}", {})
    assert (page.status, "No such queue" in page.words()) == (404, True)
    assert snapshot(redis, "nope") == {}


def test_a_double_click_changes_once(client: OmniqClient, redis: Any, visitor: Browser) -> None:
    fail_jobs(client, QUEUE, ["a", "b"], now_ms=NOW - 1000)
    page = visitor.get(FAILED)
    visitor.press(page, row_button(page, "a", "retry"))
    once = snapshot(redis, QUEUE)
    second = visitor.press(page, row_button(page, "a", "retry"))
    assert second.status == 409
    assert "It was failed when you pressed Retry and is waiting now. Nothing was changed." in second.words()
    assert "409, NOT_FAILED" in second.words()
    assert snapshot(redis, QUEUE) == once
    dialog = visitor.press(page, row_button(page, "b", "remove"))
    button = dialog.soup.select("dialog .dialog-foot button")[-1]
    visitor.press(dialog, button)
    once = snapshot(redis, QUEUE)
    second = visitor.press(dialog, button)
    assert (second.status, "No such job" in second.words()) == (404, True)
    assert snapshot(redis, QUEUE) == once
