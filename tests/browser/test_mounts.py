"""In each way to mount it Chromium has nothing to complain about: no CSP report, no console error, on any page."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from omniq_core import OmniqClient
from tests.support.live_server import LiveServer, WsgiApp
from tests.support.programs import Program
from tests.support.redis_server import RedisServer, free_port
from tests.web.crawling import something_of_all
from tests.web.test_crawl import NOW, at_root, behind_a_proxy, dispatched, in_a_host, oddly_named, second_of_two
from tests.web.test_gunicorn import start, stop

PAGES = (
    *("", "children", "health", "activity", "shortcuts", "search?id=f1", "queues/mail/failures", "queues/mail/groups"),
    *(f"queues/mail/{lane}" for lane in ("waiting", "active", "delayed", "failed", "completed")),
    *("queues/mail/jobs/f1", "queues/mail/publish", "queues/mail/pause/confirm", "children"),
)


@pytest.mark.parametrize("mounted", [in_a_host, oddly_named])
def test_no_complaint_on_the_first_pages(
    mounted: Any, page: Page, client: OmniqClient, live_server: Callable[[WsgiApp], LiveServer], tmp_path: Path
) -> None:
    look_around(mounted, PAGES[:1], page, client, live_server, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("mounted", [at_root, in_a_host, dispatched, behind_a_proxy, second_of_two, oddly_named])
def test_no_complaint_on_any_page(
    mounted: Any, page: Page, client: OmniqClient, live_server: Callable[[WsgiApp], LiveServer], tmp_path: Path
) -> None:
    look_around(mounted, PAGES, page, client, live_server, tmp_path)


@pytest.mark.long
def test_no_complaint_on_any_page_under_waitress(
    page: Page, client: OmniqClient, redis_server: RedisServer, tmp_path: Path
) -> None:
    something_of_all(client, time.time_ns() // 1_000_000)
    server = Program(
        tmp_path, ["-m", "dashboard", "serve", "--port", "0", "--prefix", "/ops"], OMNIQ_REDIS_URL=redis_server.url
    )
    try:
        open_all(page, f"{server.url}/", PAGES)
    finally:
        server.end()


@pytest.mark.long
def test_no_complaint_on_any_page_under_gunicorn(
    page: Page, client: OmniqClient, redis_server: RedisServer, tmp_path: Path
) -> None:
    something_of_all(client, time.time_ns() // 1_000_000)
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
    something_of_all(client, NOW)
    app, root = mounted(client, folder)
    url = live_server(app).url
    if mounted is in_a_host:
        page.request.get(f"{url}/sign-in")  # not opened: the host has no icon of its own
    open_all(page, url + root, paths)


def open_all(page: Page, url: str, paths: tuple[str, ...]) -> None:
    """Opens these pages, and the first dialog of the failed lane: `page` fails the test for any complaint."""
    for path in paths:
        answer = page.goto(url + path)
        assert answer and answer.status == 200, path
    page.goto(f"{url}queues/mail/failed")
    page.locator("#jobs .row-check").first.check()
    page.locator("#bulk-bar").get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").wait_for()
