"""One context of the browser for the tests of a worker, as new for each of them."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

# Playwright's `clock` is one of the context, for good: pages to come have it, too.
_CLOCK = "'__pwClock' in globalThis"


class Window:
    """A context, and a page that stays open in it, so that its process does: to start one is a quarter of a test."""

    def __init__(self, browser: Browser, settings: dict[str, Any]) -> None:
        self._browser = browser
        self._settings = settings
        self._open: tuple[BrowserContext, Page] | None = None

    def context(self) -> BrowserContext:
        """The context, opened now when there is none."""
        if self._open is None:
            context = self._browser.new_context(**self._settings)
            keeper = context.new_page()
            keeper.route("**/*", lambda route: route.fulfill(content_type="text/html", body="kept open"))
            keeper.goto("http://127.0.0.1:9/")
            self._open = context, keeper
        return self._open[0]

    def clean(self) -> None:
        """Leave no page, cookie or permission, nothing that a page has stored, and no clock but the real one."""
        if self._open is None:
            return
        context, keeper = self._open
        if keeper.evaluate(_CLOCK):
            self.close()
            return
        for page in context.pages:
            if page != keeper:
                page.close()
        context.clear_cookies()
        context.clear_permissions()
        session = context.new_cdp_session(keeper)
        session.send("Storage.clearDataForOrigin", {"origin": "*", "storageTypes": "all"})
        session.detach()

    def close(self) -> None:
        """Close it with all its pages."""
        opened, self._open = self._open, None
        if opened:
            opened[0].close()
