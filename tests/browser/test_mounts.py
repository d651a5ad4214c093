"""In each way to mount it Chromium has nothing to complain about: no CSP report, no console error, on any page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from dashboard import create_app
from dashboard.accounts import UsersFile
from omniq_core import FINDING_KINDS, Finding, OmniqClient, Report, pack_report
from tests.support.live_server import LiveServer, WsgiApp
from tests.support.programs import Program
from tests.support.redis_server import RedisServer, free_port
from tests.web.crawling import something_of_all
from tests.web.signing_in import WORD
from tests.web.test_crawl import NOW, at_root, behind_a_proxy, dispatched, in_a_host, oddly_named, second_of_two
from tests.web.test_gunicorn import start, stop
from tests.web.test_read_only_everywhere import NO_PAGES, TASKS, all_there_is  # noqa: F401 - a fixture

PAGES = (
    *("", "activity", "children", "children/order", "health", "health/repairs/idx", "shortcuts", "publish"),
    *("search?id=job-1", "failed", "queues/mail/", "queues/mail/switch?q=m", "queues/mail/shortcuts"),
    *(f"queues/mail/{lane}" for lane in ("waiting", "active", "delayed", "completed")),
    *("queues/mail/jobs/w", "queues/mail/groups", "queues/mail/groups/busy", "queues/mail/groups/repair/confirm"),
    *("queues/mail/publish", "queues/mail/pause/confirm", "queues/mail/repairs/idx"),
    *("queues/paused/failures", "queues/paused/jobs/job-1", "queues/paused/jobs/job-1/copy"),
    *(f"queues/paused/tasks/{task}" for task in TASKS),
    "queues/paused/failed",  # the last one: its first dialog is opened, too
)
LED_TO = {"activity": "activity_of", "queues/paused/failures": "failures_of_kind"}
"""Pages whose names are known to those alone that lead to them, and which view answers there."""


@pytest.fixture
def all_pages(client: OmniqClient, all_there_is: None) -> None:  # noqa: F811
    """Something on each of PAGES, also for the repairs."""
    rows = tuple(Finding(kind, "mail", "w", {}) for kind in FINDING_KINDS)
    report = Report("mail", NOW, 9, 1, dict.fromkeys(FINDING_KINDS, 1), rows)
    client.link.call("HSET", "{omniq:x}:health", "mail", pack_report(report))


def test_every_page_there_is_is_looked_at() -> None:
    app = create_app(redis="redis://127.0.0.1:1/0", insecure=True, background=False)
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    routes = app.url_map.bind("localhost")
    looked = {routes.match("/" + page.partition("?")[0])[0].rpartition(".")[2] for page in PAGES}
    there = {rule.endpoint.rpartition(".")[2] for rule in rules} - NO_PAGES
    assert looked | {*LED_TO.values()} == there


@pytest.mark.parametrize("mounted", [in_a_host, oddly_named])
def test_no_complaint_on_the_first_page(
    mounted: Any, page: Page, client: OmniqClient, live_server: Callable[[WsgiApp], LiveServer], tmp_path: Path
) -> None:
    something_of_all(client, NOW)
    look_around(mounted, ("", "queues/mail/failed"), page, client, live_server, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("mounted", [at_root, in_a_host, dispatched, behind_a_proxy, second_of_two, oddly_named])
def test_no_complaint_on_any_page(
    mounted: Any,
    page: Page,
    client: OmniqClient,
    all_pages: None,
    live_server: Callable[[WsgiApp], LiveServer],
    tmp_path: Path,
) -> None:
    look_around(mounted, PAGES, page, client, live_server, tmp_path)


@pytest.mark.long
def test_no_complaint_on_any_page_under_waitress_nor_at_its_door(
    page: Page, all_pages: None, redis_server: RedisServer, tmp_path: Path
) -> None:
    UsersFile(tmp_path / "users.json").add("ana", WORD, "operator")
    given = {"OMNIQ_USERS_FILE": str(tmp_path / "users.json"), "OMNIQ_BACKGROUND": "0"}
    server = Program(
        tmp_path,
        ["-m", "dashboard", "serve", "--port", "0", "--prefix", "/ops"],
        OMNIQ_REDIS_URL=redis_server.url,
        **given,
    )
    try:
        page.goto(f"{server.url}/")
        expect(page).to_have_url(f"{server.url}/sign-in")
        page.get_by_label("Name").fill("ana")
        page.get_by_label("Password").fill(WORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page).to_have_url(f"{server.url}/")
        open_all(page, f"{server.url}/", PAGES)
        page.goto(f"{server.url}/")
        page.locator("#user-menu summary").click()
        page.get_by_role("button", name="Sign out", exact=True).click()
        expect(page.get_by_role("status").first).to_contain_text("You are signed out.")
    finally:
        server.end()


@pytest.mark.long
def test_no_complaint_on_any_page_under_gunicorn(
    page: Page, all_pages: None, redis_server: RedisServer, tmp_path: Path
) -> None:
    port = free_port()
    server = start(port, redis_server.url, tmp_path)
    try:
        open_all(page, f"http://127.0.0.1:{port}/", PAGES)
    finally:
        stop(server)


def look_around(
    mounted: Any, paths: tuple[str, ...], page: Page, client: OmniqClient, live_server: Any, folder: Path
) -> None:
    """Opens these pages where it is mounted so."""
    app, root = mounted(client, folder)
    url = live_server(app).url
    if mounted is in_a_host:
        page.request.get(f"{url}/sign-in")  # not opened: the host has no icon of its own
    open_all(page, url + root, paths)


def open_all(page: Page, url: str, paths: tuple[str, ...]) -> None:
    """Opens these pages, and a dialog of the last, a failed lane: `page` fails the test for any complaint."""
    for path in paths:
        answer = page.goto(url + path)
        assert answer and answer.status == 200, path
        if path in LED_TO:
            page.locator(f'main a[href*="/{path.rpartition("/")[2]}/"]').first.click()
            expect(page.locator("main h1")).to_be_visible()
            page.goto(url + path)
    page.locator("#jobs .row-check").first.check()
    page.locator("#bulk-bar").get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").wait_for()
