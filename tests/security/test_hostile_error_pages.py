"""Reflected XSS on pages about errors: a hostile path, a hostile name of a field, what no page of ours would send."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask

from dashboard.tokens import to_token
from omniq_core import OmniqClient
from tests.security.test_attacks import MARK, PAGE, REGIONS, unmarked
from tests.support.factories import fail_jobs
from tests.web.pages_support import NOW, QUEUE, pages_app
from tests.web.trial import UNREACHABLE, parsed

EVALUATED = str(99_991 * 99_989)
TEXT = MARK + "{{99991*99989}}{% include 'omniq/layouts/page.html' %}"
BASE = f"/queues/{QUEUE}"
BEHIND = [
    *("/", "/queues/", f"{BASE}/", f"{BASE}/jobs/", f"{BASE}/failures/", f"{BASE}/groups/", f"{BASE}/tasks/"),
    *(f"{BASE}/repairs/", f"{BASE}/trash/", "/children/", "/activity/", "/health/repairs/", "/assets/", "/settings/"),
]
TEMPTING = ("attributes", "action", "method", "submit", "__proto__", "hx-get", "hx-on:click", "formaction", "onfocus")
"""Names that mean something to a form, to htmx or to script."""


@pytest.fixture
def app(client: OmniqClient) -> Flask:
    """The real pages, and a queue to stand in."""
    fail_jobs(client, QUEUE, 1, now_ms=NOW)
    return pages_app(client)


def said(http: Any, path: str, method: str, **given: Any) -> tuple[int, str]:
    """The status of an answer that holds our own elements alone, and the text that people read there and send again."""
    with http.open(path, method=method, **given) as answer:
        assert answer.mimetype == "text/html", f"{path}: {answer.mimetype}"
        unmarked(answer.text, path)
        assert EVALUATED not in answer.text, path
        page = parsed(answer.text)
    for element in page.find_all(True):
        named = [name for name in element.attrs if name.startswith("on") or name == "style"]
        assert not named and "onzzz" not in str(element.get("hx-get")), f"{path}: {element}"
    fields = [f"{element.get('name', '')}\n{element.get('value', '')}" for element in page.find_all("input")]
    return answer.status_code, page.get_text() + "\n".join(fields)


@pytest.mark.parametrize("headers", [PAGE, REGIONS], ids=["page", "regions"])
@pytest.mark.parametrize("method", ["GET", "POST", "<SCRIPT>"])
def test_reflected_xss_a_path_that_leads_nowhere(app: Flask, method: str, headers: dict[str, str]) -> None:
    http, shown = app.test_client(), 0
    for part in (quote(TEXT, safe=""), to_token(TEXT)):
        below = [f"{BASE}/jobs/{part}/copy", f"{BASE}/jobs/{part}/payload", f"{BASE}/{part}/export"]
        for path in (*(before + part for before in BEHIND), *below):
            status, text = said(http, path, method, headers=headers)
            assert status in ((200, 308, 400, 404) if method == "GET" else (200, 404, 405)), path
            shown += "<zzz onzzz" in text
    # What was looked for is named where it could be there: a job, a queue, a counter.
    assert (shown > 2) is (method == "GET")


@pytest.mark.parametrize("headers", [PAGE, REGIONS], ids=["page", "regions"])
def test_reflected_xss_fields_with_hostile_names_are_shown_again(app: Flask, headers: dict[str, str]) -> None:
    http, again = app.test_client(), 0
    fields = {TEXT: TEXT, **dict.fromkeys(TEMPTING, TEXT)}
    asked = fields | dict.fromkeys(("size", "sort", "page", "since", "format"), TEXT)
    for path in (f"{BASE}/failed", f"{BASE}/failed/export", f"{BASE}/groups", f"{BASE}/failures", "/activity", "/"):
        status, text = said(http, path, "GET", query_string=asked, headers=headers)
        assert status == 400, path
        again += text.count("<zzz onzzz") > len(TEMPTING)
    for path in (f"{BASE}/jobs/retry", f"{BASE}/jobs/remove/confirm", f"{BASE}/jobs/run-now", f"{BASE}/groups/limit"):
        status, text = said(http, path, "POST", data=fields | {"id": TEXT, "lane": TEXT}, headers=headers)
        assert status in (400, 404), path
        again += text.count("<zzz onzzz") > len(TEMPTING)
    assert (again > 6) is (headers is PAGE)


def test_reflected_xss_what_is_shown_while_redis_is_away() -> None:
    http = pages_app(UNREACHABLE).test_client()
    for path in (f"{BASE}/failed?q={quote(TEXT)}", f"{BASE}/jobs/{to_token(TEXT)}", f"/search?id={quote(TEXT)}", "/"):
        for headers in (PAGE, REGIONS):
            status, _ = said(http, path, "GET", headers=headers)
            assert status in (200, 503), path
