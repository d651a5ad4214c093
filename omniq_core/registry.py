"""Tells the dashboards of this Redis that a queue exists, so that none has to wait for a scan of all keys."""

from __future__ import annotations

import time

from .connection import REDIS_ERRORS, Link
from .keys import global_key

AGAIN_AFTER_S = 60.0


def remember_queue(link: Link, queue: str) -> None:
    """Adds the queue to `{omniq:x}:queues`, at most once a minute per link. A failure is ignored: the scan finds it."""
    now = time.monotonic()
    told = link.told_queues.get(queue)
    if told is not None and now - told < AGAIN_AFTER_S:
        return
    if len(link.told_queues) > 10_000:
        link.told_queues.clear()
    link.told_queues[queue] = now
    try:
        link.call("SADD", global_key("queues"), queue)
    except REDIS_ERRORS:
        return
