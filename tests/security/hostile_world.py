"""A Redis in which every text that a dashboard may show wants to be more than a text, and names its field."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from omniq_core import (
    FINDING_KINDS,
    Activity,
    Discovery,
    Filter,
    Finding,
    FindingKind,
    Keep,
    Matching,
    OmniqClient,
    Report,
    note_activity,
    order_check,
    pack_report,
    pause_queue,
    start_check,
)
from omniq_core.operator.findings import findings_commands
from tests.operator.bulk import begin
from tests.operator.failing import index_all
from tests.support.announced import announce
from tests.support.clock import Clock
from tests.support.factories import complete_jobs, delay_jobs, fail_jobs, lease_jobs, publish_jobs
from tests.web.pages_support import NOW, QUEUE

TASK, BATCH = "a" * 16, "b" * 16
KEY = f"{{{QUEUE}}}:"


def mark(field: str) -> str:
    """A text that breaks out of wherever it is not escaped, and says which field it stood in."""
    # Names of counters take no braces, and 128 characters.
    template = "" if "counter" in field else "{{99991*99989}}"
    return f"<xss-{field} onxss=1>\"'><xss-{field} onxss=1 hx-get=/xss href=javascript:x></title></script>{template}"


FIELDS = {
    *("id", "gid", "payload-key", "payload-value", "payload-text", "error", "error-type", "trace"),
    *("raw-name", "raw-value", "state", "copy-of", "counter", "child", "named-counter", "reason", "pauser", "host"),
    *("runs-in", "fault", "actor"),
    *("filter", "who", "address", "did", "fact", "why", "skipped", "subject", "finding-fact", "broken", "note"),
    *("env", "dashboard", "me", "lost", "query", "typed"),
}  # fmt: skip
"""The fields that stand in Redis, in the settings of the host and in the address."""


def fill(client: OmniqClient, redis: Any) -> None:
    """Everything at once; the background has read it."""
    _jobs(client, redis)
    _tasks(client, redis)
    _found(client, redis)
    client.childs_init(key=mark("counter"), expected=3)
    client.childs_init(key=mark("named-counter"), expected=3)
    client.child_ack(key=mark("counter"), child_id=mark("child"))
    redis.hset(KEY + "stats", "waiting", mark("stored"))
    facts = {
        name: mark("fact") for name in ("reason", "job_id", "gid", "limit", "before", "until_ms", "copy_of", "job")
    }
    for action in ("retry", "pause", "limit", "publish", mark("did")):
        filters = {"q": mark("filter"), "group": mark("filter"), "payload": mark("filter"), "prefix": mark("filter")}
        entry = Activity(NOW, action, "done", mark("who"), mark("address"), QUEUE, "failed", ids=(mark("id"),))
        did = replace(entry, filter=filters, facts=facts, skipped={mark("skipped"): 2}, done=1)
        note_activity(client.link, did)
        note_activity(client.link, replace(did, who="", state="refused", why=mark("why")))
    discovery = Discovery(client.link, clock=lambda: NOW)
    while not discovery.step(1_000):
        pass
    index_all(client, Clock(NOW), queue=QUEUE)
    pause_queue(client.link, "video", now_ms=NOW, by=mark("pauser"), reason=mark("reason"))


def _jobs(client: OmniqClient, redis: Any) -> None:
    payload = {mark("payload-key"): [mark("payload-value")], "completion_key": mark("named-counter")}
    text = f"{mark('error-type')}: {mark('error')}\n  at {mark('trace')}\n"
    options: dict[str, Any] = {"payload": payload, "gid": mark("gid")}
    fail_jobs(client, QUEUE, [mark("id"), "f2"], now_ms=NOW - 9_000, error=text, **options)
    fail_jobs(client, QUEUE, ["kind"], now_ms=NOW - 9_000, error="".join(["XssError: ", mark("error")]))
    complete_jobs(client, QUEUE, ["done"], now_ms=NOW - 7_000, **options)
    lease_jobs(client, QUEUE, ["runs"], now_ms=NOW - 900, **options)
    delay_jobs(client, QUEUE, ["later"], now_ms=NOW - 900, due_ms=NOW + 60_000, **options)
    publish_jobs(client, QUEUE, ["waits", "text"], now_ms=NOW - 800, **options)
    publish_jobs(client, QUEUE, [mark("lost")], now_ms=NOW - 800, payload=payload)
    publish_jobs(client, "video", 2, now_ms=NOW - 800)
    redis.hset(KEY + "job:text", mapping={"payload": mark("payload-text"), mark("raw-name"): mark("raw-value")})
    redis.hset(KEY + "job:waits", mapping={"x_copy_of": mark("copy-of"), "last_error": text, "attempt": "<b>"})
    redis.hset(KEY + "job:f2", "state", mark("state"))
    client.remove_job(queue=QUEUE, job_id=mark("lost"), lane="wait", keep=Keep(BATCH, 900_000), now_ms_override=NOW)
    announce(redis, QUEUE, "c1", now_ms=NOW, jobs=["runs", mark("id")], host=mark("host"), sdk=mark("host"))


def _tasks(client: OmniqClient, redis: Any) -> None:
    for n, state in enumerate(("running", "stopped", "finished")):
        name = f"{n}" * 16
        chosen = Matching(
            Filter(q=mark("filter"), group=mark("filter"), prefix=mark("filter"), payload="a:" + mark("filter"))
        )
        begin(client.link, QUEUE, "retry", "failed", now_ms=NOW, task_id=name, selection=chosen)
        redis.hset(
            f"{KEY}x:task:{name}",
            mapping={
                "actor": mark("actor"),
                "fault": mark("fault"),
                "owner_name": mark("runs-in"),
                "owner_until": NOW + 9_000,
                "taken_from": mark("runs-in"),
                "why:" + mark("skipped"): 2,
                "state": state,
            },
        )


def _found(client: OmniqClient, redis: Any) -> None:
    facts: dict[str, Any] = dict.fromkeys(
        ("stored", "found", "wanted", "is", "state", "gid", "keep", "limit", "waiting", "jobs", "expired", "oldest"),
        mark("finding-fact"),
    )
    facts |= {"lanes": [[mark("finding-fact"), 1]], "idx": [mark("finding-fact")], "print": "x"}
    rows = tuple(Finding(kind, QUEUE, mark("subject"), facts) for kind in FINDING_KINDS)
    found: dict[FindingKind, int] = dict.fromkeys(FINDING_KINDS, 1)
    reports = (
        Report(QUEUE, NOW, 9, 1, found, rows, (mark("note"),)),
        Report("video", NOW, 0, 0, {}, (), (), mark("broken")),
    )
    redis.hset("{omniq:x}:health", mapping={one.queue: pack_report(one) for one in reports})
    client.link.pipeline(findings_commands(QUEUE, rows))
    start_check(client.link, "c1", [QUEUE], by=mark("actor"), now_ms=NOW)
    redis.hset(
        "{omniq:x}:check",
        mapping={"phase": mark("phase"), "owner_name": mark("check-runs-in"), "owner_until": NOW + 9_000},
    )
    order_check(client.link, "resume", now_ms=NOW)
