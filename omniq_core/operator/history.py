"""What happened in a queue, or in all of them, over time: jobs started, ended and failed, and who waited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from ..connection import Link
from ..keys import QueueKeys, global_key
from .history_record import (
    BUCKET_MS,
    FINE,
    HOURS,
    MINUTES,
    SPARK,
    Head,
    Ring,
    ended_bucket,
    read_entries,
    read_head,
    row_entries,
)

VERSION = "1"
"""Of the layout of a record. It is in the name of its key, so an older one is not misread and dies by its expiry."""

FRESH_BUCKETS = 3
"""A rate is of now when the newest look is at most so many buckets old."""


@dataclass(frozen=True, slots=True)
class Span:
    """A range that can be asked for: `points`, each of `entries` entries of a ring."""

    ring: Ring
    entries: int
    points: int

    @property
    def step_ms(self) -> int:
        """How long a point is."""
        return self.entries * self.ring.buckets * BUCKET_MS


SPANS = {
    "15m": Span(FINE, 1, 90),
    "1h": Span(FINE, 3, 120),
    "6h": Span(MINUTES, 3, 120),
    "24h": Span(MINUTES, 12, 120),
    "30d": Span(HOURS, 6, 120),
}


@dataclass(frozen=True, slots=True)
class HistoryPoint:
    """What happened from `at_ms` on, for the length of a step.

    It was watched for `seen_ms` of that time (0: a gap, and nothing is known); failures are known for `closed_ms`, for
    they are counted 20 s later. `waiting` is the most that was seen, `oldest_ms` the longest wait: None where nobody
    looked.
    """

    at_ms: int
    seen_ms: int
    started: int
    ended: int
    closed_ms: int
    failed: int
    waiting: int | None
    oldest_ms: int | None

    @property
    def started_s(self) -> float | None:
        """Jobs started in a second."""
        return per_second(self.started, self.seen_ms)

    @property
    def ended_s(self) -> float | None:
        """Leases ended in a second: successes, retries, failures, and leases that ran out."""
        return per_second(self.ended, self.seen_ms)

    @property
    def failed_s(self) -> float | None:
        """Jobs failed for good in a second, without those that were retried or removed within 20 s."""
        return per_second(self.failed, self.closed_ms)


@dataclass(frozen=True, slots=True)
class History:
    """`points` of `step_ms`, oldest first, up to the 10 s that ended last; a gap has nothing seen in it.

    `since_ms` is the first look ever, None without any. The rates are of the last minute, None when nobody looked.
    """

    step_ms: int
    points: tuple[HistoryPoint, ...]
    since_ms: int | None
    started_s: float | None
    ended_s: float | None
    failed_s: float | None


@dataclass(frozen=True, slots=True)
class Spark:
    """The last hour of a queue in points of 90 s, oldest first: jobs `started` and `failed` a second, None for a gap.

    The rates are of the last minute, None when nobody looked.
    """

    started: tuple[float | None, ...]
    failed: tuple[float | None, ...]
    since_ms: int | None
    started_s: float | None
    ended_s: float | None
    failed_s: float | None


def history_head_command(queue: str) -> tuple[str, bytes, int, int]:
    """The read of the head of a queue's record, for a pipeline with others. Raises ValueError for a bad name."""
    return "GETRANGE", _record_key(queue), 0, SPARK.start - 1


def history_command(queue: str | None, span: str) -> tuple[str, bytes, int, int]:
    """The read for a pipeline with others; None is all queues together.

    Raises ValueError for a bad name, KeyError for a span that is not in SPANS.
    """
    return "GETRANGE", _record_key(queue), 0, SPANS[span].ring.end - 1


def spark_command(queue: str) -> tuple[str, bytes, int, int]:
    """The read of a queue's spark, for a pipeline with others. Raises ValueError for a bad name."""
    return "GETRANGE", _record_key(queue), 0, SPARK.end - 1


def parse_spark(raw: object, now_ms: int) -> Spark:
    """What Redis answered to `spark_command`. What is no record counts as absent: then every point is a gap."""
    head = read_head(raw)
    if head is None or not isinstance(raw, bytes) or len(raw) < SPARK.end:
        return Spark((None,) * SPARK.size, (None,) * SPARK.size, None, None, None, None)
    found = row_entries(raw)
    newest, last = head.final // SPARK.buckets, ended_bucket(now_ms) // SPARK.buckets
    numbers = range(last - SPARK.size + 1, last + 1)
    points = [found[at % SPARK.size] if newest - SPARK.size < at <= newest else (0, 0, 0) for at in numbers]
    started = tuple(per_second(begun, seen) for seen, begun, _ in points)
    failed = tuple(per_second(lost, seen) for seen, _, lost in points)
    return Spark(started, failed, *_rates(head, ended_bucket(now_ms)))


