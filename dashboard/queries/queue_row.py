"""One queue as lists and heads show it."""

from __future__ import annotations

from dataclasses import dataclass

from omniq_core import Pause, QueueSnapshot, paused_until, queue_state

from .rates import QueueRates, queue_rates

NO_RATES = queue_rates(b"", 0)
MANY_FAILED = 50
"""From here on the failed figure is red: a few failures are a normal day."""


@dataclass(frozen=True, slots=True)
class Limits:
    """From when on a queue without starts is stalled, and the age of its oldest job a warning (ms)."""

    stalled_ms: int = 60_000
    old_ms: int = 10 * 60_000


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A queue and its figures. Times are ms since the epoch, None where there is none.

    `pause` is None for a queue that runs, and for figures that the background wrote: they hold no names and reasons.
    `started` is how many jobs started in the last minute, as of the last look at all queues, None when not known.
    `rates` are known on a page of this queue alone. `away`: the node of a cluster that has the figures of all queues
    does not answer.
    The count of a lane in `broken` is 0 and means nothing: its key is of another type than the protocol's.
    Nothing in it only ages: live versions are made of its representation.
    """

    queue: str
    state: str
    attention: bool
    waiting: int
    ungrouped: int
    grouped: int
    active: int
    expired: int
    delayed: int
    failed: int
    completed: int
    groups_ready: int
    groups: int | None
    full_groups: int | None
    kinds: int | None
    oldest_ms: int | None
    oldest_gid: str
    oldest_tone: str
    next_due_ms: int | None
    last_activity_ms: int | None
    last_enqueue_ms: int | None
    last_finish_ms: int | None
    broken: tuple[str, ...]
    pause: Pause | None
    paused_until_ms: int | None
    started: int | None = None
    rates: QueueRates = NO_RATES
    away: bool = False

    @property
    def failed_tone(self) -> str:
        """As the function's."""
        return failed_tone(self.failed)


def failed_tone(failed: int) -> str:
    """`danger` when so many jobs failed that somebody should look, else ""."""
    return "danger" if failed >= MANY_FAILED else ""


def queue_row(
    snapshot: QueueSnapshot, now_ms: int, limits: Limits, started: int | None = None, *, away: bool = False
) -> QueueRow:
    """The row of one queue at `now_ms`; `started` is what the looks at all queues know of it, if not `away`."""
    state = queue_state(snapshot, now_ms, limits.stalled_ms)
    entered = snapshot.oldest_waiting_ms if snapshot.waiting_total else None
    oldest = None if entered is None else max(now_ms - entered, 0)
    tone = "danger" if state == "stalled" else "warn" if oldest is not None and oldest >= limits.old_ms else ""
    return QueueRow(
        queue=snapshot.queue,
        state=state,
        attention=state == "stalled" or (state == "paused" and snapshot.waiting_total > 0) or snapshot.broken > 0,
        waiting=snapshot.waiting_total,
        ungrouped=snapshot.waiting,
        grouped=snapshot.group_waiting,
        active=snapshot.active,
        expired=snapshot.expired,
        delayed=snapshot.delayed,
        failed=snapshot.failed,
        completed=snapshot.completed,
        groups_ready=snapshot.groups_ready,
        groups=snapshot.groups,
        full_groups=snapshot.full_groups,
        kinds=snapshot.kinds,
        oldest_ms=entered,
        oldest_gid=snapshot.oldest_gid,
        oldest_tone=tone,
        next_due_ms=snapshot.next_due_ms,
        last_activity_ms=snapshot.last_activity_ms or None,
        last_enqueue_ms=snapshot.last_enqueue_ms or None,
        last_finish_ms=snapshot.last_finish_ms or None,
        broken=snapshot.broken_lanes,
        pause=snapshot.pause,
        paused_until_ms=paused_until(snapshot, now_ms),
        started=started,
        away=away,
        rates=queue_rates(snapshot.spark, now_ms) if snapshot.spark else NO_RATES,
    )
