"""The figures of all queues for a program that collects them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from omniq_core import Link, job_totals, queue_state, read_overview, read_rows


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """One queue. `oldest_ms` is how long its oldest waiting job waits, None where none does or nobody knows since when.

    `started` are the leases it ever gave, `failed_total` the failures its history has counted (see JobTotals).
    `expired` are leases whose time is over, which are among `active`. A figure is None where its key has another type
    than the protocol gives it.
    """

    queue: str
    waiting: int | None
    active: int | None
    expired: int | None
    delayed: int | None
    failed: int | None
    oldest_ms: int | None
    started: int | None
    failed_total: int | None
    paused: bool
    stalled: bool


@dataclass(frozen=True, slots=True)
class MetricsPage:
    """All queues the reader may see, by name; most figures are `age_ms` old, None where they were read just now.

    `kept`: the background of some process looks for queues and keeps their figures. `denied` queues are missing: an
    access list keeps this dashboard from reading their keys.
    """

    queues: tuple[QueueFigures, ...]
    age_ms: int | None
    kept: bool
    denied: int


def metrics_page(
    link: Link, *, now_ms: int, may_read: Callable[[str], bool], stalled_ms: int, allow_list: Sequence[str] = ()
) -> MetricsPage:
    """Reads what the background has written down, and of queues without such figures what they are now: two round
    trips, and one more for every 500 queues. No cost grows with the number of jobs."""
    found = read_overview(link, now_ms)
    names = [name for name in (allow_list or found.names) if may_read(name)]
    denied = set(found.denied.intersection(names))
    names = [name for name in names if name not in denied]
    known = {name: found.snapshots[name] for name in names if name in found.snapshots}
    missing = [name for name in names if name not in known]
    known |= read_rows(link, missing, now_ms, denied=denied).snapshots
    present = sorted(name for name in known if known[name].exists)
    totals = job_totals(link, present)

    def figures(name: str) -> QueueFigures:
        one = known[name]
        broken = one.broken_lanes
        entered = one.oldest_waiting_ms if one.waiting_total and "wait" not in broken else None
        return QueueFigures(
            queue=name,
            waiting=None if "wait" in broken else one.waiting_total,
            active=None if "active" in broken else one.active,
            expired=None if "active" in broken else one.expired,
            delayed=None if "delayed" in broken else one.delayed,
            failed=None if "failed" in broken else one.failed,
            oldest_ms=None if entered is None else max(now_ms - entered, 0),
            started=totals[name].started,
            failed_total=totals[name].failed,
            paused=one.paused,
            stalled=queue_state(one, now_ms, stalled_ms) == "stalled",
        )

    kept = found.kept and (bool(allow_list) or found.searching)
    aged = len(missing) < len(names)
    return MetricsPage(tuple(map(figures, present)), found.age_ms if aged else None, kept, len(denied))
