"""axe-core (WCAG 2.2, A and AA) on a page as it stands, light and dark."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}  # all that a theme changes
# Chromium may keep visited links in the colours of the old theme after an emulated change; put in again they are new.
DRAWN_AGAIN = """for (const link of document.links) {
  if (link !== document.activeElement) link.parentNode.insertBefore(link, link.nextSibling);
}"""
_VIOLATIONS = "rules => axe.run(rules).then(results => results.violations)"
TRIES = 4
COLOURS_ARE_THERE = """document.getAnimations()
  .filter(change => change.effect.getComputedTiming().endTime !== Infinity).forEach(change => change.finish())"""


def findings(page: Page, rules: dict[str, Any]) -> list[str]:
    """What axe says against the page as it stands, one line per element."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate(_VIOLATIONS, {**rules, "resultTypes": ["violations"], "preload": False})
    return [f"{rule['id']}: {node['html'][:160]}" for rule in found for node in rule["nodes"]]


def both_themes(page: Page, where: str) -> None:
    """Fails when axe finds something in light or dark."""
    page.emulate_media(color_scheme="light")
    for scheme, rules in (("light", WCAG), ("dark", CONTRAST)):
        if scheme == "dark":
            page.emulate_media(color_scheme="dark")
        found = [""]
        for left in reversed(range(TRIES)):
            page.evaluate(COLOURS_ARE_THERE)
            found = findings(page, rules)
            if not found or not left:
                break
            page.evaluate(DRAWN_AGAIN)
        assert found == [], f"{where}, {scheme}"
