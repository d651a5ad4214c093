"""The keyboard map: everything an operator does to failed jobs, without a pointer."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from omniq_core import OmniqClient
from tests.browser.desk import Desk, OpenDesk
from tests.support.clock import Clock
from tests.support.factories import fail_jobs


@pytest.fixture
def failed_lane(desk: OpenDesk, client: OmniqClient, clock: Clock) -> Desk:
    """The failed lane of `mail`, open: job-5 at the top, job-1 at the foot."""
    fail_jobs(client, "mail", 5, now_ms=clock.now_ms)
    d = desk()
    d.open("/queues/mail/failed")
    return d


def keys(d: Desk, *names: str) -> None:
    for name in names:
        d.page.keyboard.press(name)


def test_j_and_k_move_the_real_focus_from_row_to_row(failed_lane: Desk) -> None:
    d = failed_lane
    keys(d, "j")
    d.focus_is("job-5")
    assert d.row("job-5").evaluate("row => row.matches('tr:has(:focus-visible)')")
    keys(d, "j", "j")
    d.focus_is("job-3")
    keys(d, "k")
    d.focus_is("job-4")
    keys(d, "k", "k", "k")
    d.focus_is("job-5")
    keys(d, *"jjjjjjj")
    d.focus_is("job-1")
    d.control("Remove job-3").focus()
    keys(d, "j")
    d.focus_is("job-2")


def test_enter_opens_the_row(failed_lane: Desk) -> None:
    keys(failed_lane, "j", "j", "Enter")
    expect(failed_lane.page.get_by_role("heading", level=1)).to_have_text("job-4")


def test_a_retry_by_keyboard_alone(failed_lane: Desk) -> None:
    d = failed_lane
    posts = d.posts()
    keys(d, "j", "j", "r")
    d.told("Retried 1 job")
    d.shows(["job-5", "job-3", "job-2", "job-1"])
    d.focus_is("job-3")  # a link again: Enter opens it and does not retry it
    keys(d, "j")
    d.focus_is("job-2")
    assert posts == ["/queues/mail/jobs/retry"]


def test_three_selected_and_retried_by_keyboard_alone(failed_lane: Desk) -> None:
    d = failed_lane
    keys(d, *"jxjxjjx")
    assert d.checked == ["job-5", "job-4", "job-2"]
    d.focus_is("job-2")
    keys(d, "r")
    expect(d.dialog.get_by_role("heading")).to_have_text("Retry 3 failed jobs?")
    d.focus_is("Not now")
    keys(d, "Tab", "Enter")
    d.told("Retried 3 jobs")
    d.shows(["job-3", "job-1"])


def test_a_removal_by_keyboard_alone(failed_lane: Desk) -> None:
    d = failed_lane
    keys(d, "j", "j", "j", "#")
    expect(d.dialog.get_by_role("heading")).to_have_text("Remove this job?")
    keys(d, "r", "x", "j", "#")  # nothing behind an open dialog is pressed
    d.focus_is("Keep job")
    keys(d, "Tab", "Enter")
    d.told("Removed 1 job")
    d.shows(["job-5", "job-4", "job-2", "job-1"])


def test_a_selection_is_removed_rather_than_the_focused_row(failed_lane: Desk) -> None:
    d = failed_lane
    keys(d, "j", "x", "j", "j", "#")
    expect(d.dialog.locator(".quote > *").first).to_have_text("job-5")
    keys(d, "Escape")
    expect(d.dialog).to_have_count(0)
    assert d.checked == ["job-5"]
    keys(d, "Escape")
    assert d.checked == []


def test_a_box_that_has_the_focus_does_not_swallow_keys(failed_lane: Desk) -> None:
    d = failed_lane
    d.box("job-4").click()
    d.box("job-2").click()
    keys(d, "r")
    expect(d.dialog.get_by_role("heading")).to_have_text("Retry 2 failed jobs?")


def test_escape_closes_a_menu_and_keeps_the_selection(failed_lane: Desk) -> None:
    d = failed_lane
    keys(d, "j", "x")
    d.page.locator("summary[aria-label='Display settings']").click()
    keys(d, "Escape")
    expect(d.page.locator("#display")).to_be_hidden()
    assert d.checked == ["job-5"]


def test_a_job_is_retried_and_removed_from_its_page(failed_lane: Desk) -> None:
    d = failed_lane
    d.open("/queues/mail/jobs/job-2")
    keys(d, "#")
    expect(d.dialog.get_by_role("heading")).to_have_text("Remove this job?")
    keys(d, "Escape")
    expect(d.dialog).to_have_count(0)
    keys(d, "r")
    d.told("Retried 1 job")
    expect(d.page.locator("#job-state")).to_have_text("Waiting")


def test_j_and_k_turn_the_pages_of_failed_jobs(failed_lane: Desk) -> None:
    d = failed_lane
    heading = d.page.get_by_role("heading", level=1)
    d.open("/queues/mail/jobs/job-4")
    expect(d.page.get_by_label("Next failed job")).to_have_attribute("title", "Next failed job (j)")
    for key, job_id in (("j", "job-3"), ("k", "job-4"), ("k", "job-5")):
        keys(d, key)
        expect(heading).to_have_text(job_id)
        d.page.wait_for_load_state()  # before its script runs, a new page hears no key
    keys(d, "k")  # the newest has none before it
    expect(heading).to_have_text("job-5")


def test_p_turns_updates_off_and_on(failed_lane: Desk) -> None:
    d = failed_lane
    live = d.page.locator("#live")
    keys(d, "p")
    expect(live).to_have_attribute("aria-pressed", "false")
    keys(d, "p")
    expect(live).to_have_attribute("aria-pressed", "true")


def test_g_leads_to_overview_and_failed_jobs(desk: OpenDesk, client: OmniqClient, page: Page, clock: Clock) -> None:
    fail_jobs(client, "mail", 2, now_ms=clock.now_ms)
    fail_jobs(client, "news", 3, now_ms=clock.now_ms)
    d = desk(queues=("mail", "news"))
    d.open("/queues/mail/waiting")
    keys(d, "g", "f")
    page.wait_for_url("**/queues/mail/failed")
    keys(d, "g", "o")
    page.wait_for_url(d.url + "/")
    keys(d, "g", "f")
    page.wait_for_url("**/queues/news/failed")


def test_f_without_g_and_g_too_long_ago_lead_nowhere(failed_lane: Desk) -> None:
    d = failed_lane
    d.page.clock.install()
    d.still()
    d.open("/queues/mail/waiting")
    keys(d, "f", "o", "g", "x", "o")
    keys(d, "g")
    d.page.clock.run_for(1600)
    keys(d, "o")
    assert d.page.url.endswith("/queues/mail/waiting")
    keys(d, "g", "o")
    d.page.wait_for_url(d.url + "/")


def test_the_question_mark_shows_the_list_and_gives_the_focus_back(failed_lane: Desk) -> None:
    d = failed_lane
    keys(d, "j", "?")
    expect(d.dialog.get_by_role("heading")).to_have_text("Keyboard shortcuts")
    expect(d.dialog.locator("dl.keys > div")).to_have_count(12)
    keys(d, "Escape")
    expect(d.dialog).to_have_count(0)
    d.focus_is("job-5")


def test_the_slash_goes_to_the_search_where_keys_are_letters(
    desk: OpenDesk, client: OmniqClient, page: Page, clock: Clock
) -> None:
    fail_jobs(client, "prjk", 1, now_ms=clock.now_ms)
    d = desk(queues=("prjk", "mail"))
    d.open("/search?id=old")
    posts = d.posts()
    keys(d, "/")
    field = page.get_by_label("Find a job by id")
    expect(field).to_be_focused()
    keys(d, *"prjkx#?g/")
    expect(field).to_have_value("prjkx#?g/")  # what stood there was selected, so it went
    expect(d.dialog).to_have_count(0)
    assert posts == []
    d.open("/")
    page.get_by_label("Refresh").evaluate("select => select.closest('details').open = true")
    page.get_by_label("Refresh").focus()
    keys(d, "p")
    expect(page.locator("#live")).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("modifier", ["Control", "Alt", "Meta"])
def test_shortcuts_of_the_browser_stay_the_browsers(failed_lane: Desk, modifier: str) -> None:
    d = failed_lane
    keys(d, "j")
    posts = d.posts()
    for key in ("j", "x", "#"):
        keys(d, f"{modifier}+{key}")
    d.focus_is("job-5")
    assert (d.checked, posts) == ([], [])


def test_switched_off_they_do_nothing(failed_lane: Desk) -> None:
    d = failed_lane
    d.page.locator("summary[aria-label='Display settings']").click()
    with d.page.expect_response("**/settings/display"):
        d.page.get_by_label("Keyboard shortcuts", exact=True).select_option("Off")
    keys(d, "Escape")
    expect(d.page.locator("#display")).to_be_hidden()  # a menu closes all the same
    d.page.get_by_role("link", name="job-5").focus()
    posts = d.posts()
    keys(d, "j", "x", "r", "#", "p", "?")
    d.focus_is("job-5")
    assert (d.checked, posts) == ([], [])
    d.page.reload()
    keys(d, "j", "p")
    assert d.focused == ""
    assert posts == []


def test_the_slash_goes_to_the_search_on_every_page(failed_lane: Desk) -> None:
    d = failed_lane
    for path in ("/queues/mail/jobs/job-1", "/", "/queues/mail/failed"):
        d.open(path)
        keys(d, "/")
        d.focus_is("Find a job by id")
    d.page.keyboard.type("job-2")
    d.page.keyboard.press("Enter")
    d.page.wait_for_url("**/queues/mail/jobs/job-2")


def test_no_cap_is_shown_while_shortcuts_are_off(failed_lane: Desk) -> None:
    d = failed_lane
    settings = d.page.locator("summary[aria-label='Display settings']")
    caps = d.page.locator(".kbd")
    d.open("/queues/mail/jobs/job-3")
    following = d.page.get_by_label("Next failed job")
    expect(following).to_have_attribute("title", "Next failed job (j)")
    settings.click()
    expect(caps.filter(visible=True)).to_have_text(["/", "?"])
    with d.page.expect_response("**/settings/display"):
        d.page.get_by_label("Keyboard shortcuts", exact=True).select_option("Off")
    expect(following).to_have_attribute("title", "Next failed job")
    expect(caps.filter(visible=True)).to_have_count(0)
    d.page.reload()
    expect(following).to_have_attribute("title", "Next failed job")
    settings.click()
    d.page.get_by_role("link", name="Show the shortcuts").click()
    expect(d.dialog).to_contain_text("They are switched off.")
    d.open("/queues/mail/failed")
    d.check("job-1")
    expect(d.bulk("Retry 1")).to_be_visible()
    expect(caps.filter(visible=True)).to_have_count(0)


def test_the_caps_stand_on_the_bulk_bar(failed_lane: Desk) -> None:
    keys(failed_lane, "j", "x")
    caps = failed_lane.page.locator("#bulk-bar .kbd")
    expect(caps).to_have_text(["r", "#"])
    expect(failed_lane.bulk("Retry 1")).to_be_visible()  # a cap is no part of the name


def test_pausing_by_keyboard_alone(failed_lane: Desk, client: OmniqClient) -> None:
    d = failed_lane
    for _ in range(30):
        keys(d, "Tab")
        if d.focused == "Pause":
            break
    keys(d, "Enter")
    expect(d.dialog.get_by_role("heading")).to_have_text("Pause mail?")
    d.focus_is("Keep running")
    keys(d, "Tab", "Enter")
    d.told("Paused mail")
    assert client.is_paused(queue="mail")
