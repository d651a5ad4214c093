"""How many leases a queue has ever given, which no removal, retry or restart of a worker lowers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..connection import Link
from ..keys import QueueKeys
from ..numbers import read_int

_BATCH = 500


def started_totals(link: Link, queues: Sequence[str]) -> dict[str, int | None]:
    """Leases that each of these queues gave since it began, whatever SDK asked for them; 500 queues a round trip.

    None where what stands there is no count. Raises ValueError for a bad name, and what Redis raised when it did not
    answer.
    """
    totals: dict[str, int | None] = {}
    for start in range(0, len(queues), _BATCH):
        part = queues[start : start + _BATCH]
        replies = link.pipeline([("GET", QueueKeys(name).of("lease:seq")) for name in part])
        totals |= {name: 0 if reply is None else _count(reply) for name, reply in zip(part, replies, strict=True)}
    return totals


def _count(reply: Any) -> int | None:
    return None if isinstance(reply, Exception) else read_int(reply)
