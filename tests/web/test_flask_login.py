"""Roles of a host's users: Redis is down here, so what a role may do answers 503, and what it may not 403."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from flask import Flask, redirect, request
from flask.testing import FlaskClient
from flask_login import LoginManager, UserMixin, login_user

from dashboard import OPERATOR, VIEWER, LoginRequired, OmniqDashboard, flask_login_user, from_flask_login
from dashboard.access import Access

DOWN = "redis://127.0.0.1:1/0"
FORM = {"Sec-Fetch-Site": "same-origin"}
ROLES = {
    "viewer": VIEWER,
    "oncall": {"one-shot": OPERATOR - {"retry"}, "mail-*": OPERATOR, "*": {"read"}},
    "mail": {"mail-*": {"read", "retry"}},
}


class Person(UserMixin):
    def __init__(self, role: Any, name: str = "") -> None:
        self.id, self.role, self.name = "7", role, name


def host(access: Access, view: str | None = "sign_in") -> tuple[Flask, dict[str, Person]]:
    app, people = Flask("host"), {}
    app.config.update(SECRET_KEY="the host's", TESTING=True)
    manager = LoginManager(app)
    manager.login_view = view  # type: ignore[assignment]
    manager.user_loader(lambda user_id: people.get(user_id))
    app.add_url_rule("/sign-in", "sign_in", lambda: "who are you")

    @app.route("/enter")
    def enter() -> Any:
        login_user(people["7"])
        return redirect("/")

    OmniqDashboard(app, redis=DOWN, access=access, user=flask_login_user, background=False)
    return app, people


def signed_in(role: Any, access: Access | None = None) -> FlaskClient:
    app, people = host(access or from_flask_login(ROLES))
    people["7"] = Person(role)
    client = app.test_client()
    client.get("/enter")
    return client


def retry(client: FlaskClient, queue: str) -> int:
    return client.post(f"/omniq/queues/{queue}/jobs/retry", data={"id": "1"}, headers=FORM).status_code


@pytest.mark.parametrize(
    ("role", "queue", "reads", "retries"),
    [
        ("viewer", "mail-1", 503, 403),
        ("oncall", "mail-1", 503, 503),
        ("oncall", "one-shot", 503, 403),  # its own line counts, though "*" would fit it, too
        ("oncall", "other", 503, 403),
        ("mail", "mail-1", 503, 503),
        ("mail", "other", 403, 403),
        (["viewer", "mail"], "mail-1", 503, 503),  # roles add up
        (["viewer", "mail"], "other", 503, 403),
        ("unheard", "mail-1", 403, 403),
        (None, "mail-1", 403, 403),
        ((), "mail-1", 403, 403),
    ],
)
def test_a_role_may_do_what_the_table_says(role: Any, queue: str, reads: int, retries: int) -> None:
    client = signed_in(role)
    assert client.get(f"/omniq/queues/{queue}/failed").status_code == reads
    assert retry(client, queue) == retries


def test_pages_over_many_queues_are_open_to_who_may_read_one_of_them() -> None:
    assert signed_in("mail").get("/omniq/").status_code == 503
    assert signed_in("mail").get("/omniq/activity").status_code == 403
    assert signed_in("unheard").get("/omniq/").status_code == 403


def test_the_roles_are_where_the_host_says() -> None:
    access = from_flask_login(ROLES, role_of=lambda user: user.role["team"])
    assert retry(signed_in({"team": "mail"}, access), "mail-1") == 503
    assert retry(signed_in({"team": "viewer"}, access), "mail-1") == 403


def test_strangers_are_sent_to_sign_in_and_come_back_to_a_page_only() -> None:
    app, _ = host(from_flask_login(ROLES))
    client = app.test_client()
    page = client.get("/omniq/queues/mail-1/failed?size=25")
    assert (page.status_code, page.location) == (
        302,
        "/sign-in?next=%2Fomniq%2Fqueues%2Fmail-1%2Ffailed%3Fsize%3D25",
    )
    form = client.post("/omniq/queues/mail-1/jobs/retry", data={"id": "1"}, headers=FORM)
    assert (form.status_code, form.location) == (302, "/sign-in")
    tick = client.get("/omniq/?live=1", headers={"HX-Request": "true", "HX-Request-Type": "partial"})
    assert (tick.status_code, tick.headers["HX-Redirect"]) == (401, "/sign-in")
    assert client.get("/omniq/healthz").status_code != 302


@pytest.mark.parametrize(
    ("page", "back"),
    [
        (
            "http://localhost/omniq/queues/mail-1/failed?size=25",
            "/sign-in?next=%2Fomniq%2Fqueues%2Fmail-1%2Ffailed%3Fsize%3D25",
        ),
        ("http://localhost/omniq/", "/sign-in?next=%2Fomniq%2F"),
        ("http://localhost/elsewhere", "/sign-in"),
        ("http://localhost/omniq/../elsewhere", "/sign-in"),
        ("https://evil.example/omniq//evil.example", "/sign-in"),
        ("http://[x", "/sign-in"),
    ],
)
def test_whose_session_ends_on_a_live_page_comes_back_to_that_page(page: str, back: str) -> None:
    client = host(from_flask_login(ROLES))[0].test_client()
    script = {"HX-Request": "true", "HX-Current-URL": page}
    tick = client.get("/omniq/queues/mail-1/failed?size=25&live=1", headers=script)
    assert (tick.status_code, tick.headers["HX-Redirect"]) == (401, back)
    press = client.post("/omniq/queues/mail-1/jobs/retry", data={"id": "1"}, headers={**script, **FORM})
    assert (press.status_code, press.headers["HX-Redirect"]) == (401, back)


def test_the_unauthorized_handler_of_the_host_answers_pages_and_script_asks_for_the_page() -> None:
    app, _ = host(from_flask_login(ROLES), view=None)
    asked: list[str] = []

    @app.login_manager.unauthorized_handler  # type: ignore[attr-defined]
    def sso() -> Any:
        asked.append(request.url)
        return redirect("https://sso.example/")

    client = app.test_client()
    page = client.get("/omniq/queues/mail-1/failed?size=25")
    assert (page.status_code, page.location) == (302, "https://sso.example/")
    assert asked == ["http://localhost/omniq/queues/mail-1/failed?size=25"]
    script = {"HX-Request": "true", "HX-Current-URL": "http://localhost/omniq/queues/mail-1/failed"}
    tick = client.get("/omniq/queues/mail-1/failed?live=1", headers=script)
    assert (tick.status_code, tick.headers["HX-Redirect"]) == (401, "http://localhost/omniq/queues/mail-1/failed")
    assert client.get("/omniq/?live=1", headers={"HX-Request": "true"}).headers["HX-Redirect"] == "/omniq/"
    assert len(asked) == 1
    form = client.post("/omniq/queues/mail-1/jobs/retry", data={"id": "1"}, headers=FORM)
    assert (form.status_code, form.location) == (302, "https://sso.example/")


async def late() -> str:
    """A handler of a host that runs asynchronously elsewhere."""
    return "who are you"


@pytest.mark.parametrize("said", [lambda: None, lambda: "", lambda: True, late], ids=["None", "empty", "True", "async"])
def test_a_handler_that_answers_nothing_lets_nobody_in(said: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Flask takes None for "go on", and that is what a handler gives whose `return` was forgotten."""
    app, _ = host(from_flask_login(ROLES), view=None)
    app.login_manager.unauthorized_handler(said)  # type: ignore[attr-defined]
    client = app.test_client()
    asked = (client.get("/omniq/queues/mail-1/failed"), client.post("/omniq/queues/mail-1/pause", headers=FORM))
    assert [one.status_code for one in asked] == [403, 403], "to go on would be a 503 here"
    assert "this application gave no page that asks you to sign in" in asked[0].text
    assert "Overview" not in asked[0].text, "and a stranger reads nothing of this dashboard"
    told = [one.getMessage() for one in caplog.records if one.name == "dashboard.blueprint"]
    assert len(told) == 1, "once, however many strangers come by"
    assert "unauthorized_handler" in told[0] and "return" in told[0]


