"""Rules of a host that are wrong: whatever is no decision refuses, and nobody is named by what is no name."""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID

import pytest
from flask import Flask, abort
from werkzeug.local import LocalProxy

from dashboard import Allow, Deny, LoginRequired, OmniqDashboard, create_app
from dashboard.access import Actor
from omniq_core import OmniqClient, read_activity
from tests.support.clock import Clock
from tests.support.factories import fail_jobs
from tests.web.pages_support import NOW, OURS, QUEUE, Browser, everything


async def later(*_: Any) -> Any:
    """What a host writes who thinks that it is awaited."""
    return Allow()


def failing(*_: Any) -> Any:
    """A rule with a bug."""
    raise KeyError("no such user: secret-of-the-host")


ANY: Any = Actor
"""One whose name a host took from where it is no text."""


class Late:
    """What becomes a text when it is shown."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __str__(self) -> str:
        return self._text


class Untellable:
    """What becomes a text only in a request of another sort."""

    def __str__(self) -> str:
        raise RuntimeError("outside of its context")


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


def only_reads(_request: Any, action: str, queue: str | None) -> Any:
    """A rule that ends what it does not allow, as a host does that has such a function already."""
    return Allow() if action == "read" and queue != "secret" else abort(403)


def fails_beyond_reading(_request: Any, action: str, queue: str | None) -> Any:
    return Allow() if action == "read" and queue != "secret" else {}["no such rule"]


@pytest.mark.parametrize("rule", [only_reads, fails_beyond_reading])
def test_what_a_page_asks_beside_is_a_no_and_ends_nothing(
    client: OmniqClient, redis: Any, caplog: pytest.LogCaptureFixture, rule: Any
) -> None:
    fail_jobs(client, QUEUE, 1, now_ms=NOW)
    fail_jobs(client, "secret", 1, now_ms=NOW)
    before = everything(redis)
    visitor = host(client, access=rule)
    for path in ("/", f"/queues/{QUEUE}/failed", f"/queues/{QUEUE}/jobs/job-1", "/metrics", "/search?id=none"):
        caplog.clear()
        page = visitor.get(path)
        assert "secret" not in page.text and not page.soup.select("[formaction*='/jobs/retry']"), path
        told = [one for one in caplog.records if "access= failed" in one.message]
        assert len(told) <= 1, "once a request, however often a page asks"
    for path in ("/queues/secret/failed", "/activity", f"/queues/{QUEUE}/failed/export"):
        assert visitor.get(path, status=403).one("main"), path
    for verb in ("pause", "jobs/retry"):
        assert visitor.post(f"/queues/{QUEUE}/{verb}", {"id": "job-1"}).status == 403
    assert visitor.get("/nothing", status=404).one("main")
    assert everything(redis) == before


@pytest.mark.parametrize("rule", [lambda *_: abort(401), failing, lambda *_: None], ids=["abort", "error", "None"])
def test_a_dashboard_works_beside_one_whose_rule_does_not(client: OmniqClient, rule: Any) -> None:
    app = Flask(__name__)
    for name, access in (("one", lambda *_: Allow()), ("two", rule)):
        OmniqDashboard(app, client, url_prefix=f"/{name}", name=name, access=access, background=False, secret="s")
    visitor = Browser(app)
    for path, status in (("/one/", 200), ("/one/activity", 200), ("/one/nothing", 404)):
        assert "/two/" not in visitor.get(path, status=status).text
    assert visitor.http.get("/two/").status_code in (401, 403)


def test_naming_nobody_may_end_the_request_too(client: OmniqClient, redis: Any) -> None:
    """Of a host whose `user=` is where it sends strangers away: nothing is done for them, and its error is shown."""
    fail_jobs(client, QUEUE, 1, now_ms=NOW)
    before = everything(redis)
    visitor = host(client, access=lambda *_: Allow(), user=lambda _: abort(401))
    assert visitor.get("/", status=401).one("main")
    assert visitor.http.get(f"/queues/{QUEUE}/failed/export").status_code == 401
    assert visitor.post(f"/queues/{QUEUE}/jobs/retry", {"id": "job-1"}).status == 401
    assert visitor.http.get("/healthz").status_code == 200
    for access, status in ((lambda *_: abort(403), 403), (lambda *_: Deny("No."), 403), (lambda *_: Allow(), 401)):
        both = host(client, access=access, user=lambda _: abort(401))
        assert both.post(f"/queues/{QUEUE}/jobs/retry", {"id": "job-1"}).status == both.get("/", status).status
    assert everything(redis) == before


@pytest.mark.parametrize("given", [Allow(), True, 5, "read_only", [], {}, False, 0, ""], ids=repr)
def test_what_cannot_be_asked_is_refused_at_once(client: OmniqClient, given: Any) -> None:
    """Also where it is false: that would be as if nothing had been given, and with OMNIQ_INSECURE open to all."""
    with pytest.raises(TypeError, match=r"access= wants a function .*, not "):
        host(client, access=given, insecure=True)
    with pytest.raises(TypeError, match=r"access= wants a function .*, not "):
        create_app(client, access=given, insecure=True)
    with pytest.raises(TypeError, match=r"user= wants a function .*, not "):
        host(client, user=given)


@pytest.mark.parametrize(
    ("user", "name"),
    [
        (lambda _: Actor("zoe", "10.0.0.7"), "zoe"),
        (lambda _: "zoe", "zoe"),
        (lambda _: ANY(5, None), "5"),
        (lambda _: ANY(UUID(int=7), "10.0.0.7"), str(UUID(int=7))),
        (lambda _: ANY(None, "10.0.0.7"), ""),
        (lambda _: ANY(b"z\xc3\xb6e", "10.0.0.7"), "zöe"),
        (lambda _: ANY(LocalProxy(lambda: "zoe"), "10.0.0.7"), "zoe"),
        (lambda _: ANY("z\udc80e", "10.0.0.7"), "z?e"),
        (lambda _: ANY(Untellable(), "10.0.0.7"), ""),
        (lambda _: None, ""),
        (lambda _: 7, ""),
        (later, ""),
        (failing, ""),
    ],
    ids=[
        "Actor",
        "text",
        "int",
        "uuid",
        "nothing",
        "bytes",
        "proxy",
        "surrogate",
        "untellable",
        "None",
        "number",
        "async",
        "error",
    ],
)
def test_who_is_named(client: OmniqClient, user: Any, name: str) -> None:
    fail_jobs(client, QUEUE, 1, now_ms=NOW)
    visitor = host(client, access=lambda *_: Allow(), user=user)
    assert visitor.get(f"/queues/{QUEUE}/failed").status == 200
    assert visitor.post(f"/queues/{QUEUE}/jobs/retry", {"id": "job-1"}).toast().startswith("Retried 1 job")
    assert read_activity(client.link, keep=lambda _: True, size=1).entries[0].who == name
    assert visitor.get("/activity").status == visitor.get("/activity/export").status == 200


@pytest.mark.parametrize(("user", "told"), [(lambda _: 7, "int"), (lambda _: [], "list"), (later, "coroutine")])
def test_who_is_nobody_is_told_once_in_ten_minutes(
    client: OmniqClient, caplog: pytest.LogCaptureFixture, user: Any, told: str
) -> None:
    clock = Clock(NOW)
    app = Flask(__name__)
    OmniqDashboard(app, client, access=lambda *_: Allow(), user=user, url_prefix="", clock=clock, background=False)
    for wait_ms, lines in ((0, 1), (0, 1), (599_999, 1), (1, 2), (0, 2)):
        clock.advance(wait_ms)
        assert app.test_client().get("/shortcuts").status_code == 200
        found = [one.getMessage() for one in caplog.records if "user= gave" in one.getMessage()]
        assert len(found) == lines and told in found[0]


@pytest.mark.parametrize("made", [Deny, LoginRequired], ids=["Deny", "LoginRequired"])
def test_a_text_that_is_made_late_is_taken_for_the_text(client: OmniqClient, made: Any) -> None:
    """A translation of the host's, say, which becomes a text where it is shown."""
    visitor = host(client, access=lambda *_: made(Late("/ask?first=ops")))
    for answer in (visitor.http.get("/"), visitor.http.post(f"/queues/{QUEUE}/pause")):
        if made is Deny:
            assert (answer.status_code, "/ask?first=ops" in answer.text) == (403, True)
        else:
            assert (answer.status_code, answer.location) == (302, "/ask?first=ops")
