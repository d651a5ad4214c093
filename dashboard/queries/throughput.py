"""What happened in all queues that the reader may see, together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from omniq_core import History, add_histories

from ..rate_charts import RateChart, rate_chart

RANGES = {"15m": "15 min", "1h": "1 h", "6h": "6 h", "24h": "24 h", "30d": "30 d"}
"""The ranges of the chart by their names in addresses."""

RANGE = "1h"
MOST_ADDED = 20
"""So many queues are added up for a reader who may not see all."""

_ENOUGH_MS = 14 * 60_000


@dataclass(frozen=True, slots=True)
class Throughput:
    """`chart` is None for a reader who may not see all queues, and sees too many to add up.

    Rates are of the last minute, None when they are not known. `begun`: somebody has looked. `collecting_ms`: figures
    begin then, within the range. `failed` jobs in the last `failed_ms`, None when not known.
    """

    range: str
    chart: RateChart | None
    started_s: float | None = None
    ended_s: float | None = None
    failed_s: float | None = None
    begun: bool = False
    collecting_ms: int | None = None
    failed: int | None = None
    failed_ms: int = 0


def throughput(asked: str, histories: Sequence[History], lately: Sequence[History]) -> Throughput:
    """The chart of these queues, or of the one history of all of them; `lately` are their last 15 min."""
    if not histories:
        return Throughput(asked, None)
    history = histories[0] if len(histories) == 1 else add_histories(histories)
    recent = (lately[0] if len(lately) == 1 else add_histories(lately)).points
    closed = sum(point.closed_ms for point in recent)
    began = history.since_ms
    return Throughput(
        range=asked,
        chart=rate_chart(history, RANGES[asked]),
        started_s=history.started_s,
        ended_s=history.ended_s,
        failed_s=history.failed_s,
        begun=began is not None,
        collecting_ms=began if began is not None and began > history.points[0].at_ms else None,
        failed=sum(point.failed for point in recent) if closed else None,
        failed_ms=15 * 60_000 if closed >= _ENOUGH_MS else closed,
    )
