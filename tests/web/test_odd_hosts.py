"""Mounted in applications with ways of their own: pages, forms, ticks and files are as anywhere."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask

from dashboard import OmniqDashboard, allow_all
from omniq_core import OmniqClient
from tests.support.factories import fail_jobs
from tests.web.crawling import crawl, something_of_all
from tests.web.odd_hosts import ODD, asks_for_everything
from tests.web.pages_support import SCRIPT
from tests.web.test_crawl import NOW, USUAL
from tests.web.trial import UNREACHABLE

HOSTILE = "<b onclick=alert(1)>{{ 7 * 7 }}[[ 7 * 7 ]]"
Member = dict[str, str]


def mounted(make: Callable[[], Flask], client: OmniqClient) -> Any:
    host = make()
    OmniqDashboard(host, redis=client, access=allow_all, **USUAL)
    http: Any = host.test_client()
    http.environ_base["HTTP_X_MEMBER"] = "yes"
    return http


def unpacked(answer: Any) -> str:
    body = gzip.decompress(answer.data) if answer.headers.get("Content-Encoding") == "gzip" else answer.data
    answer.close()
    return body.decode()


@pytest.mark.parametrize("make", ODD)
def test_it_is_as_anywhere(make: Callable[[], Flask], client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, "mail", ["f1", "f2", HOSTILE], now_ms=NOW - 8_000)
    http = mounted(make, client)
    page = http.get("/omniq/queues/mail/failed")
    text = unpacked(page)
    assert (page.status_code, page.content_type) == (200, "text/html; charset=utf-8")
    assert "&lt;b onclick=alert(1)&gt;{{ 7 * 7 }}[[ 7 * 7 ]]" in text and "<b onclick" not in text
    for path, status in (("/omniq/nowhere", 404), ("/omniq/queues/mail/failed?size=7", 400)):
        answer = http.get(path)
        assert (answer.status_code, answer.mimetype) == (status, "text/html"), path
        assert "That was not understood" in answer.text or "No such page" in answer.text
    filtered = unpacked(http.get("/omniq/queues/mail/failed?q=such+account"))
    named = re.findall(r'\s(?:href|formaction|hx-get)="([^"]*\?[^"]*)"', filtered)
    asked = [parse_qs(urlsplit(unescape(one)).query) for one in named]
    assert [query.get("lang") for query in asked if query.get("lang") not in (None, ["en"])] == []
    assert [query["q"] for query in asked if "q" in query] == [["such account"]] * 11
    style = re.findall(r'href="(/omniq/assets/[^"]+\.css[^"]*)"', text)[0]
    tick = "/omniq/queues/mail/failed?live=1"
    for path, headers, has in ((style, {}, ".alert"), (tick, SCRIPT, "<hx-partial")):
        answer = http.get(path, headers={"Accept-Encoding": "gzip", **headers})
        assert answer.status_code == 200 and has in unpacked(answer), path
    assert http.post("/omniq/queues/mail/jobs/retry", data={"id": "f1"}, headers=SCRIPT).mimetype == "text/html"
    moved = http.post("/omniq/queues/mail/jobs/retry", data={"id": "f2"}, headers={"Sec-Fetch-Site": "same-origin"})
    assert (moved.status_code, moved.headers["Location"].partition("?")[0]) == (303, "/omniq/")
    assert redis.lrange("{mail}:wait", 0, -1) == [b"f1", b"f2"]


@pytest.mark.long
@pytest.mark.parametrize("make", ODD)
def test_every_address_is_good(make: Callable[[], Flask], client: OmniqClient) -> None:
    something_of_all(client, NOW)
    assert len(crawl(mounted(make, client), "/omniq/")) > 8


def test_whom_the_host_asks_for_something_first(client: OmniqClient) -> None:
    http = mounted(asks_for_everything, client)
    for path in ("/omniq/", "/omniq/healthz", "/omniq/nowhere"):
        assert http.get(path, headers={"X-Member": "no"}).status_code == 403, path


def test_a_host_whose_rules_name_hosts_is_told_what_to_do() -> None:
    """Ours name none, so such an application would answer 404 to all of them and never say why."""
    host = Flask("host", host_matching=True, static_host="localhost")
    with pytest.raises(ValueError, match=r"host_matching: .* use create_app and DispatcherMiddleware"):
        OmniqDashboard(host, redis=UNREACHABLE, background=False)
