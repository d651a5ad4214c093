"""What was refused stands in the record: who wanted what, and why not. Strangers cannot fill it."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Request, abort

from dashboard import Allow, Deny, LoginRequired
from dashboard.access import Actor, Decision
from dashboard.refusals import PAUSE_MS, Refusals
from omniq_core import Activity, OmniqClient, order_task, read_activity
from tests.operator.bulk import begin
from tests.support.factories import fail_jobs
from tests.web.pages_support import NOW, OURS, QUEUE, Browser, pages_app
from tests.web.trial import UNREACHABLE

JOBS = f"/queues/{QUEUE}/jobs"
REMOVE = f"{JOBS}/remove"
FOREIGN = {"Sec-Fetch-Site": "cross-site"}
HOUR = 3_600_000


def looks_only(_request: Request, action: str, _queue: str | None) -> Decision:
    return Allow() if action in ("read", "read_payload") else Deny("You may look here.")


def somebody(redis: OmniqClient | str, name: str = "ana", **settings: Any) -> Browser:
    visitor = Browser(pages_app(redis, **settings))
    visitor.app.extensions["omniq_dashboard"]["omniq_dashboard"].user = lambda _request: Actor(name, "10.0.0.7")
    return visitor


def kept(client: OmniqClient) -> tuple[Activity, ...]:
    return read_activity(client.link, keep=lambda _entry: True, size=100).entries


def only(client: OmniqClient) -> Activity:
    (entry,) = kept(client)
    assert (entry.state, entry.queue, entry.done, entry.at_ms) == ("refused", QUEUE, None, NOW)
    return entry


@pytest.mark.parametrize("path", [REMOVE, f"{REMOVE}/confirm"])
def test_by_access(client: OmniqClient, path: str) -> None:
    visitor = somebody(client, access=looks_only)
    assert visitor.post(path, {"id": ["a", "b"], "lane": "waiting"}).status == 403
    entry = only(client)
    assert (entry.who, entry.address, entry.why) == ("ana", "10.0.0.7", "You may look here.")
    assert (entry.action, entry.lane, entry.jobs, entry.ids) == ("remove", "waiting", 2, ("a", "b"))


@pytest.mark.parametrize(
    ("code", "who", "why"),
    [(404, "ana", "The rule of this application"), (403, "ana", "The rule of"), (401, "", "Not signed in")],
)
def test_by_an_error_of_the_hosts_own(client: OmniqClient, code: int, who: str, why: str) -> None:
    """A 404 may hide what is there: from whoever asks, and not from those who read the record."""

    def hides(_request: Request, action: str, _queue: str | None) -> Decision:
        return Allow() if action == "health" else abort(code)

    visitor = somebody(client, access=hides)
    assert visitor.post(REMOVE, {"id": ["a"]}).status == code
    entry = only(client)
    assert (entry.action, entry.who, entry.why.startswith(why)) == ("remove", who, True)
    # A look is told as one that is denied, once.
    for _ in range(2):
        assert visitor.get(f"/queues/{QUEUE}/failed", code).status == code
    assert [one.action for one in kept(client)[:-1]] == ([] if code == 401 else ["look"])
    if code == 401:
        for _ in range(12):
            visitor.post(REMOVE, {"id": ["a"]})
        assert len(kept(client)) == 10, "as many as of any other refusal of strangers"


def test_of_everything_that_matches(client: OmniqClient) -> None:
    fail_jobs(client, QUEUE, 3, now_ms=NOW)
    dialog = somebody(client).post(f"{JOBS}/remove/confirm?prefix=job", {"scope": "filter"})
    sent = {"scope": "filter", "confirm_token": dialog.one("dialog input[name=confirm_token]")["value"]}
    assert somebody(client, access=looks_only).post(REMOVE, sent).status == 403
    entry = only(client)
    assert (entry.jobs, entry.lane, entry.filter) == (3, "failed", {"prefix": "job"})
    assert entry.facts["scope"] == "filter"


def test_by_a_form_from_elsewhere(client: OmniqClient) -> None:
    visitor = somebody(client)
    assert visitor.post(f"/queues/{QUEUE}/pause", {"reason": "ha"}, headers=FOREIGN).status == 403
    entry = only(client)
    assert (entry.who, entry.action, entry.facts) == ("ana", "pause", {"reason": "ha"})
    assert entry.why == "The form did not come from this dashboard."


def test_for_want_of_a_confirmation(client: OmniqClient) -> None:
    visitor = somebody(client)
    assert visitor.post(REMOVE, {"id": ["a", "b"], "lane": "failed"}).status == 409
    entry = only(client)
    assert (entry.action, entry.jobs) == ("remove", 2)
    assert entry.why == "This needs a confirmation. Nothing was changed; look again and confirm."


def test_for_want_of_a_confirmation_of_all_that_match(client: OmniqClient) -> None:
    fail_jobs(client, QUEUE, 3, now_ms=NOW)
    client.link.call("HSET", f"{{{QUEUE}}}:job:job-1", "payload", '{"user":{"email":"zoe@example.com"}}')
    query = "?prefix=job&payload=user.email:zoe@example.com"
    assert somebody(client).post(f"{REMOVE}{query}", {"scope": "filter", "confirm_token": "x"}).status == 409
    entry = only(client)
    assert (entry.jobs, entry.filter) == (None, {"prefix": "job", "payload": "user.email:zoe@…"})


def test_what_a_task_does_is_asked_of_access_too(client: OmniqClient) -> None:
    fail_jobs(client, QUEUE, 3, now_ms=NOW)
    begin(client.link, QUEUE, "retry", "failed", now_ms=NOW)
    order_task(client.link, QUEUE, "a" * 16, "cancel", now_ms=NOW)
    may = ("read", "remove")  # and it retries
    visitor = somebody(client, access=lambda _request, action, _queue: Allow() if action in may else Deny())
    assert visitor.post(f"/queues/{QUEUE}/tasks/{'a' * 16}/resume", {}).status == 403
    entry = only(client)
    assert (entry.action, entry.facts) == ("go-on", {"task": "a" * 16})
    assert entry.why == "You may not do here what this task does."


def test_the_name_of_whoever_did_not_sign_in_is_nobodys(client: OmniqClient) -> None:
    """Anybody can write any name into the header; and what a stranger sends is not read."""
    visitor = Browser(pages_app(client, user="ana", password="secret"))
    answer = visitor.http.post(REMOVE, data={"id": "a", "lane": "failed"}, auth=("ana", "wrong"), headers=OURS)
    assert answer.status_code == 401
    entry = only(client)
    assert (entry.who, entry.address, entry.why) == ("", "127.0.0.1", "A name and a password are required.")
    assert (entry.action, entry.jobs, entry.ids) == ("remove", None, ())


def test_whose_sign_in_is_over(client: OmniqClient) -> None:
    visitor = somebody(client, access=lambda *_: LoginRequired("/login"))
    assert visitor.http.post(REMOVE, data={"id": "a"}, headers=OURS).status_code == 302
    assert (only(client).who, only(client).why) == ("", "Not signed in, or no longer.")


def test_what_leads_nowhere_is_not_recorded(client: OmniqClient) -> None:
    visitor = somebody(client, access=lambda *_: Deny())
    for path in ("/queues/~IQ/pause", f"/queues/{'q' * 129}/pause", "/nowhere", "/settings/display"):
        assert visitor.post(path, {}).status == 403
    visitor.get("/nowhere", 403)
    visitor.get(f"/queues/{'q' * 129}", 403)
    assert kept(client) == ()


def test_strangers_do_not_fill_it(client: OmniqClient) -> None:
    now = [NOW]
    visitor = somebody(client, "", access=looks_only, clock=lambda: now[0])
    for _ in range(25):
        visitor.post(REMOVE, {"id": "a"})
    assert [entry.facts for entry in kept(client)] == [{}] * 10
    now[0] += HOUR - 1
    trips = client.link.round_trips
    visitor.post(REMOVE, {"id": "a"})
    assert client.link.round_trips == trips  # Redis is not asked
    now[0] += 1
    visitor.post(REMOVE, {"id": "a"})
    visitor.post(REMOVE, {"id": "a"})
    assert [entry.facts for entry in kept(client)][:2] == [{"missed": "16"}, {}]
    visitor.app.extensions["omniq_dashboard"]["omniq_dashboard"].user = lambda _request: Actor("ana", "")
    visitor.post(REMOVE, {"id": "a"})
    assert [entry.who for entry in kept(client)] == ["ana", *[""] * 11]  # nobody else is kept out


def test_somebody_with_a_name_is_recorded_sixty_times_at_once() -> None:
    allowed = Refusals()
    assert [allowed.take(NOW, "change", "ana") for _ in range(62)] == [0] * 60 + [None] * 2
    assert allowed.take(NOW + 59_999, "change", "ana") is None
    assert allowed.take(NOW + 60_000, "change", "ana") == 3
    assert allowed.take(NOW + 60_000, "change", "ana") is None
    assert allowed.take(NOW, "change", "") == allowed.take(NOW, "change", "ben") == 0
    assert [allowed.take(NOW + 99 * HOUR, "change", "ana") for _ in range(61)] == [1] + [0] * 59 + [None]


def test_many_refused_looks_hide_no_refused_change_and_no_sign_in() -> None:
    allowed = Refusals()
    assert [allowed.take(NOW, "look", "ana") for _ in range(61)] == [0] * 60 + [None]
    assert allowed.take(NOW, "change", "ana") == 0
    assert [allowed.take(NOW, "look", "") for _ in range(11)] == [0] * 10 + [None]
    assert (allowed.take(NOW, "change", ""), allowed.take(NOW, "sign-in", "")) == (0, 0)
    assert allowed.take(NOW + 60_000, "look", "ana") == 1


def test_a_redis_that_is_away_is_not_asked_again_for_each(caplog: pytest.LogCaptureFixture) -> None:
    now = [NOW]
    visitor = somebody(UNREACHABLE, access=looks_only, clock=lambda: now[0])
    for _ in range(5):
        assert visitor.post(REMOVE, {"id": "a"}).status == 403
    assert len([line for line in caplog.records if "record lacks" in line.getMessage()]) == 1
    now[0] += PAUSE_MS
    visitor.post(REMOVE, {"id": "a"})
    assert len([line for line in caplog.records if "record lacks" in line.getMessage()]) == 2
