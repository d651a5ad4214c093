"""Header injection: what somebody asks for, or what stands in Redis, never becomes a header, nor another address."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from flask import Flask, Request

from dashboard import LoginRequired, OmniqDashboard
from dashboard.headers import CSP
from dashboard.tokens import to_token
from omniq_core import Activity, OmniqClient, note_activity
from tests.security.requests_made_up import field_names
from tests.security.test_attacks import addresses
from tests.support.factories import fail_jobs, publish_jobs
from tests.web.pages_support import NOW, OURS, QUEUE, SCRIPT, pages_app

SPLIT = "x.\r\nX-Evil: 1\r\n\r\n<script>"
HOSTILE = (SPLIT, "x.\nX-Evil: 1", "x.\r", "x.\x00", "é.\u202e🔥", 'x.";\\', "x." + "y" * 2_000)
TICK = {"live": "1", "hold": "1", "mark": "0-1"}
"""What makes a request a tick of pages with and without rows; each page ignores what is not its own."""
TYPES = {
    *("application/openmetrics-text", "text/html", "text/plain", "text/css", "text/javascript", "image/svg+xml"),
    *("application/x-ndjson", "application/jsonl", "text/csv", "application/octet-stream"),
}


@pytest.fixture
def app(client: OmniqClient) -> Flask:
    """The real pages, some failed jobs, and an entry of the record."""
    fail_jobs(client, QUEUE, 3, now_ms=NOW - 1_000)
    note_activity(client.link, Activity(NOW, "retry", "done", queue=QUEUE, jobs=1, done=1))
    return pages_app(client)


@contextmanager
def asked(http: Any, path: str, *, method: str = "GET", **given: Any) -> Iterator[Any]:
    """An answer whose headers are sound."""
    with http.open(path, method=method, **given) as answer:
        assert answer.status_code < 500, f"{path} {given}"
        for name, value in answer.headers:
            assert re.fullmatch("[A-Za-z-]+", name) and name != "X-Evil", path
            assert re.fullmatch(r"[\x20-\x7e]*", value), f"{path}: {name}: {value!r}"
        for name in ("Location", "HX-Redirect", "HX-Replace-Url", "HX-Push-Url", "HX-Location"):
            parts = urlsplit(answer.headers.get(name, "/"))
            assert (parts.scheme, parts.netloc, parts.path[:1]) == ("", "", "/"), f"{path}: {parts}"
            assert parts.path[1:2] not in ("/", "\\"), f"{path}: {parts}"
        assert not {"HX-Trigger", "HX-Retarget", "HX-Reswap", "HX-Refresh"} & set(answer.headers.keys()), path
        if "Content-Type" in answer.headers:
            assert answer.mimetype in TYPES, f"{path}: {answer.mimetype}"
        assert answer.headers["X-Content-Type-Options"] == "nosniff", path
        assert answer.headers["Content-Security-Policy"] == CSP, path
        yield answer


def tried(app: Flask, method: str, fields: Mapping[str, str], headers: Mapping[str, str]) -> None:
    """Sends these fields to every address."""
    http, place = app.test_client(), "query_string" if method == "GET" else "data"
    for path in addresses(app, method):
        with asked(http, path, method=method, headers=headers, **{place: fields}):
            pass


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: ascii(value)[:20])
def test_header_injection_by_what_a_page_says_of_itself(app: Flask, value: str) -> None:
    """A tick sends back what the page got with the answer before: its version, and what it is marked by."""
    tried(app, "GET", {**TICK, "v": value}, SCRIPT)


@pytest.mark.long
@pytest.mark.parametrize("headers", [OURS, SCRIPT], ids=["page", "regions"])
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("value", [SPLIT, "é.\u202e🔥"], ids=ascii)
def test_header_injection_by_each_field_of_each_address(
    app: Flask, method: str, headers: dict[str, str], value: str
) -> None:
    for name in field_names():
        tried(app, method, {**(TICK if method == "GET" else {"id": "job-1"}), name: value}, headers)


def test_header_injection_by_an_id_that_a_redirect_leads_to(app: Flask, client: OmniqClient) -> None:
    http = app.test_client()
    for number, value in enumerate(HOSTILE[:-1]):
        publish_jobs(client, QUEUE, [value], now_ms=NOW)
        with asked(http, "/search", query_string={"id": value}) as answer:
            assert answer.headers["Location"] == f"/queues/{QUEUE}/jobs/{to_token(value)}"
        # What was published is told on the next page: a cookie carries the id there.
        form = {"payload": "{}", "job_id": f"{number}{value}"}
        with asked(http, f"/queues/{QUEUE}/jobs", method="POST", data=form, headers=OURS) as answer:
            assert (answer.status_code, answer.headers["Location"]) == (303, "/")
            assert any(one.startswith("omniq_notice=") for one in answer.headers.getlist("Set-Cookie"))


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: ascii(value)[:20])
def test_header_injection_by_what_was_typed_and_a_redirect_carries_on(app: Flask, value: str) -> None:
    http, typed = app.test_client(), quote(value)
    moved = 0
    for path in (
        f"/queues/{QUEUE}/switch?q={typed}",
        f"/publish?queue={typed}",
        f"/queues/{QUEUE}?q={typed}",
        f"/queues//{QUEUE}?q={typed}",
        f"/queues//{typed}",
        f"//evil.example/{typed}",
        f"/%09//evil.example/{typed}",
        f"/queues/{QUEUE}/groups?page=9&q={typed}",
        f"/queues/{QUEUE}/failures?page=9&q={typed}",
        f"/queues/{QUEUE}/failed?page=9&q={typed}",
        f"/children?page=9&q={typed}",
        f"/sign-in?next=/{typed}",
    ):
        for headers, more in (({}, ""), (SCRIPT, ""), (SCRIPT, "&live=1")):
            with asked(http, path + more, headers=headers) as answer:
                moved += bool({"Location", "HX-Replace-Url"} & set(answer.headers.keys()))
    for path in ("/settings/display", f"/queues/{QUEUE}/pause", f"/queues/{QUEUE}/resume"):
        with asked(http, path, method="POST", data={"back": f"/{value}", "reason": value}, headers=OURS) as answer:
            moved += "Location" in answer.headers
    assert moved >= 12


@pytest.mark.parametrize("url", ["/anmelden/größe?next=é", f"/login?next={SPLIT}", "/login?next=é\r\nX-Evil: 1"])
@pytest.mark.parametrize("headers", [OURS, SCRIPT], ids=["page", "regions"])
def test_header_injection_by_where_a_host_signs_people_in(url: str, headers: dict[str, str]) -> None:
    def access(_request: Request, _action: str, _queue: str | None) -> LoginRequired:
        return LoginRequired(url)

    host = Flask("host")
    OmniqDashboard(host, redis="redis://127.0.0.1:1/0", access=access, background=False)
    with asked(host.test_client(), f"/omniq/queues/{QUEUE}/failed", headers=headers) as answer:
        assert urlsplit(answer.headers.get("Location") or answer.headers["HX-Redirect"]).path in (
            "/login",
            "/anmelden/gr%C3%B6%C3%9Fe",
        )


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: ascii(value)[:20])
def test_header_injection_by_the_name_of_a_download(app: Flask, client: OmniqClient, redis: Any, value: str) -> None:
    """Each file has a name of ours, is never shown as a page, and is taken for what it says it is."""
    http, typed = app.test_client(), quote(value[:100])
    fail_jobs(client, QUEUE, [value], now_ms=NOW, gid=value, error=value)
    redis.hset(f"{{{QUEUE}}}:job:{value}", "payload", "<html><script>alert(1)</script>")
    lane, name = f"/queues/{QUEUE}/failed/export", f"omniq-{QUEUE}-failed-20250615-150640"
    named = {
        f"/queues/{QUEUE}/jobs/{to_token(value)}/payload": "payload.json",
        f"/activity/export?who={typed}&q={typed}": "activity-2025-06-15-1506.jsonl",
        f"{lane}?group={typed}": f"{name}.jsonl",
        f"{lane}?format=csv&payloads=1": f"{name}.csv",
    }
    for path, file in named.items():
        with asked(http, path) as answer:
            assert answer.status_code == 200, path
            assert answer.headers["Content-Disposition"] == f'attachment; filename="{file}"'
            assert answer.mimetype not in ("text/html", "image/svg+xml"), path


def test_header_injection_by_how_figures_are_accepted(app: Flask) -> None:
    for accept in ("application/openmetrics-text; version=1.0.0; escaping=é\x01", "text/plain; escaping=<x>", "é/\xff"):
        with asked(app.test_client(), "/metrics", headers={"Accept": accept}) as answer:
            assert "<" not in answer.headers["Content-Type"]
