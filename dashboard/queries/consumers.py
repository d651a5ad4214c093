"""Who works a queue, as its active lane shows it."""

from __future__ import annotations

from dataclasses import dataclass, field

from omniq_core import Consumers

LOST_MS = 10_000
"""A consumer beats every 5 s: one that missed two has stopped."""


@dataclass(frozen=True, slots=True)
class ConsumerRow:
    """One consumer. `running` of `concurrency` slots had a job at its last beat, `beat_ms`.

    That is not in the representation of which live versions are made, for it is worked out from a remaining time and
    never twice the same; `told_ms` is, the moment of the same beat by the consumer's own clock.
    """

    consumer_id: str
    host: str
    pid: int
    concurrency: int
    running: int
    lost: bool
    told_ms: int
    beat_ms: int = field(repr=False)


@dataclass(frozen=True, slots=True)
class ConsumersPart:
    """The list: lost ones first, then by host and process. `total` announce themselves, also those not listed.

    `processes` is False when one process has several consumers. The last three are those of `Consumers`.
    """

    rows: tuple[ConsumerRow, ...]
    total: int
    processes: bool
    running: int
    slots: int
    lost: int
    unlisted: int | None
    unlisted_since_ms: int | None
    more_unlisted: bool


def consumers_part(read: Consumers, now_ms: int) -> ConsumersPart:
    """What is shown of `read` at `now_ms`."""
    rows = [
        ConsumerRow(
            consumer_id=one.consumer_id,
            host=one.host,
            pid=one.pid,
            concurrency=one.concurrency,
            running=one.running,
            lost=now_ms - one.beat_ms > LOST_MS,
            told_ms=one.told_ms,
            beat_ms=one.beat_ms,
        )
        for one in read.listed
    ]
    rows.sort(key=lambda row: (not row.lost, row.beat_ms if row.lost else 0, row.host, row.pid, row.consumer_id))
    return ConsumersPart(
        rows=tuple(rows),
        total=read.total,
        processes=len({(row.host, row.pid) for row in rows}) == len(rows),
        running=sum(row.running for row in rows),
        slots=sum(row.concurrency for row in rows),
        lost=sum(row.lost for row in rows),
        unlisted=read.unlisted,
        unlisted_since_ms=read.unlisted_since_ms,
        more_unlisted=read.more_unlisted,
    )
