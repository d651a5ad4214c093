"""States of child counters that somebody has to make."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from screenshots.data import MINUTE, NOW
from screenshots.studio import Studio

_JOBS = "{omniq:x}:children:jobs"
_STUCK = "import:tenant-8841:2026-03-09"


def without_jobs(page: Page, studio: Studio) -> None:
    """What the background would have found by now: nobody is left of one counter, and 12 failed of the other."""
    redis: Any = studio.client.ops.r
    look = f'{{"v":1,"f":[{NOW - 3 * MINUTE},{NOW - 2 * MINUTE},14,61203,4520,9817,0,0]}}'
    redis.hset(_JOBS, mapping={"": look, _STUCK: "0|12", "digest:weekly:2026-03-08": "0|0"})
    page.reload()


def let_the_next_child_end_it(page: Page, studio: Studio) -> None:
    """The dialog that says what this means."""
    without_jobs(page, studio)
    page.get_by_role("button", name=f"Let the next child end counter {_STUCK}").click()
    page.get_by_role("dialog").wait_for()
