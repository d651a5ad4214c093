"""The queue switcher: the queues with the most failures, and any other by a part of its name."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Request

from dashboard.access import Allow, Decision, Deny
from omniq_core import Background, OmniqClient
from omniq_core.operator.overview import state_of
from tests.support.factories import fail_jobs
from tests.web.pages_support import NOW, SCRIPT, Browser, Page, browser


@pytest.fixture
def visitor(client: OmniqClient, redis: Any) -> Browser:
    for n in range(12):
        fail_jobs(client, f"Import-{n:02}" if n % 2 else f"mail-{n:02}", 12 - n, now_ms=NOW - 1_000)
    background = Background(client.link, lambda: NOW)
    for _ in range(3):
        background.tick()
    del redis
    return browser(client)


def items(page: Page) -> list[str]:
    return [" ".join(link.get_text(" ").split()) for link in page.soup.select("[id=switch-items] a")]


def test_what_is_typed_chooses_among_all_queues(client: OmniqClient, visitor: Browser) -> None:
    page = visitor.get("/queues/mail-00/failed")
    assert items(page) == [f"{'Import' if n % 2 else 'mail'}-{n:02} {12 - n}" for n in range(1, 9)]
    field = page.one("details input[type=search]")
    before = client.link.round_trips
    typed = visitor.get(field["hx-get"] + "?q=iMPORT", headers=SCRIPT)
    assert client.link.round_trips - before == 1
    assert typed.targets() == ["switch-items"]
    assert items(typed) == [f"Import-{n:02} {12 - n}" for n in (1, 3, 5, 7, 9, 11)]
    assert "No other queue matches" in visitor.get(field["hx-get"] + "?q=zzz", headers=SCRIPT).text
    assert items(visitor.get(field["hx-get"] + "?q=mail-00", headers=SCRIPT)) == [], "that is this one"


def test_without_script_it_is_the_filter_of_the_overview(visitor: Browser) -> None:
    form = visitor.get("/queues/mail-00/failed").one("details form.search")
    assert visitor.get(form["action"] + "?q=mail-1").path == "/?q=mail-1"


def test_a_reader_sees_what_is_theirs_and_few_queues_need_no_field(client: OmniqClient, visitor: Browser) -> None:
    del visitor

    def access(_request: Request, _action: str, queue: str | None) -> Decision:
        return Deny("No.") if queue and queue.startswith("Import") else Allow()

    limited = browser(client, access=access)
    page = limited.get("/queues/mail-00/failed")
    assert page.soup.select("details input[type=search]") == []
    typed = limited.get("/queues/mail-00/switch?q=0", headers=SCRIPT)
    assert items(typed) == ["mail-02 10", "mail-04 8", "mail-06 6", "mail-08 4", "mail-10 2"]


@pytest.mark.parametrize("path", ["failed", "groups", "failures", "switch?q=0"])
def test_a_dashboard_of_some_queues_offers_no_other(client: OmniqClient, visitor: Browser, path: str) -> None:
    del visitor
    some = browser(client, queues=("mail-00", "mail-02", "Import-03"))
    page = some.get(f"/queues/mail-00/{path}", headers=SCRIPT if "?" in path else {})
    assert items(page) == ["mail-02 10", "Import-03 9"]


@pytest.mark.parametrize("part", ["failed", "groups", "failures", "groups/jobs"])
def test_a_page_says_that_what_is_about_all_queues_is_away(client: OmniqClient, visitor: Browser, part: str) -> None:
    """As where a node of a cluster does not answer: see test_a_node_that_is_away_costs_its_queues_only."""
    path, words = f"/queues/mail-00/{part}", "other queues, bulk tasks and findings are not shown here"
    before = visitor.get(path)
    assert words not in before.text and items(before)
    state_of(client.link).away_until_s = float("inf")
    page = visitor.get(path)
    assert (words in page.words("#queue-state"), items(page)) == (True, [])
    assert page.words("#queue-tabs") == before.words("#queue-tabs"), "its own figures are there"
    state_of(client.link).away_until_s = 0
    assert words not in visitor.get(path).text
