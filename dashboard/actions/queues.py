"""Pause and resume."""

from __future__ import annotations

from omniq_core import OmniqClient


def pause(client: OmniqClient, queue: str) -> None:
    """Stops reserves of the queue; a queue that is paused stays so."""
    client.pause(queue=queue)


def resume(client: OmniqClient, queue: str, *, now_ms: int) -> bool:
    """Lets reserves go on. False when it was not paused."""
    return client.resume(queue=queue, now_ms_override=now_ms) == 1
