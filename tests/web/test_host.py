"""In a host that has much of its own: it stays the host's, and what is ours stays ours."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, got_request_exception
from flask.testing import FlaskClient

from dashboard import OmniqDashboard, SettingsError, allow_all, create_app
from omniq_core import OmniqClient
from tests.support.factories import publish_jobs
from tests.web.hosts import belongings, busy_host, signed_in, who
from tests.web.trial import UNREACHABLE, trial_mount

OURS = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def host(tmp_path: Path) -> Flask:
    return busy_host(tmp_path)


def mounted(host: Flask, redis: Any = UNREACHABLE, **settings: Any) -> FlaskClient:
    OmniqDashboard(host, redis=redis, background=False, **{"access": allow_all, **settings})
    return host.test_client()


def token_of(client: FlaskClient, path: str) -> str:
    found = re.search(r'name="host_token" value="([^"]+)"', client.get(path).text)
    assert found
    return found[1]


def told(client: FlaskClient, path: str) -> tuple[int, str, list[str]]:
    """Status, text, and which headers there are."""
    response = client.get(path)
    found = (response.status_code, response.text, sorted(response.headers.keys()))
    response.close()
    return found


def test_everything_of_the_host_is_as_it_was(host: Flask) -> None:
    before = belongings(host)
    client = trial_mount(host, access=allow_all) and host.test_client()
    assert belongings(host) == before
    for path in (
        "/omniq/",
        "/omniq/nowhere",
        "/omniq/bug",
        "/omniq/queues/mail",
        "/omniq/assets/0/x.css",
        "/omniq/ask",
    ):
        client.get(path)
    client.post("/omniq/queues/mail/pause", data={"host_token": token_of(client, "/omniq/")}, headers=OURS)
    # Flask-Login and Flask-WTF note things at a request of any page.
    assert belongings(host) == before


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/", "the host's index"),
        ("/dashboard/", "the host's dashboard"),
        ("/static/omniq.css", "the host's"),
        ("/word/abc", "abc"),
        ("/nowhere", "the host's NotFound"),
        ("/omniqs", "the host's NotFound"),
        ("/bug", "the host's ZeroDivisionError"),
    ],
)
def test_pages_of_the_host_have_nothing_of_ours(host: Flask, path: str, text: str) -> None:
    alone = told(host.test_client(), path)
    host._got_first_request = False
    assert told(mounted(host), path) == alone
    assert alone[1] == text


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/omniq/", 200, "skip-link"),
        ("/omniq/nowhere", 404, "No such page"),
        ("/omniq/queues/~!/", 404, "No such queue"),
        ("/omniq/assets/0/nothing.css", 404, "No such page"),
        ("/omniq/queues/mail/?size=7", 400, "That was not understood"),
        ("/omniq/ping", 503, "Redis does not answer"),
        ("/omniq/lost", 409, "The job moved on"),
        ("/omniq/cursor", 400, "That was not understood"),
        ("/omniq/pause", 404, "No such page"),
        ("/omniq/bug", 500, "This page failed"),
    ],
)
def test_below_the_mount_we_answer_whatever_handlers_the_host_has(
    host: Flask, path: str, status: int, text: str
) -> None:
    seen: list[BaseException] = []
    trial_mount(host, access=allow_all)
    with got_request_exception.connected_to(lambda _, exception: seen.append(exception), host):
        response = host.test_client().get(path)
    assert (response.status_code, "the host's" in response.text) == (status, False)
    assert text in response.text
    # Who collects exceptions of the host gets ours as well.
    assert [type(error) for error in seen] == ([LookupError] if path == "/omniq/bug" else [])


def test_a_mistake_of_ours_is_shown_where_the_host_wants_to_see_it(host: Flask) -> None:
    trial_mount(host, access=allow_all)
    host.testing = True
    with pytest.raises(LookupError, match="a detail"):
        host.test_client().get("/omniq/bug")


def test_what_the_host_refuses_before_us_it_tells_itself(host: Flask) -> None:
    response = mounted(host).get("/omniq/", headers={"User-Agent": "robot"})
    assert (response.status_code, response.text) == (401, "the host's 401")
    assert host.test_client().post("/omniq/settings/display", headers=OURS).text == "the host's 400"


def test_a_payload_of_a_megabyte_under_a_host_that_reads_each_form_first(
    host: Flask, client: OmniqClient, redis: Any
) -> None:
    publish_jobs(client, "mail", ["a"], now_ms=1)
    browser = mounted(host, client)
    page = browser.get("/omniq/queues/mail/publish").text
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    assert "host_token" in fields
    big = '{"a":"' + "x" * 1_000_000 + '"}'
    response = browser.post("/omniq/queues/mail/jobs", data={**fields, "payload": big}, headers=OURS)
    assert (response.status_code, redis.llen("{mail}:wait")) == (303, 2)


def test_whom_flask_login_does_not_know_is_sent_to_sign_in_and_comes_back(host: Flask) -> None:
    browser = mounted(host, access=signed_in, user=who)
    assert browser.get("/omniq/").headers["Location"] == "/sign-in"
    script = browser.get("/omniq/", headers={"HX-Request": "true", "HX-Request-Type": "partial"})
    assert (script.status_code, script.headers["HX-Redirect"]) == (401, "/sign-in")
    browser.get("/sign-in")
    assert browser.get("/omniq/shortcuts").status_code == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "NONSENSE"])
@pytest.mark.parametrize("path", ["", "/", "/nowhere", "/queues/mail", "//queues///mail/", "/queues/mail/pause"])
def test_every_answer_below_the_mount_has_our_headers(host: Flask, method: str, path: str) -> None:
    host.config["WTF_CSRF_ENABLED"] = False
    trial_mount(host, access=allow_all)
    response = host.test_client().open(f"/omniq{path}", method=method, headers=OURS)
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'; ")
    assert (response.headers["Referrer-Policy"], response.headers["Cache-Control"]) == ("same-origin", "no-store")
    assert response.status_code in (200, 303, 308, 404, 405)
    if response.status_code == 308:
        assert method in ("GET", "HEAD")
        assert response.headers["Location"] in ("/omniq/", "/omniq/queues/mail/")


@pytest.mark.parametrize(
    ("asked", "leads"),
    [
        ("/omniq?q=a%20b&x=%C3%A9", "/omniq/?q=a%20b&x=%C3%A9"),
        ("/omniq/queues/~w6k?size=25", "/omniq/queues/~w6k/?size=25"),
        ("/omniq//evil.example/%2e", "/omniq/evil.example/."),
        ("/omniq/\\evil//", "/omniq/%5Cevil/"),
        ("/omniq/a%0d%0aX:%201//", "/omniq/a%0D%0AX:%201/"),
    ],
)
def test_a_redirect_keeps_what_was_asked_and_never_leaves(host: Flask, asked: str, leads: str) -> None:
    trial_mount(host, access=allow_all)
    assert host.test_client().get(asked).headers["Location"] == leads


def test_all_pages_of_the_standalone_application_have_our_headers() -> None:
    client = create_app(redis=UNREACHABLE, background=False, prefix="/x").test_client()
    for path in ("/", "/nowhere", "/x", "/x/nowhere"):
        assert client.get(path).headers["X-Content-Type-Options"] == "nosniff", path
    assert client.open("/", method="POST").headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_two_of_one_address_are_refused(host: Flask) -> None:
    mounted(host)
    with pytest.raises(ValueError, match="another dashboard stands at /omniq: give this one a url_prefix"):
        mounted(host)


@pytest.mark.parametrize(
    ("first", "second", "apart"),
    [
        ("/omniq", "/omniq/queues", False),
        ("/omniq/health/x", "/omniq", False),
        ("/", "/activity", False),
        ("/omniq", "/omniq/live", True),
        ("/", "/omniq", True),
        ("/omniq", "/omniqueues", True),
    ],
)
def test_two_that_would_hide_pages_of_each_other_are_refused(first: str, second: str, apart: bool) -> None:
    app = Flask("host")
    OmniqDashboard(app, redis=UNREACHABLE, background=False, url_prefix=first)
    if apart:
        OmniqDashboard(app, redis=UNREACHABLE, background=False, url_prefix=second)
        return
    with pytest.raises(ValueError, match="would hide pages of each other"):
        OmniqDashboard(app, redis=UNREACHABLE, background=False, url_prefix=second)


NO_PATHS: list[Any] = [None, 5, "/a//b", "http://x/", "/a/../b", "/..", "/./a"]
"""No page below these could ever be asked for: browsers and servers put such paths right."""


@pytest.mark.parametrize("prefix", ["/<tenant>", "/a%20b", "/a?b", "/a#b", "/a\\b", "/a\nb", *NO_PATHS])
def test_what_is_no_path_is_refused(host: Flask, prefix: Any) -> None:
    with pytest.raises(SettingsError, match="url_prefix: use a path like /omniq, or / for the root, not "):
        mounted(host, url_prefix=prefix)


@pytest.mark.parametrize("name", [5, b"ops", "a.b", " ", ""])
def test_what_is_no_name_is_refused(host: Flask, name: Any) -> None:
    with pytest.raises(SettingsError, match="name: use a word like ops_live, not "):
        mounted(host, name=name)


@pytest.mark.parametrize(
    ("given", "instead"),
    [
        ({"prefix": "/ops"}, "url_prefix="),
        ({"users_file": "/etc/users.json"}, "access= and user="),
        ({"proxy_header": "X-Remote-User"}, "access= and user="),
        ({"port": 80}, "the server of your application"),
    ],
)
def test_what_would_do_nothing_in_an_application_is_refused(given: dict[str, Any], instead: str) -> None:
    with pytest.raises(TypeError, match=f"{next(iter(given))} is for the standalone dashboard: here {instead} decides"):
        OmniqDashboard(Flask("host"), redis=UNREACHABLE, background=False, **given)


@pytest.mark.parametrize(
    ("root", "served"),
    [
        ("/a?b", False),
        ("/a#b", False),
        ("/100%", False),
        ("//evil.example", False),
        ("/\\evil", False),
        ("evil", False),
        ("/a%20b", True),
        ("/a b;c,d", True),
    ],
)
def test_a_path_above_the_mount_that_no_link_could_name(root: str, served: bool) -> None:
    """Such a proxy, or a DispatcherMiddleware, would make every link and form lead elsewhere."""
    app = create_app(redis=UNREACHABLE, background=False, insecure=True)
    for path in ("/shortcuts", "/activity", "/nowhere"):
        answer = app.test_client().get(path, environ_overrides={"SCRIPT_NAME": root})
        if served:
            assert answer.status_code != 400 and f"{root}/activity" in answer.text
        else:
            assert answer.status_code == 400 and "no link of it works" in answer.text


def test_one_extension_on_several_applications() -> None:
    extension = OmniqDashboard(redis=UNREACHABLE, background=False, access=allow_all, secret="not secret")
    apps = [Flask(name) for name in ("one", "two")]
    one, two = (extension.init_app(app) for app in apps)
    assert one is not two and one.client is not two.client
    assert [app.test_client().get("/omniq/shortcuts").status_code for app in apps] == [200, 200]
