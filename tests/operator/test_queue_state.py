"""The one word for a queue."""

from __future__ import annotations

from dataclasses import replace

import pytest

from omniq_core import QueueSnapshot, queue_state

NOW = 1_750_000_000_000
MINUTE = 60_000
STALLED = QueueSnapshot(
    "q", exists=True, waiting=1, waiting_total=1, oldest_waiting_ms=NOW - MINUTE, last_reserve_ms=NOW - MINUTE
)


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({}, "stalled"),
        ({"last_reserve_ms": None}, "stalled"),
        ({"active": 2, "expired": 2}, "stalled"),
        ({"resumed_ms": NOW - MINUTE}, "stalled"),
        ({"paused": True}, "paused"),
        ({"oldest_waiting_ms": NOW - MINUTE + 1}, "running"),
        ({"last_reserve_ms": NOW - MINUTE + 1}, "running"),
        ({"active": 2, "expired": 1}, "running"),
        ({"resumed_ms": NOW - MINUTE + 1}, "running"),
        ({"waiting": 0, "waiting_total": 0}, "idle"),
        ({"waiting": 0, "waiting_total": 0, "active": 1}, "running"),
        ({"waiting": 0, "waiting_total": 0, "delayed": 3}, "idle"),
        ({"oldest_waiting_ms": None}, "running"),
        ({"oldest_waiting_ms": None, "last_enqueue_ms": NOW - MINUTE}, "stalled"),
    ],
)
def test_the_first_rule_that_holds(change: dict[str, int], state: str) -> None:
    assert queue_state(replace(STALLED, **change), NOW) == state


def test_the_threshold_is_the_callers() -> None:
    assert queue_state(STALLED, NOW, stalled_after_ms=MINUTE + 1) == "running"