def parse_history(raw: object, span: str, now_ms: int) -> History:
    """What Redis answered, for this span or a longer one. What is no record counts as absent: every point is a gap."""
    return _history(raw if isinstance(raw, bytes) else b"", span, ended_bucket(now_ms))


@lru_cache(maxsize=16)
def _history(raw: bytes, span: str, ended: int) -> History:
    # A record is the same for ten seconds, and everybody who looks asks every two.
    asked = SPANS[span]
    ring, length = asked.ring, asked.ring.buckets * asked.entries
    head = read_head(raw)
    last = ended // length
    if head is None or len(raw) < ring.end:
        gaps = tuple(_gap(at * asked.step_ms) for at in range(last - asked.points + 1, last + 1))
        return History(asked.step_ms, gaps, None, None, None, None)
    points = tuple(_point(raw, asked, head, at) for at in range(last - asked.points + 1, last + 1))
    return History(asked.step_ms, points, *_rates(head, ended))


def read_history(link: Link, queue: str | None, span: str, now_ms: int) -> History:
    """The history of one queue, or of all (None), in one round trip. Raises as `history_command`, and what Redis raised
    when it did not answer."""
    return parse_history(link.pipeline([history_command(queue, span)])[0], span, now_ms)


def add_histories(histories: Sequence[History]) -> History:
    """Several queues together. Where one of them was not watched, though it was before, their sum is a gap."""
    points = tuple(_added(column, histories) for column in zip(*(history.points for history in histories), strict=True))
    begun = [history for history in histories if history.since_ms is not None]
    since_ms = min((history.since_ms for history in begun if history.since_ms is not None), default=None)
    rates = (
        [history.started_s for history in begun],
        [history.ended_s for history in begun],
        [history.failed_s for history in begun],
    )
    sums = (None if not some or None in some else sum(rate or 0 for rate in some) for some in rates)
    return History(histories[0].step_ms, points, since_ms, *sums)


def per_second(count: int, ms: int) -> float | None:
    """A rate; None for no time at all."""
    return count * 1000 / ms if ms else None


def _added(points: Sequence[HistoryPoint], histories: Sequence[History]) -> HistoryPoint:
    step_ms, at_ms = histories[0].step_ms, points[0].at_ms
    known = [
        point
        for point, history in zip(points, histories, strict=True)
        if point.seen_ms or (history.since_ms is not None and history.since_ms <= at_ms)
    ]
    if not known or not all(point.seen_ms for point in known):
        return _gap(at_ms)
    closed = all(point.closed_ms for point in known)
    waits = [point.waiting for point in known if point.waiting is not None]
    return HistoryPoint(
        at_ms=at_ms,
        seen_ms=step_ms,
        started=round(sum(point.started * step_ms / point.seen_ms for point in known)),
        ended=round(sum(point.ended * step_ms / point.seen_ms for point in known)),
        closed_ms=step_ms if closed else 0,
        failed=round(sum(point.failed * step_ms / point.closed_ms for point in known)) if closed else 0,
        waiting=sum(waits) if waits else None,
        oldest_ms=max((point.oldest_ms for point in known if point.oldest_ms is not None), default=None),
    )


def _record_key(queue: str | None) -> bytes:
    name = f"hist:{VERSION}"
    return global_key(name) if queue is None else QueueKeys(queue).of(f"x:{name}")


def _rates(head: Head, ended: int) -> tuple[int, float | None, float | None, float | None]:
    since_ms = (head.since + 1) * BUCKET_MS
    if abs(ended - head.newest) > FRESH_BUCKETS:
        return since_ms, None, None, None
    started, done = (per_second(count, head.seen_ms) for count in (head.started, head.ended))
    return since_ms, started, done, per_second(head.failed, head.closed_ms)


def _gap(at_ms: int) -> HistoryPoint:
    return HistoryPoint(at_ms, 0, 0, 0, 0, 0, None, None)


def _point(raw: bytes, asked: Span, head: Head, at: int) -> HistoryPoint:
    ring = asked.ring
    # The fine ring holds all that was seen, the others what is final.
    newest = (head.newest if ring is FINE else head.final) // ring.buckets
    first = max(at * asked.entries, newest - ring.size + 1)
    last = min((at + 1) * asked.entries - 1, newest)
    found = list(read_entries(raw, ring, first, last))
    final = found[: max(head.final - first + 1, 0)] if ring is FINE else found
    return HistoryPoint(
        at_ms=at * asked.step_ms,
        seen_ms=sum(entry.seen_ms for entry in found),
        started=sum(entry.started for entry in found),
        ended=sum(entry.ended for entry in found),
        closed_ms=sum(entry.seen_ms for entry in final),
        failed=sum(entry.failed for entry in final),
        waiting=max((entry.waiting for entry in found if entry.waiting is not None), default=None),
        oldest_ms=max((entry.oldest_ms for entry in found if entry.oldest_ms is not None), default=None),
    )
