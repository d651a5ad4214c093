"""In a host application: everything of the host stays the host's."""

from __future__ import annotations

from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from flask import Flask

from dashboard import OmniqDashboard, create_app
from dashboard.state import EXTENSION
from tests.support.clock import Clock
from tests.web.trial import UNREACHABLE, trial_app, trial_mount

HERE = {"REMOTE_ADDR": "127.0.0.1"}


@pytest.fixture
def host(tmp_path: Path) -> Flask:
    templates = tmp_path / "templates"
    (templates / "omniq" / "layouts").mkdir(parents=True)
    for name in ("base.html", "omniq/layouts/page.html", "layouts.html"):
        (templates / name).write_text("the host's")
    app = Flask("host", root_path=str(tmp_path))
    app.config["SECRET_KEY"] = "host secret"
    app.register_error_handler(404, lambda _: ("host 404", 404))
    app.add_url_rule("/", "index", lambda: "host index")
    app.add_url_rule("/bug", "bug", lambda: str(1 / 0))
    return app


def test_the_host_stays_as_it_was(host: Flask) -> None:
    config, filters = dict(host.config), set(host.jinja_env.filters)
    names, handlers = set(host.jinja_env.globals), dict(host.error_handler_spec[None])
    trial_mount(host)
    assert dict(host.config) == config
    assert (set(host.jinja_env.filters), set(host.jinja_env.globals)) == (filters, names)
    assert host.error_handler_spec[None] == handlers
    client = host.test_client()
    assert client.get("/").text == "host index"
    assert client.get("/nowhere").text == "host 404"
    assert "Content-Security-Policy" not in client.get("/").headers
    assert client.get("/bug").status_code == 500


def test_a_template_of_the_host_does_not_replace_ours(host: Flask) -> None:
    trial_mount(host)
    page = host.test_client().get("/omniq/").text
    assert "the host's" not in page and "skip-link" in page


def test_our_404_below_the_mount_and_the_hosts_elsewhere(host: Flask) -> None:
    trial_mount(host)
    assert "No such page" in host.test_client().get("/omniq/nowhere").text


def test_two_mounts(host: Flask) -> None:
    trial_mount(host, url_prefix="/one", env="first")
    trial_mount(host, url_prefix="/two", env="second", read_only=True)
    assert list(host.extensions[EXTENSION]) == ["omniq_dashboard", "omniq_dashboard_2"]
    client = host.test_client()
    one, two = client.get("/one/").text, client.get("/two/").text
    assert "first" in one and "Read only" not in one and 'href="/one/assets/' in one
    assert "second" in two and "Read only" in two and 'href="/two/assets/' in two


def test_init_app_later_and_a_name(host: Flask) -> None:
    extension = OmniqDashboard(redis=UNREACHABLE, url_prefix="ops/", name="ops", background=False)
    state = extension.init_app(host)
    assert (state.name, state.url_prefix) == ("ops", "/ops")
    assert host.extensions[EXTENSION]["ops"] is state


def test_at_the_root_and_under_a_prefix(clock: Clock) -> None:
    assert trial_app().test_client().get("/queues/mail/").status_code == 200
    under = trial_app(prefix="/x", clock=clock).test_client()
    assert under.get("/").headers["Location"] == "/x/"
    page = under.get("/x/").text
    assert 'href="/x/"' in page and f'content="{clock()}"' in page


def test_without_a_trailing_slash() -> None:
    client = trial_app().test_client()
    assert client.get("/queues/mail").headers["Location"].endswith("/queues/mail/")
    host = Flask("host")
    trial_mount(host)
    assert host.test_client().get("/omniq").headers["Location"].endswith("/omniq/")


def test_the_page_head() -> None:
    page = trial_app(env="production").test_client().get("/").text
    assert '<span class="env strong" title="production">production</span>' in page
    assert '<span class="env" title="demo">demo</span>' in trial_app(env="demo").test_client().get("/").text
    assert "127.0.0.1:1/0" in page


def test_no_form_that_changes_something_when_read_only() -> None:
    page = BeautifulSoup(trial_app(read_only=True).test_client().get("/").data, "html.parser")
    # How a reader likes to look at it is theirs, also here.
    assert [form["id"] for form in page.select("form[method=post]")] == ["display"]


def test_the_real_pages_can_be_mounted() -> None:
    app = create_app(redis=UNREACHABLE, background=False)
    assert app.test_client().get("/healthz", environ_base=HERE).text == "ok\n"
