"""The main job: jobs of the reference SDK, put right in the browser, then worked by the reference again."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from omniq_core import OmniqClient
from tests.browser.desk import OpenDesk
from tests.support.clock import Clock
from tests.support.factories import fail_jobs, publish_jobs
from tests.support.invariants import check_invariants


def reserve_all(client: Any, queue: str, clock: Clock) -> list[tuple[str, int]]:
    """Reserves and completes until nothing waits; (id, attempt) in that order."""
    got: list[tuple[str, int]] = []
    while (job := client.reserve(queue=queue, now_ms_override=clock.now_ms)) is not None:
        assert job.status == "JOB"
        got.append((job.job_id, job.attempt))
        client.ack_success(
            queue=queue, job_id=job.job_id, lease_token=job.lease_token, now_ms_override=clock.advance(10)
        )
    return got


def test_retry_remove_pause_and_resume_then_the_reference_works_them(
    desk: OpenDesk, reference: Any, redis: Any, clock: Clock
) -> None:
    fail_jobs(reference, "mail", 8, now_ms=clock.now_ms, error="SMTPError: 421 try again later")
    clock.advance(60_000)
    d = desk(background=True)
    d.open("/")
    row = d.page.locator("#queues tr").filter(has_text="mail")
    while not row.count():  # the background has not come by yet
        d.page.reload()
    row.get_by_role("link", name="8", exact=True).click()

    expect(d.page.get_by_role("heading", name="mail", level=1)).to_be_visible()
    d.shows(["job-8", "job-7", "job-6", "job-5", "job-4", "job-3", "job-2", "job-1"])
    expect(d.row("job-4")).to_contain_text("SMTPError: 421 try again later")

    clock.advance(10)
    d.press("Retry job-4")
    d.told("Retried 1 job")
    d.shows(["job-8", "job-7", "job-6", "job-5", "job-3", "job-2", "job-1"])

    clock.advance(10)
    d.check("job-2", "job-7", "job-6")
    d.bulk("Retry 3").click()
    d.confirm("Retry 3 failed jobs?", "Retry 3 jobs")
    d.told("Retried 3 jobs")
    d.shows(["job-8", "job-5", "job-3", "job-1"])

    clock.advance(10)
    d.check("job-1", "job-3")
    d.bulk("Remove 2").click()
    d.confirm("Remove 2 failed jobs?", "Remove 2 jobs")
    d.told("Removed 2 jobs")
    d.shows(["job-8", "job-5"])
    assert not redis.exists("{mail}:job:job-1", "{mail}:job:job-3")
    expect(d.page.get_by_role("link", name="Waiting 4")).to_be_visible()
    expect(d.page.get_by_role("link", name="Failed 2")).to_be_visible()

    d.press("Pause")
    d.confirm("Pause mail?", "Pause queue")
    d.told("Paused mail")
    expect(d.page.locator("#queue-state .state")).to_have_text("Paused")
    assert reference.reserve(queue="mail", now_ms_override=clock.now_ms).status == "PAUSED"
    d.page.locator("#queue-actions").get_by_role("button", name="Resume").click()
    d.told("Resumed mail")
    assert not reference.is_paused(queue="mail")

    d.open("/")
    row.get_by_role("link", name="Pause mail").click()
    d.confirm("Pause mail?", "Pause queue")
    expect(row).to_contain_text("Paused")
    assert reference.is_paused(queue="mail")
    row.get_by_role("button", name="Resume mail").click()
    expect(row).not_to_contain_text("Paused")
    assert not reference.is_paused(queue="mail")

    check_invariants(redis, "mail")
    clock.advance(1_000)
    # A retry goes to the tail: the one of the row first, then those of the bulk, the oldest failure first.
    assert reserve_all(reference, "mail", clock) == [("job-4", 1), ("job-2", 1), ("job-6", 1), ("job-7", 1)]
    d.open("/queues/mail/completed")
    d.shows(["job-7", "job-6", "job-2", "job-4"])


def test_what_ours_published_and_the_reference_worked_is_shown(
    desk: OpenDesk, client: OmniqClient, reference: Any, redis: Any, clock: Clock
) -> None:
    publish_jobs(client, "mail", ["a", "b", "c"], now_ms=clock.now_ms, payload={"to": "ann@example.org"}, gid="acme")
    publish_jobs(client, "mail", ["d"], now_ms=clock.now_ms, due_ms=clock.now_ms + 90_000)
    first = reference.reserve(queue="mail", now_ms_override=clock.advance(1_000))
    reference.ack_fail(
        queue="mail", job_id="a", lease_token=first.lease_token, error="boom", now_ms_override=clock.advance(1_000)
    )
    second = reference.reserve(queue="mail", now_ms_override=clock.advance(1_000))
    assert (first.job_id, second.job_id) == ("a", "b")

    d = desk(queues=("mail",))
    d.open("/")
    cells = d.page.locator("#queues tr").get_by_role("cell")
    # started (nobody has looked long enough), waiting, ungrouped, grouped, active, delayed (d, and a until its next
    # attempt), failed
    assert cells.all_inner_texts()[1:8] == ["–", "1", "0", "1", "1", "2", "0"]

    d.open("/queues/mail/waiting")
    d.shows(["c"])
    expect(d.row("c")).to_contain_text('{"to":"ann@example.org"}')
    expect(d.row("c")).to_contain_text("acme")
    d.open("/queues/mail/active")
    d.shows(["b"])
    d.open("/queues/mail/delayed")
    assert sorted(d.ids) == ["a", "d"]
    expect(d.row("a")).to_contain_text("boom")
    expect(d.row("a")).to_contain_text("1 of 3")

    reference.ack_success(
        queue="mail", job_id="b", lease_token=second.lease_token, now_ms_override=clock.advance(1_000)
    )
    d.open("/queues/mail/completed")
    d.shows(["b"])
    d.page.get_by_role("link", name="b", exact=True).click()
    expect(d.page.locator("#job-state")).to_have_text("Completed")
    expect(d.page.locator("#facts")).to_contain_text("1 of 3")
    check_invariants(redis, "mail")


def test_the_retry_of_a_fourth_row_moves_that_one_and_keeps_the_selection(
    desk: OpenDesk, reference: Any, redis: Any, clock: Clock
) -> None:
    fail_jobs(reference, "mail", 6, now_ms=clock.now_ms)
    d = desk()
    d.open("/queues/mail/failed")
    d.check("job-2", "job-4", "job-5")
    posts = d.posts()
    d.press("Retry job-3")
    d.told("Retried 1 job")
    d.shows(["job-6", "job-5", "job-4", "job-2", "job-1"])
    assert redis.lrange("{mail}:wait", 0, -1) == [b"job-3"]
    assert posts == ["/queues/mail/jobs/retry"]
    assert d.checked == ["job-5", "job-4", "job-2"]
    expect(d.bulk("Retry 3")).to_be_visible()


def test_a_removal_from_a_row_asks_first_and_takes_that_one_only(
    desk: OpenDesk, reference: Any, redis: Any, clock: Clock
) -> None:
    fail_jobs(reference, "mail", 3, now_ms=clock.now_ms)
    d = desk()
    d.open("/queues/mail/failed")
    d.check("job-1", "job-3")
    d.press("Remove job-2")
    d.confirm("Remove this job?", "Keep job")
    expect(d.dialog).to_have_count(0)
    assert redis.llen("{mail}:failed") == 3
    d.press("Remove job-2")
    d.confirm("Remove this job?", "Remove job")
    d.told("Removed 1 job")
    d.shows(["job-3", "job-1"])
    assert sorted(redis.lrange("{mail}:failed", 0, -1)) == [b"job-1", b"job-3"]
    assert d.checked == ["job-3", "job-1"]
    offer = d.told("Undo works for 15 min")
    offer.get_by_role("button", name="Undo").click()
    d.told("Put back 1 job")
    expect(d.page.locator("#toasts")).not_to_contain_text("Undo works")
    d.shows(["job-3", "job-2", "job-1"])
    assert d.checked == ["job-3", "job-1"]


def test_the_job_page_retries_and_removes(desk: OpenDesk, reference: Any, redis: Any, clock: Clock) -> None:
    fail_jobs(reference, "mail", 3, now_ms=clock.now_ms, error="KeyError: 'to'")
    d = desk()
    d.open("/queues/mail/failed")
    d.page.get_by_role("link", name="job-2", exact=True).click()
    expect(d.page.get_by_role("heading", name="job-2", level=1)).to_be_visible()
    expect(d.page.locator("#error-text")).to_have_text("KeyError: 'to'")
    d.press("Retry")
    d.told("Retried 1 job")
    expect(d.page.locator("#job-state")).to_have_text("Waiting")
    expect(d.control("Retry")).to_have_count(0)
    again = reference.reserve(queue="mail", now_ms_override=clock.advance(1_000))
    assert (again.job_id, again.attempt) == ("job-2", 1)

    d.open("/queues/mail/jobs/job-3")
    d.press("Remove")
    d.confirm("Remove this job?", "Remove job")
    d.page.wait_for_url("**/queues/mail/failed")
    told = d.told("Removed 1 job")
    d.shows(["job-1"])
    assert not redis.exists("{mail}:job:job-3")
    told.get_by_role("button", name="Undo").click()
    d.told("Put back 1 job")
    d.shows(["job-3", "job-1"])
