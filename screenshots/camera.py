"""Chromium with a clock that stands still, and six views of each state."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from playwright.sync_api import BrowserContext, Page, sync_playwright

from screenshots.shots import Shot
from screenshots.studio import Studio

WIDTHS = (1440, 1024, 390)
THEMES = ("light", "dark")
HEIGHT = 900
LONGEST = 2_400
"""A longer page is cut there: the rows below are more of the same."""
MOST_TRIES = 8

# Chromium may leave what an icon uses in the colours of the theme before.
_DRAW_ICONS_AGAIN = """() => {
  const icons = [...document.querySelectorAll("svg.icon")];
  for (const icon of icons) icon.style.display = "none";
  document.body.getBoundingClientRect();
  for (const icon of icons) icon.style.removeProperty("display");
}"""

# Where the page ends. (What scrolls, and the body, are never lower than the window.)
_FOOT = "Math.ceil(document.querySelector('main').getBoundingClientRect().bottom)"

_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--font-render-hinting=none",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
    # the same pixels each time: no picture before all of it is drawn, nothing drawn again in part
    "--run-all-compositor-stages-before-draw",
    "--disable-partial-raster",
    "--disable-checker-imaging",
    "--disable-skia-runtime-opts",
    "--disable-threaded-animation",
    "--disable-threaded-scrolling",
    "--disable-lcd-text",
    "--num-raster-threads=1",
)


class Camera:
    """Takes the shots of a studio into a folder. A context manager: the browser ends with it."""

    def __init__(self, studio: Studio, folder: Path) -> None:
        self._studio, self._folder = studio, folder

    def __enter__(self) -> Camera:
        self._playwright = sync_playwright().start()
        self._browser = self._playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(_FLAGS))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._browser.close()
        self._playwright.stop()

    def take(self, shot: Shot) -> int:
        """All views of one state, which is made once; returns how many files were written."""
        with self._context(shot.script) as context:
            page = self._open(context, shot)
            if shot.prepare:
                shot.prepare(page, self._studio)
            for width in WIDTHS:
                targets = {theme: self._folder / f"{shot.name}-{width}-{theme}.png" for theme in THEMES}
                self._photograph(page, width, targets, whole=shot.whole)
        return len(WIDTHS) * len(THEMES)

    def take_readme(self, target: Path) -> None:
        """The one picture of the README."""
        with self._context(True) as context:
            page = self._open(context, Shot("readme", "/"))
            self._photograph(page, WIDTHS[0], {THEMES[0]: target}, whole=True)

    def _context(self, script: bool) -> BrowserContext:
        return self._browser.new_context(
            viewport={"width": 1440, "height": HEIGHT},
            locale="en-GB",
            timezone_id="UTC",
            reduced_motion="reduce",
            java_script_enabled=script,
        )

    def _open(self, context: BrowserContext, shot: Shot) -> Page:
        page = context.new_page()
        self._studio.clock.now_ms -= shot.begins_before
        begins = self._studio.clock.now_ms
        if shot.script:
            page.clock.install(time=datetime.fromtimestamp(begins / 1000 - 60, UTC))
            page.clock.pause_at(datetime.fromtimestamp(begins / 1000, UTC))
        page.goto(self._address(page, shot))
        self._studio.clock.now_ms += shot.begins_before
        if shot.script:
            page.clock.run_for(1)  # htmx begins its work in a timer
        return page

    def _address(self, page: Page, shot: Shot) -> str:
        url = getattr(self._studio, shot.on)
        first = re.fullmatch(r"\{(\S+) (\S+)\}", shot.path)
        if not first:
            return url + shot.path
        # "{queue lane}": the page of the job on top of that lane
        page.goto(f"{url}/queues/{first[1]}/{first[2]}")
        return url + (page.locator("#jobs a.job-id").first.get_attribute("href") or "")

    def _photograph(self, page: Page, width: int, targets: dict[str, Path], *, whole: bool) -> None:
        """One picture per theme. The window is as tall as what they show: beyond it, drawing is three times as slow."""
        page.set_viewport_size({"width": width, "height": HEIGHT})
        for _ in range(MOST_TRIES):
            height = self._height(page) if whole else HEIGHT
            page.set_viewport_size({"width": width, "height": height})
            for theme, target in targets.items():
                page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
                page.evaluate(_DRAW_ICONS_AGAIN)
                target.write_bytes(self._still(page))
            if not whole or self._height(page) == height:  # a narrow page may need a moment for its last line break
                return
        raise RuntimeError(f"{page.url} is never of one height")

    def _height(self, page: Page) -> int:
        return min(LONGEST, max(HEIGHT, page.evaluate(_FOOT)))

    def _still(self, page: Page) -> bytes:
        """The picture once two in a row are the same: Chromium draws edges and icons a moment after the rest."""
        before = b""
        for _ in range(MOST_TRIES):
            now = page.screenshot(animations="disabled", caret="hide")
            if now == before:
                return now
            before = now
        raise RuntimeError(f"{page.url} does not come to rest")
