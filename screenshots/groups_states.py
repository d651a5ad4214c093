"""States of the page of groups that somebody has to make."""

from __future__ import annotations

from playwright.sync_api import Page

from screenshots.studio import Studio


def not_saved(page: Page, _studio: Studio) -> None:
    """A limit that is none, in its field; the browser's own check of it is out of the way."""
    page.get_by_role("link", name="Edit limit of tenant-1198, now 8").click()
    page.locator(".inline-edit input[name=limit]").fill("0")
    page.locator(".inline-edit").evaluate("form => { form.noValidate = true; }")
    page.locator(".inline-edit button").click()
    page.locator(".inline-edit .error").wait_for()
