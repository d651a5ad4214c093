"""Who works a queue, in the browser."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import expect

from omniq_core import OmniqClient
from tests.browser.desk import OpenDesk
from tests.browser.test_lanes import next_tick
from tests.browser.test_rows_that_left import paced
from tests.support.announced import announce
from tests.support.clock import Clock
from tests.support.factories import lease_jobs


def test_one_is_lost_and_others_come(desk: OpenDesk, client: OmniqClient, redis: Any, clock: Clock) -> None:
    lease_jobs(client, "mail", ["a"], now_ms=clock.now_ms, timeout_ms=600_000)
    announce(redis, "mail", "1", now_ms=clock.now_ms, host="hooks-4", pid=7, concurrency=2, jobs=["a"])
    d = desk()
    paced(d, 1)
    d.open("/queues/mail/active")
    panel = d.page.locator("#consumers-panel")
    rows = panel.locator("#consumers tr")
    expect(panel.locator("summary")).to_contain_text("1 process, 1 of 2 slots runs a job")
    d.row("a").hover()  # held: figures go on, and the row is not moved
    clock.advance(11_000)
    announce(redis, "mail", "2", now_ms=clock.now_ms, host="hooks-5", concurrency=40, jobs=["b", "c"])
    expect(panel.locator("summary")).to_contain_text("2 processes, 3 of 42 slots run a job; 1 has stopped beating")
    expect(rows).to_have_count(1)
    expect(rows.locator("[data-tone=danger]")).to_have_text(re.compile(r"^1\d s ago$"))
    d.page.mouse.move(5, 5)
    next_tick(d)
    expect(rows).to_have_count(2)
    assert [row.split("\t")[0] for row in rows.all_inner_texts()] == ["hooks-4", "hooks-5"]
    panel.locator("summary").click()
    announce(redis, "mail", "3", now_ms=clock.now_ms)
    next_tick(d)
    expect(panel.locator("summary")).to_contain_text("3 processes")
    expect(rows.first).to_be_hidden()
