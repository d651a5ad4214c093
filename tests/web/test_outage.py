"""Redis goes away and comes back: the pages say so in time, and nothing has to be started again."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
import redis as redis_py
from werkzeug.test import TestResponse

from dashboard.outage_words import outage_line
from omniq_core import OmniqClient
from omniq_core.operator.overview import state_of
from tests.support.clock import wait_until
from tests.support.factories import fail_jobs
from tests.support.redis_server import RedisServer, free_port
from tests.web.pages_support import NOW, OURS, QUEUE, SCRIPT, Page, browser, job_url, pages_app, row_button

FAILED = f"/queues/{QUEUE}/failed"
PAGES = (
    "/",
    "/?q=x&sort=name",
    f"/queues/{QUEUE}/",
    FAILED,
    job_url(QUEUE, "job-1"),
    f"{job_url(QUEUE, 'job-1')}/payload",
    f"/queues/{QUEUE}/pause/confirm",
)
PRESSES = (
    f"/queues/{QUEUE}/pause",
    f"/queues/{QUEUE}/resume",
    f"/queues/{QUEUE}/jobs/retry",
    f"/queues/{QUEUE}/jobs/remove",
)
UNKNOWING = ("/", "/metrics", "/children", "/health")
"""Pages about all queues."""
SENT = {"id": "job-1", "lane": "failed", "back": FAILED}


def within(seconds: float, ask: Callable[[], TestResponse]) -> TestResponse:
    """The answer. A machine that is busy otherwise may stall once or twice; an app that is slow is slow each time."""
    took: list[float] = []
    while len(took) < 3:
        begun = time.monotonic()
        response = ask()
        took.append(time.monotonic() - begun)
        if took[-1] < seconds:
            return response
    raise AssertionError(f"took {took} s, each more than {seconds} s")


def told(response: TestResponse, path: str) -> str:
    """What an outage page says; it must be whole, and say what to do."""
    page = Page(path, response)
    assert page.status == 503, page.text[:300]
    assert response.headers["Retry-After"] == "4"
    assert page.words("h1") == "Redis does not answer"
    return page.words()


@pytest.mark.parametrize("secret", ["given", ""])
def test_stopped_and_started_again(throwaway_redis: RedisServer, secret: str) -> None:
    app = pages_app(throwaway_redis.url, secret=secret)
    http = app.test_client()
    client: OmniqClient = app.extensions["omniq_dashboard"]["omniq_dashboard"].client
    fail_jobs(client, QUEUE, 2, now_ms=NOW)
    assert http.get(FAILED).status_code == 200
    label = f"127.0.0.1:{throwaway_redis.port}/0"
    pressed = app.test_client()
    assert pressed.post(f"/queues/{QUEUE}/resume", data=SENT, headers=OURS).status_code == 303
    throwaway_redis.stop()
    said = told(pressed.get(FAILED), FAILED)
    assert "What was pressed before it has its answer: look for its message then, or in Activity." in said
    for path in PAGES:
        response = within(2, partial(http.get, path))
        said = told(response, path)
        assert "pressed" not in said and "Nothing was changed" not in said
        assert f"This page could not be read. It comes back by itself as soon as {label} does." in said
        assert "503, connection" in said
        assert response.headers["Refresh"] == "4"
    for path in PRESSES:
        response = within(2, partial(http.post, path, data=SENT, headers=OURS))
        said = told(response, path)
        assert f"Press the button again as soon as {label} is back." in said or "is not known" in said
        assert "Refresh" not in response.headers  # a page that loads itself would press the button again
    assert http.get("/healthz").status_code == 200
    throwaway_redis.start()
    fail_jobs(client, QUEUE, 2, now_ms=NOW)
    for path in PAGES:
        assert http.get(path, follow_redirects=True).status_code == 200, path
    assert http.post(PRESSES[2], data=SENT, headers=OURS).status_code == 303
    client.close()


def test_an_app_that_starts_before_its_redis(throwaway_redis: RedisServer) -> None:
    throwaway_redis.stop()
    app = pages_app(throwaway_redis.url, secret="")
    http = app.test_client()
    assert http.get("/").status_code == 503
    throwaway_redis.start()
    assert http.get("/").status_code == 200
    app.extensions["omniq_dashboard"]["omniq_dashboard"].client.close()


def test_for_script_an_outage_is_a_toast(throwaway_redis: RedisServer) -> None:
    app = pages_app(throwaway_redis.url)
    client: OmniqClient = app.extensions["omniq_dashboard"]["omniq_dashboard"].client
    fail_jobs(client, QUEUE, 2, now_ms=NOW)
    visitor = browser(client)
    page = visitor.get(FAILED)
    throwaway_redis.stop()
    answer = visitor.press(page, row_button(page, "job-1", "retry"), script=True)
    assert answer.status == 503
    assert answer.toast().startswith("Redis does not answer")
    assert answer.soup.select("[role=alert]")
    assert "Refresh" not in visitor.http.get("/", headers=SCRIPT).headers
    client.close()


@contextmanager
def silent() -> Iterator[str]:
    """The address of a Redis that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"redis://127.0.0.1:{listening.getsockname()[1]}/0"


