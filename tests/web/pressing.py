"""How each button is pressed that has more behind it than a form of two fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dashboard.tokens import to_token
from omniq_core import Keep, OmniqClient, order_check, order_task, start_check
from omniq_core.operator.findings import Finding, findings_commands
from tests.operator.bulk import begin
from tests.support.factories import publish_jobs
from tests.web.groups_support import four_states
from tests.web.pages_support import NOW, QUEUE, Browser, Page

TASK = "a" * 16
Press = Callable[[Browser, OmniqClient, Any], Page]


def by_form(path: str, **fields: Any) -> Press:
    return lambda visitor, _client, _redis: visitor.post(path, fields)


def repair(visitor: Browser, client: OmniqClient, redis: Any) -> Page:
    client.remove_jobs_batch(queue=QUEUE, lane="wait", job_ids=["w1"], now_ms_override=NOW)
    four_states(client, redis)
    dialog = visitor.get(f"/queues/{QUEUE}/groups/repair/confirm")
    return visitor.press(dialog, "dialog .dialog-foot button.primary")


def repair_found(visitor: Browser, client: OmniqClient, redis: Any) -> Page:
    publish_jobs(client, QUEUE, ["g"], now_ms=NOW, gid="acme")
    redis.zrem(f"{{{QUEUE}}}:groups:ready", "acme")
    client.link.pipeline(findings_commands(QUEUE, [Finding("ready_missing", QUEUE, "acme", {})]))
    dialog = visitor.get(f"/queues/{QUEUE}/repairs/ready_missing")
    return visitor.press(dialog, "dialog .dialog-foot button.primary")


def on_the_check(order: str) -> Press:
    def press(visitor: Browser, client: OmniqClient, _redis: Any) -> Page:
        start_check(client.link, "c1", [QUEUE], by="ana", now_ms=NOW)
        if order == "go-on":
            order_check(client.link, "stop", now_ms=NOW)
        return visitor.post(f"/health/{order}", {})

    return press


def undo(visitor: Browser, client: OmniqClient, _redis: Any) -> Page:
    client.remove_job(queue=QUEUE, job_id="w1", lane="wait", keep=Keep("b"))
    return visitor.post(f"/queues/{QUEUE}/trash/b/restore", {})


def on_a_task(order: str) -> Press:
    def press(visitor: Browser, client: OmniqClient, _redis: Any) -> Page:
        begin(client.link, QUEUE, "retry", "failed", task_id=TASK, now_ms=NOW)
        if order == "resume":
            order_task(client.link, QUEUE, TASK, "cancel", now_ms=NOW)
        return visitor.post(f"/queues/{QUEUE}/tasks/{TASK}/{order}", {})

    return press


def on_a_counter(how: str) -> Press:
    def press(visitor: Browser, client: OmniqClient, _redis: Any) -> Page:
        client.childs_init(key="order 1", expected=3)
        dialog = visitor.post(f"/children/{how}/confirm", {"key": to_token("order 1")})
        return visitor.press(dialog, dialog.soup.select("dialog .dialog-foot button")[-1])

    return press


def on_a_group(visitor: Browser, client: OmniqClient, _redis: Any) -> Page:
    publish_jobs(client, QUEUE, ["g"], now_ms=NOW, gid="acme", group_limit=5)
    return visitor.post(f"/queues/{QUEUE}/groups/limit", {"gid": to_token("acme"), "limit": "8", "seen": "5"})
