"""Tests share a browser's context (conftest): none finds what another left there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page
from werkzeug.wrappers import Response

from tests.support.live_server import LiveServer

LEAVE = """() => new Promise(done => {
  localStorage.left = "1"; sessionStorage.left = "1"; document.cookie = "left=1";
  const open = indexedDB.open("left");
  open.onsuccess = () => { open.result.close(); done(); };
})"""
FIND = """async () => ({
  stored: [localStorage.length, sessionStorage.length, (await indexedDB.databases()).length, document.cookie],
  clipboard: (await navigator.permissions.query({name: "clipboard-read"})).state,
  window: [innerWidth, innerHeight], pages: history.length,
})"""


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    """The address of one server for all tests here, so that they are of one origin."""
    server = LiveServer(Response("<title>here</title>", content_type="text/html"))
    yield server.url
    server.stop()


@pytest.mark.parametrize("time", ["first", "second", "third"])
def test_a_test_finds_nothing_of_another(page: Page, origin: str, time: str) -> None:
    page.goto(f"{origin}/{time}")
    found: dict[str, Any] = page.evaluate(FIND)
    assert found == {"stored": [0, 0, 0, ""], "clipboard": "prompt", "window": [1440, 900], "pages": 2}, time
    assert len(page.context.pages) == 2, "this one, and the one that stays open"
    page.set_viewport_size({"width": 390, "height": 844})
    page.context.grant_permissions(["clipboard-read"])
    page.context.new_page()
    page.evaluate(LEAVE)
    kept: dict[str, Any] = page.evaluate(FIND)
    assert (kept["stored"], kept["clipboard"]) == ([1, 1, 1, "left=1"], "granted")


@pytest.mark.parametrize("time", ["first", "second"])
def test_a_clock_that_was_stopped_goes_on_for_the_next(page: Page, origin: str, time: str) -> None:
    page.goto(origin)
    page.evaluate("() => new Promise(done => setTimeout(done, 1))")
    page.clock.install(time=0)
    page.clock.pause_at(60)
    assert page.evaluate("Date.now()") == 60_000, time
