"""A proxy that signs people in: it is believed where it is listed, and nobody else is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import Client

from dashboard import SettingsError, create_app
from dashboard.settings import load_settings
from omniq_core import OmniqClient, read_activity
from tests.web.signing_in import DEAD, OURS, WORD, Door, fast_hash

PROXY, STRANGER = "10.9.0.2", "203.0.113.5"
SAYS: dict[str, Any] = {"proxy_header": "X-Remote-User", "proxies": "10.9.0.0/24, ::1"}


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Door:
    monkeypatch.setattr("dashboard.accounts.generate_password_hash", fast_hash)
    return Door(tmp_path)


def proxied(redis: Any = DEAD, **settings: Any) -> FlaskClient:
    return create_app(redis=redis, background=False, secret="s", **{**SAYS, **settings}).test_client()


def ask(http: Any, peer: str, path: str = "/activity", **headers: str) -> int:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return int(http.get(path, headers=told, environ_base={"REMOTE_ADDR": peer}).status_code)


def test_a_listed_proxy_is_believed_and_nobody_else(client: OmniqClient) -> None:
    http = proxied(client, proxy_role="viewer")
    assert ask(http, PROXY, X_Remote_User="ana") == 200
    assert ask(http, "::1", X_Remote_User="ana") == 200
    assert ask(http, "::ffff:10.9.0.2", X_Remote_User="ana") == 200
    for peer in (STRANGER, "10.9.1.2", "127.0.0.1", "", "nonsense"):
        assert ask(http, peer, X_Remote_User="ana") == 403, peer
    # What it forwards does not make a stranger the proxy, nor the proxy a stranger.
    assert ask(http, STRANGER, X_Remote_User="ana", X_Forwarded_For=PROXY) == 403
    assert ask(http, STRANGER, X_Remote_User="ana", Forwarded=f"for={PROXY}") == 403
    assert ask(http, PROXY, X_Remote_User="ana", X_Forwarded_For=STRANGER) == 200


@pytest.mark.parametrize("name", ["", "a b", "ana,root", "ana\t", "é", "x" * 65, "../ana"])
def test_what_is_no_name_is_nobody(name: str) -> None:
    assert ask(proxied(proxy_role="operator"), PROXY, X_Remote_User=name) == 403


def test_the_role_is_that_of_the_file_else_the_setting_else_none(door: Door, client: OmniqClient) -> None:
    def pause(name: str, **settings: Any) -> int:
        http = proxied(client, users_file=str(door.path), **settings)
        given = {"X-Remote-User": name, **OURS}
        return http.post("/queues/mail/pause", headers=given, environ_base={"REMOTE_ADDR": PROXY}).status_code

    client.publish(queue="mail", payload={})
    assert pause("vic", proxy_role="operator") == 403
    assert pause("ana") == 303
    assert pause("ben", proxy_role="operator") in (303, 409)
    assert pause("ben", proxy_role="viewer") == 403
    assert pause("ben") == 302  # there is a form to sign in with
    assert {one.who for one in read_activity(client.link, keep=lambda one: one.state == "done", size=9).entries} == {
        "ana",
        "ben",
    }


def test_another_proxyfix_around_it_changes_nothing() -> None:
    app = create_app(redis=DEAD, background=False, secret="s", proxy_role="viewer", **SAYS)
    http = Client(ProxyFix(app, x_for=1))
    # Behind it somebody whose own address is in the list, and somebody who says so of themselves.
    assert ask(http, PROXY, X_Remote_User="ana", X_Forwarded_For=STRANGER) == 503
    assert ask(http, STRANGER, X_Remote_User="ana", X_Forwarded_For=PROXY) == 403


def test_there_is_no_session_of_ours_to_end(client: OmniqClient) -> None:
    http = proxied(client, proxy_role="viewer")
    page = http.get("/", headers={"X-Remote-User": "ana"}, environ_base={"REMOTE_ADDR": PROXY})
    assert "user-menu" not in page.text
    assert "omniq_session" not in str(page.headers)
    assert ask(http, PROXY, "/sign-in", X_Remote_User="ana") == 404


def test_tls_and_addresses_come_from_a_listed_proxy_alone(door: Door, client: OmniqClient) -> None:
    http = door.browser(client, proxies="10.9.0.2")
    told = {"X-Forwarded-Proto": "https", "X-Forwarded-For": f"198.51.100.1, {STRANGER}", **OURS}
    named = ((PROXY, f"__Host-{door.cookie}", STRANGER), ("10.0.0.7", door.cookie, "10.0.0.7"))
    for peer, cookie, address in named:
        form = {"user": "ana", "password": WORD}
        sent = http.post("/sign-in", data=form, headers=told, environ_base={"REMOTE_ADDR": peer})
        assert [line.partition("=")[0] for line in sent.headers.getlist("Set-Cookie") if "session" in line] == [cookie]
        newest = read_activity(client.link, keep=lambda _entry: True, size=1).entries[0]
        assert (newest.who, newest.address) == ("ana", address)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"proxy_header": "X-User"}, "OMNIQ_PROXIES is not set"),
        ({"proxy_header": "X User", "proxies": "10.0.0.1"}, "name of a header"),
        ({"proxies": "10.0.0.1/8"}, "networks like"),
        ({"proxies": "proxy.example"}, "networks like"),
        ({"proxy_role": "root"}, "viewer or operator"),
        ({"user": "a", "password": "b", "users_file": "x"}, "choose"),
    ],
)
def test_settings_that_do_not_go_together(given: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        load_settings({}, **given)
