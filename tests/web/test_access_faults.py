"""Rules of a host that are wrong: whatever is no decision refuses, and nobody is named by what is no name."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from flask import Flask, abort

from dashboard import Allow, Deny, OmniqDashboard
from dashboard.access import Actor
from omniq_core import OmniqClient, read_activity
from tests.support.factories import fail_jobs
from tests.web.pages_support import NOW, OURS, QUEUE, Browser, everything


async def later(*_: Any) -> Any:
    """What a host writes who thinks that it is awaited."""
    return Allow()


def failing(*_: Any) -> Any:
    """A rule with a bug."""
    raise KeyError("no such user: secret-of-the-host")


def host(client: OmniqClient, **given: Any) -> Browser:
    app = Flask(__name__)
    OmniqDashboard(app, client, url_prefix="", clock=lambda: NOW, secret="s", background=False, **given)
    return Browser(app)


@pytest.mark.parametrize(
    "rule",
    [
        lambda *_: False,
        lambda *_: True,
        lambda *_: None,
        lambda *_: Allow,
        lambda *_: Deny,
        lambda *_: "allow",
        later,
        failing,
    ],
    ids=["False", "True", "None", "Allow", "Deny", "text", "async", "error"],
)
def test_what_is_no_decision_refuses(
    client: OmniqClient, redis: Any, caplog: pytest.LogCaptureFixture, rule: Any
) -> None:
    fail_jobs(client, QUEUE, 1, now_ms=NOW)
    before = everything(redis)
    visitor = host(client, access=rule)
    pages = ("/", f"/queues/{QUEUE}/failed", f"/queues/{QUEUE}/jobs/job-1", f"/queues/{QUEUE}/jobs/job-1/payload")
    for path in (*pages, "/activity", "/metrics", "/nothing", f"/queues/{QUEUE}/failed/export"):
        answer = visitor.http.get(path)
        assert answer.status_code == 403, path
        assert "says who may do this" in answer.text and "secret-of-the-host" not in answer.text
    for path in (f"/queues/{QUEUE}/jobs/retry", f"/queues/{QUEUE}/pause"):
        assert visitor.http.post(path, data={"id": "job-1"}, headers=OURS).status_code == 403
    assert everything(redis) == before
    assert [one.levelno for one in caplog.records if "access=" in one.message][:1] == [logging.ERROR]


def test_a_host_may_end_it_by_its_own_error(client: OmniqClient) -> None:
    assert host(client, access=lambda *_: abort(418)).http.get("/").status_code == 418


def test_a_rule_that_cannot_be_asked_is_refused_at_once(client: OmniqClient) -> None:
    with pytest.raises(TypeError, match=r"access= wants a function"):
        host(client, access=Allow())


@pytest.mark.parametrize(
    ("user", "name"),
    [
        (lambda _: Actor("zoe", "10.0.0.7"), "zoe"),
        (lambda _: "zoe", "zoe"),
        (lambda _: None, ""),
        (lambda _: 7, ""),
        (later, ""),
        (failing, ""),
    ],
    ids=["Actor", "text", "None", "number", "async", "error"],
)
def test_who_is_named(client: OmniqClient, user: Any, name: str) -> None:
    fail_jobs(client, QUEUE, 1, now_ms=NOW)
    visitor = host(client, access=lambda *_: Allow(), user=user)
    assert visitor.get(f"/queues/{QUEUE}/failed").status == 200
    assert visitor.post(f"/queues/{QUEUE}/jobs/retry", {"id": "job-1"}).toast().startswith("Retried 1 job")
    assert read_activity(client.link, keep=lambda _: True, size=1).entries[0].who == name
