"""What each role is offered on each page is what the wire lets it do, and nothing refused reaches Redis."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Request
from werkzeug.exceptions import HTTPException

from dashboard import Allow, Deny, recording
from dashboard.access import ACTIONS, CHANGING, LOOKING, TASK_ACTIONS, Decision
from dashboard.routes import TASK, Route
from dashboard.state import EXTENSION
from omniq_core import Filter, Matching, OmniqClient, order_task
from tests.operator.bulk import begin
from tests.support.factories import fail_jobs, publish_jobs
from tests.web.pages_support import NOW, OURS, QUEUE, Browser, browser, job_url, pages_app
from tests.web.test_read_only_everywhere import TASKS, all_there_is
from tests.web.trial import UNREACHABLE

__all__ = ["all_there_is"]  # the fixture

May = Callable[[str, str | None], bool]
SAMPLES = {"queue": QUEUE, "job_id": "a", "lane": "failed", "kind": "0" * 16, "gid": "g", "key": "k"}
SAMPLES |= {"task_id": "a" * 16, "batch": "b" * 16, "entry_id": "1-0"}
ABOUT = Matching(Filter(payload="a:b")).text()
SECRET = "a-secret-in-a-payload"


def only(*actions: str) -> May:
    return lambda action, _queue: action in actions


def but(*actions: str) -> May:
    return lambda action, _queue: action not in actions


def access(may: May) -> Any:
    def check(_request: Request, action: str, queue: str | None) -> Decision:
        assert action in ACTIONS
        return Allow() if may(action, queue) else Deny("Not you.")

    return check


def routes_of(visitor: Browser) -> dict[str, Route]:
    return visitor.app.extensions[EXTENSION]["omniq_dashboard"].routes


def lets(route: Route, queue: str | None, may: May, does: str = "") -> bool:
    choices = (does,) if does else route.choices
    if route.rule.startswith("/children/") and route.action != "read" and not may(route.action, "paused"):
        return False  # a counter has no queue, so it takes the right in each
    return any(may(one, queue) for one in choices) and all(may(one, queue) for one in route.also)


def test_every_address_is_refused_without_its_actions_and_before_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis is away: whoever is let in gets a 503 where it is needed, whoever is not a 403."""
    monkeypatch.setattr(recording, "note_activity", lambda *_args, **_more: "")  # the entry of a refusal comes last
    now: list[May] = [only()]
    app = pages_app(UNREACHABLE, access=access(lambda action, queue: now[0](action, queue)))
    visitor = Browser(app)
    routes, link = routes_of(visitor), app.extensions[EXTENSION]["omniq_dashboard"].link
    rules = {rule.endpoint.rpartition(".")[2]: rule for rule in app.url_map.iter_rules()}
    assert set(rules) - {"static"} == set(routes)
    with app.test_request_context("/"):
        addresses = {
            name: (rule.build(SAMPLES, append_unknown=False) or ("", "/nowhere"))
            for name, rule in rules.items()
            if name in routes and name != "missing"
        }
    for name, route in routes.items():
        assert route.action in ACTIONS | {TASK}, name
        path = addresses[name][1] if name in addresses else "/nowhere"
        losses = [only(), *(but(one) for one in route.also), but(*route.choices)]
        for may, refused in [*((loss, True) for loss in losses), (but(), False)]:
            now[0], trips = may, link.round_trips
            sent: dict[str, Any] = {"headers": OURS, "data": {}} if route.method == "POST" else {}
            status = visitor.http.open(path, method=route.method, **sent).status_code
            assert (status == 403) is refused, (name, status)
            assert link.round_trips == trips or not refused, name


def test_a_task_is_stopped_by_whom_does_what_it_does(client: OmniqClient) -> None:
    fail_jobs(client, QUEUE, 3, now_ms=NOW)
    begin(client.link, QUEUE, "retry", "failed", now_ms=NOW)
    order_task(client.link, QUEUE, "a" * 16, "cancel", now_ms=NOW)
    task = f"/queues/{QUEUE}/tasks/{'a' * 16}"
    for role in TASK_ACTIONS:
        visitor = browser(client, access=access(only("read", role)))
        # Whatever the address says: the record says what the task does.
        answers = {visitor.post(f"{task}/{what}", {}).status for what in ("cancel", f"cancel?does={role}")}
        assert answers == ({200} if role == "retry" else {403}), role
        before = client.link.round_trips
        assert visitor.http.post(f"{task}/resume?does=retry", headers=OURS).status_code == (
            303 if role == "retry" else 403
        )
        if role != "retry":
            assert client.link.round_trips - before == 1  # the record of the refusal


