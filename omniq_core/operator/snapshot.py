"""The figures of queues, read from their structures: many queues in few round trips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..connection import Call, Link
from ..explaining import is_moving
from ..keys import QueueKeys, decode_id
from ..numbers import read_count, read_int, read_moment
from ..scripts import script
from .fingerprint import RULES_VERSION
from .pauses import Pause, read_pause, read_resumed
from .rights import keeps_out

BATCH = 500
STALLED_AFTER_MS = 60_000

QueueState = Literal["running", "idle", "paused", "stalled"]
_BITS = {"wait": 1, "active": 2, "delayed": 4, "failed": 8, "completed": 16}


@dataclass(frozen=True, slots=True)
class QueueSnapshot:
    """One queue at one moment. Times are ms since the epoch, None where nothing is recorded.

    `waiting` are the ungrouped ones. `expired` are leases whose time is over. `has_index` is False when a lane holds
    jobs that an SDK older than 3.0.0 put there without an index: pages of it are by place, its ages are not known.
    `groups` are those known so far, None where there are some and nobody has counted them yet.
    `pause_left_ms` is None for a pause without an end. `pause` is None for a queue that runs, and where it was not
    read. `broken` has a bit for each of `broken_lanes`.

    Four are only read for a page of this one queue. `oldest_gid` is the group of the job that waits longest, "" for an
    ungrouped one. `full_groups` are those with jobs and no free slot, None where over 200 jobs run: nobody counts them
    then. `kinds` are the kinds of errors of its failed jobs, None where not all of them are in the index. `spark` is
    the last hour as it is kept (`parse_spark`).
    """

    queue: str
    exists: bool = False
    paused: bool = False
    pause_left_ms: int | None = None
    waiting: int = 0
    group_waiting: int = 0
    waiting_total: int = 0
    active: int = 0
    expired: int = 0
    delayed: int = 0
    failed: int = 0
    completed: int = 0
    groups_ready: int = 0
    groups: int | None = 0
    oldest_waiting_ms: int | None = None
    next_due_ms: int | None = None
    last_activity_ms: int | None = None
    last_enqueue_ms: int | None = None
    last_reserve_ms: int | None = None
    last_finish_ms: int | None = None
    resumed_ms: int | None = None
    has_index: bool = True
    broken: int = 0
    pause: Pause | None = None
    oldest_gid: str = ""
    full_groups: int | None = None
    kinds: int | None = None
    spark: bytes = b""

    @property
    def broken_lanes(self) -> tuple[str, ...]:
        """The lanes whose key or index has another type than the protocol gives it: their count is not known."""
        return tuple(lane for lane, bit in _BITS.items() if self.broken & bit)


def snapshot_call(queue: str, now_ms: int, *, alone: bool = False) -> Call:
    """The read of one queue, for a pipeline with others; `alone`: for a page of this queue. ValueError: a bad name."""
    return script("operator/snapshot"), QueueKeys(queue).anchor, [now_ms, RULES_VERSION if alone else ""]


def parse_snapshot(queue: str, reply: Any) -> QueueSnapshot:
    """What the script answered. An entry that failed in its pipeline is raised here."""
    if isinstance(reply, Exception):
        raise reply
    if reply[0] != 1:
        return QueueSnapshot(queue)
    paused = reply[1] == 1
    waiting, grouped = read_count(reply[3]), read_count(reply[4])
    return QueueSnapshot(
        queue=queue,
        exists=True,
        paused=paused,
        pause_left_ms=reply[2] if paused and reply[2] >= 0 else None,
        waiting=waiting,
        group_waiting=grouped,
        waiting_total=waiting + grouped,
        active=reply[5],
        expired=reply[6],
        delayed=reply[7],
        failed=reply[8],
        completed=reply[9],
        groups_ready=reply[10],
        groups=_groups(*reply[20:22], ready=reply[10], waiting=grouped),
        oldest_waiting_ms=read_int(reply[11]),
        next_due_ms=read_int(reply[12]),
        last_activity_ms=read_moment(reply[13]),
        last_enqueue_ms=read_moment(reply[14]),
        last_reserve_ms=read_moment(reply[15]),
        last_finish_ms=read_moment(reply[16]),
        resumed_ms=None if paused else read_resumed(reply[17]),
        has_index=reply[18] == 0,
        broken=reply[19],
        pause=read_pause(reply[17]) if paused else None,
        oldest_gid=decode_id(reply[22]),
        full_groups=read_int(reply[23]),
        kinds=read_int(reply[24]),
        spark=reply[25],
    )


def queue_snapshots(
    link: Link, names: Sequence[str], now_ms: int, *, moving: set[str] | None = None, denied: set[str] | None = None
) -> dict[str, QueueSnapshot]:
    """The figures of these queues, in the order given: one round trip for every 500. With `moving` those whose keys are
    on their way to another node are put there, with `denied` those whose keys an access list refuses, and left out.

    Raises ValueError for a bad name, and what Redis raised when it did not answer or refused.
    """
    calls = [snapshot_call(name, now_ms) for name in names]
    found: dict[str, QueueSnapshot] = {}
    for start in range(0, len(calls), BATCH):
        part = names[start : start + BATCH]
        for name, reply in zip(part, link.run_many(calls[start : start + BATCH]), strict=True):
            if moving is not None and is_moving(reply):
                moving.add(name)
            elif denied is not None and keeps_out(reply):
                denied.add(name)
            else:
                found[name] = parse_snapshot(name, reply)
    return found


def queue_state(snapshot: QueueSnapshot, now_ms: int, stalled_after_ms: int = STALLED_AFTER_MS) -> QueueState:
    """The one word for a queue; the first that holds of paused, stalled, idle, running.

    Stalled means that jobs wait and nobody takes them: no lease still runs, the oldest waiting job entered
    `stalled_after_ms` ago or earlier, and neither a reserve nor a resume was seen since. Where the age of the oldest
    job is not known, the last enqueue stands for it: the oldest cannot be younger than that.
    """
    if snapshot.paused:
        return "paused"
    if snapshot.waiting_total == 0:
        return "idle" if snapshot.active == 0 else "running"
    since = now_ms - stalled_after_ms
    entered = snapshot.oldest_waiting_ms if snapshot.oldest_waiting_ms is not None else snapshot.last_enqueue_ms
    worked = (snapshot.last_reserve_ms, snapshot.resumed_ms)
    if (
        snapshot.active <= snapshot.expired
        and entered is not None
        and entered <= since
        and all(moment is None or moment <= since for moment in worked)
    ):
        return "stalled"
    return "running"


def paused_until(snapshot: QueueSnapshot, now_ms: int) -> int | None:
    """When its pause ends (ms since the epoch), to the second: what is left is told by another clock at each read."""
    if snapshot.pause_left_ms is None:
        return None
    return (now_ms + snapshot.pause_left_ms + 500) // 1_000 * 1_000


def _groups(known: int, any_ever: int, *, ready: int, waiting: int) -> int | None:
    if known:
        return max(known, ready)
    return None if any_ever or ready or waiting else 0
