"""Every address that a page names, in each way to mount it: it is below the mount, and it answers."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import Client

from dashboard import OmniqDashboard, allow_all, create_app
from omniq_core import OmniqClient
from tests.support.factories import complete_jobs, delay_jobs, fail_jobs, publish_jobs
from tests.web.hosts import busy_host, signed_in, who

NOW = 1_750_000_000_000
USUAL: dict[str, Any] = {"clock": lambda: NOW, "background": False}
ADDRESS = re.compile(r'\s(?:href|src|action|formaction|hx-(?:get|post|put|patch|delete)|data-failed)="([^"]*)"')
POSTED = re.compile(r'\s(?:formaction|hx-post)="([^"]*)"|<form[^>]*method="post"[^>]*action="([^"]*)"')
Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


def at_root(client: OmniqClient, _folder: Path) -> tuple[Wsgi, str]:
    return create_app(redis=client, insecure=True, **USUAL), "/"


def in_a_host(client: OmniqClient, folder: Path) -> tuple[Wsgi, str]:
    host = busy_host(folder)
    OmniqDashboard(host, redis=client, access=signed_in, user=who, **USUAL)
    return host, "/omniq/"


def dispatched(client: OmniqClient, _folder: Path) -> tuple[Wsgi, str]:
    ours = create_app(redis=client, insecure=True, **USUAL)
    return DispatcherMiddleware(Flask("host"), {"/ops": ours}), "/ops/"


def behind_a_proxy(client: OmniqClient, _folder: Path) -> tuple[Wsgi, str]:
    """The proxy takes /team off the path and says so in X-Forwarded-Prefix."""
    host = Flask("host")
    OmniqDashboard(host, redis=client, access=allow_all, **USUAL)
    fixed = ProxyFix(host.wsgi_app, x_for=1, x_proto=1, x_host=1, x_prefix=1)

    def proxy(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        assert environ["PATH_INFO"].startswith("/team/"), environ["PATH_INFO"]
        environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix("/team")
        return fixed({**environ, "HTTP_X_FORWARDED_PREFIX": "/team"}, start_response)

    return proxy, "/team/omniq/"


def second_of_two(client: OmniqClient, _folder: Path) -> tuple[Wsgi, str]:
    host = Flask("host")
    # Its menu leads from one to the other, so both are crawled.
    OmniqDashboard(host, redis=client, access=allow_all, **USUAL)
    OmniqDashboard(host, redis=client, access=allow_all, url_prefix="/omniq/two", name="two", **USUAL)
    return host, "/omniq/"


@pytest.mark.parametrize("mounted", [at_root, in_a_host, dispatched, behind_a_proxy, second_of_two])
def test_every_address_is_good_and_below_the_mount(mounted: Any, client: OmniqClient, tmp_path: Path) -> None:
    fail_jobs(client, "mail", ["f1", "f2"], now_ms=NOW - 8_000)
    complete_jobs(client, "mail", ["done"], now_ms=NOW - 1_000)
    delay_jobs(client, "mail", ["d1"], now_ms=NOW - 9_000, due_ms=NOW + 60_000)
    publish_jobs(client, "mail", ["a", "..", "b/c"], now_ms=NOW - 9_000, gid="g 1")
    client.childs_init(key="an order", expected=3)
    app, root = mounted(client, tmp_path)
    http = Client(app)
    if mounted is in_a_host:
        http.get("/sign-in")
    ahead, seen, posted = deque([root, root.rstrip("/") or "/"]), set[str](), set[str]()
    while ahead:
        path = ahead.popleft()
        # One of each sort: an address once, whatever its query asks, but for the names in it.
        sort = re.sub(r"=[^&]*", "", re.sub(r"jobs/[^/?]+", "jobs/*", path))
        if sort in seen:
            continue
        seen.add(sort)
        answer = http.get(path)
        assert answer.status_code in (200, 204, 302, 303, 308), f"{path}: {answer.status_code}"
        text = answer.text if answer.mimetype in ("text/html", "text/css") else ""
        answer.close()
        found = [unescape(one) for one in ADDRESS.findall(text)]
        found += [one.strip("\"'") for one in re.findall(r"url\(([^)]+)\)", text) if answer.mimetype == "text/css"]
        found += [answer.headers[name] for name in ("Location", "HX-Redirect") if name in answer.headers]
        only_posts = {unescape(one or other) for one, other in POSTED.findall(text)}
        for to in (urljoin(path, one) for one in found if not one.startswith("#")):
            parts = urlsplit(to)
            assert (parts.scheme, parts.netloc) in (("", ""), ("http", "localhost")), f"{path} leads to {to}"
            assert parts.path.startswith(root), f"{path} leads to {to}"
            if to not in only_posts:
                ahead.append(parts.path + (f"?{parts.query}" if parts.query else ""))
        posted |= {urljoin(path, one) for one in only_posts}
    assert len(seen) > 40 and any("/jobs/" in one for one in seen)
    # What posts is a route that takes it: it is refused for the token that is not sent, and nothing is changed.
    assert len(posted) > 8
    assert {to: status for to in posted if (status := http.post(to).status_code) not in (400, 403)} == {}
