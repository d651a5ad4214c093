"""Every page that there is, and every action, in a dashboard on any Redis."""

from __future__ import annotations

import re
from collections import deque
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

from flask.testing import FlaskClient

from dashboard.tokens import to_token
from omniq_core import (
    Background,
    CheckRunner,
    Keep,
    OmniqClient,
    TaskRunner,
    read_activity,
    read_health,
    read_task,
    start_check,
)
from tests.operator.bulk import Timer, begin
from tests.support.factories import complete_jobs, delay_jobs, fail_jobs, lease_jobs, publish_jobs
from tests.web.crawling import GOOD, sort_of

NOW = 1_750_000_000_000
FORM = {"Sec-Fetch-Site": "same-origin"}
LINK = re.compile(r'\s(?:href|src|hx-get)="([^"#][^"]*)"')
REDIRECTIONS = ("MOVED", "CROSSSLOT", "TRYAGAIN", "ASK ")


def fill(jobs: OmniqClient) -> None:
    """Jobs in all lanes of a queue, some of another one, and a counter."""
    fail_jobs(jobs, "mail", ["f1", "f2", "f3"], now_ms=NOW - 8_000)
    complete_jobs(jobs, "mail", ["done"], now_ms=NOW - 1_000)
    delay_jobs(jobs, "mail", ["d1"], now_ms=NOW - 9_000, due_ms=NOW + 60_000)
    lease_jobs(jobs, "mail", ["l1"], now_ms=NOW - 900)
    lease_jobs(jobs, "mail", ["lost"], now_ms=NOW - 700_000)
    publish_jobs(jobs, "mail", ["a", "b"], now_ms=NOW - 9_000, gid="g 1")
    for queue in ("video", "billing", "images"):
        publish_jobs(jobs, queue, 2, now_ms=NOW - 9_000)
    jobs.childs_init(key="an order", expected=3)


def watch(client: OmniqClient, ticks: int = 12) -> None:
    """What the background does in its first seconds."""
    background = Background(client.link, lambda: NOW, timer=lambda: 0.0, counter_at="completion_key")
    for _ in range(ticks):
        background.tick()
    background.close()


def walk(http: FlaskClient) -> set[str]:
    """Every page and fragment that another one leads to, one of each sort. Fails on one that is no good answer."""
    ahead, seen = deque(["/"]), set[str]()
    while ahead:
        path = ahead.popleft()
        sort = sort_of(path)
        if sort in seen or path.startswith("/assets/"):
            continue
        seen.add(sort)
        answer = http.get(path)
        assert answer.status_code in GOOD, f"{path}: {answer.status_code}"
        text = answer.text if answer.mimetype == "text/html" else ""
        assert not any(word in text for word in REDIRECTIONS), path
        answer.close()
        for to in (urlsplit(urljoin(path, unescape(one))) for one in LINK.findall(text)):
            ahead.append(to.path + (f"?{to.query}" if to.query else ""))
    return seen


def post(http: FlaskClient, path: str, **form: str) -> None:
    """A form without script, which leads back to a page."""
    answer = http.post(path, data=form, headers=FORM)
    assert answer.status_code == 303, f"{path}: {answer.status_code}"


def pressed(http: FlaskClient, path: str, **form: str) -> None:
    """A button that asks first, and then what it asks about: the fields of the dialog are sent as they stand there."""
    asked = http.post(f"{path}/confirm", data=form, headers=FORM).text
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', asked))
    post(http, path, **{name: unescape(value) for name, value in fields.items()})


def work_off_tasks(client: OmniqClient) -> None:
    """What a process does with its tasks, without the rests, which are long where a busy machine makes batches so."""
    timer = Timer()
    runner = TaskRunner(client.link, lambda: NOW, timer=timer)
    for _ in range(40):
        timer.now += max(runner.tick(), 0.001)
    runner.close()


def act(http: FlaskClient, client: OmniqClient) -> None:
    """Presses every button once on a queue that `fill` made, works off what bulk tasks there are, and looks at it."""
    post(http, "/queues/mail/jobs/retry", id="f1")
    post(http, "/queues/mail/jobs/run-now", id="d1")
    post(http, "/queues/mail/jobs/remove", id="f2", lane="failed")
    post(http, "/queues/mail/groups/limit", gid=to_token("g 1"), limit="3", seen="1")
    post(http, "/queues/mail/pause", reason="a test")
    post(http, "/queues/mail/resume")
    post(http, "/queues/mail/jobs", payload="{}", job_id="new")
    pressed(http, "/children/finish", key=to_token("an order"))
    pressed(http, "/children/remove", key=to_token("an order"))
    begin(client.link, "mail", "retry", "failed", now_ms=NOW, task_id="b" * 16)
    begin(client.link, "video", "remove", "wait", now_ms=NOW, keep=Keep("a" * 16))
    work_off_tasks(client)
    assert {
        task.state for one in (("mail", "b"), ("video", "a")) if (task := read_task(client.link, one[0], one[1] * 16))
    } == {"finished"}
    assert client.link.call("LLEN", "{video}:wait") == 0
    post(http, f"/queues/video/trash/{'a' * 16}/restore")
    assert client.link.call("LLEN", "{video}:wait") == 2
    done = [entry.action for entry in read_activity(client.link, keep=lambda _entry: True, size=100).entries]
    wanted = "retry run-now remove limit pause resume publish finish-counter remove-counter restore"
    assert set(wanted.split()) <= set(done)
    for path in ("/health", "/activity", "/children", "/queues/mail/tasks/" + "b" * 16):
        assert http.get(f"{path}?live=1").status_code == 200
    for path in ("/metrics", "/healthz", "/activity/export", "/queues/mail/waiting/export?format=csv&payloads=1"):
        answer = http.get(path)
        assert answer.status_code in (200, 404), f"{path}: {answer.status_code}"
        assert not any(word in answer.text for word in REDIRECTIONS)


def check(client: OmniqClient) -> Any:
    """The check of all queues, worked off: what it says of each."""
    passed = 0.0

    def timer() -> float:
        return passed

    start_check(client.link, "c1", ["billing", "mail", "images", "video"], by="", now_ms=NOW)
    runner = CheckRunner(client.link, lambda: NOW + int(passed * 1000), timer=timer)
    for _ in range(600):
        passed += max(runner.tick(), 0.001)
    runner.close()
    health = read_health(client.link)
    assert health.check is not None and health.check.state == "finished"
    return {one.queue: one.broken for one in health.reports}
