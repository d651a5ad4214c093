"""Four processes and no sticky sessions: what one of them signed holds at any other, also after all began anew."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from html import unescape
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from omniq_core import OmniqClient
from tests.support.clock import wait_until
from tests.support.factories import fail_jobs
from tests.support.programs import clean_environment
from tests.support.redis_server import RedisServer, free_port

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def ask(port: int, method: str, path: str, form: Any = None, cookie: str = "") -> tuple[int, str, str]:
    """Status, text and cookie of an answer, on a connection of its own: the next one may reach another process."""
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, path, urlencode(form or []), {**FORM, "Cookie": cookie})
    answer = connection.getresponse()
    found = answer.status, answer.read().decode(), (answer.headers["Set-Cookie"] or "").partition(";")[0]
    connection.close()
    return found


def hidden(text: str) -> list[tuple[str, str]]:
    """The hidden fields of the dialog's form."""
    form = text.partition("<dialog")[2].partition("</form>")[0]
    return [(name, unescape(value)) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)]


def start(
    port: int, redis: str, folder: Path, *, app: str = "dashboard:create_app()", **more: str
) -> subprocess.Popen[bytes]:
    """gunicorn with `app`, which may stand in `folder`; it answers when this returns."""
    usual = {"OMNIQ_REDIS_URL": redis, "OMNIQ_INSECURE": "1", "OMNIQ_BACKGROUND": "0"}
    environment = clean_environment(folder, **{**usual, **more})
    command = [sys.executable, "-m", "gunicorn", "--workers", "4", "--preload", "--bind", f"127.0.0.1:{port}"]
    with (folder / "gunicorn.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, "--no-control-socket", "--chdir", str(folder), app], env=environment, stdout=log, stderr=log
        )

    def answers() -> bool:
        assert process.poll() is None, (folder / "gunicorn.log").read_text()
        try:
            return ask(port, "GET", "/healthz")[0] == 200
        except OSError:
            return False

    wait_until(answers, 30.0)
    return process


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)  # at once: nothing is under way
    process.wait(20)


def test_of_a_hundred_posts_over_four_processes_with_a_restart_a_hundred_succeed(
    client: OmniqClient, redis: Any, redis_server: RedisServer, tmp_path: Path
) -> None:
    """The secret is the one in Redis; no header says where the form comes from, so its token and cookie must hold."""
    ids = fail_jobs(client, "mail", 200, now_ms=1)
    port = free_port()
    server = start(port, redis_server.url, tmp_path)
    try:
        _, page, cookie = ask(port, "GET", "/queues/mail/failed")
        assert cookie.startswith("omniq_csrf=")
        csrf = re.findall(r'name="omniq_csrf" value="(\w+)"', page)[0]
        forms = []
        for two in zip(ids[::2], ids[1::2], strict=True):
            asked = [("omniq_csrf", csrf), *(("id", job_id) for job_id in two)]
            status, dialog, _ = ask(port, "POST", "/queues/mail/jobs/retry/confirm", asked, cookie)
            assert status == 200, dialog
            forms.append(hidden(dialog))
        stop(server)
        server = start(port, redis_server.url, tmp_path)
        answers = [ask(port, "POST", "/queues/mail/jobs/retry", form, cookie)[0] for form in forms]
    finally:
        stop(server)
    assert answers == [303] * 100
    assert (redis.llen("{mail}:wait"), redis.llen("{mail}:failed")) == (200, 0)
