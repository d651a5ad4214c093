"""Redis stopped, frozen and started again under an open page."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from dashboard import create_app
from dashboard.access import allow_all
from omniq_core import OmniqClient
from omniq_core.operator.failure_index import FailureIndex
from tests.operator.failing import index_all
from tests.support.clock import Clock
from tests.support.factories import fail_jobs
from tests.support.live_server import LiveServer
from tests.support.redis_server import RedisServer

FAILED = "/queues/mail/failed"


def fail(client: OmniqClient, queue: str, jobs: list[str]) -> None:
    fail_jobs(client, queue, jobs, now_ms=time.time_ns() // 1_000_000)


class TestOutage:
    """Redis stopped, frozen and started again under an open page."""

    @pytest.fixture
    def away_url(self, throwaway_redis: RedisServer, live_server: Callable[[Any], Any]) -> Iterator[str]:
        with OmniqClient(redis_url=throwaway_redis.url) as client:
            fail(client, "mail", ["a", "b"])
            yield live_server(create_app(redis=client, access=allow_all, background=False)).url

    @pytest.fixture
    def quiet(self, complaints: Any) -> None:
        complaints.allow_status(503)

    @pytest.mark.usefixtures("quiet")
    def test_killed_and_started(self, page: Page, away_url: str, throwaway_redis: RedisServer) -> None:
        page.goto(f"{away_url}{FAILED}")
        with throwaway_redis.client() as redis:
            redis.save()  # so that it comes back with its data
        throwaway_redis.stop()
        expect(page.locator(".banner")).to_contain_text("Redis does not answer.")
        expect(page.locator(".banner")).to_contain_text("Next try in")
        expect(page.locator("#live")).to_contain_text("Offline")
        expect(page.locator(".toast")).to_have_count(0)
        expect(page.locator("body")).to_have_attribute("data-stale", "")
        expect(page.locator("#jobs tr")).to_have_count(2)
        expect(page.get_by_role("button", name="Retry a")).to_be_disabled()
        page.locator("#queue-actions a[href*=pause]").click(force=True)
        expect(page.get_by_role("dialog")).to_have_count(0)
        throwaway_redis.start()
        expect(page.locator(".banner")).to_have_count(0)
        expect(page.locator("#live")).to_contain_text("Live")
        assert page.locator("body").get_attribute("data-stale") is None
        page.locator("#queue-actions a[href*=pause]").click()
        expect(page.get_by_role("dialog")).to_be_visible()

    @pytest.mark.usefixtures("quiet")
    def test_a_selection_made_meanwhile_has_its_buttons_afterwards(
        self, page: Page, away_url: str, throwaway_redis: RedisServer
    ) -> None:
        page.goto(f"{away_url}{FAILED}")
        os.kill(throwaway_redis.pid, signal.SIGSTOP)
        try:
            expect(page.locator(".banner")).to_contain_text("Redis does not answer.")
            page.get_by_label("Select a", exact=True).check()
            for name in ("Retry 1", "Remove 1"):
                expect(page.locator("#bulk-bar").get_by_role("button", name=name, exact=True)).to_be_disabled()
        finally:
            os.kill(throwaway_redis.pid, signal.SIGCONT)
        expect(page.locator(".banner")).to_have_count(0)
        for name in ("Retry 1", "Remove 1"):
            expect(page.locator("#bulk-bar").get_by_role("button", name=name, exact=True)).to_be_enabled()

    @pytest.mark.usefixtures("quiet")
    def test_the_buttons_of_a_kind_of_error_are_off(
        self, page: Page, away_url: str, throwaway_redis: RedisServer
    ) -> None:
        with OmniqClient(redis_url=throwaway_redis.url) as client:
            index_all(client, Clock(time.time_ns() // 1_000_000), FailureIndex(client.link), queue="mail")
        page.goto(f"{away_url}/queues/mail/failures")
        page.locator("#errors a").first.click()
        expect(page.locator("#kind-count button")).to_have_text(["Retry 2", "Remove 2"])
        throwaway_redis.stop()
        expect(page.locator(".banner")).to_contain_text("Redis does not answer.")
        expect(page.locator("main button[formaction]:enabled")).to_have_count(0)

    @pytest.mark.usefixtures("quiet")
    def test_frozen_and_thawed(self, page: Page, away_url: str, throwaway_redis: RedisServer) -> None:
        page.goto(f"{away_url}{FAILED}")
        os.kill(throwaway_redis.pid, signal.SIGSTOP)
        try:
            expect(page.locator(".banner")).to_contain_text("Redis does not answer.")
        finally:
            os.kill(throwaway_redis.pid, signal.SIGCONT)
        expect(page.locator(".banner")).to_have_count(0)
        expect(page.get_by_role("button", name="Retry a")).to_be_enabled()

    def test_a_dashboard_that_ends_and_comes_back(
        self, page: Page, client: OmniqClient, live_server: Callable[[Any], Any], complaints: Any
    ) -> None:
        fail(client, "mail", ["a", "b"])
        complaints.allow("Failed to fetch|ERR_CONNECTION_(REFUSED|RESET)|ERR_EMPTY_RESPONSE|ERR_SOCKET_NOT_CONNECTED")
        first = live_server(create_app(redis=client, access=allow_all, background=False))
        page.goto(f"{first.url}{FAILED}")
        first.stop()
        expect(page.locator(".banner")).to_contain_text("The dashboard does not answer.")
        expect(page.get_by_role("button", name="Retry a")).to_be_disabled()
        again = LiveServer(create_app(redis=client, access=allow_all, background=False), first.port)
        try:
            expect(page.locator(".banner")).to_have_count(0)
            page.get_by_role("button", name="Retry a").click()
            expect(page.locator(".toast")).to_contain_text("Retried 1 job")
        finally:
            again.stop()


class TestDialogErrors:
    """What goes wrong with a dialog's button is said inside the dialog: all else is inert."""

    def test_redis_away(self, page: Page, throwaway_redis: RedisServer, live_server: Any, complaints: Any) -> None:
        complaints.allow_status(503)
        with OmniqClient(redis_url=throwaway_redis.url) as client:
            fail(client, "mail", ["a"])
            page.goto(f"{live_server(create_app(redis=client, access=allow_all, background=False)).url}{FAILED}")
            page.get_by_role("button", name="Remove a").click()
            throwaway_redis.stop()
            page.get_by_role("dialog").get_by_role("button", name="Remove job").click()
            expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("Redis does not answer")
            expect(page.locator(".toast")).to_have_count(0)

    def test_press_again_when_redis_is_back(
        self, page: Page, throwaway_redis: RedisServer, live_server: Any, complaints: Any
    ) -> None:
        complaints.allow_status(503)
        with OmniqClient(redis_url=throwaway_redis.url) as client:
            fail(client, "mail", [f"job-{n}" for n in range(101)])
            page.goto(f"{live_server(create_app(redis=client, access=allow_all, background=False)).url}{FAILED}")
            page.locator("#lane-actions").get_by_role("button", name="Remove 101").click()
            dialog, typed = page.get_by_role("dialog"), page.get_by_role("dialog").get_by_role("textbox")
            typed.fill("mail")
            with throwaway_redis.client() as redis:
                redis.save()
            throwaway_redis.stop()
            dialog.get_by_role("button", name="Remove 101 jobs").click()
            expect(dialog.get_by_role("alert")).to_contain_text("Press the button again")
            throwaway_redis.start()
            expect(typed).to_have_value("mail")
            dialog.get_by_role("button", name="Remove 101 jobs").click()
            expect(page.get_by_role("dialog")).to_have_count(0)
            expect(page.locator(".banner")).to_have_count(0)
