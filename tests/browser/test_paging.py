"""The pages of a list come into the page that is there: what goes with them, what stays, and the way back."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from omniq_core import OmniqClient
from tests.browser.desk import Desk, OpenDesk
from tests.support.clock import Clock
from tests.support.factories import fail_jobs
from tests.support.redis_server import RedisServer
from tests.support.watched_page import Complaints

FAILED = "/queues/mail/failed"


@pytest.fixture
def d(desk: OpenDesk, client: OmniqClient, clock: Clock) -> Desk:
    """The first of three pages of failed jobs; the last of them holds one."""
    fail_jobs(client, "mail", 51, now_ms=clock.now_ms)
    d = desk()
    d.open(f"{FAILED}?size=25")
    d.page.evaluate("window.stays = true")
    return d


def at(d: Desk, text: str) -> None:
    """Waits for the foot of the list to say so."""
    expect(d.page.locator("#pager > span").first).to_have_text(text)


def held_back(page: Page, path: str) -> list[Route]:
    """Requests that are not answered before the test says so."""
    found: list[Route] = []
    page.route(path, lambda route: found.append(route))
    return found


def test_a_page_takes_the_heading_the_address_and_the_buttons_with_it(d: Desk) -> None:
    d.check("job-51", "job-50")
    d.press("Older")
    at(d, "26–50 of 51")
    d.focus_is("mail")
    assert d.page.evaluate("[scrollY, window.stays]") == [0, True]
    expect(d.page.locator("#bulk-bar")).to_be_hidden()
    with d.page.expect_request(lambda request: "live=1" in request.url) as tick:
        pass
    assert tick.value.url.startswith(d.page.url + "&live=1&")
    d.press("Remove job-26")
    d.confirm("Remove this job?", "Remove job")
    at(d, "26–50 of 50")  # the answer to the button is this page, not the one that was loaded
    assert d.ids[0] == "job-25"


def test_back_brings_page_filter_and_scroll_and_goes_on_ticking(d: Desk, client: OmniqClient, clock: Clock) -> None:
    d.press("Older")
    at(d, "26–50 of 51")
    address, scroll = d.page.url, d.page.evaluate("scrollTo(0, 9999), scrollY")
    assert scroll > 100
    d.press("Older")
    at(d, "51–51 of 51")
    d.page.go_back()
    at(d, "26–50 of 51")
    assert d.page.url == address
    d.page.wait_for_function(f"scrollY === {scroll}")
    d.page.mouse.move(5, 5)
    fail_jobs(client, "mail", ["late"], now_ms=clock.advance(1000))
    expect(d.page.locator("#newer")).to_contain_text("1 newer failure")
    d.page.go_forward()
    at(d, "52–52 of 52")
    assert d.page.evaluate("window.stays")


def test_a_tick_of_the_page_before_is_dropped(d: Desk) -> None:
    held_back(d.page, "**/*live=1*")
    with d.page.expect_request(lambda request: "live=1" in request.url):
        pass
    with d.page.expect_event("requestfailed", lambda request: "live=1" in request.url):
        d.press("Older")
    at(d, "26–50 of 51")
    d.page.mouse.move(5, 5)
    expect(d.page.locator("#live")).to_contain_text("Live")


def test_a_filter_that_is_typed_meanwhile_is_not_overtaken(d: Desk) -> None:
    pages = held_back(d.page, "**/*cursor=*")
    d.press("Older")
    d.page.get_by_label("Job id starts with").press_sequentially("job-4")
    d.page.wait_for_url("**prefix=job-4")
    pages[0].continue_()
    expect(d.page.locator("#jobs tr")).to_have_count(11)
    assert d.page.url.endswith("prefix=job-4")
    expect(d.page.get_by_label("Job id starts with")).to_be_focused()


def test_a_page_that_cannot_be_had(
    desk: OpenDesk, throwaway_redis: RedisServer, clock: Clock, complaints: Complaints
) -> None:
    complaints.allow_status(400, 503)
    with OmniqClient(redis_url=throwaway_redis.url) as client:
        fail_jobs(client, "mail", 26, now_ms=clock.now_ms)
        d = desk(redis=client)
        d.still()
        d.open(f"{FAILED}?size=25")
        with throwaway_redis.client() as redis:
            redis.save()
        throwaway_redis.stop()
        d.press("Older")
        expect(d.page.locator(".banner")).to_contain_text("Redis does not answer.")
        expect(d.page.locator("#jobs tr")).to_have_count(25)
        throwaway_redis.start()
        expect(d.page.locator(".banner")).to_have_count(0)
        d.press("Older")
        at(d, "26–26 of 26")
        d.page.locator("#pager a[rel=prev]").evaluate("link => link.setAttribute('hx-get', '?cursor=none')")
        d.page.evaluate("htmx.process(document.querySelector('#pager a[rel=prev]'), true)")
        d.press("Newer")
        expect(d.page.get_by_role("heading", name="That was not understood")).to_be_visible()


def test_a_link_that_script_serves_opens_in_another_tab(d: Desk) -> None:
    for name, heading in (("Older", "mail"), ("Pause", "Pause mail")):
        with d.page.context.expect_page() as opened:
            d.control(name).click(modifiers=["Control"])
        expect(opened.value.get_by_role("heading", name=heading).first).to_be_visible()
        opened.value.close()
    at(d, "1–25 of 51")
