"""Pausing a queue with a reason and an end, as an operator does it."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from omniq_core import OmniqClient, pause_queue
from tests.browser.desk import OpenDesk
from tests.support.clock import Clock
from tests.support.factories import publish_jobs
from tests.support.watched_page import Complaints

REASON = "paygate is down, incident 4411; " * 6  # about as long as one may be


def test_a_reason_and_an_end_in_place_of_somebody_elses(
    page: Page, complaints: Complaints, desk: OpenDesk, client: OmniqClient, clock: Clock
) -> None:
    complaints.allow_status(409)
    publish_jobs(client, "mail", 1, now_ms=clock.now_ms)
    page.set_viewport_size({"width": 320, "height": 700})
    d = desk(queues=("mail",))
    d.open("/queues/mail/waiting")
    d.press("Pause")
    at = d.dialog.get_by_label("Resume at")
    expect(at).to_be_hidden()
    d.dialog.get_by_text("Until", exact=True).last.click()
    expect(at).to_be_visible()
    d.dialog.get_by_text("1 h", exact=True).click()
    expect(at).to_be_hidden()
    d.dialog.get_by_label("Reason").fill(REASON)
    pause_queue(client.link, "mail", now_ms=clock.now_ms, by="ana", reason="deploying v2")
    d.confirm("Pause mail?", "Pause queue")
    expect(d.dialog).to_contain_text(re.compile(r"It is paused by ana .*, until somebody resumes it: deploying v2"))
    expect(d.dialog.get_by_label("Reason")).to_have_value(REASON)
    d.confirm("Replace the pause of mail?", "Replace pause")
    d.told("Paused mail")
    expect(page.locator("#queue-state .page-note")).to_contain_text(f": {REASON.strip()}")
    assert d.overflow == 0
    d.quiet()
    d.press("Resume")
    expect(page.locator("#queue-state")).to_have_text("Running")