@pytest.mark.parametrize("secret", ["given", ""])
@pytest.mark.parametrize("path", ["/", FAILED, job_url(QUEUE, "a")])
def test_a_redis_that_hangs(path: str, secret: str) -> None:
    with silent() as url:
        http = pages_app(url, secret=secret).test_client()
        response = within(2.5, lambda: http.get(path))
        assert "503, no answer in time" in told(response, path)


@pytest.mark.parametrize("path", PRESSES)
def test_a_button_on_a_redis_that_hangs(path: str) -> None:
    with silent() as url:
        http = pages_app(url).test_client()
        response = within(2.5, lambda: http.post(path, data=SENT, headers=OURS))
        said = told(response, path)
        assert "Whether this was carried out is not known. Look at the page again before you repeat it." in said


def test_a_question_that_redis_does_not_answer_has_changed_nothing() -> None:
    """The dialog before a button: it only counts, so nothing is in doubt."""
    with silent() as url:
        http = pages_app(url).test_client()
        path = f"/queues/{QUEUE}/jobs/retry/confirm"
        response = within(2.5, lambda: http.post(path, data={"scope": "filter", "back": FAILED}, headers=OURS))
        assert "Nothing was changed. Press the button again as soon as" in told(response, path)


def test_a_redis_that_stops_in_the_middle(throwaway_redis: RedisServer) -> None:
    """Frozen with its connections open, then let go: no restart, and the next page is right."""
    app = pages_app(throwaway_redis.url)
    http = app.test_client()
    client: OmniqClient = app.extensions["omniq_dashboard"]["omniq_dashboard"].client
    fail_jobs(client, QUEUE, 2, now_ms=NOW)
    assert http.get(FAILED).status_code == 200
    os.kill(throwaway_redis.pid, signal.SIGSTOP)
    try:
        response = within(2.5, lambda: http.get(FAILED))
        assert "503, no answer in time" in told(response, FAILED)
    finally:
        os.kill(throwaway_redis.pid, signal.SIGCONT)
    page = Page(FAILED, http.get(FAILED))
    assert (page.status, page.job_ids()) == (200, ["job-2", "job-1"])
    client.close()


@pytest.mark.parametrize(
    ("command", "title", "words"),
    [
        (("CONFIG", "SET", "requirepass", "secret"), "Redis does not let us in", "a password is required"),
        (
            ("ACL", "SETUSER", "default", "-@scripting", "-eval", "-evalsha"),
            "Redis refused this",
            "not permitted by its access list",
        ),
    ],
)
def test_a_redis_that_refuses(throwaway_redis: RedisServer, command: tuple[Any, ...], title: str, words: str) -> None:
    app = pages_app(throwaway_redis.url)
    client: OmniqClient = app.extensions["omniq_dashboard"]["omniq_dashboard"].client
    fail_jobs(client, QUEUE, 2, now_ms=NOW)
    client.close()
    with throwaway_redis.client() as redis:
        redis.execute_command(*command)
    page = Page(FAILED, app.test_client().get(FAILED))
    assert (page.status, page.words("h1")) == (503, title)
    assert f"503, {words}" in page.words()
    client.close()


