"""Undo: what was removed comes back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from omniq_core import OmniqClient

from .telling import Did, told


@dataclass(frozen=True, slots=True)
class Restoration:
    """How many jobs are back, and how many are not by which code."""

    done: int
    skipped: Mapping[str, int]


def _back(restored: Restoration, given: Mapping[str, Any]) -> Did:
    return Did(restored.done, restored.skipped, {"batch": given["batch"]})


@told(_back)
def restore(client: OmniqClient, queue: str, batch: str, *, now_ms: int) -> Restoration:
    """Puts back what was removed as this batch, at most 100 jobs a script. Raises BatchGone when its time is over."""
    counts: Counter[str] = Counter()
    for step in client.restore(queue=queue, batch=batch, now_ms_override=now_ms):
        counts.update(one.reason or "OK" for one in step)
    done = counts.pop("OK", 0)
    return Restoration(done, counts)
