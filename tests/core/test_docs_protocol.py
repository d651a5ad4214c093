"""docs/protocol.md leaves nothing out: each key, field, counter, state and refusal that there is stands in it."""

from __future__ import annotations

import re
from typing import Any

import omniq_core
from omniq_core import Keep, OmniqClient, OmniqError
from tests.support.factories import complete_jobs, delay_jobs, fail_jobs, lease_jobs, publish_jobs
from tests.support.snapshot import snapshot
from tests.support.sources import ROOT

T = 1_750_000_000_000
TEXT = (ROOT / "docs" / "protocol.md").read_text("utf-8")
NAMED = set(re.findall(r"`([^`\n]+)`", TEXT))


def _spelled(key: str) -> str:
    """A key of the queue as the page writes it."""
    key = re.sub(r"^job:.*", "job:<id>", key)
    key = re.sub(r"^x:pub:.*", "x:pub:<nonce>", key)
    key = re.sub(r"^x:trash:bin", "x:trash:<batch>", re.sub(r"^(x:trash:.*):\d+$", r"\1:<place>", key))
    return re.sub(r"^g:.*:", "g:<group>:", key)


def test_every_key_and_field_of_a_queue_is_named(client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, "q", 2, now_ms=T)
    complete_jobs(client, "q", ["c"], now_ms=T + 5)
    lease_jobs(client, "q", ["a"], now_ms=T + 6, gid="A", group_limit=2)
    delay_jobs(client, "q", ["d"], now_ms=T + 7, due_ms=T + 60_000)
    publish_jobs(client, "q", ["w"], now_ms=T + 8, gid="A")
    next(client.retry_all(queue="q", now_ms_override=T + 9))
    fail_jobs(client, "other", ["f"], now_ms=T)
    client.publish_many(queue="q", jobs=[{"payload": {}}], now_ms_override=T + 9)
    client.remove_job(queue="q", job_id="d", lane="delayed", keep=Keep("bin"))
    client.pause(queue="q")
    taken = snapshot(redis, "q") | snapshot(redis, "other")
    keys = {_spelled(key.decode()) for key in taken}
    assert keys - NAMED - {"x:pause"} == set()  # x:pause is the dashboard's
    fields = {name.decode() for _, value in taken.values() if isinstance(value, dict) for name in value}
    ids = {
        name
        for name in fields
        if name in {"a", "d", "w", "c", "f", "A", "bin"} or re.match(r"job-|[0-9A-Z]{26}$", name)
    }
    assert fields - ids - NAMED == set()
    assert len(fields - ids) > 30


def test_every_refusal_is_named() -> None:
    public = [getattr(omniq_core, name) for name in omniq_core.__all__]
    codes = {one.code for one in public if isinstance(one, type) and issubclass(one, OmniqError)} - {OmniqError.code}
    assert len(codes) > 10
    assert codes - NAMED == set()


def test_every_state_is_drawn_and_every_difference_is_listed() -> None:
    drawing = TEXT.split("```mermaid")[1].split("```")[0]
    for state in ("wait", "delayed", "active", "completed", "failed"):
        assert re.search(rf"^ +{state} --> ", drawing, re.MULTILINE), state
        assert re.search(rf"--> {state}: ", drawing), state
    assert re.findall(r"^\| (\d+) \|", TEXT, re.MULTILINE) == [str(n) for n in range(1, 15)]


def test_the_links_between_the_documents_lead_somewhere() -> None:
    for name in ("library.md", "protocol.md"):
        text = (ROOT / "docs" / name).read_text("utf-8")
        for target in re.findall(r"\]\((?!https?:)([^)]+)\)", text):
            path, _, heading = target.partition("#")
            aimed = (ROOT / "docs" / (path or name)).read_text("utf-8")
            headings = {
                line.lstrip("# ").lower().replace(" ", "-") for line in aimed.splitlines() if line.startswith("#")
            }
            assert not heading or heading in headings, target
