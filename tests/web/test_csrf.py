"""Which POST counts as coming from our own page."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dashboard import OmniqDashboard
from dashboard.access import Allow
from dashboard.csrf import HOST_HEADER
from omniq_core import OmniqClient
from tests.web.trial import DONE, UNREACHABLE, parsed, trial_app, trial_mount

RETRY = "/queues/mail/jobs/retry"


def post(app: Flask, headers: dict[str, str], host: str = "ops.example", **data: str) -> TestResponse:
    return app.test_client().post(RETRY, data={"id": "1", **data}, headers={"Host": host, **headers})


@pytest.mark.parametrize(
    ("headers", "host"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, "ops.example"),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://outside.example"}, "inside:8080"),
        ({"Origin": "http://ops.example"}, "ops.example"),
        ({"Origin": "https://ops.example"}, "ops.example"),
        ({"Origin": "https://ops.example"}, "ops.example:443"),
        ({"Origin": "http://OPS.example:8080"}, "ops.example:8080"),
        ({"Origin": "http://[::1]:8080"}, "[::1]:8080"),
        ({"Origin": "https://trusted.example"}, "inside:8080"),
    ],
)
def test_accepted(headers: dict[str, str], host: str) -> None:
    app = trial_app(trusted_origins="https://trusted.example, https://other.example:8443")
    assert (post(app, headers, host).status_code, DONE) == (303, [("mail", ("1",))])


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": ""},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://ops.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://evil.example"},
        {"Origin": "http://ops.example:8080"},
        {"Origin": "http://ops.example.evil.example"},
        {"Origin": "http://ops.example@evil.example"},
        {"Origin": "http://trusted.example"},
        {"Origin": "ftp://ops.example"},
        {"Origin": "http://ops.example:x"},
        {},
    ],
)
def test_refused(headers: dict[str, str]) -> None:
    app = trial_app(trusted_origins="https://trusted.example")
    response = post(app, headers)
    assert (response.status_code, DONE) == (403, [])
    assert "Nothing was changed" in response.text


def token_of(client: FlaskClient, path: str = "/") -> str:
    found = re.search(r'name="omniq_csrf" value="([0-9a-f]{64})"', client.get(path).text)
    assert found
    return found[1]


def test_without_either_header_the_token_of_the_page_decides() -> None:
    app = trial_app()
    client, other = app.test_client(), app.test_client()
    token = token_of(client)
    assert client.post(RETRY, data={"id": "1", "omniq_csrf": token}).status_code == 303
    # The token belongs to the cookie of one browser.
    token_of(other)
    assert other.post(RETRY, data={"id": "1", "omniq_csrf": token}).status_code == 403
    assert app.test_client().post(RETRY, data={"id": "1", "omniq_csrf": token}).status_code == 403
    assert client.post(RETRY, data={"id": "1", "omniq_csrf": token[:-1] + "é"}).status_code == 403
    assert len(DONE) == 1


def test_a_token_does_not_help_a_cross_site_form() -> None:
    client = trial_app().test_client()
    token = token_of(client)
    refused = client.post(RETRY, data={"id": "1", "omniq_csrf": token}, headers={"Origin": "http://evil.example"})
    assert (refused.status_code, DONE) == (403, [])


def test_the_cookie_stays_below_the_mount() -> None:
    host = Flask("host")
    trial_mount(host, url_prefix="/omniq")
    cookie = host.test_client().get("/omniq/").headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/omniq/" in cookie


def test_a_host_that_protects_its_forms_finds_its_own_token() -> None:
    from flask_wtf.csrf import CSRFProtect

    host = Flask("host")
    host.config.update(SECRET_KEY="host secret", WTF_CSRF_FIELD_NAME="host_token")
    CSRFProtect(host)
    trial_mount(host)
    client = host.test_client()
    found = re.search(r'name="host_token" value="([^"]+)"', client.get("/omniq/").text)
    assert found
    ours = {"Sec-Fetch-Site": "same-origin"}
    path = f"/omniq{RETRY}"
    assert client.post(path, data={"id": "1", "host_token": found[1]}, headers=ours).status_code == 303
    assert client.post(path, data={"id": "1"}, headers=ours).status_code == 400
    assert len(DONE) == 1


def test_also_a_page_about_an_error_carries_the_hosts_token() -> None:
    from flask_wtf.csrf import CSRFProtect

    host = Flask("host")
    host.config.update(SECRET_KEY="host secret")
    CSRFProtect(host)
    OmniqDashboard(host, redis=UNREACHABLE, url_prefix="/omniq", access=lambda *_: Allow(), background=False)
    client = host.test_client()
    missing = client.get("/omniq/nowhere")
    found = re.search(r'name="csrf_token" value="([^"]+)"', missing.text)
    assert found and missing.status_code == 404
    assert "omniq_csrf" not in missing.text  # ours may need the Redis that the page may be about
    dark = {"theme": "dark", "csrf_token": found[1]}
    ours = {"Sec-Fetch-Site": "same-origin"}
    assert client.post("/omniq/settings/display", data=dark, headers=ours).status_code == 303
    assert client.post("/omniq/settings/display", data={"theme": "dark"}, headers=ours).status_code == 400


def test_what_the_host_no_longer_takes_is_said_and_kept(client: OmniqClient) -> None:
    from flask_wtf.csrf import CSRFProtect

    host = Flask("host")
    host.config.update(SECRET_KEY="host secret", WTF_CSRF_TIME_LIMIT=-1)  # every token is too old
    CSRFProtect(host)
    OmniqDashboard(host, redis=client, url_prefix="", access=lambda *_: Allow(), background=False)
    http = host.test_client()
    page = http.get("/queues/mail/publish").text
    found = re.search(r'name="csrf_token" value="([^"]+)" data-host-token', page)
    assert found
    typed = {"payload": '{"to": "zoë"}', "csrf_token": found[1]}
    ours = {"Sec-Fetch-Site": "same-origin"}
    plain = http.post("/queues/mail/jobs", data=typed, headers=ours)
    assert plain.status_code == 400
    said = parsed(plain.text)
    assert "Open for too long" in said.h1.get_text()
    assert "did not take the form (The CSRF token has expired.). Nothing was changed. Send it again." in said.get_text()
    assert said.select_one("[name=payload]")["value"] == '{"to": "zoë"}'
    assert next(one["value"] for one in said.select("[data-host-token]")) != ""
    script = {**ours, "HX-Request": "true", "HX-Request-Type": "partial"}
    by_script = http.post("/queues/mail/jobs", data=typed, headers=script)
    assert by_script.status_code == 400 and "Send it again." in by_script.text
    assert by_script.headers[HOST_HEADER].count(".") == 2
    assert HOST_HEADER in http.get("/?live=1", headers=script).headers
    assert HOST_HEADER not in http.get("/").headers
