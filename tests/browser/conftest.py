"""Fixtures for tests in a real Chromium. Any console error, uncaught exception or CSP report fails the test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from dashboard import create_app
from omniq_core import OmniqClient
from tests.browser.desk import Desk, OpenDesk
from tests.browser.window import Window
from tests.support.clock import Clock
from tests.support.live_server import LiveServer, WsgiApp
from tests.support.rules_once import compile_rules_once
from tests.support.watched_page import Complaints

# Each window would come with two hidden pages for its address bar, and with a process for a page to come: half of what
# a test costs. Chromium takes the last such list only, so those of Playwright's that change what a page does are in it.
_WITHOUT = (
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "SpareRendererForSitePerProcess",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "OptimizationHints",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "Translate",
)
_FLAGS = (
    f"--disable-features={','.join(_WITHOUT)}",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP omniq.test 127.0.0.1",
    "--renderer-process-limit=1",  # see Window
)
compile_rules_once()
expect.set_options(timeout=20_000)  # a busy machine draws late; what comes at once is looked at no longer for that


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The system's Chromium where there is one (Playwright does not find it itself), else Playwright's own.

    Its headless shell first, which is the same without what draws a window: `tools/get-test-programs.sh`.
    """
    settings = {**browser_type_launch_args, "args": list(_FLAGS)}
    found = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    return {**settings, "executable_path": found} if found else settings


@pytest.fixture(scope="session")
def base_url() -> None:
    """Tests name their server. (pytest-playwright's own fixture of this name is one that pytest 9.2 warns about.)"""


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """One window size, language and time zone, so that a page looks the same on every machine."""
    return {
        **browser_context_args,
        "viewport": {"width": 1440, "height": 900},
        "locale": "en-GB",
        "timezone_id": "UTC",
        "reduced_motion": "reduce",
    }


@pytest.fixture(scope="session")
def _window(browser: Browser, browser_context_args: dict[str, Any]) -> Iterator[Window]:
    window = Window(browser, browser_context_args)
    yield window
    window.close()


@pytest.fixture
def context(_window: Window) -> Iterator[BrowserContext]:
    """The context of this worker, as new. What cannot be taken back (init scripts, routes) belongs to pages."""
    yield _window.context()
    _window.clean()


@pytest.fixture
def live_server() -> Iterator[Callable[[WsgiApp], LiveServer]]:
    """`live_server(app).url`: serves the application until the test is over. May be called more than once."""
    started: list[LiveServer] = []

    def start(app: WsgiApp) -> LiveServer:
        started.append(LiveServer(app))
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def complaints() -> Complaints:
    """What the browser complained about; `complaints.allow_status(404)` before a page that is expected to fail."""
    return Complaints()


@pytest.fixture
def page(page: Page, complaints: Complaints) -> Iterator[Page]:
    """Playwright's page, watched: the test fails if the browser complained."""
    complaints.watch(page)
    yield page
    assert not complaints.unexpected, "the browser complained:\n  " + "\n  ".join(complaints.unexpected)


@pytest.fixture
def plain_page(browser: Browser, browser_context_args: dict[str, Any], complaints: Complaints) -> Iterator[Page]:
    """A page of a browser that runs no script, watched as `page` is."""
    with browser.new_context(**browser_context_args, java_script_enabled=False) as context:
        plain = context.new_page()
        complaints.watch(plain)
        yield plain
        assert not complaints.unexpected, "the browser complained:\n  " + "\n  ".join(complaints.unexpected)


@pytest.fixture
def desk(
    request: pytest.FixtureRequest, live_server: Callable[[WsgiApp], LiveServer], clock: Clock
) -> Iterator[OpenDesk]:
    """`desk()` serves a dashboard on the test's Redis by the test's clock and gives a Desk on it.

    `page`: another browser page than the usual one; `redis`: another address; further keywords are settings.
    """
    opened: list[Any] = []

    def start(page: Page | None = None, redis: OmniqClient | str | None = None, **settings: Any) -> Desk:
        settings = {"secret": "not secret", "background": False, **settings}
        app = create_app(redis or request.getfixturevalue("client"), clock=clock, **settings)
        opened.extend(app.extensions["omniq_dashboard"].values())
        return Desk(page or request.getfixturevalue("page"), live_server(app).url)

    yield start
    for mount in opened:
        if mount.background:
            mount.background.stop()
