"""The Health page with one finding of each kind: read by axe, in narrow windows, and worked by the keyboard."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from dashboard.demo.broken import BROKEN, break_queues
from omniq_core import FINDING_KINDS, OmniqClient, Report, pack_report, read_health, start_check
from tests.browser.axe import COLOURS_ARE_THERE, WCAG, both_themes, findings
from tests.browser.desk import Desk, OpenDesk
from tests.browser.test_accessible import never_wider
from tests.operator.test_check_runner import NOW, runner, work

pytestmark = pytest.mark.broken_data

INSIDE = """dialog => Math.max(...[dialog, ...dialog.querySelectorAll(".dialog-body, .table-box")]
  .map(one => one.scrollWidth - one.clientWidth))"""
"""How many px wider than itself is what scrolls in a dialog."""
LINES = """rows => Math.max(0, ...rows.map(row => row.querySelector("th")).filter(Boolean)
  .map(head => Math.round(head.getBoundingClientRect().height / parseFloat(getComputedStyle(head).lineHeight))))"""
"""Over how many lines a name goes, at most."""


@pytest.fixture
def d(desk: OpenDesk, client: OmniqClient, redis: Any) -> Desk:
    """A dashboard that shows the broken queues of the demo, checked, and one that could not be looked at."""
    break_queues(client, NOW)
    start_check(client.link, "c1", BROKEN, by="", now_ms=NOW)
    work(*runner(client), client)
    long = Report("q" * 128, NOW, 9, 1, {}, (), ("no_scan", "many_groups"))
    redis.hset(
        "{omniq:x}:health",
        mapping={
            "q" * 128: pack_report(long),
            "z": pack_report(Report("z", NOW, 0, 0, {}, (), (), "it refused the command")),
        },
    )
    assert {kind for one in read_health(client.link).reports for kind in one.found} == set(FINDING_KINDS)
    return desk(queues=(*BROKEN, "q" * 128, "z"))


def test_every_kind_is_sound_and_fits(d: Desk) -> None:
    d.open("/health")
    expect(d.page.locator("#findings .panel")).to_have_count(16)
    both_themes(d.page, "health")
    never_wider(d, ["/health"])


def test_every_dialog_fits_and_gives_the_focus_back(d: Desk) -> None:
    judged = {"Repair 1 group", "Reap 2 leases", "Recount 1 figure", "Repair 1 job", "Repair 1 key"}
    d.page.set_viewport_size({"width": 320, "height": 800})
    d.open("/health")
    for button in d.page.locator("#findings a[id^=repair-]").all():
        name = button.inner_text()
        button.click()
        expect(d.dialog.get_by_role("heading")).to_contain_text(f"{name} of broken-")
        assert d.overflow <= 0
        inside = d.dialog.evaluate(INSIDE)
        assert inside <= 0, f"{name} is {inside} px too wide"
        assert d.dialog.locator("tbody tr").evaluate_all(LINES) <= 1, f"{name} breaks a name into lines"
        if name in judged:
            judged.remove(name)
            d.page.evaluate(COLOURS_ARE_THERE)
            assert findings(d.page, WCAG) == [], name
        d.page.keyboard.press("Escape")
        expect(d.dialog).to_have_count(0)
        expect(button).to_be_focused()
    assert judged == set()


def test_the_focus_is_never_lost_while_a_check_begins_and_ends(d: Desk, client: OmniqClient) -> None:
    d.open("/health")
    again, stop = (d.page.get_by_role("button", name=name) for name in ("Check again", "Stop"))
    heading = d.page.get_by_role("heading", level=1)
    again.focus()
    d.page.keyboard.press("Enter")
    expect(stop).to_be_visible()
    expect(heading).to_be_focused()
    stop.focus()
    work(*runner(client), client)
    expect(again).to_be_visible()
    expect(heading).to_be_focused()
