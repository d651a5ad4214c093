"""How many leases a queue has ever given, which no removal, retry or restart of a worker lowers."""

from __future__ import annotations

from collections.abc import Sequence

from ..connection import Link
from ..keys import QueueKeys
from ..numbers import read_count

_BATCH = 500


def started_totals(link: Link, queues: Sequence[str]) -> dict[str, int]:
    """Leases that each of these queues gave since it began, whatever SDK asked for them; 500 queues a round trip.

    A key of another type counts as 0. Raises ValueError for a bad name, and what Redis raised when it did not answer.
    """
    totals: dict[str, int] = {}
    for start in range(0, len(queues), _BATCH):
        part = queues[start : start + _BATCH]
        replies = link.pipeline([("GET", QueueKeys(name).of("lease:seq")) for name in part])
        totals |= {name: read_count(reply) for name, reply in zip(part, replies, strict=True)}
    return totals
