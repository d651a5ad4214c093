"""Whatever a request says, the answer is never a fault of ours: no 5xx, no exception, and our headers."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterator
from random import Random, SystemRandom
from typing import Any

import pytest
from flask import Flask, got_request_exception
from werkzeug.test import run_wsgi_app

from omniq_core import OmniqClient
from tests.security.requests_made_up import Made, Maker, field_names
from tests.web.pages_support import QUEUE, pages_app
from tests.web.test_read_only_everywhere import TASKS, all_there_is  # noqa: F401 - a fixture

KNOWN = {
    "queue": (QUEUE, "paused", "nothing", "..", "a b"),
    "job_id": ("w", "job-1", "done", "..", "user/234"),
    "task_id": TASKS,
    "lane": ("waiting", "failed", "active", "delayed", "completed"),
    "kind": ("no-message", "inflight", "orphans"),
    "key": ("order",),
    "gid": ("busy", "stuck"),
    "batch": TASKS,
    "action": ("retry", "remove", "repair"),
}


@pytest.fixture
def app(client: OmniqClient, all_there_is: None) -> Iterator[Flask]:  # noqa: F811
    """The real pages on a queue of everything. What a page raises is raised here."""
    app = pages_app(client, secret="")

    def raised(_sender: Any, exception: BaseException, **_more: Any) -> None:
        raise AssertionError(f"a page raised {exception!r}") from exception

    with got_request_exception.connected_to(raised, app):
        yield app


def ask(app: Flask, made: Made) -> int:
    """Status of the answer, read to its end."""
    chunks, status, headers = run_wsgi_app(app, made.environ())
    try:
        for _ in chunks:
            pass
    finally:
        if hasattr(chunks, "close"):
            chunks.close()  # pyright: ignore[reportAttributeAccessIssue]
    assert headers["Content-Security-Policy"].startswith("default-src 'none'"), made
    return int(status.partition(" ")[0])


def never_fails(app: Flask, times: int, seed: int) -> None:
    """So many requests. More than half of those that look or press a button are let in and name what is there, and most
    views see one: a generator whose requests are turned away at the door would try nothing.
    """
    entered: list[str] = []
    for endpoint, view in app.view_functions.items():
        app.view_functions[endpoint] = _noting(entered, endpoint, view)
    maker = Maker(app, KNOWN)
    random, asked, reached, views = Random(seed), Counter[str](), Counter[str](), set[str]()
    for n in range(times):
        made = maker.make(random)
        entered.clear()
        status = ask(app, made)
        assert status < 500, f"request {n} of seed {seed}: {made}"
        asked[made.method] += 1
        if entered and not entered[0].endswith(".missing") and status not in (403, 404, 405):
            reached[made.method] += 1
            views.add(entered[0])
    for method in ("GET", "HEAD", "POST"):
        assert asked[method] >= times / 20 and reached[method] > asked[method] / 2, (method, asked, reached)
    assert len(views) >= 0.8 * len(app.view_functions), app.view_functions.keys() - views


def _noting(entered: list[str], endpoint: str, view: Any) -> Any:
    @functools.wraps(view)
    def noted(**given: Any) -> Any:
        entered.append(endpoint)
        return view(**given)

    return noted


def test_every_field_is_known_by_name() -> None:
    """What is not found here is not tried below."""
    assert {"id", "q", "since", "size", "cursor", "payload", "gid", "limit", "until", "back", "scope"} <= set(
        field_names()
    )


def test_no_request_is_answered_by_a_fault_of_ours(app: Flask) -> None:
    never_fails(app, 600, 1)


@pytest.mark.long
@pytest.mark.parametrize("nth", range(10))  # each with everything there again: the requests remove it
def test_nor_is_one_of_ten_thousand(app: Flask, nth: int) -> None:
    never_fails(app, 1_000, SystemRandom().randrange(2**32))