PAGES = (
    "/",
    *(f"/queues/{QUEUE}/{lane}" for lane in ("failed", "waiting", "delayed", "groups")),
    f"/queues/{QUEUE}/groups?edit=busy",
    f"/queues/{QUEUE}/groups/stuck",
    *(f"/queues/paused/{lane}" for lane in ("failed?scope=filter", "failures", "completed")),
    *(f"/queues/paused/tasks/{task}" for task in TASKS),
    "/children",
    "/children/order",
    "/activity",
    job_url(QUEUE, "w"),
    job_url("paused", "job-1"),
)
ROLES: dict[str, May] = {
    "looks": only("read"),
    "viewer": lambda action, _queue: action in LOOKING,
    **{name: only("read", name) for name in sorted(CHANGING | {"read_payload", "export"})},
    "copies": only("read", "read_payload", "publish"),
    "not on paused": lambda action, queue: action in LOOKING or queue != "paused",
}
_TO = re.compile(r'(?:href|action|formaction|hx-get)="([^"]*)"')


def offered(visitor: Browser, path: str) -> set[tuple[str, str | None, str]]:
    """The controls of a page that take more than to look: endpoint, queue, and what the task does that it is about."""
    page = visitor.get(path, headers={})
    adapter, found = visitor.app.url_map.bind("localhost"), set[tuple[str, str | None, str]]()
    for to in (unescape(one) for one in _TO.findall(page.text)):
        parts = urlsplit(urljoin(path, to))
        try:
            method = next(m for m in ("POST", "GET") if _is_route(adapter, parts.path, m))
            endpoint, values = adapter.match(parts.path, method=method)
        except (HTTPException, StopIteration):
            continue
        name = endpoint.rpartition(".")[2]
        does = parts.query.partition("does=")[2].partition("&")[0]
        with_payloads = "payloads=1" in parts.query
        if routes_of(visitor)[name].choices != ("read",) and name != "healthz":
            found.add((f"{name}+payloads" if with_payloads else name, values.get("queue"), does))
    return found


def _is_route(adapter: Any, path: str, method: str) -> bool:
    try:
        return adapter.match(path, method=method)[0].rpartition(".")[2] not in ("missing", "static")
    except HTTPException:
        return False


def test_each_role_is_offered_what_the_wire_allows_it(client: OmniqClient, all_there_is: None) -> None:
    now: list[May] = [but()]
    visitor = browser(client, access=access(lambda action, queue: now[0](action, queue)))
    publish_jobs(client, QUEUE, ["undone"], now_ms=NOW - 1_000)
    visitor.post(f"/queues/{QUEUE}/jobs/remove", {"id": "undone", "lane": "waiting"})  # for an Undo in Activity
    routes = routes_of(visitor)
    everything = {path: offered(visitor, path) for path in PAGES}
    asked = {
        one for found in everything.values() for name, _, _ in found for one in routes[name.partition("+")[0]].choices
    }
    assert asked == ACTIONS - {"read", "health"}, "a role cannot be told from another by these pages"
    for role, may in ROLES.items():
        now[0] = may
        for path in PAGES:
            if path == "/activity" and not may("see_activity", None):
                continue
            allowed = {
                (name, queue, does)
                for name, queue, does in everything[path]
                if lets(routes[name.partition("+")[0]], queue, may, does)
                and (not name.endswith("+payloads") or may("read_payload", queue))
            }
            assert offered(visitor, path) == allowed, (role, path, visitor.get(path).words("main")[:200])


def test_a_payload_that_may_not_be_read_is_nowhere(client: OmniqClient) -> None:
    publish_jobs(client, QUEUE, ["j1"], payload={"a": SECRET, "completion_key": SECRET}, now_ms=NOW)
    blind, sees = (browser(client, access=access(may)) for may in (but("read_payload"), but()))
    job, lane = job_url(QUEUE, "j1"), f"/queues/{QUEUE}/waiting"
    for path in (job, f"{job}?show=all", f"{job}?live=1", lane, f"{lane}/export", "/search?id=j", "/"):
        assert SECRET not in blind.get(path).text, path
    assert all(SECRET in sees.get(path).text for path in (job, lane))
    assert "Hidden: you may not read the payloads of this queue." in blind.get(job).words("main")
    assert blind.get(lane).soup.select("[name=payload]") == []


@pytest.mark.parametrize(
    ("method", "path", "form"),
    [
        ("GET", "/jobs/j1/payload", {}),
        ("GET", "/jobs/j1/copy", {}),
        ("POST", "/jobs/j1/copy", {"payload": "{}"}),
        ("POST", "/jobs", {"copy_of": "j1", "payload": "{}"}),
        ("GET", "/waiting?payload=a:b", {}),
        ("GET", "/waiting?payload=a", {}),
        ("GET", "/waiting/export?payload=a:b", {}),
        ("GET", "/waiting/export?payloads=1", {}),
        ("GET", "/jobs/j1?list=waiting&payload=a:b", {}),
        ("POST", "/jobs/remove/confirm?payload=a:b", {"scope": "filter", "lane": "waiting"}),
        (
            "POST",
            "/jobs/remove/confirm",
            {"scope": "filter", "lane": "waiting", "about": ABOUT},
        ),
    ],
)
def test_nor_is_it_told_by_any_address(method: str, path: str, form: dict[str, str]) -> None:
    """Also not by how many match a search of it. Redis is away: it is not asked."""
    blind = browser(UNREACHABLE, access=access(but("read_payload")))
    answer = blind.http.open(f"/queues/{QUEUE}{path}", method=method, data=form or None, headers=OURS)
    assert answer.status_code == 403
