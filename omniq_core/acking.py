"""Acks a lost answer away: an ack may be repeated, because the job remembers who acked it and how."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from . import clock
from .connection import REDIS_ERRORS
from .reporting import Reporter, is_away

AGAIN_S = 0.2
TRIES_WHEN_STOPPING = 5
Answer = TypeVar("Answer")


def ack_until_answered(
    send: Callable[[bool], Answer],
    *,
    until_ms: int,
    stopping: Callable[[], bool],
    report: Reporter,
    sent_before: bool = False,
) -> Answer:
    """The answer of `send`, an ack that is repeated while Redis is away, at least once and until the lease runs out.

    It is told whether it was sent before. Raises the refusal of the script, and the error of Redis when there was no
    answer in time.
    """
    tries = 1 if sent_before else 0
    while True:
        tries += 1
        began = time.monotonic()
        try:
            answer = send(tries > 1)
        except REDIS_ERRORS as error:
            report.failed("ack", error, began)
            most = TRIES_WHEN_STOPPING if stopping() else None
            if not is_away(error) or tries == most or (tries > 1 and clock.now_ms() >= until_ms):
                raise
            time.sleep(AGAIN_S if tries > 1 else 0)
        else:
            report.worked("ack", began)
            return answer
