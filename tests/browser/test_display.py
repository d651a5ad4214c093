"""The display menu: at once, kept, and without script. Times as script writes them agree with the server's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from dashboard.formatting import DAY, HOUR, MINUTE, age, duration, moment, relative
from dashboard.templating import render_text
from omniq_core import OmniqClient
from tests.browser.axe import both_themes
from tests.browser.desk import Desk, OpenDesk
from tests.support.clock import Clock
from tests.support.factories import fail_jobs
from tests.support.watched_page import Complaints
from tests.web.trial import trial_app

LENGTHS = (
    0, 1, 999, 1000, 1049, 1099, 1100, 10_300, 59_949, 59_999, MINUTE, 60_999, 61_000, 372_000, 372_999, 59 * MINUTE,
    HOUR - 1, HOUR, 2 * HOUR + 4 * MINUTE, HOUR + 59_999, DAY - 1, DAY, DAY + 59 * MINUTE, DAY + 5 * HOUR,
    10 * DAY - 1, 10 * DAY, 10 * DAY + 3 * HOUR, 31 * DAY, 4213 * DAY,
)  # fmt: skip
MOMENTS = (1_750_000_000_000, 1_000, 253_402_300_799_999, 951_827_696_789, 1_709_208_000_007)
LENGTH = "[data-since], [data-until]"
IN_MODULE = "async ([what, list]) => { const all = await import(document.querySelector('script[type=module]').src"
IN_MODULE += ".replace('omniq.js', 'times.js')); return list.map((args) => all[what](...args)) }"


@pytest.fixture
def failed_lane(desk: OpenDesk, client: OmniqClient, clock: Clock) -> Desk:
    fail_jobs(client, "mail", 3, now_ms=clock.now_ms - 372_000)
    d = desk()
    d.open("/queues/mail/failed")
    return d


@pytest.fixture
def far_page(browser: Browser, browser_context_args: dict[str, Any], complaints: Complaints) -> Iterator[Page]:
    """A page of a reader in Tokyo, whose system is dark."""
    settings = {**browser_context_args, "timezone_id": "Asia/Tokyo", "color_scheme": "dark"}
    with browser.new_context(**settings) as context:
        page = context.new_page()
        complaints.watch(page)
        yield page
    assert not complaints.unexpected, complaints.unexpected


def menu(page: Page) -> None:
    page.locator("summary[aria-label='Display settings']").click()


def kept(page: Page) -> str | None:
    return next((c.get("value") for c in page.context.cookies() if c.get("name") == "omniq_display"), None)


def saved(page: Page) -> Any:
    return page.expect_response("**/settings/display")


def test_a_theme_takes_effect_at_once_and_stays(failed_lane: Desk) -> None:
    page = failed_lane.page
    html = page.locator("html")
    light: str = html.evaluate("html => getComputedStyle(html).backgroundColor")
    menu(page)
    with saved(page) as answer:
        page.get_by_title("Dark", exact=True).click()
    expect(html).not_to_have_css("background-color", light)
    assert answer.value.status == 204
    assert kept(page) == "dark.2.utc.on.on"
    page.reload()
    assert html.get_attribute("data-theme") == "dark"
    expect(html).not_to_have_css("background-color", light)
    menu(page)
    page.get_by_title("Match the system", exact=True).click()
    expect(html).to_have_css("background-color", light)
    assert html.get_attribute("data-theme") is None


def test_rate_and_keys_reach_the_rest_of_the_script(failed_lane: Desk) -> None:
    page = failed_lane.page
    page.evaluate("document.addEventListener('omniq:display', () => { window.heard = (window.heard || 0) + 1 })")
    menu(page)
    with saved(page):
        page.get_by_label("Refresh").select_option("15 s")
    expect(page.locator("html")).to_have_attribute("data-refresh", "15")
    expect(page.locator("#live")).to_have_attribute("title", "Updates every 15 s. Press p to turn them off.")
    with saved(page):
        page.get_by_label("Keyboard shortcuts", exact=True).select_option("Off")
    expect(page.locator("html")).to_have_attribute("data-keys", "off")
    expect(page.locator("#live")).to_have_attribute("title", "Updates every 15 s.")
    assert page.evaluate("heard") == 2
    assert kept(page) == "auto.15.utc.off.on"


def test_the_live_button_turns_updates_off_and_on(failed_lane: Desk) -> None:
    page = failed_lane.page
    live = page.locator("#live")
    with saved(page):
        live.click()
    expect(live).to_have_attribute("aria-pressed", "false")
    expect(live).to_contain_text("Updates off")
    expect(page.locator("html")).to_have_attribute("data-live", "off")
    assert kept(page) == "auto.2.utc.on.off"
    assert page.url.endswith("/queues/mail/failed")
    page.reload()
    expect(live).to_have_attribute("aria-pressed", "false")
    with saved(page):
        live.click()
    expect(live).to_have_attribute("aria-pressed", "true")
    assert kept(page) == "auto.2.utc.on.on"


def test_what_cannot_be_saved_is_told(failed_lane: Desk, complaints: Complaints) -> None:
    page = failed_lane.page
    complaints.allow_status(503)
    page.route("**/settings/display", lambda route: route.fulfill(status=503, body=""))
    menu(page)
    page.get_by_title("Dark", exact=True).click()
    toast = failed_lane.told("The display settings were not saved")
    expect(toast).to_have_role("alert")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_two_quick_changes_are_both_kept(failed_lane: Desk) -> None:
    page = failed_lane.page
    slow: list[Route] = []

    def hold_first(route: Route) -> None:
        if slow:
            route.continue_()
        else:
            slow.append(route)

    page.route("**/settings/display", hold_first)
    menu(page)
    with page.expect_request("**/settings/display"):
        page.get_by_title("Dark", exact=True).click()
    while not slow:  # the request is there, its route follows
        page.wait_for_timeout(10)
    with saved(page):
        page.get_by_label("Refresh").select_option("5 s")
    assert kept(page) == "dark.5.utc.on.on"
    expect(page.locator("#toasts .toast")).to_have_count(0)


def test_another_tab_follows_when_it_is_looked_at(failed_lane: Desk, complaints: Complaints) -> None:
    first = failed_lane.page
    second = first.context.new_page()
    complaints.watch(second)
    second.goto(first.url)
    menu(second)
    with saved(second):
        second.get_by_title("Dark", exact=True).click()
    first.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(first.locator("html")).to_have_attribute("data-theme", "dark")
    expect(first.locator("#theme-dark")).to_be_checked()


def test_local_times_on_the_page_and_after_an_answer(
    desk: OpenDesk, client: OmniqClient, far_page: Page, clock: Clock
) -> None:
    fail_jobs(client, "mail", 2, now_ms=clock.now_ms)  # 15:06:40 UTC is 00:06:40 of the next day in Tokyo
    d = desk(page=far_page)
    d.open("/queues/mail/failed")
    live, row = far_page.locator("#live time"), far_page.locator("#jobs time").first
    expect(live).to_have_text("15:06:40")
    expect(row).to_have_attribute("title", "2025-06-15 15:06:40.001 UTC")
    menu(far_page)
    with saved(far_page):
        far_page.get_by_label("Times in").select_option("Local")
    expect(live).to_have_text("00:06:40")
    expect(row).to_have_attribute("title", "2025-06-16 00:06:40.001 UTC+09:00")
    # UTC must not flash: every frame is looked at, just before it is painted.
    far_page.evaluate(
        "() => { window.flashes = []; const look = () => { for (const time of document.querySelectorAll('time'))"
        " if (time.title.endsWith(' UTC')) flashes.push(time.title); requestAnimationFrame(look) }; look() }"
    )
    far_page.keyboard.press("Escape")
    d.press("Retry job-2")
    d.told("Retried 1 job")
    expect(far_page.locator("#jobs time")).to_have_count(1)
    expect(row).to_have_attribute("title", "2025-06-16 00:06:40.000 UTC+09:00")
    assert far_page.evaluate("flashes") == []
    row.locator("xpath=ancestor::tr").get_by_role("link").first.click()
    expect(far_page.locator("#timeline time").first).to_have_text("00:06:40.000")
    expect(far_page.locator("section:has(#timeline) .panel-head .end")).to_have_text("UTC+09:00, 16 Jun 2025")


def test_script_and_server_write_lengths_and_moments_alike(failed_lane: Desk) -> None:
    page, now = failed_lane.page, 1_750_000_000_000
    args: list[Any] = [[ms] for ms in LENGTHS]
    assert page.evaluate(IN_MODULE, ["duration", args]) == [duration(ms) for ms in LENGTHS]
    assert page.evaluate(IN_MODULE, ["age", args]) == [age(ms) for ms in LENGTHS]
    for sign in (-1, 1):
        args = [[now + sign * ms, now] for ms in LENGTHS]
        assert page.evaluate(IN_MODULE, ["relative", args]) == [relative(now + sign * ms, now) for ms in LENGTHS]
    found = page.evaluate(IN_MODULE, ["parts", [[ms, "utc"] for ms in MOMENTS]])
    assert [f"{at['day']} {at['clock']} {at['zone']}" for at in found] == [moment(ms, now).title for ms in MOMENTS]


def test_lengths_grow_and_shrink_with_the_servers_clock(desk: OpenDesk, page: Page, clock: Clock) -> None:
    page.clock.install(time=0)
    desk().open("/shortcuts")
    page.clock.pause_at(60_000)
    source = (
        '{% from "omniq/macros/times.html" import since, until %}{% from "omniq/macros/figures.html" import tile %}'
        "{{ since(now - 371000) }}{{ until(now + 12400) }}{{ tile('a', since=now - 59200) }}"
        "{{ tile('b', since=now - 200, suffix='ago') }}{{ since(none) }}"
    )
    app, start = trial_app(clock=clock), clock.now_ms
    shown: list[str] = []
    for passed in (0, 1000, 13_000):
        clock.now_ms = start + passed
        with app.test_request_context("/"):
            app.preprocess_request()
            html = str(render_text(source, now=start))
        if not shown:
            page.evaluate("html => { document.getElementById('main').innerHTML = html }", html)
            page.evaluate(IN_MODULE, ["syncNow", [[start]]])
        else:
            page.clock.run_for(clock.now_ms - page.evaluate(IN_MODULE, ["now", [[]]])[0])
        shown = page.locator("#main").locator(LENGTH).evaluate_all("all => all.map(e => e.innerHTML)")
        assert shown == page.evaluate(
            "([html, those]) => { const other = document.createElement('div'); other.innerHTML = html;"
            " return [...other.querySelectorAll(those)].map(e => e.innerHTML) }",
            [html, LENGTH],
        )
    assert shown == [
        "6 min 24 s", "0 ms", "1<small>min</small><b>12</b><small>s</small>", "13<small>s ago</small>",
    ]  # fmt: skip


def test_the_menu_works_without_script(desk: OpenDesk, client: OmniqClient, plain_page: Page, clock: Clock) -> None:
    fail_jobs(client, "mail", 1, now_ms=clock.now_ms)
    d = desk(page=plain_page)
    d.open("/queues/mail/failed")
    light = plain_page.locator("html").get_attribute("data-theme")
    menu(plain_page)
    plain_page.get_by_title("Dark", exact=True).click()
    plain_page.get_by_label("Refresh").select_option("5 s")
    plain_page.get_by_role("button", name="Save").click()
    assert plain_page.url.endswith("/queues/mail/failed")
    assert (light, plain_page.locator("html").get_attribute("data-theme")) == (None, "dark")
    plain_page.locator("#live").click()
    assert plain_page.url.endswith("/queues/mail/failed")
    expect(plain_page.locator("#live")).to_contain_text("Updates off")
    assert kept(plain_page) == "dark.5.utc.on.off"
    menu(plain_page)
    plain_page.get_by_role("link", name="Show the shortcuts").click()
    expect(plain_page.get_by_role("heading", level=1)).to_have_text("Keyboard shortcuts")
    expect(plain_page.locator("dl.keys > div")).to_have_count(12)


def test_the_menu_closes_and_the_focus_returns(failed_lane: Desk) -> None:
    page = failed_lane.page
    summary, link = page.locator("#display-menu > summary"), page.get_by_role("link", name="Show the shortcuts")
    menu(page)
    page.get_by_label("Refresh").focus()
    page.keyboard.press("Escape")
    expect(link).to_be_hidden()
    expect(summary).to_be_focused()
    menu(page)
    page.mouse.click(600, 700)
    expect(link).to_be_hidden()
    menu(page)
    link.click()
    expect(failed_lane.dialog.get_by_role("heading")).to_have_text("Keyboard shortcuts")
    expect(link).to_be_hidden()
    page.keyboard.press("Escape")
    expect(failed_lane.dialog).to_have_count(0)
    expect(summary).to_be_focused()


@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing_in_menu_and_list(failed_lane: Desk, width: int) -> None:
    page = failed_lane.page
    page.set_viewport_size({"width": width, "height": 900})

    def sound() -> None:
        both_themes(page, f"display at {width} px")

    menu(page)
    sound()
    page.get_by_role("link", name="Show the shortcuts").click()
    expect(failed_lane.dialog).to_be_visible()
    sound()
    page.goto(failed_lane.url + "/shortcuts")
    sound()
    assert failed_lane.overflow == 0
