"""Whatever a request says, the answer is never a fault of ours: no 5xx, no exception, and our headers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, got_request_exception
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from werkzeug.test import run_wsgi_app

from omniq_core import OmniqClient
from tests.security.requests_made_up import Made, field_names, requests
from tests.web.pages_support import QUEUE, pages_app
from tests.web.test_read_only_everywhere import TASKS, all_there_is  # noqa: F401 - a fixture

KNOWN = {
    "queue": (QUEUE, "paused", "nothing", "..", "a b"),
    "job_id": ("w", "job-1", "done", "..", "user/234"),
    "task_id": TASKS,
    "lane": ("waiting", "active", "delayed", "failed", "completed"),
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


def never_fails(app: Flask, times: int, *, always_the_same: bool) -> None:
    """So many requests; a failing one is made small by what Hypothesis does."""

    @settings(
        max_examples=times,
        deadline=None,
        database=None,
        derandomize=always_the_same,
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much),
        phases=(Phase.generate, Phase.shrink),
    )
    @given(st.shared(requests(app, KNOWN), key="request"))
    def one(made: Made) -> None:
        status = ask(app, made)
        assert status < 500, made

    one()


def test_every_field_is_known_by_name() -> None:
    """What is not found here is not tried below."""
    assert {"id", "q", "since", "size", "cursor", "payload", "gid", "limit", "until", "back", "scope"} <= set(
        field_names()
    )


def test_no_request_is_answered_by_a_fault_of_ours(app: Flask) -> None:
    never_fails(app, 600, always_the_same=True)


@pytest.mark.long
def test_nor_is_one_of_ten_thousand(app: Flask) -> None:
    never_fails(app, 10_000, always_the_same=False)
