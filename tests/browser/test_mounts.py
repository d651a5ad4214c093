"""In each way to mount it Chromium has nothing to complain about: no CSP report, no console error, on any page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from omniq_core import OmniqClient
from tests.support.live_server import LiveServer, WsgiApp
from tests.web.crawling import something_of_all
from tests.web.test_crawl import NOW, at_root, dispatched, in_a_host, oddly_named, second_of_two

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
@pytest.mark.parametrize("mounted", [at_root, in_a_host, dispatched, second_of_two, oddly_named])
def test_no_complaint_on_any_page(
    mounted: Any, page: Page, client: OmniqClient, live_server: Callable[[WsgiApp], LiveServer], tmp_path: Path
) -> None:
    look_around(mounted, PAGES, page, client, live_server, tmp_path)


def look_around(
    mounted: Any, paths: tuple[str, ...], page: Page, client: OmniqClient, live_server: Any, folder: Path
) -> None:
    """Opens these pages, and the first dialog of the failed lane: `page` fails the test for any complaint."""
    something_of_all(client, NOW)
    app, root = mounted(client, folder)
    url = live_server(app).url
    if mounted is in_a_host:
        page.request.get(f"{url}/sign-in")  # not opened: the host has no icon of its own
    for path in paths:
        answer = page.goto(url + root + path)
        assert answer and answer.status == 200, path
    page.goto(f"{url}{root}queues/mail/failed")
    page.locator("#jobs .row-check").first.check()
    page.locator("#bulk-bar").get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").wait_for()
