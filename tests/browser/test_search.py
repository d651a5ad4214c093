"""Finding a job and switching the queue in the browser: by typing, on a narrow page, with hostile ids."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from omniq_core import Background, OmniqClient
from omniq_core.operator import search
from tests.browser.axe import both_themes
from tests.browser.desk import OpenDesk
from tests.browser.hostile import NAMES
from tests.support.clock import Clock
from tests.support.factories import fail_jobs, publish_jobs


def test_a_search_goes_on_by_itself_and_stops(
    desk: OpenDesk, client: OmniqClient, redis: Any, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "BUDGET_MS", 0.0)  # one step an answer
    redis.mset({f"other:{n}": "x" for n in range(2_000)})
    client.publish_many(queue="mail", jobs=[{"payload": {}, "job_id": f"z{n:02}"} for n in range(40)])
    d = desk(queues=("mail",))
    d.open("/")
    page.keyboard.press("/")
    page.keyboard.type("z")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Stop").click()
    page.get_by_role("link", name="Go on").click()
    foot = page.locator("#search-foot")
    expect(foot).to_contain_text("No other job has an id that begins so.")
    assert sorted(set(page.locator("#jobs a.job-id").all_inner_texts())) == [f"z{n:02}" for n in range(40)]
    expect(page.locator("#search-none")).to_be_empty()


def test_hostile_ids_fit_a_narrow_page_and_lead_to_their_jobs(
    desk: OpenDesk, client: OmniqClient, page: Page, clock: Clock
) -> None:
    page.set_viewport_size({"width": 320, "height": 800})
    ids = [f"odd{name}" for name in NAMES] + ["odd" + "x" * 300]
    publish_jobs(client, "q" * 128, ids, now_ms=clock.now_ms)
    d = desk(queues=("q" * 128,), env="production")
    d.open("/search?id=odd")
    expect(page.locator("#jobs tr")).to_have_count(len(ids))
    assert d.overflow <= 0
    both_themes(page, "found")
    page.locator("#jobs a.job-id").first.click()
    expect(page.locator("#job-id")).to_be_visible()
    d.open("/search")
    expect(page.locator("#recent tr")).to_have_count(1)
    assert d.overflow <= 0


def test_ids_stand_whole_where_there_is_room(desk: OpenDesk, client: OmniqClient, page: Page, clock: Clock) -> None:
    page.set_viewport_size({"width": 1024, "height": 700})
    publish_jobs(client, "mail", ["01KKAVN0RC1HJNAGZ6MXY793DX", "01KKAVN0RC1HJNAGZ6MXY793DY"], now_ms=clock.now_ms)
    d = desk(queues=("mail",))
    d.open("/queues/mail/jobs/01KKAVN0RC1HJNAGZ6MXY793DY")
    for path, table in (("/search?id=01KK", "#jobs"), ("/search", "#recent")):
        d.open(path)
        link = page.locator(f"{table} a.job-id").first
        expect(link).to_be_visible()
        assert link.evaluate("a => a.scrollWidth - a.clientWidth") == 0, path


def test_the_switcher_filters_while_it_is_typed_into(
    desk: OpenDesk, client: OmniqClient, page: Page, clock: Clock
) -> None:
    for n in range(12):
        fail_jobs(client, f"queue-{n:02}", 1, now_ms=clock.now_ms)
    background = Background(client.link, clock)
    for _ in range(3):
        background.tick()
    d = desk()
    d.open("/queues/queue-00/failed")
    page.locator("summary[aria-label='Switch queue']").click()
    links = page.locator("#switch-items a")
    expect(links).to_have_count(8)
    field = page.get_by_label("Filter queues")
    field.press_sequentially("-11")
    expect(links).to_have_count(1)
    expect(field).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("queue-11")
