"""The ways in that docs/metrics.md names for Prometheus, as it names them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_login import LoginManager

from dashboard import create_app
from omniq_core import OmniqClient
from tests.support.factories import publish_jobs
from tests.support.sources import ROOT
from tests.web.signing_in import WORD, Door, fast_hash

PAGE = (ROOT / "docs/metrics.md").read_text("utf-8")
NOW = 1_750_000_000_000


def test_a_token_reads_the_figures_of_a_host_and_nothing_else(
    client: OmniqClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_jobs(client, "mail", 3, now_ms=NOW)
    client.link.call("SADD", "{omniq:x}:queues", "mail")
    app = Flask("host")
    app.secret_key = "the host's"
    manager = LoginManager(app)
    manager.login_view = "sign_in"  # type: ignore[assignment]
    manager.user_loader(lambda _: None)
    app.add_url_rule("/sign-in", "sign_in", lambda: "who are you")
    monkeypatch.setenv("METRICS_TOKEN", "a-long-one")
    code = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert code is not None
    names: dict[str, Any] = {"app": app, "client": client}
    exec(compile(code[1].replace("(app,", "(app, redis=client, background=False,"), "docs/metrics.md", "exec"), names)
    http = app.test_client()

    def asked(path: str, told: str, method: str = "GET") -> int:
        form = {"Sec-Fetch-Site": "same-origin", "Authorization": told}
        return http.open(
            f"/omniq{path}", method=method, headers=form, data={} if method == "POST" else None
        ).status_code

    right = http.get("/omniq/metrics", headers={"Authorization": "Bearer a-long-one"})
    assert (right.status_code, 'omniq_jobs_waiting{queue="mail"} 3.0' in right.text) == (200, True)
    for told in ("", "Bearer", "Bearer a-long-on", "Bearer a-long-onf", "Basic a-long-one", "Bearer \xe9"):
        assert asked("/metrics", told) == 302, told
    for path in ("/", "/queues/mail/waiting", "/activity"):
        assert asked(path, "Bearer a-long-one") == 302, path
    assert asked("/queues/mail/pause", "Bearer a-long-one", "POST") in (302, 303, 401, 403)
    assert client.is_paused(queue="mail") is False


def test_basic_auth_is_for_one_name_and_leads_to_the_sign_in_page_where_there_are_users(
    client: OmniqClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(redis=client, user="ops", password=WORD, background=False)
    assert app.test_client().get("/metrics", auth=("ops", WORD)).status_code == 200
    assert app.test_client().get("/metrics", auth=("ops", "wrong")).status_code == 401
    monkeypatch.setattr("dashboard.accounts.generate_password_hash", fast_hash)
    answer = Door(tmp_path).browser(client).get("/metrics", auth=("ana", WORD))
    assert (answer.status_code, answer.location.startswith("/sign-in")) == (302, True)
