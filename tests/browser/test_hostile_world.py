"""Stored XSS in a real browser: of a Redis where every text wants to run nothing does: pages, dialogs, ticks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from dashboard.tokens import to_token
from omniq_core import OmniqClient
from tests.browser.desk import Desk, OpenDesk
from tests.browser.hostile import nothing_of_it_runs
from tests.security import hostile_world
from tests.support.clock import Clock
from tests.web.pages_support import NOW

BASE = "/queues/mail"
LOOK = """(text) => {
  const all = [...document.querySelectorAll("*")];
  const values = all.flatMap((element) => [...element.attributes].map((one) => one.value));
  return {
    ran: typeof ran !== "undefined",
    strange: document.querySelectorAll("img, script:not([src^='/assets/']), [onerror], [hx-get='/xss']").length,
    shown: [document.documentElement.textContent, ...values].some((value) => value.includes(text)),
  };
}"""


def mark(field: str) -> str:
    """A text that runs in each of four ways where it is markup; short enough for the name of a counter."""
    return f"{field}\"'></title><script>ran=1</script><img src=/xss onerror=ran=1><a hx-get=/xss hx-trigger=load>"


@pytest.fixture
def world(
    page: Page, desk: OpenDesk, client: OmniqClient, redis: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    """The dashboard on that Redis. Fails at the end when a text opened a dialog or asked for something."""
    monkeypatch.setattr(hostile_world, "mark", mark)
    clock.now_ms = NOW
    hostile_world.fill(client, redis)
    with nothing_of_it_runs(page, lambda url: "/xss" in url):
        yield desk(env=mark("env"))


def shows(d: Desk, field: str) -> None:
    """The page shows that field (its beginning, for some are cut), and nothing of what is in Redis is an element."""
    seen = d.page.evaluate(LOOK, mark(field)[: len(field) + 20])
    assert seen == {"ran": False, "strange": 0, "shown": True}, f"{d.page.url}: {field}"


def tick(d: Desk) -> None:
    """Has the page bring itself up to date."""
    with d.page.expect_response(lambda response: "live=1" in response.url):
        d.page.evaluate("document.dispatchEvent(new Event('omniq:refresh'))")


@pytest.mark.broken_data
def test_stored_xss_nothing_runs_on_any_page_in_a_dialog_or_after_a_tick(world: Desk) -> None:
    d = world
    for path, field in (
        ("/", "env"),
        (f"{BASE}/active", "id"),
        (f"{BASE}/jobs/{to_token(mark('id'))}", "trace"),
        (f"{BASE}/jobs/text", "raw-value"),
        (f"{BASE}/failures", "error"),
        (f"{BASE}/groups", "gid"),
        ("/activity", "who"),
        (f"{BASE}/tasks/{'1' * 16}", "fault"),
        ("/health", "broken"),
        ("/children", "counter"),
        (f"{BASE}/jobs/waits/copy", "gid"),
        (f"{BASE}/failed", "id"),
    ):
        d.open(path)
        shows(d, field)
    tick(d)
    shows(d, "id")
    d.press(f"Remove {mark('id')}")
    expect(d.dialog.locator(".quote > *").first).to_have_text(mark("id"))
    shows(d, "id")
    d.confirm("Remove this job?", "Remove job")
    d.told("Removed 1 job")
    shows(d, "gid")
