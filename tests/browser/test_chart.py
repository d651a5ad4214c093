"""A chart is read with the pointer and with the keyboard, and goes on while it is read."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from omniq_core import HistorySampler, OmniqClient
from tests.browser.desk import OpenDesk
from tests.support.clock import Clock
from tests.support.factories import complete_jobs


def look(client: OmniqClient, clock: Clock, jobs: int) -> None:
    complete_jobs(client, "q", [f"{clock.now_ms}-{n}" for n in range(jobs)], now_ms=clock.now_ms)
    clock.advance(10_000)
    HistorySampler(client.link).step(clock.now_ms, ["q"])


def test_a_chart_is_read_by_pointer_and_keyboard(desk: OpenDesk, client: OmniqClient, redis: Any, clock: Clock) -> None:
    redis.sadd("{omniq:x}:queues", "q")
    for jobs in (1, 20, 500, 15, 0, 0):
        look(client, clock, jobs)
    d = desk()
    d.open("/?range=15m")
    page, tip = d.page, d.page.locator(".chart-tip")
    plot = page.locator("#throughput svg").first.bounding_box()
    assert plot is not None
    page.mouse.move(plot["x"] + plot["width"] * 86 / 89, plot["y"] + 40)
    expect(tip).to_contain_text("Started 50/s")
    expect(tip).to_contain_text("15:07:00")
    page.mouse.move(plot["x"] + 3, plot["y"] + 40)
    expect(tip).to_contain_text("Started –")
    page.mouse.move(5, 5)
    expect(tip).to_be_hidden()

    slider = page.get_by_role("slider", name="Read the chart")
    slider.focus()
    expect(tip).to_be_visible()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    expect(slider).to_have_attribute("aria-valuetext", "15:07:00, Started 50/s, Ended 50/s, Failed 0/s")
    look(client, clock, 7)
    # with the next tick what stands there is the 10 s after, and so is what is said of it
    expect(slider).to_have_attribute("aria-valuetext", "15:07:10, Started 1.5/s, Ended 1.5/s, Failed 0/s")


def test_rows_come_right_after_a_new_chart(desk: OpenDesk, client: OmniqClient, redis: Any, clock: Clock) -> None:
    redis.sadd("{omniq:x}:queues", "q")
    look(client, clock, 1)
    d = desk()
    d.open("/?range=15m")
    page = d.page
    page.locator("#live").click()  # no clock brings them
    expect(page.locator("#live")).to_contain_text("Updates off")
    look(client, clock, 30)
    page.evaluate("document.dispatchEvent(new CustomEvent('omniq:refresh'))")
    expect(page.locator("#legend")).to_contain_text("Started 3.0/s")
    expect(page.locator("#queues")).to_contain_text("3.0/s")
    assert page.locator("#queues > tr").count() == 1
