"""Pauses with an end, for tests whose clock stands still while the server's goes on."""

from __future__ import annotations

from typing import Any


def has_left(redis: Any, queue: str, left_ms: int) -> None:
    """A pause of ours ends `left_ms` from now on, as if the test had taken no time so far."""
    pipeline = redis.pipeline()
    pipeline.pexpire(f"{{{queue}}}:paused", left_ms)
    pipeline.pexpire(f"{{{queue}}}:x:pause", left_ms + 60_000)
    pipeline.execute()
