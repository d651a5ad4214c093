"""Follows every address that pages name, from page to page."""

from __future__ import annotations

import re
from collections import deque
from html import unescape
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urljoin, urlsplit

from werkzeug.datastructures import Headers
from werkzeug.urls import iri_to_uri

from omniq_core import OmniqClient
from tests.support.factories import complete_jobs, delay_jobs, fail_jobs, publish_jobs

ADDRESS = re.compile(r'\s(?:href|src|action|formaction|hx-(?:get|post|put|patch|delete)|data-failed)="([^"]*)"')
POSTED = re.compile(r'\s(?:formaction|hx-post)="([^"]*)"|<form[^>]*method="post"[^>]*action="([^"]*)"')


GOOD = (200, 204, 302, 303, 308)
"""What an address that a page names may answer."""


def sort_of(path: str) -> str:
    """What is asked once of all alike: an address, whatever its query asks, but for the names in it."""
    return re.sub(r"=[^&]*", "", re.sub(r"jobs/[^/?]+", "jobs/*", path))


def something_of_all(client: OmniqClient, now_ms: int) -> None:
    """Jobs in every lane, a group, a counter, a damaged-looking id."""
    fail_jobs(client, "mail", ["f1", "f2"], now_ms=now_ms - 8_000)
    complete_jobs(client, "mail", ["done"], now_ms=now_ms - 1_000)
    delay_jobs(client, "mail", ["d1"], now_ms=now_ms - 9_000, due_ms=now_ms + 60_000)
    publish_jobs(client, "mail", ["a", "..", "b/c"], now_ms=now_ms - 9_000, gid="g 1")
    client.childs_init(key="an order", expected=3)


def crawl(http: Any, root: str, *, begin: str = "", least: int = 40) -> set[str]:
    """Fails unless every address is below `root` and answers; gives what only posts. It begins at `begin`, else at
    `root`, and spells addresses as browsers do.
    """
    begin = begin or root
    ahead, seen, posted = deque([begin, begin.rstrip("/") or "/"]), set[str](), set[str]()
    while ahead:
        path = ahead.popleft()
        sort = sort_of(path)
        if sort in seen:
            continue
        seen.add(sort)
        answer = http.get(path)
        assert answer.status_code in GOOD, f"{path}: {answer.status_code}"
        text = answer.text if answer.mimetype in ("text/html", "text/css") else ""
        answer.close()
        found = [unescape(one) for one in ADDRESS.findall(text)]
        found += [one.strip("\"'") for one in re.findall(r"url\(([^)]+)\)", text) if answer.mimetype == "text/css"]
        found += [answer.headers[name] for name in ("Location", "HX-Redirect") if name in answer.headers]
        posts = {iri_to_uri(urljoin(path, unescape(one or other))) for one, other in POSTED.findall(text)}
        for to in (iri_to_uri(urljoin(path, one)) for one in found if not one.startswith("#")):
            parts = urlsplit(to)
            assert (parts.scheme, parts.netloc) in (("", ""), ("http", "localhost")), f"{path} leads to {to}"
            assert parts.path.startswith(root), f"{path} leads to {to}"
            if to not in posts:
                ahead.append(parts.path + (f"?{parts.query}" if parts.query else ""))
        posted |= posts
    assert len(seen) > least and any("/jobs/" in one for one in seen), sorted(seen)
    return posted


class _Answer:
    def __init__(self, status: int, headers: Headers, body: bytes) -> None:
        self.status_code, self.headers, self._body = status, headers, body
        self.mimetype = headers.get("Content-Type", "").partition(";")[0]

    @property
    def text(self) -> str:
        return self._body.decode()

    def close(self) -> None: ...


class Wire:
    """A client of a real server, each request on a connection of its own, with the same cookies."""

    def __init__(self, port: int, cookies: str = "") -> None:
        self._port, self._cookies = port, cookies

    def get(self, path: str) -> _Answer:
        """The answer to a GET."""
        connection = HTTPConnection("127.0.0.1", self._port, timeout=20)
        connection.request("GET", path, headers={"Host": "localhost", "Cookie": self._cookies})
        answer = connection.getresponse()
        found = _Answer(answer.status, Headers(answer.getheaders()), answer.read())
        connection.close()
        return found
