"""Everything an operator needs, in a browser that runs no script: forms, links, confirm pages, messages."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from omniq_core import OmniqClient
from tests.browser.desk import OpenDesk
from tests.support.clock import Clock
from tests.support.factories import fail_jobs, publish_jobs
from tests.support.watched_page import Complaints


def test_retry_one_retry_three_remove_two(
    plain_page: Page, desk: OpenDesk, reference: Any, redis: Any, clock: Clock
) -> None:
    fail_jobs(reference, "mail", 7, now_ms=clock.now_ms)
    d = desk(plain_page)
    d.open("/queues/mail/failed?size=25")
    d.press("Retry job-4")
    d.told("Retried 1 job")
    assert d.page.url.endswith("/queues/mail/failed?size=25")
    d.shows(["job-7", "job-6", "job-5", "job-3", "job-2", "job-1"])

    d.check("job-7", "job-5", "job-1")
    d.bulk("Retry selected").click()
    d.confirm("Retry 3 failed jobs?", "Retry 3 jobs")
    d.told("Retried 3 jobs")
    assert d.page.url.endswith("/queues/mail/failed?size=25")
    d.shows(["job-6", "job-3", "job-2"])

    d.check("job-6", "job-2")
    d.bulk("Remove selected").click()
    expect(d.dialog.get_by_role("heading", name="Remove 2 failed jobs?")).to_be_visible()
    d.dialog.get_by_role("link", name="Keep jobs").click()
    d.shows(["job-6", "job-3", "job-2"])
    d.check("job-6", "job-2")
    d.bulk("Remove selected").click()
    d.confirm("Remove 2 failed jobs?", "Remove 2 jobs")
    d.told("Removed 2 jobs")
    d.shows(["job-3"])

    d.press("Remove job-3")
    d.confirm("Remove this job?", "Remove job")
    d.told("Removed 1 job")
    expect(d.page.get_by_role("heading", name="No failed jobs")).to_be_visible()
    waiting = [id.decode() for id in redis.lrange("{mail}:wait", 0, -1)]
    assert waiting == ["job-4", "job-1", "job-5", "job-7"]
    d.page.reload()
    expect(d.page.locator("#toasts .toast")).to_have_count(0)


def test_pause_and_resume(plain_page: Page, desk: OpenDesk, client: OmniqClient, clock: Clock) -> None:
    publish_jobs(client, "mail", 2, now_ms=clock.now_ms)
    d = desk(plain_page, queues=("mail", "news"))
    d.open("/queues/mail/waiting")
    d.press("Pause")
    d.confirm("Pause mail?", "Pause queue")
    d.told("Paused mail")
    assert d.page.url.endswith("/queues/mail/waiting")
    assert client.is_paused(queue="mail")
    d.page.locator("#queue-actions").get_by_role("button", name="Resume").click()
    d.told("Resumed mail")
    assert not client.is_paused(queue="mail")

    d.open("/?q=ma&sort=name")
    d.press("Pause mail")
    d.confirm("Pause mail?", "Pause queue")
    d.told("Paused mail")
    assert d.page.url.endswith("/?q=ma&sort=name")
    d.press("Resume mail")
    d.told("Resumed mail")
    assert d.page.url.endswith("/?q=ma&sort=name")
    assert not client.is_paused(queue="mail")


def test_the_message_of_a_pause_undoes_it(plain_page: Page, desk: OpenDesk, client: OmniqClient, clock: Clock) -> None:
    publish_jobs(client, "mail", 1, now_ms=clock.now_ms)
    d = desk(plain_page)
    d.open("/queues/mail/waiting")
    d.press("Pause")
    d.confirm("Pause mail?", "Pause queue")
    d.told("Paused mail").get_by_role("button", name="Resume").click()
    d.told("Resumed mail")
    assert not client.is_paused(queue="mail")


def test_filter_and_sort_of_the_overview(plain_page: Page, desk: OpenDesk, client: OmniqClient, clock: Clock) -> None:
    fail_jobs(client, "mail", 1, now_ms=clock.now_ms)
    fail_jobs(client, "mailing", 3, now_ms=clock.now_ms)
    publish_jobs(client, "news", 5, now_ms=clock.now_ms)
    client.pause(queue="news")
    d = desk(plain_page, queues=("mail", "mailing", "news"))
    names = d.page.locator("#queues th")
    d.open("/")
    expect(names).to_have_text(["mailing", "mail", "news"])
    d.page.get_by_role("columnheader", name="Waiting", exact=True).get_by_role("link").click()
    expect(names).to_have_text(["news", "mail", "mailing"])
    d.page.get_by_role("searchbox", name="Filter queues by name").fill("MAIL")
    d.page.keyboard.press("Enter")
    expect(names).to_have_text(["mail", "mailing"])
    assert "sort=waiting" in d.page.url
    d.page.get_by_role("searchbox", name="Filter queues by name").fill("")
    d.page.keyboard.press("Enter")
    d.page.get_by_role("link", name="Paused 1").click()
    expect(names).to_have_text(["news"])
    d.page.get_by_role("searchbox", name="Filter queues by name").fill("mail")
    d.page.keyboard.press("Enter")
    expect(d.page.get_by_role("heading", name="No queue matches")).to_be_visible()
    d.page.get_by_role("link", name="Clear filters").click()
    expect(names).to_have_count(3)


def test_pages_and_order_of_a_lane(plain_page: Page, desk: OpenDesk, client: OmniqClient, clock: Clock) -> None:
    ids = fail_jobs(client, "mail", 60, now_ms=clock.now_ms)
    newest = ids[::-1]
    d = desk(plain_page)
    d.open("/queues/mail/failed")
    d.page.get_by_label("Rows", exact=True).select_option("25")
    d.page.get_by_role("button", name="Show").click()
    d.shows(newest[:25])
    d.page.get_by_role("link", name="Older").click()
    d.shows(newest[25:50])
    clock.advance(1_000)
    fail_jobs(client, "mail", ["late-1", "late-2"], now_ms=clock.now_ms)
    d.page.get_by_role("link", name="Older").click()
    d.shows(newest[50:])
    d.page.get_by_role("link", name="Newer").click()
    d.shows(newest[25:50])
    d.press(f"Retry {newest[30]}")
    d.told("Retried 1 job")
    assert "cursor=" in d.page.url
    d.page.get_by_role("columnheader", name="Failed").get_by_role("link").click()
    d.shows([*ids[:29], *ids[30:]][:25])


def test_controls_of_script_are_not_there(plain_page: Page, desk: OpenDesk, client: OmniqClient, clock: Clock) -> None:
    fail_jobs(client, "mail", 2, now_ms=clock.now_ms)
    d = desk(plain_page)
    d.open("/queues/mail/failed")
    expect(d.page.locator("#check-all")).to_be_hidden()
    d.open("/queues/mail/jobs/job-1")
    expect(d.page.get_by_role("button", name="Copy")).to_have_count(0)


def test_local_times_are_offered_by_script_alone(
    plain_page: Page, page: Page, desk: OpenDesk, client: OmniqClient, clock: Clock
) -> None:
    fail_jobs(client, "mail", 1, now_ms=clock.now_ms)
    d = desk(page=plain_page)
    for at, offered in ((plain_page, False), (page, True)):
        at.goto(f"{d.url}/queues/mail/failed")
        at.locator("summary[aria-label='Display settings']").click()
        expect(at.get_by_label("Refresh")).to_be_visible()
        expect(at.get_by_label("Times in")).to_be_visible(visible=offered)


def test_a_job_that_another_client_retried_is_explained_on_a_page(
    plain_page: Page, desk: OpenDesk, reference: Any, complaints: Complaints, clock: Clock
) -> None:
    fail_jobs(reference, "mail", 2, now_ms=clock.now_ms)
    d = desk(plain_page)
    d.open("/queues/mail/failed")
    reference.retry_failed(queue="mail", job_id="job-1", now_ms_override=clock.advance(10))
    complaints.allow_status(409)
    d.press("Retry job-1")
    expect(d.page.get_by_role("main")).to_contain_text("409")
    d.page.get_by_role("link", name="Show the job").click()
    expect(d.page.locator("#job-state")).to_have_text("Waiting")


def test_a_job_that_another_client_removed_is_explained_on_a_page(
    plain_page: Page, desk: OpenDesk, reference: Any, complaints: Complaints, clock: Clock
) -> None:
    fail_jobs(reference, "mail", 2, now_ms=clock.now_ms)
    d = desk(plain_page)
    d.open("/queues/mail/failed")
    reference.remove_job(queue="mail", job_id="job-2", lane="failed")
    complaints.allow_status(404)
    d.press("Retry job-2")
    expect(d.page.get_by_role("main")).to_contain_text("404")
    expect(d.page.get_by_role("main")).to_contain_text("job-2")
