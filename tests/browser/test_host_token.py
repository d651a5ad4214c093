"""A page that stays open longer than the token of the application around it is good for."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from flask_wtf.csrf import CSRFProtect
from playwright.sync_api import Page, expect

from dashboard import OmniqDashboard
from dashboard.access import allow_all
from omniq_core import OmniqClient
from tests.support.clock import Clock
from tests.support.factories import fail_jobs
from tests.support.live_server import LiveServer, WsgiApp
from tests.support.watched_page import Complaints

AGE = "document.querySelectorAll('[data-host-token]').forEach((field) => { field.value = 'of an hour ago'; })"


def test_a_tick_brings_the_new_token_and_so_does_a_refusal(
    page: Page, client: OmniqClient, clock: Clock, live_server: Callable[[WsgiApp], LiveServer], complaints: Complaints
) -> None:
    fail_jobs(client, "mail", 3, now_ms=clock.now_ms)
    host = Flask("host")
    host.config["SECRET_KEY"] = "the host's secret"
    CSRFProtect(host)
    OmniqDashboard(host, redis=client, url_prefix="/ops", access=allow_all, background=False, clock=clock)
    url = live_server(host).url
    page.goto(f"{url}/ops/queues/mail/failed")
    page.evaluate(AGE)
    with page.expect_response(lambda response: "live=1" in response.url):
        pass
    page.get_by_role("button", name="Retry job-1").click()
    expect(page.locator("#toasts")).to_contain_text("Retried 1 job")

    complaints.allow_status(400)
    page.locator("#live").click()  # no more ticks
    expect(page.locator("#live")).to_contain_text("Updates off")
    page.evaluate(AGE)
    page.get_by_role("button", name="Retry job-2").click()
    expect(page.locator("#toasts")).to_contain_text("Open for too long")
    page.get_by_role("button", name="Retry job-2").click()
    expect(page.locator("#toasts")).to_contain_text("Retried 1 job")
