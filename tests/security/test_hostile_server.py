"""Stored XSS that is in no job: what the server says of itself, names of queues by hand, what the background found."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from redis.exceptions import NoPermissionError, ResponseError

from dashboard import OmniqDashboard
from dashboard.access import allow_all
from omniq_core import Activity, Discovery, OmniqClient, note_activity
from omniq_core.connection import Link
from omniq_core.operator.notices import KINDS, NOTICES, Kept, Notice, NoticeBoard, pack_board
from omniq_core.operator.permitted import info_of
from omniq_core.operator.server_facts import server_facts
from omniq_core.operator.top_errors import SPANS, TOP, TopError, pack_top
from tests.security.hostile_world import mark
from tests.security.test_stored_xss import Reader
from tests.support.factories import fail_jobs
from tests.web.pages_support import NOW, QUEUE, SCRIPT, Page

pytestmark = pytest.mark.broken_data
PAGES = ("/", "/health", "/activity", f"/queues/{QUEUE}/failed", f"/queues/{QUEUE}/failures", "/children")

SLOW = """
local function now() local time = redis.call('TIME') return time[1] * 1000000 + time[2] end
local ends = now() + 110000
repeat until now() > ends
"""


@pytest.fixture
def reader(client: OmniqClient) -> Reader:
    """Somebody at a dashboard on a queue with failed jobs."""
    fail_jobs(client, QUEUE, 3, now_ms=NOW - 1_000)
    app = Flask("host")
    OmniqDashboard(app, client, url_prefix="", access=allow_all, secret="x", background=False, clock=lambda: NOW)
    return Reader(app)


def looked(reader: Reader, *paths: str) -> str:
    """All pages as text and attributes, as a page and as a tick; `look` fails for what became markup."""
    http: Any = reader.browser.http
    texts: list[str] = []
    for path in paths or PAGES:
        for at, headers in ((path, {}), (f"{path}?live=1", SCRIPT)):
            with http.get(at, headers=headers, follow_redirects=True) as response:
                page = Page(at, response)
                reader.look(page)
                texts += [page.soup.get_text(), *(str(v) for e in page.soup.find_all(True) for v in e.attrs.values())]
                assert response.status_code in (200, 204, 409, 503), at
    return " ".join(texts)


def test_stored_xss_what_the_server_says_of_itself(
    reader: Reader, client: OmniqClient, redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = Link.pipeline
    # Whoever may run a script writes what they want into the slow log.
    redis.evalsha(redis.script_load(SLOW), 1, mark("slow"))

    def hostile(link: Link, *asked: Any) -> list[Any]:
        said: list[Any] = ask(link, *asked)
        info = {"redis_version": mark("version"), "maxmemory_policy": "allkeys-" + mark("policy"), "maxmemory": 1}
        more = {"role": mark("role"), "valkey_version": "", "cluster_enabled": mark("mode"), "tcp_port": mark("port")}
        told = [info_of(one) if isinstance(one, bytes) and b"used_memory:" in one else one for one in said]
        return [{**one, **info, **more} if isinstance(one, dict) and "used_memory" in one else one for one in told]

    monkeypatch.setattr(Link, "pipeline", hostile)
    server_facts(client.link, NOW)
    shown = looked(reader)
    assert "allkeys-<xss-policy" in shown and "<xss-version" in shown and "<xss-slow onxss=1>" in shown


@pytest.mark.parametrize(
    "refusal", [ResponseError, NoPermissionError, lambda text: ResponseError(f"WRONGTYPE {text}")],
    ids=["error", "permission", "type"],
)  # fmt: skip
def test_stored_xss_how_the_server_refuses(reader: Reader, monkeypatch: pytest.MonkeyPatch, refusal: Any) -> None:
    def refused(*_: Any, **__: Any) -> Any:
        raise refusal(mark("refusal"))

    for name in ("pipeline", "run", "call", "read_many"):
        monkeypatch.setattr(Link, name, refused)
    shown = looked(reader)
    if "WRONGTYPE" in str(refusal("")):
        assert "<xss-refusal" in shown
    for path in ("pause", "jobs/retry"):
        for script in (True, False):
            reader.look(reader.browser.post(f"/queues/{QUEUE}/{path}", {"id": "job-1", "reason": "x"}, script=script))


def test_stored_xss_what_the_background_found(reader: Reader, redis: Any) -> None:
    notices = [
        Notice(kind, QUEUE if kind in ("stalled", "leases", "failing", "groups", "paused") else "", 9, 99, NOW - 9_000,
               ("allkeys-" if kind == "eviction" else "") + mark("notice"), mark("digest"), 50)
        for kind in KINDS
    ]  # fmt: skip
    redis.set(NOTICES, pack_board(NoticeBoard(NOW, tuple(Kept(one, 2, 0, True, 9) for one in notices))))
    redis.set(TOP, pack_top(NOW, [TopError(QUEUE, mark("digest"), mark("top"), 3, (1,) * SPANS)], []))
    redis.set("{omniq:x}:scan", json.dumps({"v": 1, "phase": mark("phase"), "percent": mark("percent")}))
    shown = looked(reader)
    assert "<xss-notice" in shown and "<xss-top" in shown


def test_stored_xss_queues_with_names_that_no_queue_can_have(reader: Reader, client: OmniqClient, redis: Any) -> None:
    """Whoever writes to Redis can make such keys. They are no queues, and nothing leads to one."""
    name = mark("queue")[:128]
    redis.hset(f"{{{name}}}:stats", "waiting", 3)
    redis.hset(f"{name}:stats", "waiting", 3)
    redis.sadd("omniq:queues", f"{{{name}}}", name)
    redis.sadd("{omniq:x}:queues", name, QUEUE)
    redis.hset("{omniq:x}:now", mapping={name: "1", "rates": json.dumps({"v": 1, "started": {name: 3}})})
    redis.zadd("{omniq:x}:tasks", {f"{name}/{'a' * 16}": float("inf"), f"{name}:{'a' * 16}": float("inf")})
    redis.hset("{omniq:x}:health", name, json.dumps({"v": 1, "queue": name, "at": NOW}))
    redis.rpush("{omniq:x}:check:queues", name)
    redis.set(NOTICES, pack_board(NoticeBoard(NOW, (Kept(Notice("paused", name, 3), 2, 0, True, 9),))))
    redis.set(TOP, pack_top(NOW, [TopError(name, "d", "E", 3, (1,) * SPANS)], [name]))
    note_activity(client.link, Activity(NOW, "retry", "done", queue=name, jobs=1, done=1))
    note_activity(client.link, Activity(NOW, "pause", "done", queue=QUEUE, lane=name))
    discovery = Discovery(client.link, clock=lambda: NOW)
    while not discovery.step(1_000):
        pass
    looked(reader, *PAGES, f"/queues/{QUEUE}/switch?q=", "/search?id=x", "/failed")
    overview = reader.browser.get("/")
    assert [row[0] for row in overview.rows("queues")] == [QUEUE]
    figures = reader.browser.http.get("/metrics").text
    assert f'queue="{QUEUE}"' in figures and "xss" not in figures
