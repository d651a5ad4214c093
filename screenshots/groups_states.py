"""States of the page of groups that somebody has to make."""

from __future__ import annotations

from playwright.sync_api import Page

from screenshots.groups_queue import QUEUE
from screenshots.studio import Studio

_LAST_OF_ITS_GROUP = "01KKAVR2GXGJD50AGFCAMCRNFR"


def not_saved(page: Page, _studio: Studio) -> None:
    """A limit that is none, in its field; the browser's own check of it is out of the way."""
    page.get_by_role("link", name="Edit limit of tenant-1198, now 8").click()
    page.locator(".inline-edit input[name=limit]").fill("0")
    page.locator(".inline-edit").evaluate("form => { form.noValidate = true; }")
    page.locator(".inline-edit button").click()
    page.locator(".inline-edit .error").wait_for()


def behind_a_full_group(page: Page, studio: Studio) -> None:
    """A job that waits for a slot of its group, and names the counter that it is a child of."""
    studio.client.publish(
        queue=QUEUE,
        payload={"tenant": 1198, "row": 336, "completion_key": "import:tenant-1198:2026-03-10"},
        job_id=_LAST_OF_ITS_GROUP,
        gid="tenant-1198",
        now_ms_override=studio.clock(),
    )
    page.goto(f"{studio.url}/queues/{QUEUE}/jobs/{_LAST_OF_ITS_GROUP}")