@contextmanager
def busy(server: RedisServer) -> Iterator[None]:
    """Redis while a script of somebody runs without an end."""
    with server.client() as redis, server.client(socket_timeout=None) as other:
        redis.config_set("busy-reply-threshold", 50)

        def run() -> None:
            with pytest.raises(redis_py.ResponseError, match="SCRIPT KILL"):
                other.eval("while true do end", 0)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            wait_until(lambda: refused(redis, "BUSY"), timeout=10)
            yield
        finally:
            redis.script_kill()
            thread.join(10)


@contextmanager
def alone(server: RedisServer) -> Iterator[None]:
    """A replica whose master is away, and which then answers nothing."""
    with server.client() as redis:
        redis.config_set("replica-serve-stale-data", "no")
        redis.replicaof("127.0.0.1", free_port())
        wait_until(lambda: refused(redis, "Link with MASTER is down"), timeout=10)
        yield
        redis.replicaof("NO", "ONE")


def refused(redis: redis_py.Redis, why: str) -> bool:
    """Whether Redis says so to a read."""
    try:
        redis.get("a")
    except redis_py.RedisError as error:
        return why in str(error)
    return False


@pytest.mark.parametrize(
    ("state", "words"), [(busy, "busy with a script"), (alone, "a replica that has lost its master")]
)
def test_a_process_that_knows_nothing_yet_does_not_say_that_nothing_is_there(
    throwaway_redis: RedisServer, state: Callable[[RedisServer], Any], words: str
) -> None:
    """Every read is refused, and none of it is an absence. `writes`: where nothing may be written, others are made."""
    long_since = pages_app(throwaway_redis.url)
    visitor = long_since.test_client()
    assert visitor.get("/health").status_code == 200
    with state(throwaway_redis):
        answer = visitor.get("/health")
        assert (answer.status_code, words in answer.text) == (503, True), answer.text[-600:]
        for writes in (True, False):
            app = pages_app(throwaway_redis.url)
            client: OmniqClient = app.extensions["omniq_dashboard"]["omniq_dashboard"].client
            state_of(client.link).writable = writes
            for path in UNKNOWING:
                answer = app.test_client().get(path)
                assert answer.status_code == 503, (path, writes, answer.text[-600:])
                assert words in answer.text, (path, writes)
            client.close()
    assert [visitor.get(path).status_code for path in UNKNOWING] == [200] * len(UNKNOWING)
    long_since.extensions["omniq_dashboard"]["omniq_dashboard"].client.close()


def test_a_key_of_another_kind_is_said_and_not_shown_as_empty(client: OmniqClient, redis: Any) -> None:
    """`wait` is a string here: figures go on, a button that would need it says what is wrong."""
    fail_jobs(client, QUEUE, 2, now_ms=NOW)
    redis.set("{mail}:wait", "not a list")
    visitor = browser(client)
    visitor.get("/")
    page = visitor.get(FAILED)
    before = redis.hgetall("{mail}:job:job-1")
    answer = visitor.press(page, row_button(page, "job-1", "retry"))
    assert (answer.status, answer.words("h1")) == (409, "The queue is damaged")
    assert "{mail}:wait is a string, not a list" in answer.words()
    assert redis.hgetall("{mail}:job:job-1") == before


def test_a_line_of_a_log_says_nothing_twice() -> None:
    assert outage_line("its keys are moving to another node") == "Keys are moving to another node"
    assert outage_line("its cluster is down") == "The cluster is down"
    slots = "its cluster has slots that no node serves"
    assert outage_line(slots) == f"The cluster is down ({slots})"
