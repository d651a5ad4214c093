"""Keys, focus, double presses and the life of messages, on the real pages."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from omniq_core import OmniqClient
from tests.browser.desk import Desk, OpenDesk
from tests.support.clock import Clock
from tests.support.factories import delay_jobs, fail_jobs
from tests.support.watched_page import Complaints


@pytest.fixture
def failed_lane(desk: OpenDesk, client: OmniqClient, clock: Clock) -> Desk:
    """The failed lane of `mail`, open: job-5 at the top, job-1 at the foot."""
    fail_jobs(client, "mail", 5, now_ms=clock.now_ms)
    d = desk()
    d.open("/queues/mail/failed")
    return d


@pytest.mark.parametrize(
    ("opener", "safe"),
    [("Remove job-3", "Keep job"), ("Pause", "Keep running")],
)
def test_a_dialog_starts_on_the_safe_button_and_gives_the_focus_back(failed_lane: Desk, opener: str, safe: str) -> None:
    d = failed_lane
    posts = d.posts()
    d.control(opener).focus()
    for key in ("Escape", "Enter"):  # Enter presses the safe button
        d.page.keyboard.press("Enter")
        d.focus_is(safe)
        d.page.keyboard.press(key)
        expect(d.dialog).to_have_count(0)
        d.focus_is(opener)
    assert [path for path in posts if not path.endswith("/confirm")] == []


def test_a_bulk_dialog_starts_on_the_safe_button_and_gives_the_focus_back(failed_lane: Desk) -> None:
    d = failed_lane
    d.check("job-1", "job-2")
    for verb, safe in (("Retry 2", "Not now"), ("Remove 2", "Keep jobs")):
        d.bulk(verb).focus()
        d.page.keyboard.press("Enter")
        d.focus_is(safe)
        d.page.keyboard.press("Escape")
        expect(d.dialog).to_have_count(0)
        d.focus_is(verb)
    assert d.checked == ["job-2", "job-1"]


def test_the_tab_key_stays_inside_a_dialog(failed_lane: Desk) -> None:
    d = failed_lane
    d.press("Remove job-3")
    d.focus_is("Keep job")
    names = []
    for _ in range(3):
        d.page.keyboard.press("Tab")
        names.append(d.focused)
    assert names[0] == "Remove job"
    assert "Close" in names


def test_after_a_retry_the_focus_is_on_the_next_rows_retry(failed_lane: Desk) -> None:
    d = failed_lane
    d.control("Retry job-4").focus()
    d.page.keyboard.press("Enter")
    d.focus_is("Retry job-3")
    d.control("Retry job-1").focus()
    d.page.keyboard.press("Enter")
    d.focus_is("Retry job-2")  # the last row has none after it


def test_after_the_last_retry_the_focus_is_on_the_heading(desk: OpenDesk, client: OmniqClient, clock: Clock) -> None:
    fail_jobs(client, "mail", 1, now_ms=clock.now_ms)
    d = desk()
    d.open("/queues/mail/failed")
    d.control("Retry job-1").focus()
    d.page.keyboard.press("Enter")
    d.focus_is("mail")


def test_after_a_confirmed_removal_the_focus_is_on_the_next_row(failed_lane: Desk) -> None:
    d = failed_lane
    d.control("Remove job-4").focus()
    d.page.keyboard.press("Enter")
    d.confirm("Remove this job?", "Remove job")
    d.told("Removed 1 job")
    d.focus_is("Remove job-3")


def test_after_a_bulk_removal_the_focus_is_on_the_heading(failed_lane: Desk) -> None:
    d = failed_lane
    d.check("job-1", "job-2")
    d.bulk("Remove 2").click()
    d.confirm("Remove 2 failed jobs?", "Remove 2 jobs")
    d.told("Removed 2 jobs")
    d.focus_is("mail")


def test_pause_and_resume_keep_the_focus(failed_lane: Desk) -> None:
    d = failed_lane
    d.control("Pause").focus()
    d.page.keyboard.press("Enter")
    d.confirm("Pause mail?", "Pause queue")
    d.told("Paused mail")
    d.focus_is("mail")  # Pause is gone; Resume is another button


def test_enter_in_a_check_box_sends_nothing(failed_lane: Desk) -> None:
    d = failed_lane
    posts = d.posts()
    d.check("job-2", "job-4")
    d.box("job-4").focus()
    d.page.keyboard.press("Enter")
    d.page.keyboard.press("Space")
    expect(d.bulk("Retry 1")).to_be_visible()
    assert d.checked == ["job-2"]
    assert posts == []
    expect(d.dialog).to_have_count(0)


def test_a_double_click_on_retry_sends_one_request(failed_lane: Desk) -> None:
    d = failed_lane
    posts = d.posts()
    d.control("Retry job-3").dblclick()
    d.told("Retried 1 job")
    d.shows(["job-5", "job-4", "job-2", "job-1"])
    assert posts == ["/queues/mail/jobs/retry"]


def test_a_double_click_on_a_dialogs_button_sends_one_request(failed_lane: Desk) -> None:
    d = failed_lane
    posts = d.posts()
    d.check("job-1", "job-2")
    d.bulk("Remove 2").dblclick()
    expect(d.dialog.get_by_role("heading", name="Remove 2 failed jobs?")).to_be_visible()
    d.dialog.get_by_role("button", name="Remove 2 jobs").dblclick()
    d.told("Removed 2 jobs")
    d.shows(["job-5", "job-4", "job-3"])
    assert posts == ["/queues/mail/jobs/remove/confirm", "/queues/mail/jobs/remove"]


def test_messages_leave_after_six_seconds_but_not_under_the_pointer(
    desk: OpenDesk, client: OmniqClient, page: Page, clock: Clock
) -> None:
    fail_jobs(client, "mail", 3, now_ms=clock.now_ms)
    page.clock.install()
    d = desk()
    d.still()
    d.open("/queues/mail/failed")
    d.press("Retry job-3")
    toast = d.told("Retried 1 job")
    page.clock.run_for(5_000)
    expect(toast).to_be_visible()
    toast.hover()
    page.clock.run_for(20_000)
    expect(toast).to_be_visible()
    page.mouse.move(5, 5)
    page.clock.run_for(7_000)
    expect(page.locator("#toasts .toast")).to_have_count(0)


@pytest.mark.parametrize("lane", ["failed", pytest.param("delayed", marks=pytest.mark.long)])
def test_a_message_covers_no_button_of_a_row(desk: OpenDesk, client: OmniqClient, clock: Clock, lane: str) -> None:
    if lane == "failed":
        fail_jobs(client, "mail", 30, now_ms=clock.now_ms)
    else:
        delay_jobs(client, "mail", 30, now_ms=clock.now_ms, due_ms=clock.now_ms + 60_000)
    d = desk()
    for width, height in ((1280, 720), (1024, 600), (1920, 1080)):
        d.page.set_viewport_size({"width": width, "height": height})
        d.open(f"/queues/mail/{lane}")
        d.page.locator("#jobs [data-key=r]").first.click()
        message = d.page.locator("#toasts .toast").last
        expect(message).to_be_visible()
        box = message.bounding_box()
        buttons = [button.bounding_box() for button in d.page.locator("#jobs .row-actions button").all()]
        assert box is not None and box["x"] >= 0 and len(buttons) > 40
        assert all(button is not None and box["x"] + box["width"] <= button["x"] for button in buttons)


def test_an_error_stays_until_it_is_dismissed(
    desk: OpenDesk, client: OmniqClient, page: Page, complaints: Complaints, clock: Clock
) -> None:
    fail_jobs(client, "mail", 3, now_ms=clock.now_ms)
    page.clock.install()
    d = desk()
    d.still()
    d.open("/queues/mail/failed")
    client.remove_job(queue="mail", job_id="job-2", lane="failed", now_ms_override=clock.now_ms)
    d.press("Retry job-2")
    toast = d.told("The job was not retried")
    page.clock.run_for(60_000)
    expect(toast).to_be_visible()
    expect(toast).to_have_role("alert")
    toast.get_by_role("button", name="Dismiss").click()
    expect(page.locator("#toasts .toast")).to_have_count(0)


def test_menus_close_on_escape_and_on_a_press_outside(desk: OpenDesk, client: OmniqClient, clock: Clock) -> None:
    fail_jobs(client, "mail", 1, now_ms=clock.now_ms)
    fail_jobs(client, "news", 1, now_ms=clock.now_ms)
    d = desk(background=True)
    d.open("/queues/mail/failed")
    switch = d.page.locator("summary[aria-label='Switch queue']")
    while not switch.count():  # the background has not come by yet
        d.page.reload()
    other = d.page.locator(".menu-panel").get_by_role("link", name="news")
    switch.click()
    expect(other).to_be_visible()
    d.page.keyboard.press("Escape")
    expect(other).to_be_hidden()
    expect(switch).to_be_focused()
    switch.click()
    d.page.mouse.click(700, 800)
    expect(other).to_be_hidden()
    switch.click()
    other.click()
    expect(d.page.get_by_role("heading", level=1)).to_have_text("news")


def test_a_select_of_the_lane_sends_itself(failed_lane: Desk) -> None:
    d = failed_lane
    d.page.get_by_label("Rows", exact=True).select_option("25")
    d.page.wait_for_url("**/queues/mail/failed?*size=25*")
    expect(d.page.get_by_label("Rows", exact=True)).to_have_value("25")
