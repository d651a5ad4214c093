"""No address says what is hidden: a walk over all of them with secrets in jobs of every state finds none."""

from __future__ import annotations

import json
import logging
import re
from collections import deque
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest

from omniq_core import Discovery, OmniqClient
from tests.operator.failing import index_all
from tests.support.clock import Clock
from tests.support.factories import complete_jobs, delay_jobs, fail_jobs, lease_jobs, publish_jobs
from tests.web.pages_support import NOW, QUEUE, SCRIPT, Browser, browser

SECRET = "hunterzwei"
REDACT = ["password", "*.token", "cards[*].number"]
LINK = re.compile(r'\s(?:href|src|hx-get|action|formaction)="([^"#][^"]*)"')
PAYLOAD = {
    "user": "zoe",
    "password": SECRET,
    "deep": [{"PassWord": {"old": [SECRET]}}],
    "session": {"token": f"{SECRET}-token"},
    "cards": [{"number": f"{SECRET}-card"}],
    "body": json.dumps({"again": json.dumps({"password": f'{SECRET} "quoted" \\ ü'})}),
}
ERRORS = (
    f"ConnectionError: no answer for {SECRET} in 3 s\nTraceback:\n  at x({SECRET})",
    f"{SECRET} is no password",
    f'ValueError: bad body {{"password": "{SECRET}"}}',
)


@pytest.fixture
def secrets(client: OmniqClient, redis: Any) -> None:
    """Jobs in every lane whose payload, error and own fields hold the secret; all of it read by the background."""
    long_payload = {**PAYLOAD, "padding": "x" * 6_000}
    fail_jobs(client, QUEUE, 6, now_ms=NOW - 9_000, error=lambda n: ERRORS[n % 3], payload=PAYLOAD)
    fail_jobs(client, QUEUE, ["large"], now_ms=NOW - 8_000, error=ERRORS[0], payload={**PAYLOAD, "p": "x" * 80_000})
    fail_jobs(client, QUEUE, ["bad"], now_ms=NOW - 8_000, error=ERRORS[1])
    redis.hset(
        "{mail}:job:bad",
        mapping={"payload": f"{{'password': '{SECRET}'}}", "password": SECRET, "note": json.dumps(PAYLOAD)},
    )
    complete_jobs(client, QUEUE, ["done"], now_ms=NOW - 7_000, payload=PAYLOAD)
    lease_jobs(client, QUEUE, ["runs"], now_ms=NOW - 900, payload=PAYLOAD)
    delay_jobs(client, QUEUE, ["later"], now_ms=NOW - 900, due_ms=NOW + 60_000, payload=PAYLOAD)
    publish_jobs(client, QUEUE, ["waits"], now_ms=NOW - 800, payload=PAYLOAD)
    publish_jobs(client, QUEUE, ["long"], now_ms=NOW - 800, payload=long_payload)
    publish_jobs(client, QUEUE, ["grouped"], now_ms=NOW - 800, payload=PAYLOAD, gid="g")
    index_all(client, Clock(NOW), queue=QUEUE)
    discovery = Discovery(client.link, clock=lambda: NOW)
    while not discovery.step(1_000):
        pass


def walk(reader: Browser) -> tuple[set[str], list[str]]:
    """The sorts of addresses that were asked, and those whose answer holds the secret."""
    base = f"/queues/{QUEUE}"
    more = [
        f"{base}/jobs/{job}{end}"
        for job in ("job-1", "bad", "large", "waits")
        for end in ("", "/payload", "/copy", "?show=all")
    ]
    more += [f"{base}/failures", f"{base}/groups/g", f"{base}/groups"]
    more += [
        f"{base}/{lane}/export?format={kind}&payloads={n}"
        for lane in ("failed", "waiting")
        for kind in ("jsonl", "csv")
        for n in ("", 1)
    ]
    more += [
        f"{base}/failed?q=ConnectionError",
        f"{base}/waiting?payload=user:zoe",
        f"{base}/nope",
        "/metrics",
        "/activity/export",
    ]
    ahead, seen, leaks = deque(["/", "/activity", *more]), set[str](), list[str]()
    while ahead:
        path = ahead.popleft()
        sort = re.sub(r"jobs/job-\d", "jobs/job", re.sub(r"(cursor|at|v|mark)=[^&]*", r"\1", path))
        if sort in seen or path.startswith("/assets/"):
            continue
        seen.add(sort)
        for headers in ({}, SCRIPT):
            for at in (path, f"{path}{'&' if '?' in path else '?'}live=1"):
                answer = reader.http.get(at, headers=headers)
                assert answer.status_code < 500, f"{at}: {answer.status_code}"
                text = answer.get_data(as_text=True)
                if SECRET in text.lower() or SECRET in str(answer.headers).lower():
                    leaks.append(at)
                if not headers and at == path:
                    for to in (urlsplit(urljoin(path, unescape(one))) for one in LINK.findall(text)):
                        if len(seen) + len(ahead) < 140:
                            ahead.append(to.path + (f"?{to.query}" if to.query else ""))
                answer.close()
    return seen, leaks


def press_all(reader: Browser) -> list[str]:
    """What forms answer: dialogs, tasks, copies, refusals."""
    base = f"/queues/{QUEUE}/jobs"
    kinds = re.findall(r"/failures/([0-9a-f]{16})", reader.get(f"/queues/{QUEUE}/failures").text)
    forms: list[tuple[str, dict[str, str]]] = [
        (f"{base}/retry/confirm", {"scope": "filter", "fp": kinds[0]}),
        (f"{base}/remove/confirm", {"scope": "filter", "lane": "failed", "fp": kinds[1]}),
        (f"{base}/remove/confirm", {"id": "job-2", "lane": "failed"}),
        (f"{base}/bad/copy", {"payload": "{}"}),
        (f"{base}/job-1/copy", {"payload": '{"password": 1}'}),
        (base, {"payload": "{", "copy_of": "job-1"}),
        (f"{base}/retry", {"id": "job-1"}),
        (f"{base}/retry", {"scope": "filter"}),
    ]
    return [
        path
        for path, form in forms
        for script in (False, True)
        if SECRET in reader.post(path, form, script=script).text
    ]


@pytest.mark.usefixtures("secrets")
def test_nothing_says_what_is_hidden(client: OmniqClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    reader = browser(client, redact=REDACT)
    seen, leaks = walk(reader)
    assert len(seen) > 60
    assert leaks == []
    assert press_all(reader) == []
    assert walk(reader)[1] == []  # with what was done among the activity
    assert SECRET not in caplog.text


@pytest.mark.usefixtures("secrets")
def test_without_rules_the_same_walk_finds_it(client: OmniqClient) -> None:
    reader = browser(client)
    leaks = {urlsplit(path).path.rpartition("/")[2] for path in walk(reader)[1]}
    assert {"job-1", "payload", "copy", "failed", "waiting", "export", "failures", "g"} <= leaks
    assert len(press_all(reader)) >= 4
