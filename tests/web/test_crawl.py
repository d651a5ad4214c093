"""Every address that a page names, in each way to mount it: it is below the mount, and it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import Client

from dashboard import OmniqDashboard, allow_all, create_app
from omniq_core import OmniqClient
from tests.web.crawling import crawl, something_of_all
from tests.web.hosts import busy_host, signed_in, who

NOW = 1_750_000_000_000
USUAL: dict[str, Any] = {"clock": lambda: NOW, "background": False}
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


def oddly_named(client: OmniqClient, _folder: Path) -> tuple[Wsgi, str]:
    """Blanks and letters that are not ASCII in what the server mounts and in what we are given."""
    host = Flask("host")
    OmniqDashboard(host, redis=client, access=allow_all, url_prefix="/warte schlangen/é", **USUAL)
    path = "/über uns".encode().decode("latin-1")
    return DispatcherMiddleware(Flask("site"), {path: host}), "/%C3%BCber%20uns/warte%20schlangen/%C3%A9/"


@pytest.mark.parametrize("mounted", [at_root, in_a_host, dispatched, behind_a_proxy, second_of_two, oddly_named])
def test_every_address_is_good_and_below_the_mount(mounted: Any, client: OmniqClient, tmp_path: Path) -> None:
    something_of_all(client, NOW)
    app, root = mounted(client, tmp_path)
    http = Client(app)
    if mounted is in_a_host:
        http.get("/sign-in")
    posted = crawl(http, root)
    # What posts is a route that takes it: it is refused for the token that is not sent, and nothing is changed.
    assert len(posted) > 8
    assert {to: status for to in posted if (status := http.post(to).status_code) not in (400, 403)} == {}
