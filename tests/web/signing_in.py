"""Users of the standalone dashboard, for tests: a file of them, and browsers that sign in. Scrypt is asked, not run."""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dashboard import accounts, create_app, signin
from dashboard.accounts import UsersFile

NOW = 1_750_000_000_000
OURS = {"Sec-Fetch-Site": "same-origin"}
WORD = "right horse battery"
DEAD = "redis://127.0.0.1:1/0"


class Door:
    """A users file with `ana` (operator) and `vic` (viewer), and a dashboard with a clock of its own."""

    def __init__(self, folder: Path) -> None:
        self.now_ms = NOW
        self.path = folder / "users.json"
        self.file = UsersFile(self.path)
        self.file.add("ana", WORD, "operator")
        self.file.add("vic", WORD, "viewer")

    @property
    def cookie(self) -> str:
        """The name of the session's cookie over plain HTTP: that of this file."""
        secret = bytes.fromhex(self.file.read().secret)
        return "omniq_session_" + hmac.digest(secret, b"omniq-dashboard/cookie", "sha256").hex()[:8]

    def app(self, redis: Any = DEAD, **settings: Any) -> Flask:
        given: dict[str, Any] = {"users_file": str(self.path), "background": False, "clock": lambda: self.now_ms}
        return create_app(redis=redis, **{**given, **settings})

    def browser(self, redis: Any = DEAD, **settings: Any) -> FlaskClient:
        return self.app(redis, **settings).test_client()


def open_door(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Door:
    """A door whose passwords cost a test little."""
    monkeypatch.setattr("dashboard.accounts.generate_password_hash", fast_hash)
    monkeypatch.setattr(signin, "NOBODY", fast_hash("nobody's"))
    return Door(folder)


def sign_in(http: FlaskClient, name: str = "ana", word: str = WORD, **given: Any) -> TestResponse:
    """Sends the form, from 10.0.0.7 unless told otherwise."""
    peer = given.pop("peer", "10.0.0.7")
    form = {"user": name, "password": word, **given.pop("form", {})}
    return http.post("/sign-in", data=form, headers=OURS, environ_base={"REMOTE_ADDR": peer}, **given)


def fast_hash(password: str, method: str = "scrypt") -> str:
    """As werkzeug's own, with a cost that tests can bear."""
    assert method == "scrypt"
    return _hash(password, method="scrypt:256:8:1")


_hash = accounts.generate_password_hash
