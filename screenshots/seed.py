"""Writes the data set into an empty Redis, by the protocol and with the times it tells. Big counters go in directly."""

from __future__ import annotations

from typing import Any

from omniq_core import Background, OmniqClient, pause_queue, want_failures
from screenshots.activity import write_activity
from screenshots.data import COUNTERS, HOUR, MAIN, MINUTE, NOW, QUEUES, SECOND, QueueFigures
from screenshots.groups_queue import fill_groups
from screenshots.health import write_health
from screenshots.history import write_history
from screenshots.main_queue import fill_main
from screenshots.notices import write_notices
from screenshots.texts import Texts

_LEASE_MS = 300_000


def seed(client: OmniqClient) -> None:
    """Every queue and counter of data.py, and what the background of a dashboard would have found by now."""
    texts = Texts(20260310)
    fill_main(client, texts)
    for figures in QUEUES:
        fill(client, texts, figures)
    fill_groups(client, texts)
    for key, total, done, _ in COUNTERS:
        count(client, key, total, done)
    write_history(client)
    observe(client)
    redis: Any = client.ops.r
    for key, _, _, ago in COUNTERS:  # as if somebody had watched them for hours
        figures = redis.hget("{omniq:x}:children:seen", key).split(b"|", 2)[2]
        redis.hset("{omniq:x}:children:seen", key, b"%d|moved|%s" % (NOW - ago, figures))
    write_notices(client)
    write_activity(client)
    write_health(client)


def observe(client: OmniqClient) -> None:
    """What a dashboard's background thread does in its first seconds: find the queues and counters, keep figures, read
    the errors of the main queue."""
    now = NOW
    want_failures(client.link, MAIN, now)
    # By a timer that stands still a pass of the search takes no time, so it does not rest between its parts.
    background = Background(client.link, lambda: now, timer=lambda: 0.0)
    for _ in range(80):
        background.tick()
        now = min(now + 500, NOW + 4_000)
    redis: Any = client.ops.r
    for key in redis.scan_iter("{omniq:x}:*"):
        redis.persist(key)  # the figures live for a minute, and the last shot is taken later


def fill(client: OmniqClient, texts: Texts, figures: QueueFigures) -> None:
    """One queue of the overview; lanes that a worker makes come before those that only wait."""
    queue = figures.name
    for nth in range(figures.failed):
        at = NOW - figures.last - (figures.failed - nth) * 7 * MINUTE
        job_id, lease = _leased(client, texts, queue, at, max_attempts=1)
        client.ack_fail(
            queue=queue, job_id=job_id, lease_token=lease, error=figures.error, now_ms_override=at + 2 * SECOND
        )
    for nth in range(figures.delayed):
        _publish(client, texts, queue, NOW - figures.last - 4 * HOUR, due_ms=NOW + 20_000 + nth * 17 * SECOND)
    job_id, lease = _leased(client, texts, queue, NOW - figures.last - 300)
    client.ack_success(queue=queue, job_id=job_id, lease_token=lease, now_ms_override=NOW - figures.last)
    for nth in range(figures.active):
        at = NOW - figures.last - (figures.active - 1 - nth) * 40
        _leased(client, texts, queue, at, timeout_ms=30_000 if figures.expired else _LEASE_MS)
    total = figures.waiting + figures.grouped
    for nth in range(total):
        # evenly from the oldest to the last activity; grouped and ungrouped mixed in their proportion
        at = NOW - figures.oldest + (figures.oldest - figures.last) * nth // max(1, total - 1)
        grouped = (nth + 1) * figures.grouped // total > nth * figures.grouped // total
        gid = f"tenant-{1000 + 37 * (nth % figures.groups)}" if grouped else None
        _publish(client, texts, queue, at, gid=gid)
    if figures.paused:
        since = NOW - figures.oldest
        pause_queue(client.link, queue, now_ms=since, by="oncall", reason="The digest template is wrong")


def count(client: OmniqClient, key: str, total: int, done: int) -> None:
    """A child counter; many thousand single acks would take minutes, so they go in as a worker would have left them."""
    client.childs_init(key=key, expected=total)
    redis: Any = client.ops.r
    for first in range(0, done, 1_000):
        redis.sadd(f"{{cc:{key}}}:done", *(f"child-{nth}" for nth in range(first, min(done, first + 1_000))))
    redis.decrby(f"{{cc:{key}}}:count", done)


def _publish(client: OmniqClient, texts: Texts, queue: str, at: int, **options: Any) -> str:
    job_id, payload = texts.job_id(at), texts.payload()
    client.publish(queue=queue, payload=payload, job_id=job_id, now_ms_override=at, **options)
    return job_id


def _leased(client: OmniqClient, texts: Texts, queue: str, at: int, **options: Any) -> tuple[str, str]:
    _publish(client, texts, queue, at - 200, **options)
    job: Any = client.reserve(queue=queue, now_ms_override=at)
    return job.job_id, job.lease_token
