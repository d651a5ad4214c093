"""What a removal and its restore must leave as it was, and queues with something in every lane."""

from __future__ import annotations

from typing import Any

from omniq_core import OmniqClient
from tests.support.factories import complete_jobs, delay_jobs, fail_jobs, lease_jobs, publish_jobs
from tests.support.one_trip import read_keys
from tests.support.snapshot import keys_of

T = 1_750_000_000_000
LANES = ("wait", "gwait", "delayed", "failed", "completed")


def fill_lanes(client: OmniqClient, each: int, *, queue: str = "q") -> dict[str, list[str]]:
    """So many jobs in every lane, one ms apart, in groups A to D (A has one running) and without; ids by lane."""
    names = {lane: [f"{lane}-{n:03}" for n in range(each)] for lane in LANES}
    fail_jobs(client, queue, names["failed"][::2], now_ms=T)
    fail_jobs(client, queue, names["failed"][1::2], now_ms=T + 500, gid="B")
    complete_jobs(client, queue, names["completed"], now_ms=T + 1_000)
    lease_jobs(client, queue, ["running"], now_ms=T + 2_000, gid="A")
    delay_jobs(client, queue, names["delayed"], now_ms=T + 3_000, due_ms=T + 900_000, gid="C")
    publish_jobs(client, queue, names["wait"], now_ms=T + 4_000)
    for n, name in enumerate(names["gwait"]):
        publish_jobs(client, queue, [name], now_ms=T + 5_000 + n, gid="ABCD"[n % 4])
    return names


def settled(redis: Any, queue: str = "q") -> dict[bytes, Any]:
    """Every key (none expires), without what a restore may leave otherwise: positions in lists, since when a group is
    ready, the moment of the last activity, and what is ours alone."""
    names = [name for name in keys_of(redis, queue) if b"}:x:" not in name]
    found: dict[bytes, Any] = {}
    for name, (kind, ttl, value) in zip(names, read_keys(redis, names), strict=True):
        assert ttl == -1, name
        short = name.split(b"}:", 1)[1]
        if kind in ("hash", "zset"):
            value = dict(zip(value[::2], value[1::2], strict=True))
            value = {at: text for at, text in value.items() if not at.startswith(b"x_") and at != b"last_activity_ms"}
        if kind == "list" or short == b"groups:ready":
            value = sorted(value)
        found[short] = (kind, value)
    return found


def restore(client: OmniqClient, batch: str = "b", *, now_ms: int = T + 50_000) -> list[tuple[str, str | None]]:
    """(id, None when it is back, else why not) of each job of the batch."""
    steps = client.restore(queue="q", batch=batch, now_ms_override=now_ms)
    return [(one.job_id, one.reason) for step in steps for one in step]


def in_trash(redis: Any) -> list[bytes]:
    """The keys of all trash."""
    return sorted(redis.scan_iter(match="{*}:x:trash*"))
