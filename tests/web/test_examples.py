"""The host applications of examples/: each works, and docs/embedding.md shows them as they are."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from runpy import run_path
from typing import Any

import pytest
from flask import Flask
from waitress.server import create_server
from werkzeug.test import Client

from omniq_core import OmniqClient
from tests.support.clock import wait_until
from tests.support.programs import ROOT, clean_environment
from tests.support.redis_server import RedisServer, free_port
from tests.web.crawling import Wire, crawl, something_of_all

EXAMPLES = ROOT / "examples"
DOC = ROOT / "docs" / "embedding.md"


@pytest.fixture(autouse=True)
def _on_the_tests_redis(client: OmniqClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever address an example names."""
    monkeypatch.setenv("OMNIQ_BACKGROUND", "0")
    monkeypatch.setattr("dashboard.extension._client", lambda _redis, _settings: client)
    monkeypatch.syspath_prepend(str(EXAMPLES))
    something_of_all(client, time.time_ns() // 1_000_000)


def example(name: str) -> Any:
    """The module, run anew: another test's Redis is not in it."""
    sys.modules.pop("plain_app", None)
    spec = spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    assert spec and spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("name", "root"),
    [("plain_app", "/omniq/"), ("app_factory", "/ops/queues/"), ("dispatcher", "/omniq/"), ("csrf_protect", "/omniq/")],
)
def test_every_address_of_it_is_good(name: str, root: str) -> None:
    module = example(name)
    app = module.create_app() if name == "app_factory" else module.app
    crawl(Client(app), root, least=30)


def test_two_dashboards_lead_to_each_other() -> None:
    http = Client(example("two_dashboards").app)
    for root, other in (("/omniq/live/", "/omniq/staging/"), ("/omniq/staging/", "/omniq/live/")):
        assert f'href="{other}"' in http.get(root).text
    crawl(http, "/omniq/", begin="/omniq/live/", least=60)


def test_behind_a_proxy_its_prefix_is_in_every_address() -> None:
    app = example("behind_a_proxy").app

    def proxy(environ: dict[str, Any], start_response: Any) -> Any:
        assert environ["PATH_INFO"].startswith("/team/")
        path = environ["PATH_INFO"].removeprefix("/team")
        return app({**environ, "PATH_INFO": path, "HTTP_X_FORWARDED_PREFIX": "/team"}, start_response)

    crawl(Client(proxy), "/team/omniq/", least=30)


@pytest.mark.parametrize(("person", "acts"), [("ann", True), ("bob", False)])
def test_roles_of_flask_login(person: str, acts: bool) -> None:
    app: Flask = example("flask_login_roles").app
    http = app.test_client()
    assert http.get("/omniq/").headers["Location"].startswith("/sign-in")
    with http.session_transaction() as session:
        session["_user_id"] = person
    page = http.get("/omniq/queues/mail/failed").text
    assert ("Retry" in page) == acts


def test_under_waitress() -> None:
    server: Any = create_server(example("with_waitress").app, host="127.0.0.1", port=0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        crawl(Wire(server.effective_port), "/omniq/", least=30)
        # Its loop notices a closed connection a moment later, and one that it never noticed would be left open.
        wait_until(lambda: not server.active_channels, what="the end of all connections")
    finally:
        server.close()
        server.task_dispatcher.shutdown()


@pytest.fixture
def gunicorn(redis_server: RedisServer, tmp_path: Path) -> Iterator[int]:
    """Its port; four processes of one that was loaded before the fork."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "-c", "examples/gunicorn.conf.py", "--bind", f"127.0.0.1:{port}"]
    environment = clean_environment(tmp_path, OMNIQ_REDIS_URL=redis_server.url, OMNIQ_BACKGROUND="0")
    with (tmp_path / "gunicorn.log").open("wb") as log:
        process = subprocess.Popen([*command, "--no-control-socket"], cwd=ROOT, env=environment, stdout=log, stderr=log)

    def answers() -> bool:
        assert process.poll() is None, (tmp_path / "gunicorn.log").read_text()
        try:
            return Wire(port).get("/omniq/healthz").status_code == 200
        except OSError:
            return False

    try:
        wait_until(answers, 30.0)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def test_the_configuration_of_gunicorn_finds_the_application_from_anywhere() -> None:
    given = run_path(str(EXAMPLES / "gunicorn.conf.py"))
    assert Path(given["chdir"], given["wsgi_app"].replace(":app", ".py")) == EXAMPLES / "plain_app.py"


@pytest.mark.long  # four processes take their time; test_gunicorn has some in each run
def test_under_gunicorn_with_preload(gunicorn: int) -> None:
    crawl(Wire(gunicorn), "/omniq/", least=30)


def test_the_page_about_embedding_shows_them_as_they_are() -> None:
    """Each example without its docstring, in a block of its own below its name."""
    blocks = dict(re.findall(r"`examples/([\w.]+)`[^\n]*\n+```python\n(.*?)```", DOC.read_text("utf-8"), re.DOTALL))
    shown = {path.name: re.sub(r'\A""".*?"""\n+', "", path.read_text("utf-8"), flags=re.DOTALL) for path in
             sorted(EXAMPLES.glob("*.py"))}  # fmt: skip
    assert blocks == shown
