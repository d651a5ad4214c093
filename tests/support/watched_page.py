"""Everything a browser complains about while a test looks at a page."""

from __future__ import annotations

import re
from typing import Any

_FAILED_ANSWER = re.compile(r"Failed to load resource: the server responded with a status of (\d+)")

# Chromium reports most violations in the console as well, but not each of them: this catches the rest.
REPORT_VIOLATIONS = """
addEventListener("securitypolicyviolation", e => console.error(
  `CSP: ${e.violatedDirective} blocked ${e.blockedURI || "inline"} at ${e.sourceFile}:${e.lineNumber}`));
"""


class Complaints:
    """Console errors, uncaught exceptions and CSP reports of one page, less those that the test expects."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._allowed: list[re.Pattern[str]] = []
        self._statuses: set[int] = set()

    def watch(self, page: Any) -> None:
        """Collect from this page on. Call it before the first navigation."""
        page.add_init_script(REPORT_VIOLATIONS)
        page.on("console", lambda message: self._console(message))
        page.on("pageerror", lambda error: self._texts.append(f"uncaught: {error}"))

    def allow(self, pattern: str) -> None:
        """Complaints that match this regular expression are what the test is about."""
        self._allowed.append(re.compile(pattern))

    def allow_status(self, *codes: int) -> None:
        """Chromium calls an answer of 400 and up an error; these codes are expected."""
        self._statuses.update(codes)

    @property
    def unexpected(self) -> list[str]:
        """What nobody allowed, in the order it came."""
        return [text for text in self._texts if not self._is_allowed(text)]

    def _console(self, message: Any) -> None:
        if message.type == "error":
            place = message.location.get("url", "") if message.location else ""
            self._texts.append(f"{message.text} ({place})")

    def _is_allowed(self, text: str) -> bool:
        failed = _FAILED_ANSWER.match(text)
        if failed and int(failed[1]) in self._statuses:
            return True
        return any(pattern.search(text) for pattern in self._allowed)
