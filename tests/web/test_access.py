"""Who is answered, and that nobody else reaches Redis."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Request
from werkzeug.test import TestResponse

from dashboard import Allow, Deny, LoginRequired, read_only
from dashboard.access import Decision
from dashboard.blueprint import make_blueprint
from dashboard.routes import Route, Routes, check_routes
from dashboard.state import EXTENSION
from tests.web.trial import DONE, parsed, trial_app, trial_routes

RETRY = "/queues/mail/jobs/retry"
OURS = {"Sec-Fetch-Site": "same-origin"}


def ask(app: Any, path: str = "/healthz", peer: str = "127.0.0.1", host: str = "localhost", **kw: Any) -> TestResponse:
    headers = {"Host": host, **kw.pop("headers", {})}
    return app.test_client().open(path, environ_base={"REMOTE_ADDR": peer}, headers=headers, **kw)


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8080", "[::1]", "[::1]:8080", "LOCALHOST:1"])
def test_by_default_a_browser_on_this_machine_is_answered(peer: str, host: str) -> None:
    assert ask(trial_app(insecure=False), "/queues/mail/", peer, host).status_code == 200


@pytest.mark.parametrize(
    ("peer", "host", "headers"),
    [
        ("10.0.0.7", "localhost", {}),
        ("", "localhost", {}),
        ("::ffff:10.0.0.7", "localhost", {}),
        ("127.0.0.1", "evil.example", {}),
        ("127.0.0.1", "localhost.evil.example", {}),
        ("127.0.0.1", "127.0.0.1.evil.example:8080", {}),
        ("127.0.0.1", "localhost:80@evil", {}),
        ("127.0.0.1", "localhost", {"X-Forwarded-For": "127.0.0.1"}),
        ("127.0.0.1", "localhost", {"X-Forwarded-Proto": "https"}),
        ("127.0.0.1", "localhost", {"Forwarded": "for=127.0.0.1"}),
    ],
)
@pytest.mark.parametrize("path", ["/", "/queues/mail/", "/healthz", "/nowhere"])
def test_by_default_nobody_else_is(peer: str, host: str, headers: dict[str, str], path: str) -> None:
    response = ask(trial_app(insecure=False), path, peer, host, headers=headers)
    assert response.status_code == 403
    assert "OMNIQ_INSECURE" in response.text
    assert "127.0.0.1:1/0" not in response.text  # where Redis is


PUBLIC = "https://queues.example"


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("sent", "why"),
    [
        ({"X-Real-IP": "203.0.113.5"}, "has X-Real-Ip"),
        ({"X-Client-IP": "203.0.113.5"}, "has X-Client-Ip"),
        ({"True-Client-IP": "203.0.113.5"}, "has True-Client-Ip"),
        ({"CF-Connecting-IP": "203.0.113.5"}, "has Cf-Connecting-Ip"),
        ({"Via": "1.1 varnish"}, "has Via"),
        ({"X-Original-Host": "queues.example"}, "has X-Original-Host"),
        ({"protocol": "HTTP/1.0"}, "is HTTP/1.0, which proxies speak and browsers do not (with curl leave out -0)"),
        ({"Referer": f"{PUBLIC}/"}, "the page that it was made on has another address"),
        ({"Referer": f"{PUBLIC}/", "Sec-Fetch-Site": None}, "the page that it was made on has another address"),
        ({"Origin": PUBLIC}, "the page that it was made on has another address"),
        ({"HX-Current-URL": f"{PUBLIC}/queues/mail/"}, "the page that it was made on has another address"),
        ({"Referer": "http://[x"}, "the page that it was made on has another address"),
    ],
    ids=lambda one: "-".join(one) if isinstance(one, dict) else "",
)
def test_by_default_a_proxy_on_this_machine_lets_nobody_in(method: str, sent: dict[str, Any], why: str) -> None:
    """Its peer is loopback, and its Host too where it names what it passes on to, as nginx does."""
    app, headers = trial_app(insecure=False), {k: v for k, v in (OURS | sent).items() if v is not None}
    environ = {"SERVER_PROTOCOL": headers.pop("protocol", "HTTP/1.1")}
    path = "/queues/mail/" if method == "GET" else "/queues/mail/pause"
    asked = ask(app, path, host="127.0.0.1:8080", method=method, headers=headers, environ_overrides=environ)
    assert (asked.status_code, DONE) == (403, [])
    assert why in parsed(asked.text).get_text() and "OMNIQ_USERS_FILE" in asked.text


def test_by_default_who_comes_by_a_link_from_elsewhere_is_answered() -> None:
    """Nothing stands between then: the browser says that it left another site."""
    app, link = trial_app(insecure=False), {"Sec-Fetch-Site": "cross-site", "Referer": f"{PUBLIC}/wiki"}
    assert ask(app, "/queues/mail/", headers=link).status_code == 200
    for own in ({"Referer": "http://127.0.0.1:8080/"}, {"Origin": "http://[::1]:8080"}, {"Origin": "null"}):
        assert ask(app, "/queues/mail/", headers=OURS | own).status_code == 200


def test_a_refused_button_does_nothing() -> None:
    app = trial_app(insecure=False)
    refused = ask(app, RETRY, "10.0.0.7", method="POST", data={"id": "1"}, headers=OURS)
    assert (refused.status_code, DONE) == (403, [])
    assert ask(app, RETRY, method="POST", data={"id": "1"}, headers=OURS).status_code == 303
    assert DONE == [("mail", ("1",))]


def test_insecure_lifts_the_check() -> None:
    assert ask(trial_app(insecure=True), "/queues/mail/", "10.0.0.7", "evil.example").status_code == 200


def test_static_files_are_for_everybody() -> None:
    app = trial_app(insecure=False)
    page = ask(app, "/", "10.0.0.7").text
    href = page.split('rel="stylesheet" href="')[1].split('"')[0]
    with ask(app, href, "10.0.0.7") as response:
        assert response.status_code == 200


def test_a_deny_comes_before_any_call_to_redis() -> None:
    # Redis does not answer here: reaching for it would be a 503.
    app = trial_app(access=lambda *_: Deny("Not you."))
    assert ask(app, "/ping").status_code == 403
    assert ask(trial_app(), "/ping").status_code == 503


def test_access_is_asked_with_the_action_and_the_raw_queue() -> None:
    asked: list[tuple[str, str | None]] = []

    def access(request: Request, action: str, queue: str | None) -> Decision:
        if action != "see_activity":  # the head of every page asks whether to lead there
            asked.append((action, queue))
        return Allow()

    app = trial_app(access=access, secret="s")
    ask(app, "/queues/~Li4/")
    assert asked[0] == ("read", "..")
    for path, first in ((RETRY, ("retry", "mail")), ("/queues/~!/jobs/retry", ("retry", None))):
        asked.clear()
        ask(app, path, method="POST", data={"id": "1"}, headers=OURS)
        assert asked[0] == first
    asked.clear()
    ask(app, "/nowhere")
    assert asked[0] == ("read", None)


def test_login_required_leads_to_the_sign_in_page() -> None:
    app = trial_app(access=lambda *_: LoginRequired("/login?next=x"))
    assert ask(app, "/").headers["Location"] == "/login?next=x"
    by_script = ask(app, "/", headers={"HX-Request": "true", "HX-Request-Type": "partial"})
    assert (by_script.status_code, by_script.headers["HX-Redirect"]) == (401, "/login?next=x")


@pytest.mark.parametrize("settings", [{"read_only": True}, {"access": read_only}])
def test_read_only_shows_and_changes_nothing(settings: dict[str, Any]) -> None:
    app = trial_app(**settings)
    assert ask(app, "/queues/mail/").status_code == 200
    refused = ask(app, RETRY, method="POST", data={"id": "1"}, headers=OURS)
    assert (refused.status_code, DONE) == (403, [])


def test_read_only_does_not_open_what_access_closes() -> None:
    app = trial_app(read_only=True, insecure=False)
    assert ask(app, "/queues/mail/", "10.0.0.7").status_code == 403


def test_basic() -> None:
    app = trial_app(user="oncall", password="pä:ss", insecure=False)

    def status(auth: tuple[str, str] | None, path: str = "/queues/mail/") -> int:
        return app.test_client().get(path, auth=auth, environ_base={"REMOTE_ADDR": "10.0.0.7"}).status_code

    assert status(("oncall", "pä:ss")) == 200
    assert [status(auth) for auth in (None, ("oncall", ""), ("oncall", "x"), ("other", "pä:ss"))] == [401] * 4
    assert status(None, "/healthz") == 200
    assert "Basic" in app.test_client().get("/").headers["WWW-Authenticate"]


def test_a_route_must_name_its_action() -> None:
    with pytest.raises(TypeError, match="action"):
        Routes().post("/x")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


@pytest.mark.parametrize(
    ("method", "action"), [("GET", ""), ("GET", "anything"), ("GET", "retry"), ("POST", "read"), ("POST", "health")]
)
def test_a_route_with_a_wrong_action_fails_when_the_blueprint_is_made(method: str, action: str) -> None:
    bad = Route("/x", method, action, "x", lambda: "")
    with pytest.raises(ValueError, match="/x"):
        check_routes([bad])
    with trial_routes([bad]), pytest.raises(ValueError, match="/x"):
        make_blueprint("omniq_dashboard", "")


def test_every_endpoint_has_an_action() -> None:
    app = trial_app()
    routes = app.extensions[EXTENSION]["omniq_dashboard"].routes
    endpoints = {rule.endpoint.rpartition(".")[2] for rule in app.url_map.iter_rules()}
    assert endpoints - {"static"} == set(routes)


def test_no_answer_counts_for_the_next_reader_where_the_host_has_pushed_an_application_context() -> None:
    """All requests share `flask.g` then: what one reader was allowed, everybody was."""

    def rule(request: Request, _action: str, _queue: str | None) -> Decision:
        return Allow() if request.headers.get("X-Me") == "admin" else Deny("Not you.")

    app = trial_app(access=rule)
    with app.app_context():
        answers = [ask(app, "/queues/mail/", headers={"X-Me": me}) for me in ("admin", "somebody", "admin")]
    assert [answer.status_code for answer in answers] == [200, 403, 200]
