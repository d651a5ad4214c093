"""Jobs whose secrets stand wherever a job can hold one, and what a dashboard without rules kept of them."""

from __future__ import annotations

import json
from typing import Any

from omniq_core import (
    FINDING_KINDS,
    Activity,
    Discovery,
    Filter,
    Finding,
    Keep,
    Matching,
    OmniqClient,
    Report,
    note_activity,
    pack_report,
)
from omniq_core.operator.findings import findings_commands
from tests.operator.bulk import begin
from tests.operator.failing import index_all
from tests.support.clock import Clock
from tests.support.factories import complete_jobs, delay_jobs, fail_jobs, lease_jobs, publish_jobs
from tests.web.pages_support import NOW, QUEUE

TASK = "a" * 16
SECRET = "hunterzwei"
REDACT = ["password", "*.token", "cards[*].number"]
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


def hide(client: OmniqClient, redis: Any, errors: tuple[str, str, str] = ERRORS) -> None:
    """Jobs in every lane whose payload, error and own fields hold the secret; all of it read by the background."""
    long_payload = {**PAYLOAD, "padding": "x" * 6_000}
    fail_jobs(client, QUEUE, 6, now_ms=NOW - 9_000, error=lambda n: errors[n % 3], payload=PAYLOAD)
    fail_jobs(client, QUEUE, ["large"], now_ms=NOW - 8_000, error=errors[0], payload={**PAYLOAD, "p": "x" * 80_000})
    fail_jobs(client, QUEUE, ["bad"], now_ms=NOW - 8_000, error=errors[1])
    redis.hset(
        "{mail}:job:bad",
        mapping={"payload": f"{{'password': '{SECRET}'}}", "password": SECRET, "note": json.dumps(PAYLOAD)},
    )
    redis.hset("{mail}:job:job-1", "detail", f"sent {SECRET} away")
    redis.hset("{mail}:job:large", "detail", f"sent {SECRET} away")
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


def remember(client: OmniqClient, redis: Any, *, errors: bool = True) -> None:
    """Filters of tasks and entries (`errors`: of errors, too), what a removal took, findings."""
    chosen = Matching(Filter(q=SECRET if errors else "", payload=f"password:{SECRET}"))
    begin(client.link, QUEUE, "retry", "failed", now_ms=NOW, task_id=TASK, selection=chosen)
    mistyped = Matching(Filter(payload=f"password={SECRET}"))
    begin(client.link, QUEUE, "retry", "failed", now_ms=NOW, task_id="b" * 16, selection=mistyped)
    redis.hset(f"{{{QUEUE}}}:x:task:{TASK}", mapping={"state": "stopped", "ended_ms": NOW, "done": 0})
    entry = Activity(NOW, "retry", "done", "zoe", queue=QUEUE, lane="failed", done=1)
    texts: tuple[dict[str, str], ...] = ({"q": SECRET}, {"kind": f"ValueError: {SECRET}"}) if errors else ()
    texts += ({"payload": f"password.{SECRET}:1"},) if errors else ()  # a key, which is no value
    for kept in (*({"payload": text} for text in (f"password:{SECRET}", f"password={SECRET}", SECRET)), *texts):
        note_activity(client.link, Activity(entry.at_ms, "remove", "done", "zoe", queue=QUEUE, filter=kept, done=1))
    publish_jobs(client, QUEUE, ["gone"], now_ms=NOW - 900, payload=PAYLOAD)
    client.remove_job(queue=QUEUE, job_id="gone", lane="wait", keep=Keep("b"), now_ms_override=NOW)
    client.childs_init(key="order", expected=2)
    facts: dict[str, Any] = {"stored": 1, "found": 0, "state": "failed", "lanes": [], "idx": [], "keep": "failed"}
    rows = tuple(Finding(kind, QUEUE, "job-1", facts | {"print": "x"}) for kind in FINDING_KINDS)
    redis.hset("{omniq:x}:health", QUEUE, pack_report(Report(QUEUE, NOW, 9, 1, dict.fromkeys(FINDING_KINDS, 1), rows)))
    client.link.pipeline(findings_commands(QUEUE, rows))
