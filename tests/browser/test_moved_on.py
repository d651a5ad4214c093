"""What happens between a page and the press of its button: other clients, and a Redis that goes and comes back."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from omniq_core import OmniqClient
from tests.browser.desk import OpenDesk
from tests.support.clock import Clock
from tests.support.factories import fail_jobs
from tests.support.redis_server import RedisServer
from tests.support.watched_page import Complaints


def test_a_row_that_another_client_retried(desk: OpenDesk, reference: Any, redis: Any, clock: Clock) -> None:
    fail_jobs(reference, "mail", 3, now_ms=clock.now_ms)
    d = desk()
    d.open("/queues/mail/failed")
    reference.retry_failed(queue="mail", job_id="job-2", now_ms_override=clock.advance(10))
    d.press("Retry job-2")
    toast = d.told("The job was not retried")
    expect(toast).to_contain_text("No longer failed (NOT_FAILED): job-2")
    d.shows(["job-3", "job-1"])
    assert redis.lrange("{mail}:wait", 0, -1) == [b"job-2"]


def test_some_of_a_selection_moved_on_while_the_dialog_was_open(
    desk: OpenDesk, reference: Any, redis: Any, clock: Clock
) -> None:
    fail_jobs(reference, "mail", 5, now_ms=clock.now_ms)
    d = desk()
    d.open("/queues/mail/failed")
    d.check("job-1", "job-2", "job-3", "job-4")
    d.bulk("Remove 4").click()
    expect(d.dialog.get_by_role("heading", name="Remove 4 failed jobs?")).to_be_visible()
    reference.retry_failed(queue="mail", job_id="job-1", now_ms_override=clock.advance(10))
    reference.retry_failed(queue="mail", job_id="job-3", now_ms_override=clock.now_ms)
    reference.reserve(queue="mail", now_ms_override=clock.advance(10))
    reference.remove_job(queue="mail", job_id="job-2", lane="failed")
    d.confirm("Remove 4 failed jobs?", "Remove 4 jobs")
    toast = d.told("3 of 4 jobs were not removed")
    expect(toast).to_contain_text("1 job was removed")
    expect(toast).to_contain_text("No longer in the queue (NO_JOB): job-2")
    expect(toast).to_contain_text("A worker holds it now (ACTIVE): job-1")
    expect(toast).to_contain_text("No longer in this lane (LANE_MISMATCH): job-3")
    d.shows(["job-5"])
    assert redis.lrange("{mail}:wait", 0, -1) == [b"job-3"]


@pytest.mark.parametrize("gone", [False, True], ids=["retried", "removed"])
def test_a_job_page_whose_job_moved_on(desk: OpenDesk, reference: Any, clock: Clock, gone: bool) -> None:
    fail_jobs(reference, "mail", 2, now_ms=clock.now_ms)
    d = desk()
    d.open("/queues/mail/jobs/job-2")
    if gone:
        reference.remove_job(queue="mail", job_id="job-2", lane="failed")
    else:
        reference.retry_failed(queue="mail", job_id="job-2", now_ms_override=clock.advance(10))
    d.press("Retry")
    toast = d.told("The job was not retried")
    expect(toast).to_contain_text("NO_JOB" if gone else "NOT_FAILED")
    if not gone:
        expect(d.page.locator("#job-state")).to_have_text("Waiting")


def test_a_job_that_was_removed_before_its_page_is_opened(
    desk: OpenDesk, reference: Any, complaints: Complaints, clock: Clock
) -> None:
    fail_jobs(reference, "mail", 2, now_ms=clock.now_ms)
    d = desk()
    d.open("/queues/mail/failed")
    reference.remove_job(queue="mail", job_id="job-2", lane="failed")
    complaints.allow_status(404)
    d.page.get_by_role("link", name="job-2", exact=True).click()
    expect(d.page.get_by_role("main")).to_contain_text("job-2")
    d.page.get_by_role("link", name="Back to the queue").click()
    d.shows(["job-1"])


def test_redis_goes_and_comes_back(
    desk: OpenDesk, throwaway_redis: RedisServer, complaints: Complaints, clock: Clock
) -> None:
    complaints.allow_status(503)
    with OmniqClient(redis_url=throwaway_redis.url) as own:
        fail_jobs(own, "mail", 2, now_ms=clock.now_ms)
        d = desk(redis=own)
        d.open("/queues/mail/failed")
        throwaway_redis.stop()
        d.press("Retry job-2")
        expect(d.told("Redis does not answer")).to_contain_text("Nothing was changed.")
        expect(d.row("job-2")).to_have_count(1)  # the old figures stay readable
        expect(d.page.get_by_role("button", name="Retry job-2")).to_be_disabled()
        d.page.reload()
        expect(d.page.get_by_role("heading", name="Redis does not answer")).to_be_visible()
        throwaway_redis.start()
        fail_jobs(own, "mail", 2, now_ms=clock.now_ms)
        d.page.get_by_role("link", name="Try now").click()
        d.shows(["job-2", "job-1"])
        d.press("Retry job-2")
        d.told("Retried 1 job")
        d.shows(["job-1"])


def test_a_press_after_an_outage_works_without_a_new_page(
    desk: OpenDesk, throwaway_redis: RedisServer, complaints: Complaints, clock: Clock
) -> None:
    complaints.allow_status(503)
    with OmniqClient(redis_url=throwaway_redis.url) as own:
        fail_jobs(own, "mail", 2, now_ms=clock.now_ms)
        d = desk(redis=own)
        d.open("/queues/mail/failed")
        throwaway_redis.stop()
        d.press("Retry job-2")
        d.told("Redis does not answer")
        throwaway_redis.start()
        fail_jobs(own, "mail", 2, now_ms=clock.now_ms)
        d.press("Retry job-2")
        d.told("Retried 1 job")
        d.shows(["job-1"])
