"""Publish and Publish a copy in a browser: typed, refused with everything kept, published once."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from omniq_core import OmniqClient
from tests.browser.axe import both_themes
from tests.browser.desk import Desk, OpenDesk
from tests.support.clock import Clock
from tests.support.factories import fail_jobs, publish_jobs
from tests.support.redis_server import RedisServer
from tests.support.watched_page import Complaints

DIGITS = '{"id":1970670598291982290,"big":1e400,"x":10.00}'


def waiting(redis: Any) -> list[bytes]:
    """The payloads of the jobs that wait, in their order."""
    return [redis.hget(b"{mail}:job:" + job, "payload") for job in redis.lrange("{mail}:wait", 0, -1)]


@pytest.fixture
def d(desk: OpenDesk, client: OmniqClient, clock: Clock) -> Desk:
    """A dashboard whose queue `mail` has one waiting job and a failed one."""
    publish_jobs(client, "mail", ["w"], now_ms=clock.now_ms)
    client.remove_job(queue="mail", job_id="w", lane="wait")
    fail_jobs(client, "mail", ["a"], now_ms=clock.now_ms, payload={"amount": 12900, "captured": True})
    return desk()


def test_a_fault_stays_in_the_field_and_the_next_press_publishes_once(
    d: Desk, redis: Any, complaints: Complaints
) -> None:
    complaints.allow_status(422)
    d.open("/queues/mail/waiting")
    d.press("Publish a job")
    payload = d.page.locator("#f-payload")
    expect(payload).to_be_focused()
    d.page.keyboard.type('{"amount":}')
    d.dialog.get_by_text("In", exact=True).click()
    d.page.locator("#f-in").fill("soon")
    d.page.locator("#f-in").press("Enter")
    expect(d.page.locator("#f-payload-e")).to_have_text("Line 1, column 11: a value must follow the colon.")
    expect(payload).to_be_focused()
    expect(payload).to_have_value('{"amount":}')
    expect(d.page.locator("#f-in")).to_have_value("soon")
    both_themes(d.page, "Publish, two faults")
    payload.fill(DIGITS)
    d.dialog.get_by_text("Now", exact=True).click()
    expect(d.page.locator("#f-in")).to_be_hidden()
    d.dialog.get_by_role("button", name="Publish job").dblclick()
    d.told("Published a job to mail")
    expect(d.dialog).to_have_count(0)
    d.focus_is("Publish a job")
    expect(d.page.locator("#jobs a.job-id")).to_have_count(1)
    assert waiting(redis) == [DIGITS.encode()]


def test_what_differs_is_shown_while_the_copy_is_edited(d: Desk, redis: Any) -> None:
    d.page.set_viewport_size({"width": 320, "height": 700})
    d.open("/queues/mail/jobs/a")
    d.press("Publish a copy")
    payload = d.page.locator("#f-payload")
    expect(payload).to_be_focused()
    expect(d.page.locator("#copy-changes")).to_contain_text("Nothing differs. The failed job stays where it is.")
    payload.fill('{"amount": 11900, "captured": true}')
    expect(d.page.locator("#copy-changes del")).to_have_text('− "amount": 12900,')
    expect(d.page.locator("#copy-changes ins")).to_have_text('+ "amount": 11900,')
    expect(payload).to_be_focused()
    d.dialog.get_by_text("Options of the copy").click()
    both_themes(d.page, "Publish a copy, edited, all options")
    assert d.overflow <= 0
    assert d.page.locator(".dialog-body").evaluate("body => body.scrollWidth - body.clientWidth") == 0
    d.dialog.get_by_role("button", name="Publish copy").click()
    d.told("Published a copy to mail")
    assert waiting(redis) == [b'{"amount":11900,"captured":true}']
    expect(d.page.locator("#facts")).to_contain_text("Newest copy")


@pytest.mark.usefixtures("redis")
def test_redis_away_while_pressing(
    page: Page, desk: OpenDesk, throwaway_redis: RedisServer, complaints: Complaints
) -> None:
    complaints.allow_status(503)
    d = desk(redis=throwaway_redis.url)
    with OmniqClient(redis_url=throwaway_redis.url) as client:
        publish_jobs(client, "mail", ["a"], now_ms=1_750_000_000_000)
    d.open("/queues/mail/waiting")
    d.press("Publish a job")
    page.locator("#f-payload").fill(DIGITS)
    page.locator("#f-gid").fill("G")
    throwaway_redis.stop()
    d.dialog.get_by_role("button", name="Publish job").click()
    expect(d.dialog.get_by_role("alert")).to_contain_text("Nothing was published. Press again as soon as it is back.")
    expect(page.locator("#f-payload")).to_have_value(DIGITS)
    expect(page.locator("#f-gid")).to_have_value("G")
    throwaway_redis.start()
    d.dialog.get_by_role("button", name="Publish job").click()
    d.told("Published a job to mail")


def test_without_script(plain_page: Page, page: Page, d: Desk, redis: Any, complaints: Complaints) -> None:
    complaints.allow_status(409)
    plain = Desk(plain_page, d.url)
    plain.open("/queues/mail/jobs/a")
    plain.press("Publish a copy")
    plain.page.locator("#f-payload").fill(DIGITS)
    plain.press("Publish copy")
    expect(plain.dialog).to_contain_text("Look at what differs and press again. Nothing was published yet.")
    d.open("/queues/mail/waiting")  # axe is script: the page is judged in the other browser
    page.evaluate("html => { document.documentElement.innerHTML = html }", plain_page.locator("html").inner_html())
    page.wait_for_load_state("networkidle")
    both_themes(page, "Publish a copy as a page")
    plain.press("Publish copy")
    plain.told("Published a copy to mail")
    assert plain.page.url.endswith("/queues/mail/jobs/a")
    assert waiting(redis) == [DIGITS.encode()]
