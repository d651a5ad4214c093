"""Every button of the dashboard leaves an entry: begun before it acts, and then what it did."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from dataclasses import replace
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from dashboard import actions, recording
from dashboard.access import Actor
from dashboard.actions import publish
from dashboard.tokens import to_token
from omniq_core import Activity, OmniqClient, note_activity, read_activity
from tests.support.factories import delay_jobs, fail_jobs, publish_jobs
from tests.web.pages_support import NOW, QUEUE, Browser, browser, pages_app
from tests.web.pressing import (
    TASK,
    Press,
    by_form,
    on_a_counter,
    on_a_group,
    on_a_task,
    on_the_check,
    repair,
    repair_found,
    undo,
)

JOBS = f"/queues/{QUEUE}/jobs"
BUTTONS: dict[str, tuple[Press, dict[str, Any]]] = {
    "retry": (
        by_form(f"{JOBS}/retry", id="f1"),
        {"action": "retry", "lane": "failed", "jobs": 1, "ids": ("f1",), "done": 1},
    ),
    "run_now": (
        by_form(f"{JOBS}/run-now", id="d1"),
        {"action": "run-now", "lane": "delayed", "jobs": 1, "ids": ("d1",), "done": 1},
    ),
    "remove": (
        by_form(f"{JOBS}/remove", id="w1", lane="waiting"),
        {"action": "remove", "lane": "waiting", "jobs": 1, "ids": ("w1",), "done": 1, "facts": {"batch": TASK}},
    ),
    "restore": (undo, {"action": "restore", "facts": {"batch": "b"}, "done": 1}),
    "publish": (
        by_form(JOBS, payload='{"secret": 1}', job_id="new"),
        {"action": "publish", "facts": {"job_id": "new", "job": "new"}, "done": 1},
    ),
    "set_limit": (on_a_group, {"action": "limit", "facts": {"gid": "acme", "limit": "8", "before": "5"}, "done": 1}),
    "repair": (repair, {"action": "repair", "jobs": 2, "done": 2}),
    "repair_start": (
        repair_found,
        {"action": "repair", "jobs": 1, "done": None, "facts": {"kind": "ready_missing", "task": TASK}},
    ),
    "check_all": (by_form("/health/check"), {"action": "check", "queue": "", "done": None, "facts": {"queues": "1"}}),
    "check_queue": (
        by_form(f"/queues/{QUEUE}/check"),
        {"action": "check", "done": None, "facts": {"queues": "1"}},
    ),
    "check_stop": (on_the_check("stop"), {"action": "stop-check", "queue": "", "done": None}),
    "check_resume": (on_the_check("go-on"), {"action": "go-on-check", "queue": "", "done": None}),
    "children_remove": (
        on_a_counter("remove"),
        {"action": "remove-counter", "queue": "", "facts": {"key": "order 1"}, "done": 1},
    ),
    "children_finish": (
        on_a_counter("finish"),
        {"action": "finish-counter", "queue": "", "facts": {"key": "order 1"}, "done": 1},
    ),
    "pause": (
        by_form(f"/queues/{QUEUE}/pause", reason="deploying v2", until="15m"),
        {"action": "pause", "facts": {"reason": "deploying v2", "until_ms": str(NOW + 900_000)}, "done": 1},
    ),
    "resume": (by_form(f"/queues/{QUEUE}/resume"), {"action": "resume", "done": 0, "skipped": {"NOT_PAUSED": 1}}),
    "task_cancel": (on_a_task("cancel"), {"action": "cancel", "facts": {"task": TASK}}),
    "task_resume": (on_a_task("resume"), {"action": "go-on", "facts": {"task": TASK}}),
}
"""Of each endpoint that changes something: how its button is pressed, and what the entry says."""


@pytest.fixture
def notes(client: OmniqClient, monkeypatch: pytest.MonkeyPatch) -> list[Activity]:
    """What the dashboard wrote down, in this order."""
    written: list[Activity] = []

    def note(link: Any, entry: Activity, **options: Any) -> str:
        written.append(entry)
        return note_activity(link, entry, **options)

    monkeypatch.setattr(recording, "note_activity", note)
    fail_jobs(client, QUEUE, ["f1", "f2", "f3"], now_ms=NOW - 9_000)
    delay_jobs(client, QUEUE, ["d1"], now_ms=NOW - 9_000, due_ms=NOW + 60_000)
    publish_jobs(client, QUEUE, ["w1"], now_ms=NOW - 9_000)
    return written


def kept(client: OmniqClient) -> tuple[Activity, ...]:
    return read_activity(client.link, keep=lambda _entry: True, size=100).entries


def as_user(client: OmniqClient, name: str, **settings: Any) -> Browser:
    """Somebody whom the application knows by name."""
    visitor = browser(client, **settings)
    mount = visitor.app.extensions["omniq_dashboard"]["omniq_dashboard"]
    mount.user = lambda _request: Actor(name, "10.0.0.7")
    return visitor


def test_every_button_that_there_is(client: OmniqClient) -> None:
    routes = pages_app(client).extensions["omniq_dashboard"]["omniq_dashboard"].routes.values()
    changing = {route.endpoint for route in routes if route.method == "POST" and not (route.own or route.asks)}
    assert changing == set(BUTTONS), "each POST that changes something stands in BUTTONS, others are asks or own"


@pytest.mark.parametrize("endpoint", BUTTONS)
def test_a_button_is_begun_and_then_has_its_result(
    client: OmniqClient, redis: Any, notes: list[Activity], endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.confirm.fresh_nonce", lambda: TASK)
    press, wanted = BUTTONS[endpoint]
    answer = press(browser(client), client, redis)
    assert answer.status == 200, answer.text
    begun, result = notes
    assert (begun.state, begun.action, begun.queue) == ("begun", wanted["action"], wanted.get("queue", QUEUE))
    (entry,) = kept(client)  # the result stands where the beginning stood
    usual = Activity(NOW, "", "done", address="127.0.0.1", queue=QUEUE, entry_id=entry.entry_id)
    assert entry == replace(result, entry_id=entry.entry_id) == replace(usual, **wanted)
    assert "secret" not in str(notes)


def test_every_action_is_told() -> None:
    """One that is not would be carried out without a word."""
    for module in pkgutil.iter_modules(actions.__path__):
        if module.name in ("outcome", "telling"):
            continue
        loaded = importlib.import_module(f"{actions.__name__}.{module.name}")
        for name, value in inspect.getmembers(loaded, inspect.isfunction):
            if value.__module__ == loaded.__name__ and not name.startswith("_") and value is not publish.before:
                assert hasattr(value, "__wrapped__"), f"{module.name}.{name} is not told"


def test_two_operators_and_the_counts_of_several_jobs(client: OmniqClient, notes: list[Activity]) -> None:
    ana, ben = as_user(client, "ana"), as_user(client, "ben")
    dialog = ana.post(f"{JOBS}/retry/confirm", {"id": ["f1", "f2", "f3", "gone"]})
    assert notes == []  # it has only been asked
    client.retry_failed(queue=QUEUE, job_id="f2", now_ms_override=NOW)
    ana.press(dialog, "dialog .dialog-foot button.primary")
    ben.post(f"{JOBS}/remove", {"id": "d1", "lane": "delayed"})
    last, first = kept(client)
    assert (last.who, last.action, last.done) == ("ben", "remove", 1)
    assert (first.who, first.address, first.jobs, first.ids) == ("ana", "10.0.0.7", 4, ("f1", "f2", "f3"))
    assert (first.done, first.skipped) == (2, {"NOT_FAILED": 1, "NO_JOB": 1})


def test_bulk_work_is_recorded_with_its_filter_and_its_pace(client: OmniqClient, notes: list[Activity]) -> None:
    visitor = as_user(client, "ana")
    query = "?prefix=f&payload=user.email:zoe@example.com"
    client.link.call("HSET", f"{{{QUEUE}}}:job:f2", "payload", '{"user":{"email":"zoe@example.com"}}')
    dialog = visitor.post(f"{JOBS}/retry/confirm{query}", {"scope": "filter"})
    token = dialog.one("dialog input[name=confirm_token]")["value"]
    sent = {"scope": "filter", "confirm_token": token, "pace": "rate", "per_s": "20", "spread": "10m", "probe": "10"}
    visitor.post(f"{JOBS}/retry", sent)
    visitor.post(f"{JOBS}/retry", sent)  # a double click
    again, entry = kept(client)
    assert (entry.action, entry.state, entry.lane, entry.jobs) == ("retry", "done", "failed", 1)
    assert entry.filter == {"prefix": "f", "payload": "user.email:zoe@…"}
    task = entry.facts["task"]
    assert entry.facts == {"scope": "filter", "task": task, "pace": "rate", "per_s": "20"}
    assert (entry.done, entry.skipped) == (None, {})
    assert (again.facts["task"], again.skipped) == (task, {"BEGUN_BEFORE": 1})
    assert "example.com" not in str(notes)


def test_what_is_given_back_to_be_corrected_is_no_refusal(client: OmniqClient, notes: list[Activity]) -> None:
    visitor = browser(client)
    for path, fields, status in (
        (JOBS, {"payload": "{"}, 422),
        (f"/queues/{QUEUE}/pause", {"until": "at", "at": "never"}, 422),
        (f"{JOBS}/retry", {}, 400),
        (f"/queues/{QUEUE}/groups/limit", {"gid": to_token("acme"), "limit": "0"}, 400),
        ("/queues/none/resume", {}, 404),
        ("/nowhere", {}, 404),
    ):
        assert visitor.post(path, fields).status == status, path
    assert visitor.post("/settings/display", {"theme": "dark"}).status == 200
    assert notes == []


def test_somebody_was_faster(client: OmniqClient, notes: list[Activity]) -> None:
    visitor = browser(client)
    on_a_group(visitor, client, None)
    visitor.post(f"/queues/{QUEUE}/groups/limit", {"gid": to_token("acme"), "limit": "9", "seen": "5"})
    client.pause(queue=QUEUE)
    visitor.post(f"/queues/{QUEUE}/pause", {"until": "open"})
    assert visitor.post(JOBS, {"payload": "{}", "job_id": "w1"}).status == 409
    client.retry_failed(queue=QUEUE, job_id="f1", now_ms_override=NOW)
    assert visitor.post(f"{JOBS}/retry", {"id": "f1"}).status == 409
    found = [(entry.action, entry.state, entry.done, entry.skipped) for entry in kept(client)]
    assert found == [
        ("retry", "done", 0, {"NOT_FAILED": 1}),
        ("publish", "done", 0, {"EXISTS": 1}),
        ("pause", "done", 0, {"PAUSE_CHANGED": 1}),
        ("limit", "done", 0, {"LIMIT_CHANGED": 1}),
        ("limit", "done", 1, {}),
    ]


def test_a_crash_in_between_leaves_the_beginning(
    client: OmniqClient, notes: list[Activity], monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_args: Any, **_options: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(client, "retry_failed_batch", dies)
    assert browser(client).post(f"{JOBS}/retry", {"id": "f1"}).status == 500
    assert [(entry.state, entry.ids) for entry in kept(client)] == [("begun", ("f1",))]


@pytest.mark.parametrize(
    ("error", "state", "why"),
    [
        (ResponseError("WRONGTYPE {mail}:wait is a string"), "failed", "Redis answered: "),
        (RedisConnectionError("Connection closed by server."), "begun", ""),
    ],
)
def test_what_redis_answered(
    client: OmniqClient, notes: list[Activity], monkeypatch: pytest.MonkeyPatch, error: Exception, state: str, why: str
) -> None:
    def fails(*_args: Any, **_options: Any) -> Any:
        raise error

    monkeypatch.setattr(client, "retry_failed_batch", fails)
    browser(client).post(f"{JOBS}/retry", {"id": "f1"})
    (entry,) = kept(client)
    assert (entry.state, entry.why[: len(why)]) == (state, why)


@pytest.mark.parametrize("fails_at", ["begun", "done"])
def test_a_record_that_cannot_be_written_stops_nothing(
    client: OmniqClient,
    notes: list[Activity],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    fails_at: str,
) -> None:
    def note(link: Any, entry: Activity, **options: Any) -> str:
        if entry.state == fails_at:
            raise ResponseError("OOM command not allowed when used memory > 'maxmemory'.")
        return note_activity(link, entry, **options)

    monkeypatch.setattr(recording, "note_activity", note)
    answer = as_user(client, "an\na").post(f"{JOBS}/retry", {"id": "f1"})
    assert answer.toast().startswith("Retried 1 job")
    assert [entry.state for entry in kept(client)] == [{"begun": "done", "done": "begun"}[fails_at]]
    told = [line.getMessage() for line in caplog.records if "record lacks" in line.getMessage()]
    assert len(told) == 1
    assert told[0].startswith(f"omniq: the record lacks that 'an\\na' retry ({fails_at}) on queue 'mail': ")


def test_two_round_trips_more(client: OmniqClient, notes: list[Activity], monkeypatch: pytest.MonkeyPatch) -> None:
    visitor = browser(client)
    visitor.post(f"{JOBS}/retry", {"id": "nobody"})  # the scripts are known from now on

    def trips(job_id: str) -> int:
        before = client.link.round_trips
        visitor.post(f"{JOBS}/retry", {"id": job_id, "back": "/nowhere"}, script=True)
        return client.link.round_trips - before

    with_record = trips("f1")
    monkeypatch.setattr(recording, "note_activity", lambda *_args, **_options: "")
    assert trips("f2") == with_record - 2