@pytest.mark.parametrize("url", ["", None])
def test_a_sign_in_page_without_an_address_is_a_refusal(url: Any) -> None:
    app = Flask("host")
    OmniqDashboard(app, DOWN, access=lambda *_: LoginRequired(url), background=False)
    assert app.test_client().get("/omniq/").status_code == 403


def test_who_is_authenticated_may_be_a_method() -> None:
    """As it was before Flask-Login 0.3; as a value it is true of everybody."""

    class Old(Person):
        def is_authenticated(self) -> bool:  # type: ignore[override]
            return self.name == "in"

    app, people = host(from_flask_login(ROLES))
    client = app.test_client()
    for name, status in (("", 302), ("in", 503)):
        people["7"] = Old("viewer", name)
        client.get("/enter")
        assert client.get("/omniq/").status_code == status


def test_without_a_page_to_sign_in_strangers_are_refused() -> None:
    app, _ = host(from_flask_login(ROLES), view=None)
    assert app.test_client().get("/omniq/").status_code == 403


@pytest.mark.parametrize(("name", "shown"), [("Zoe", "Zoe"), ("", "7")])
def test_who_acts_has_the_name_of_the_user(name: str, shown: str) -> None:
    app, people = host(from_flask_login(ROLES))
    people["7"] = Person("viewer", name)
    with app.test_request_context(environ_base={"REMOTE_ADDR": "10.0.0.7"}) as context:
        login_user(people["7"])
        assert (flask_login_user(context.request).name, flask_login_user(context.request).address) == (
            shown,
            "10.0.0.7",
        )
    with app.test_request_context() as context:
        assert flask_login_user(context.request).name == ""


def test_a_table_that_cannot_be_meant_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match=r"run-now is no action\. Did you mean run_now"):
        from_flask_login({"oncall": {"read", "run-now"}})
    with pytest.raises(TypeError, match="role viewer: a set of actions"):
        from_flask_login({"viewer": "read"})
    bad: Any
    for bad in (None, 5, [("viewer", VIEWER)], "viewer"):
        with pytest.raises(TypeError, match=r"from_flask_login wants a table .* not "):
            from_flask_login(bad)
    for bad in (5, None, {"*": 5}, {"*": None}, {"*": "read"}, [5], {"*": {5}}, {7: VIEWER}):
        with pytest.raises(TypeError, match=r"role viewer: .*not (5|None|'read'|7)"):
            from_flask_login({"viewer": bad})
    with pytest.raises(TypeError, match="role_of= wants a function"):
        from_flask_login(ROLES, role_of="team")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    monkeypatch.setitem(sys.modules, "flask_login", None)
    with pytest.raises(RuntimeError, match="pip install flask-login"):
        from_flask_login({"viewer": VIEWER})
