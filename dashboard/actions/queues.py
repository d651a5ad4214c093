"""Pause and resume."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from omniq_core import Link, OmniqClient, pause_queue

from ..pause_form import PauseWish
from .telling import Did, told


def _paused(done: bool, given: Mapping[str, Any]) -> Did:
    until_ms = given["wish"].until_ms
    return Did(1, facts={"until_ms": str(until_ms)} if until_ms else {}) if done else Did(0, {"PAUSE_CHANGED": 1})


@told(_paused)
def pause(link: Link, queue: str, wish: PauseWish, *, by: str, known: str, now_ms: int) -> bool:
    """Stops reserves of the queue. False, and nothing changed, when its pause is not `known` ("": it runs)."""
    length_ms = wish.until_ms - now_ms if wish.until_ms is not None else None
    return pause_queue(link, queue, now_ms=now_ms, by=by, reason=wish.reason, length_ms=length_ms, known=known)


@told(lambda was_paused, _given: Did(1) if was_paused else Did(0, {"NOT_PAUSED": 1}))
def resume(client: OmniqClient, queue: str, *, now_ms: int) -> bool:
    """Lets reserves go on. False when it was not paused."""
    return client.resume(queue=queue, now_ms_override=now_ms) == 1
