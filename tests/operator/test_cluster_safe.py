"""Every script touches the keys of one slot only, so that it runs on a Redis Cluster."""

from __future__ import annotations

import re
from typing import Any

import pytest

from omniq_core import OmniqClient
from omniq_core.keys import QueueKeys, completion_anchor, global_key
from omniq_core.scripts import script
from tests.support.clock import Clock
from tests.support.factories import fail_jobs, publish_jobs

SCRIPTS: list[tuple[str, bytes, list[Any]]] = [
    ("snapshot", QueueKeys("q").anchor, [1, ""]),
    ("lane_page", QueueKeys("q").anchor, [1, "failed", 10, 1, "", "", "", ""]),
    (
        "lane_scan",
        QueueKeys("q").anchor,
        ["failed", 0, 1, *[""] * 6, 40, 10, "facts", 1, 0, "job", "G", "e", "1", "n"],
    ),
    ("job", QueueKeys("q").anchor, [1, "job-1", 100, "meta.counter"]),
    ("publish_once", QueueKeys("q").anchor, [1, "new", "[1]", 3, 30_000, 0, 0, "G", 2, "n", 1_000, "job-1"]),
    ("pause_queue", QueueKeys("q").anchor, [1_000, '{"v":1}', ""]),
    ("leader", global_key("meta"), ["token", 1_000]),
    ("history_sample", QueueKeys("q").anchor, [1_750_000_000_000]),
    ("history_sum", global_key("meta"), [175_000_000, *[0] * 11]),
    (
        "activity_note",
        global_key("meta"),
        ["an entry", "", 1_000, "batch", 10, "activity:refused", 10, "activity", "activity:refused"],
    ),
    ("activity_read", global_key("meta"), ["older", "", 10, "activity", "activity:refused"]),
    ("consumers", QueueKeys("q").anchor, [10, 1, 10]),
    ("counter", completion_anchor("k"), []),
    ("counter_end", completion_anchor("k"), ["remove", ""]),
    ("counter_jobs", QueueKeys("q").anchor, ["failed", "completion_key", 400, "", "", ""]),
    ("counter_jobs_note", global_key("meta"), [1_000, "", "figures"]),
]


@pytest.mark.parametrize(("name", "anchor", "args"), SCRIPTS)
def test_one_slot(client: OmniqClient, redis: Any, clock: Clock, name: str, anchor: bytes, args: list[Any]) -> None:
    fail_jobs(client, "q", 2, now_ms=clock.now_ms, gid="G")
    publish_jobs(client, "other", 1, now_ms=clock.now_ms)
    with redis.monitor() as monitor:
        client.link.run(script(f"operator/{name}"), anchor, *args)
        redis.echo("end of the script")
        keys: set[str] = set()
        for seen in monitor.listen():
            if "end of the script" in seen["command"]:
                break
            if seen.get("client_type") == "lua":
                keys |= set(re.findall(r'\{[^}"]*\}', seen["command"].partition(" ")[2]))
    assert keys == {anchor.decode().split(":meta")[0]}
