"""Signing in as people do: with and without script, from a page whose session ended while it was open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from omniq_core import OmniqClient
from tests.browser.axe import both_themes
from tests.support.factories import fail_jobs
from tests.support.live_server import LiveServer
from tests.support.watched_page import Complaints
from tests.web.signing_in import NOW, WORD, Door, fast_hash

Serve = Callable[..., LiveServer]


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Door:
    monkeypatch.setattr("dashboard.accounts.generate_password_hash", fast_hash)
    return Door(tmp_path)


def fill_in(page: Page, word: str = WORD) -> None:
    page.get_by_label("Name").fill("ana")
    page.get_by_label("Password").fill(word)
    page.get_by_role("button", name="Sign in").click()


def test_a_page_whose_session_ended_comes_back_after_the_form(
    page: Page, complaints: Complaints, live_server: Serve, client: OmniqClient, door: Door
) -> None:
    fail_jobs(client, "mail", 2, now_ms=NOW)
    server = live_server(door.app(client))
    page.goto(f"{server.url}/queues/mail/failed?size=25")
    complaints.allow_status(401, 403)
    fill_in(page, "wrong word")
    expect(page.locator("#password-e")).to_have_text(
        "Name and password do not match. 4 tries left, then a pause of 5 min."
    )
    both_themes(page, "the sign-in page")
    fill_in(page)
    expect(page).to_have_url(f"{server.url}/queues/mail/failed?size=25")
    expect(page.locator("tbody#jobs > tr")).to_have_count(2)
    door.file.end_sessions("ana")
    page.get_by_role("button", name="Retry job-1").click()
    expect(page).to_have_url(f"{server.url}/sign-in?next=/queues/mail/failed%3Fsize%3D25&lost=1")
    expect(page.get_by_role("alert")).to_contain_text("nothing was changed")
    expect(page.get_by_role("alert")).to_have_css("display", "flex")  # icon and text in one line, in a tone
    fill_in(page)
    expect(page).to_have_url(f"{server.url}/queues/mail/failed?size=25")
    page.locator("#user-menu summary").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("You are signed out.")


def test_without_script(plain_page: Page, live_server: Serve, client: OmniqClient, door: Door) -> None:
    server = live_server(door.app(client))
    plain_page.goto(f"{server.url}/activity")
    fill_in(plain_page)
    expect(plain_page).to_have_url(f"{server.url}/activity")
    plain_page.locator("#user-menu summary").click()
    plain_page.get_by_role("button", name="Sign out everywhere").click()
    expect(plain_page.get_by_role("status").first).to_contain_text("signed out everywhere")
