"""What a reader's system asks for: zoom, less motion, colours of its own."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from omniq_core import OmniqClient
from tests.browser.desk import Desk, OpenDesk
from tests.support.clock import Clock
from tests.support.factories import delay_jobs, fail_jobs, lease_jobs, publish_jobs

PAGES = ("/", *(f"/queues/mail/{lane}" for lane in ("failed", "waiting", "active", "delayed", "completed")),
         "/queues/mail/jobs/job-1", "/children", "/shortcuts")  # fmt: skip
_ENDLESS = """() => document.getAnimations()
  .filter(({ effect }) => effect.getComputedTiming().iterations === Infinity || effect.getComputedTiming().duration > 1)
  .map((motion) => motion.animationName ?? motion.transitionProperty)"""
_STYLE = "(element, [property, pseudo]) => getComputedStyle(element, pseudo).getPropertyValue(property)"


@pytest.fixture
def d(desk: OpenDesk, client: OmniqClient, clock: Clock) -> Desk:
    """A queue with jobs in its lanes, and a counter."""
    fail_jobs(client, "mail", 3, now_ms=clock.now_ms)
    lease_jobs(client, "mail", ["runs"], now_ms=clock.now_ms)
    delay_jobs(client, "mail", ["later"], now_ms=clock.now_ms, due_ms=clock.now_ms + 60_000)
    publish_jobs(client, "mail", ["waits"], now_ms=clock.now_ms)
    client.childs_init(key="import:1", expected=3)
    return desk()


@pytest.mark.parametrize("width", [1440, 1280, 640])
def test_twice_the_size_needs_no_scrolling_sideways(d: Desk, page: Page, width: int) -> None:
    """A zoom of 200 % halves the window in CSS pixels and doubles those of the screen."""
    session = page.context.new_cdp_session(page)
    metrics = {"width": width // 2, "height": 450, "deviceScaleFactor": 2, "mobile": False}
    session.send("Emulation.setDeviceMetricsOverride", metrics)
    for path in PAGES:
        d.open(path)
        assert page.evaluate("innerWidth") == width // 2
        assert d.overflow <= 0, f"{path} at {width} px and 200% is {d.overflow} px too wide"


def test_less_motion_means_none(d: Desk, page: Page) -> None:
    d.open("/")
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate(_ENDLESS) == ["pulse"]  # the live dot, the only endless motion there is
    page.emulate_media(reduced_motion="reduce")
    for path in PAGES:
        d.open(path)
        assert page.evaluate(_ENDLESS) == []


def test_colours_of_the_system_leave_every_state_visible(d: Desk, page: Page) -> None:
    page.emulate_media(forced_colors="active")
    d.open("/")
    dot = page.locator("#queues .dot, #queues .state .icon").first
    expect(dot).to_be_visible()
    lines = [("nav[aria-label='Filter by state'] [aria-current]", "outline-style", None, "solid")]
    lines += [(".panel", "border-top-style", None, "solid"), (".tiles", "border-top-style", None, "solid")]
    lines += [
        ("#live", "forced-color-adjust", "::before", "none"),
        ("#legend .key", "forced-color-adjust", None, "none"),
    ]
    for selector, name, pseudo, wanted in lines:
        assert page.locator(selector).first.evaluate(_STYLE, [name, pseudo]) == wanted, selector
    d.open("/queues/mail/failed")
    assert page.locator(".tabs [aria-current]").evaluate(_STYLE, ["forced-color-adjust", "::after"]) == "none"
    d.check("job-1")
    first = page.locator("#jobs tr:has(:checked) > td").first
    assert first.evaluate(_STYLE, ["border-inline-start-width", None]) == "3px"
    assert page.locator("#bulk-bar").evaluate(_STYLE, ["border-top-style", None]) == "solid"
    page.keyboard.press("Tab")
    assert page.locator(":focus-visible").evaluate(_STYLE, ["outline-style", None]) == "solid"
    d.open("/queues/mail/active")
    assert page.locator("#jobs progress").first.evaluate(_STYLE, ["forced-color-adjust", None]) == "none"
