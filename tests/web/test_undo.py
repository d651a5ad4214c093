"""Undo: a dialog says whether a removal can be taken back, its message has the button, and what comes back is said."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.access import Allow, Deny
from omniq_core import Keep, OmniqClient, TaskRunner, read_activity
from tests.core.trash_trial import in_trash, settled
from tests.support.factories import fail_jobs, publish_jobs
from tests.web.pages_support import NOW, QUEUE, UNDO, Browser, Page, browser, bulk_button, everything, row_button

FAILED = f"/queues/{QUEUE}/failed"
YES = "You can undo this for 15 min."


@pytest.fixture
def visitor(client: OmniqClient) -> Browser:
    return browser(client)


def _ask(visitor: Browser, *ids: str) -> Page:
    page = visitor.get(FAILED)
    if len(ids) == 1:
        return visitor.press(page, row_button(page, ids[0], "remove"))
    return visitor.press(page, bulk_button(page, "remove"), check=ids)


def _agree(visitor: Browser, dialog: Page, **options: Any) -> Page:
    return visitor.press(dialog, dialog.soup.select("dialog .dialog-foot button")[-1], **options)


def _undo(visitor: Browser, page: Page, **options: Any) -> Page:
    return visitor.press(page, ".toast button[formaction$=restore]", **options)


def _remove_all(visitor: Browser, client: OmniqClient, page: Page) -> Page:
    """The dialog of everything that the page lists is agreed to and its task worked off; the page of the task."""
    begun = _agree(visitor, visitor.press(page, "#lane-actions button[formaction*='remove/confirm']"))
    runner = TaskRunner(client.link, lambda: NOW, timer=iter(range(0, 10_000_000, 2)).__next__)
    for _ in range(10):
        runner.tick()
    return visitor.get(begun.path)


@pytest.mark.parametrize("ids", [("b",), ("a", "b", "c")])
def test_what_was_removed_comes_back(visitor: Browser, client: OmniqClient, redis: Any, ids: tuple[str, ...]) -> None:
    fail_jobs(client, QUEUE, ["a", "b", "c"], now_ms=NOW - 1_000)
    before = settled(redis, QUEUE)
    dialog = _ask(visitor, *ids)
    assert YES in dialog.words("dialog .dialog-body")
    removed = _agree(visitor, dialog)
    jobs = "1 job" if len(ids) == 1 else "3 jobs"
    assert removed.toast() == f"Removed {jobs}{UNDO}"
    back = _undo(visitor, removed)
    assert (back.path, back.toast(), sorted(back.job_ids())) == (FAILED, f"Put back {jobs}", ["a", "b", "c"])
    assert (settled(redis, QUEUE), redis.exists("{mail}:x:trash")) == (before, 0)


def test_a_waiting_job_of_a_group_is_kept_once(visitor: Browser, client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, QUEUE, ["w"], now_ms=NOW)
    publish_jobs(client, QUEUE, ["g"], now_ms=NOW, gid="G")
    page = visitor.get(f"/queues/{QUEUE}/waiting")
    dialog = visitor.press(page, bulk_button(page, "remove"), check=["w", "g"])
    back = _undo(visitor, _agree(visitor, dialog))
    assert back.toast() == "Put back 2 jobs"
    assert (redis.lrange("{mail}:wait", 0, -1), redis.lrange("{mail}:g:G:wait", 0, -1)) == ([b"w"], [b"g"])


def test_script_gets_the_regions_of_the_page(visitor: Browser, client: OmniqClient) -> None:
    fail_jobs(client, QUEUE, ["a"], now_ms=NOW - 1_000)
    removed = _agree(visitor, _ask(visitor, "a"))
    path = removed.one(".toast button[formaction$=restore]")["formaction"]
    back = visitor.post(path, {"back": FAILED}, script=True)
    assert back.toast() == "Put back 1 job"
    assert {"jobs", "queue-tabs"} <= set(back.targets())


def test_everything_that_matches_comes_back(visitor: Browser, client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, QUEUE, 60, now_ms=NOW - 10_000, error=lambda n: "E: odd" if n % 2 else "E: even", gid="G")
    before = settled(redis, QUEUE)
    over = _remove_all(visitor, client, visitor.get(f"{FAILED}?q=odd"))
    assert (redis.llen("{mail}:failed"), over.words("#task-state")) == (30, "Finished")
    assert "Undo works until" in over.words("#task-facts")
    back = visitor.press(over, "#task-actions button[formaction$=restore]")
    assert (back.path, back.toast()) == (over.path, "Put back 30 jobs")
    assert settled(redis, QUEUE) == before
    assert back.soup.select("#task-actions button[formaction$=restore]") == []
    assert back.words("#task-facts").endswith("Undone Yes jobs of it were put back")


def test_why_a_job_stays_out_is_said(visitor: Browser, client: OmniqClient) -> None:
    fail_jobs(client, QUEUE, ["a", "b", "c"], now_ms=NOW - 1_000)
    removed = _agree(visitor, _ask(visitor, "a", "b"))
    publish_jobs(client, QUEUE, ["a"], now_ms=NOW)
    back = _undo(visitor, removed)
    assert back.toast() == "Put back 1 job 1 job left out: a job has this id again"
    entry = read_activity(client.link, keep=lambda _entry: True, size=1).entries[0]
    assert (entry.action, entry.state, entry.done, entry.skipped) == ("restore", "done", 1, {"EXISTS": 1})


def test_a_second_press_changes_nothing(visitor: Browser, client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, QUEUE, ["a"], now_ms=NOW - 1_000)
    removed = _agree(visitor, _ask(visitor, "a"))
    _undo(visitor, removed)
    before = everything(redis)
    assert _undo(visitor, removed).toast() == "Undone already Nothing was changed."
    assert everything(redis) == before


def test_an_undo_that_is_over_says_so(visitor: Browser, client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, QUEUE, ["a"], now_ms=NOW - 1_000)
    removed = _agree(visitor, _ask(visitor, "a"))
    redis.delete(*in_trash(redis))
    over = "Nothing is left to undo What was removed is kept for 15 min, and that is over."
    assert _undo(visitor, removed).toast() == over
    assert visitor.post(f"/queues/{QUEUE}/trash/~AAA/restore", {}).toast() == over


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"undo_jobs": 2}, "This cannot be undone: more than 2 jobs."),
        ({"undo_ms": 0}, "This cannot be undone."),
        ({"undo_jobs": 4}, "This cannot be undone: the trash of this queue has room for 1 more job."),
        ({"undo_bytes": 1}, "This cannot be undone: the trash of this queue has room for no more."),
    ],
)
def test_what_cannot_be_undone_says_so_before_the_press(
    client: OmniqClient, redis: Any, settings: dict[str, int], said: str
) -> None:
    fail_jobs(client, QUEUE, 6, now_ms=NOW - 1_000)
    if "undo_ms" not in settings:
        held = ["job-1", "job-2", "job-3"] if settings.get("undo_jobs") == 4 else ["job-1"]
        client.remove_jobs_batch(queue=QUEUE, lane="failed", job_ids=held, keep=Keep("before"))
    kept = in_trash(redis)
    visitor = browser(client, **settings)
    dialog = _ask(visitor, "job-4", "job-5", "job-6")
    assert said in dialog.words("dialog .dialog-body")
    assert _agree(visitor, dialog).toast() == "Removed 3 jobs"
    assert in_trash(redis) == kept


def test_a_whole_lane_says_it_too(client: OmniqClient) -> None:
    fail_jobs(client, QUEUE, 3, now_ms=NOW - 1_000)
    visitor = browser(client, undo_jobs=2)
    dialog = visitor.press(visitor.get(FAILED), "#lane-actions button[formaction*='remove/confirm']")
    assert "Jobs that come later stay. This cannot be undone: more than 2 jobs." in dialog.words("dialog .dialog-body")
    over = _remove_all(visitor, client, visitor.get(FAILED))
    assert over.soup.select("button[formaction$=restore]") == []


def test_many_jobs_are_promised_as_far_as_there_are_bytes(visitor: Browser, client: OmniqClient) -> None:
    fail_jobs(client, QUEUE, 102, now_ms=NOW - 1_000)
    dialog = visitor.press(visitor.get(FAILED), "#lane-actions button[formaction*='remove/confirm']")
    said = dialog.words("dialog .dialog-body")
    assert "You can undo this for 15 min, as far as 64 MB hold them. What comes after that is removed for good." in said
    _agree(visitor, _ask(visitor, "job-102"))  # a few bytes are in the trash
    dialog = visitor.press(visitor.get(FAILED), "#lane-actions button[formaction*='remove/confirm']")
    assert "as far as the almost 64 MB left in the trash hold them." in dialog.words("dialog .dialog-body")


def test_what_found_no_room_is_said(client: OmniqClient, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_jobs(client, QUEUE, ["aa", "bb"], now_ms=NOW - 1_000, payload={}, error="E")  # 2 + 1 + 2 bytes each
    visitor = browser(client)
    dialog = _ask(visitor, "aa", "bb")
    # Between the look for room and the removal somebody else fills it.
    monkeypatch.setattr("dashboard.views.jobs.keep", lambda _queue, batch, *_: Keep(batch, most_bytes=5))
    removed = _agree(visitor, dialog)
    assert removed.toast() == "Removed 2 jobs 1 job for good: the trash of this queue is full Undo"
    assert _undo(visitor, removed).toast() == "Put back 1 job"


def test_who_may_not_restore_has_no_button(client: OmniqClient) -> None:
    fail_jobs(client, QUEUE, ["a"], now_ms=NOW - 1_000)
    visitor = browser(client, access=lambda _request, action, _queue: Deny() if action == "restore" else Allow())
    dialog = _ask(visitor, "a")
    assert "Who may restore can undo this for 15 min." in dialog.words("dialog .dialog-body")
    assert _agree(visitor, dialog).toast() == "Removed 1 job"
    assert visitor.post(f"/queues/{QUEUE}/trash/{'a' * 16}/restore", {}).status == 403
