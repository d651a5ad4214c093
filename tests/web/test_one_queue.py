"""Somebody who may read one queue and not all of them together: no page offers what would be refused."""

from __future__ import annotations

from collections import Counter
from typing import Any

from flask import Flask, Request

from dashboard import Allow, Deny, OmniqDashboard, allow_all
from dashboard.access import Decision
from omniq_core import OmniqClient
from tests.support.factories import fail_jobs, publish_jobs
from tests.web.crawling import ADDRESS
from tests.web.pages_support import NOW, OURS, SCRIPT, Browser, Page, pages_app

ALL, ONE = "/settings/display", "/queues/mail/settings/display"


def one_queue(_request: Request, _action: str, queue: str | None) -> Decision:
    return Allow() if queue == "mail" else Deny("Not yours.")


def beyond(page: Page) -> list[str]:
    """What a page, or a redirect, names that lies outside of the one queue."""
    named = [*ADDRESS.findall(page.text), page.headers.get("Location", "")]
    return [one for one in named if one.startswith("/") and not one.startswith(("/queues/mail/", "/assets/"))]


def test_no_address_of_the_queue_leads_to_what_is_refused(client: OmniqClient) -> None:
    fail_jobs(client, "other", 1, now_ms=NOW)
    client.childs_init(key="order", expected=3)
    fail_jobs(client, "mail", 1, now_ms=NOW)
    publish_jobs(client, "mail", ["counted"], payload={"completion_key": "order"}, gid="g", now_ms=NOW)
    app = pages_app(client, access=one_queue)
    visitor, urls = Browser(app), app.url_map.bind("localhost")
    given: dict[str, Any] = {"queue": "mail", "job_id": "counted", "gid": "g", "lane": "failed", "batch": "0" * 16}
    seen = Counter[int]()
    for rule in app.url_map.iter_rules():
        if "queue" in rule.arguments and "GET" in (rule.methods or ()):
            path = urls.build(rule.endpoint, {name: given.get(name, "x") for name in rule.arguments})
            page = Page(path, visitor.http.get(path))
            seen[page.status] += 1
            assert beyond(page) == [], path
    assert seen[200] > 9 and set(seen) <= {200, 302, 303, 400, 404, 405}, seen
    assert seen[404] > 1, "their pages have no other way either"
    everybody = Browser(pages_app(client)).get("/queues/mail/jobs/counted")
    assert {"/", "/children/order", "/children", "/health", "/search", "/shortcuts", ALL} <= {*beyond(everybody)}
    page = visitor.get("/queues/mail/jobs/counted")
    assert page.one("#facts-counter").name == page.one(".brand").name == "span"
    assert page.soup.select(".topnav a, [role=search][aria-label=Jobs]") == []
    page = visitor.get("/queues/other/failed", 403)
    assert (beyond(page), page.soup.select("main a, #display")) == ([], [])
    for back in ("", "?back=/"):
        assert beyond(visitor.get(f"/queues/mail/pause/confirm{back}")) == []


def test_the_display_is_theirs_too(client: OmniqClient) -> None:
    fail_jobs(client, "mail", 1, now_ms=NOW)
    visitor = Browser(pages_app(client, access=one_queue))
    sent = visitor.http.post(ONE, data={"theme": "dark", "back": "/"}, headers=OURS)
    assert (sent.status_code, sent.location) == (303, "/queues/mail/")
    page = visitor.get("/queues/mail/failed")
    assert page.one("html")["data-theme"] == "dark"
    assert "Keyboard shortcuts" in visitor.get("/queues/mail/shortcuts").words("h1")
    assert visitor.get("/queues/mail/shortcuts", headers=SCRIPT).region("dialog")
    for path in (ALL, "/queues/other/settings/display"):
        assert visitor.http.post(path, data={"theme": "dark"}, headers=OURS).status_code == 403


def test_the_switcher_leads_nowhere_here(client: OmniqClient) -> None:
    fail_jobs(client, "mail", 1, now_ms=NOW)
    app = Flask(__name__)
    rules: dict[str, Any] = {"one": one_queue, "two": allow_all}
    for name, rule in rules.items():
        OmniqDashboard(app, client, url_prefix=name, name=name, access=rule, background=False, clock=lambda: NOW)
    page = Browser(app).get("/one/queues/mail/failed")
    menu = page.one("#dashboards-menu")
    assert [one.get("href") for one in menu.select("a")] == [None, "/two/"]
    assert not menu.select("[hx-get]")
