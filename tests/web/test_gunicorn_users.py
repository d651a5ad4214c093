"""Users of a file under gunicorn: who signs in at one of four processes is in at all, also after a restart."""

from __future__ import annotations

import re
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from dashboard.accounts import UsersFile
from omniq_core import OmniqClient
from tests.support.clock import wait_until
from tests.support.factories import fail_jobs
from tests.support.redis_server import RedisServer, free_port
from tests.web.crawling import Wire, crawl, something_of_all
from tests.web.signing_in import WORD, fast_hash
from tests.web.test_gunicorn import start, stop

APP = """
import os

from dashboard import create_app

ours = create_app()


def app(environ, start_response):
    def start(status, headers, *more):
        return start_response(status, [*headers, ("X-Process", str(os.getpid()))], *more)

    return ours(environ, start)
"""


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> None:
        """A redirect is an answer."""


class Visitor:
    """A browser with cookies, each request on a connection of its own; `seen`: the processes that answered."""

    def __init__(self, port: int) -> None:
        self._root, self.seen = f"http://127.0.0.1:{port}", set[str]()
        self._jar = CookieJar()
        opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(self._jar), _Stay, urllib.request.ProxyHandler({})
        )
        self._open: Callable[..., Any] = opener.open

    def ask(self, path: str, form: list[tuple[str, str]] | None = None) -> tuple[int, str]:
        body = None if form is None else urlencode(form).encode()
        try:
            with self._open(self._root + path, body, timeout=30) as answer:
                self.seen.add(answer.headers["X-Process"])
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                self.seen.add(error.headers["X-Process"])
                return error.code, error.headers.get("Location") or error.read().decode()

    @property
    def cookies(self) -> str:
        """What it sends, as a header."""
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._jar)

    def token(self, path: str) -> tuple[str, str]:
        return "omniq_csrf", re.findall(r'name="omniq_csrf" value="(\w+)"', self.ask(path)[1])[0]

    def sign_in(self) -> None:
        form = [self.token("/sign-in"), ("user", "ana"), ("password", WORD)]
        assert self.ask("/sign-in", form)[0] == 303

    def statuses_of_all(self, processes: int = 4) -> set[int]:
        """What `/shortcuts` answers, asked until each process has."""
        self.seen.clear()
        found = set[int]()

        def asked() -> bool:
            with ThreadPoolExecutor(8) as pool:
                found.update(status for status, _ in pool.map(self.ask, ["/shortcuts"] * 16))
            return len(self.seen) == processes

        wait_until(asked, what="an answer of each process")
        return found


@pytest.mark.long
def test_a_session_holds_at_all_processes_and_ends_at_all(
    client: OmniqClient, redis: Any, redis_server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.accounts.generate_password_hash", fast_hash)
    something_of_all(client, time.time_ns() // 1_000_000)
    ids = fail_jobs(client, "orders", 40, now_ms=1)
    users = UsersFile(tmp_path / "users.json")
    users.add("ana", WORD, "operator")
    (tmp_path / "served.py").write_text(APP)
    port = free_port()
    server = start(
        port, redis_server.url, tmp_path, app="served:app", OMNIQ_USERS_FILE=str(users.path), OMNIQ_INSECURE=""
    )
    try:
        ana, elsewhere = Visitor(port), Visitor(port)
        assert ana.statuses_of_all() == {302}
        ana.sign_in()
        elsewhere.sign_in()
        assert ana.statuses_of_all() == elsewhere.statuses_of_all() == {200}
        before = set(ana.seen)
        assert len(crawl(Wire(port, ana.cookies), "/", least=60)) > 20  # what posts: an operator's buttons are there
        token = ana.token("/queues/orders/failed")
        answers: list[int] = []
        for n, job_id in enumerate(ids):
            if n == 10:
                server.send_signal(signal.SIGHUP)  # new processes, one after the other; nobody is cut off
            answers.append(ana.ask("/queues/orders/jobs/retry", [token, ("id", job_id)])[0])
        assert answers == [303] * 40 and redis.llen("{orders}:wait") == 40

        def renewed() -> bool:
            return ana.statuses_of_all() == {200} and not ana.seen & before

        wait_until(renewed, 20, "processes that are all new")
        assert ana.ask("/sign-out-everywhere", [ana.token("/shortcuts")])[0] == 303
        assert ana.statuses_of_all() == elsewhere.statuses_of_all() == {302}
        assert elsewhere.ask("/queues/orders/jobs/retry", [token, ("id", ids[0])])[0] == 302
        ana.sign_in()
        assert ana.statuses_of_all() == {200}
    finally:
        stop(server)
