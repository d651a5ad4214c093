"""What script adds: answers without a new page, dialogs, numbers on buttons, focus. And that it all works without."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import WCAG, findings
from tests.browser.script_trial import ScriptTrial
from tests.support.live_server import LiveServer, WsgiApp
from tests.support.watched_page import Complaints


@pytest.fixture
def trial() -> ScriptTrial:
    return ScriptTrial()


@pytest.fixture
def url(trial: ScriptTrial, live_server: Callable[[WsgiApp], LiveServer]) -> str:
    return live_server(trial.app).url + "/trial"


def test_a_row_button_moves_its_row_alone_and_the_selection_stays(page: Page, url: str, trial: ScriptTrial) -> None:
    page.goto(url)
    page.get_by_label("Select user/234").check()
    page.get_by_label("Select ..").check()
    page.get_by_role("button", name="Retry first").click()
    expect(page.locator("#toasts")).to_contain_text("Retried 1")
    assert trial.done == [("retry", ("first",))]
    assert page.locator(".row-check:checked").count() == 2
    # The row is gone, so the focus is on the same button of the next one.
    expect(page.get_by_role("button", name="Retry user/234")).to_be_focused()
    assert page.url == url


@pytest.mark.parametrize("name", ["a‹U+000A›b", "‹0xFF›", "🔥", "..", "user/234"])
def test_a_button_of_a_hostile_id_acts_on_that_id(page: Page, url: str, trial: ScriptTrial, name: str) -> None:
    page.goto(url)
    page.get_by_role("button", name=f"Retry {name}").click()
    expect(page.locator("#toasts")).to_contain_text("Retried 1")
    raw = {"a‹U+000A›b": "a\nb", "‹0xFF›": "\udcff"}.get(name, name)
    assert trial.done == [("retry", (raw,))]


def test_a_double_click_sends_once(page: Page, url: str, trial: ScriptTrial) -> None:
    page.goto(url)
    trial.gate.clear()
    button = page.get_by_role("button", name="Retry first")
    button.click()
    expect(button).to_have_attribute("aria-busy", "true")
    button.dispatch_event("click")
    trial.gate.set()
    expect(page.locator("#toasts")).to_contain_text("Retried 1")
    assert trial.done == [("retry", ("first",))]


def test_numbers_of_the_bulk_bar(page: Page, url: str) -> None:
    page.goto(url)
    bar = page.get_by_role("region", name="Selected jobs")
    expect(bar).to_be_hidden()
    page.get_by_label("Select first").check()
    expect(bar).to_contain_text("1 selected")
    assert page.locator("#check-all").evaluate("e => e.indeterminate")
    page.get_by_label("Select all 6 on this page").check()
    expect(bar.get_by_role("button", name="Retry 6")).to_be_visible()
    expect(bar.get_by_role("button", name="Remove 6")).to_be_visible()
    bar.get_by_role("button", name="Clear selection").click()
    expect(bar).to_be_hidden()
    assert not page.locator("#check-all").evaluate("e => e.checked || e.indeterminate")


def test_enter_in_a_check_box_does_nothing(page: Page, url: str, trial: ScriptTrial) -> None:
    page.goto(url)
    page.get_by_label("Select first").check()
    page.keyboard.press("Enter")
    page.get_by_label("Select ..").check()
    expect(page.get_by_role("region", name="Selected jobs")).to_contain_text("2 selected")
    assert trial.done == []


def test_a_dialog_opens_keeps_and_removes(page: Page, url: str, trial: ScriptTrial) -> None:
    page.goto(url)
    page.get_by_label("Select ..").check()
    page.get_by_label("Select 🔥").check()
    page.get_by_role("button", name="Remove 2").click()
    dialog = page.get_by_role("dialog", name="Remove these jobs?")
    expect(dialog).to_be_visible()
    assert page.locator("dialog").evaluate("d => d.matches(':modal')")
    expect(dialog.get_by_role("button", name="Keep jobs")).to_be_focused()
    dialog.get_by_role("button", name="Keep jobs").click()
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Remove 2")).to_be_focused()
    assert trial.done == []
    page.get_by_role("button", name="Remove 2").click()
    dialog.get_by_role("button", name="Remove jobs").click()
    expect(page.locator(".toast[role=alert]")).to_contain_text("2 not removed")
    expect(page.locator("dialog")).to_have_count(0)
    assert trial.done == [("remove", ("..", "🔥"))]
    page.get_by_role("button", name="Dismiss").click()
    expect(page.locator(".toast")).to_have_count(0)


def test_escape_gives_the_focus_back_to_the_link(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_role("link", name="Ask").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.get_by_role("link", name="Ask")).to_be_focused()


def test_at_most_three_toasts(page: Page, url: str) -> None:
    page.goto(url)
    for name in ("first", "user/234", "..", "🔥"):
        page.get_by_role("button", name=f"Retry {name}").click()
        expect(page.get_by_role("button", name=f"Retry {name}")).to_have_count(0)
    expect(page.locator(".toast")).to_have_count(3)


def test_a_server_that_is_gone_is_said(page: Page, url: str, complaints: Complaints) -> None:
    page.goto(url)
    complaints.allow("Failed to load resource|htmx:error: Failed to fetch")
    page.route("**/trial/retry", lambda route: route.abort())
    page.get_by_role("button", name="Retry first").click()
    expect(page.locator(".toast[role=alert]")).to_contain_text("No answer from the dashboard")
    expect(page.get_by_role("button", name="Retry first")).not_to_have_attribute("aria-busy", "true")


def test_a_page_of_a_proxy_is_not_put_into_ours(page: Page, url: str, complaints: Complaints) -> None:
    page.goto(url)
    complaints.allow_status(502)
    page.route("**/trial/ask", lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>"))
    page.get_by_role("link", name="Ask").click()
    expect(page.locator(".toast[role=alert]")).to_contain_text("No answer from the dashboard")
    expect(page.get_by_text("Bad gateway")).to_have_count(0)


def test_no_accessibility_findings(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_label("Select first").check()
    assert findings(page, {}) == []
    page.get_by_role("button", name="Remove 1").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    # Beyond WCAG axe takes the head of a dialog for a banner, unless it guesses from what is on top that it is modal.
    assert findings(page, WCAG) == []


def test_all_of_it_without_script(browser: Browser, url: str, trial: ScriptTrial) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(url)
        assert page.locator("[data-script], [data-copy]").locator("visible=true").count() == 0
        page.get_by_label("Select ..").check()
        page.get_by_role("button", name="Remove selected").click()
        assert page.title() == "Confirm · OmniQ"
        page.get_by_role("link", name="Keep jobs").click()
        assert page.url == url
        page.get_by_label("Select ..").check()
        page.get_by_role("button", name="Remove selected").click()
        page.get_by_role("button", name="Remove jobs").click()
        assert page.url == url
        expect(page.locator("#toasts")).to_contain_text("1 not removed")
        page.get_by_role("button", name="Retry first").click()
        assert page.url == url
        expect(page.locator("#toasts")).to_contain_text("Retried 1")
        page.reload()
        expect(page.locator(".toast")).to_have_count(0)
    assert trial.done == [("remove", ("..",)), ("retry", ("first",))]
