"""What a queue has ever done, by counts that no removal, retry or restart of a worker lowers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..connection import Link
from ..keys import QueueKeys
from ..numbers import read_int
from .history import history_head_command
from .history_record import read_head

_BATCH = 500


@dataclass(frozen=True, slots=True)
class JobTotals:
    """`started`: leases the queue gave since it began, whatever SDK asked; None where what stands there is no count.

    `failed`: jobs that failed for good since the history of the queue began, as it saw them: each is counted once it
    has stood among the failed for 20 s, so one that was retried or removed before is not. None without a history.
    """

    started: int | None
    failed: int | None


def job_totals(link: Link, queues: Sequence[str]) -> dict[str, JobTotals]:
    """The totals of each of these queues; 500 queues a round trip.

    Raises ValueError for a bad name, and what Redis raised when it did not answer.
    """
    totals: dict[str, JobTotals] = {}
    for start in range(0, len(queues), _BATCH):
        part = queues[start : start + _BATCH]
        leases: list[tuple[Any, ...]] = [("GET", QueueKeys(name).of("lease:seq")) for name in part]
        replies = link.pipeline([*leases, *(history_head_command(name) for name in part)])
        for name, started, head in zip(part, replies[: len(part)], replies[len(part) :], strict=True):
            totals[name] = JobTotals(_started(started), _failed(head))
    return totals


def _started(reply: Any) -> int | None:
    if reply is None:
        return 0
    return None if isinstance(reply, Exception) else read_int(reply)


def _failed(reply: Any) -> int | None:
    head = read_head(reply)
    return None if head is None or head.blind else head.failed_total
