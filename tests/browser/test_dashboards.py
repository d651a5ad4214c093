"""The menu that leads from one dashboard of an application to another: by keyboard, and on a phone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, Request, expect

from dashboard import OmniqDashboard, allow_all, read_only
from omniq_core import OmniqClient
from tests.support.live_server import LiveServer, WsgiApp


@pytest.mark.parametrize("width", [1440, 390])
def test_by_keyboard_to_the_other_dashboard(
    page: Page, client: OmniqClient, live_server: Callable[[WsgiApp], LiveServer], width: int
) -> None:
    host = Flask("host")
    usual: dict[str, Any] = {"redis": client, "background": False, "secret": "not secret"}
    OmniqDashboard(host, env="production", access=allow_all, **usual)
    OmniqDashboard(host, env="staging", url_prefix="/ops/staging", access=read_only, **usual)
    url = live_server(host).url
    page.set_viewport_size({"width": width, "height": 800})
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    page.on("request", note)
    page.goto(f"{url}/omniq/")
    assert not [one for one in asked if "/dashboards" in one]
    summary = page.locator("#dashboards-menu summary")
    expect(summary).to_have_accessible_name(f"Switch dashboard: {client.link.label}")
    box = summary.bounding_box()
    assert box and min(box["width"], box["height"]) >= 24
    end = page.locator(".topbar-end").bounding_box()
    assert end and end["y"] < box["y"] + box["height"]  # still one line
    assert page.locator(".env").evaluate("(e) => e.clientWidth / e.scrollWidth") == 1  # its name is whole
    summary.focus()
    with page.expect_response("**/omniq/dashboards"):
        page.keyboard.press("Enter")
    items = page.locator("#dashboards a")
    expect(items).to_have_count(2)
    panel = page.locator("#dashboards-menu .menu-panel").bounding_box()
    assert panel and panel["x"] >= 0 and panel["x"] + panel["width"] <= width
    page.keyboard.press("Escape")
    expect(summary).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(items.last).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{url}/ops/staging/")
    expect(page.locator(".env", has_text="staging")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for tablet in (768, 820) if width == 390 else ():
        page.set_viewport_size({"width": tablet, "height": 800})
        end = page.locator(".topbar-end").bounding_box()
        assert end and end["x"] + end["width"] <= tablet, "the menu of the display is outside of the window"
