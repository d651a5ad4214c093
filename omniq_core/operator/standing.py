"""Why a job that waits is not running: what stands between it and a worker, at one moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..connection import Call
from ..keys import QueueKeys, decode_id, encode_id
from ..scripts import script
from .groups import parse_rows
from .job import JobDetail
from .pauses import Pause
from .snapshot import STALLED_AFTER_MS, QueueSnapshot, parse_snapshot, paused_until, queue_state, snapshot_call

MOST_HOLDERS = 3

Hindrance = Literal["paused", "backoff", "due", "overdue", "full", "stuck", "unserved", "busy", "behind", "next"]


@dataclass(frozen=True, slots=True)
class Standing:
    """What a job waits for; the first that holds, in this order.

    `paused`: the queue is, by `pause`, until `until_ms` (None: until somebody resumes it). `backoff`, `due`: it is
    delayed until `until_ms`, after a failure or by its publisher. `overdue`: it was due at `since_ms`, and no worker
    moved it.
    `full`: its group runs `in_flight` of `limit`, `holders` are some of these. `stuck`: its group has a free slot that
    workers cannot see. `unserved`: nobody takes jobs of this queue, since `since_ms` (None: nobody ever did). `busy`:
    workers hold all that they can, the last job was taken at `since_ms`. `behind`: others come first. `next`: none do.
    `before` is how many stand before it in its group, or among the ungrouped; None: over 1,000.
    """

    hindrance: Hindrance
    before: int | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    in_flight: int = 0
    limit: int = 0
    active: int = 0
    holders: tuple[str, ...] = ()
    pause: Pause | None = None


def standing_calls(job: JobDetail, now_ms: int) -> list[Call]:
    """The reads for `parse_standing`: none unless the job waits or is delayed, and its lane holds it."""
    if job.state not in ("wait", "delayed") or not job.in_lane:
        return []
    anchor, gid = QueueKeys(job.queue).anchor, encode_id(job.gid)
    calls = [snapshot_call(job.queue, now_ms)]
    if job.gid and job.state == "wait":
        calls.append((script("operator/groups_rows"), anchor, [gid]))
        calls.append((script("operator/group_holders"), anchor, [gid, MOST_HOLDERS]))
    return calls


def parse_standing(
    job: JobDetail, replies: Sequence[Any], now_ms: int, stalled_after_ms: int = STALLED_AFTER_MS
) -> Standing | None:
    """Why it is not running; None where there was nothing to read. Raises what Redis raised."""
    if not replies:
        return None
    for reply in replies:
        if isinstance(reply, Exception):
            raise reply
    queue = parse_snapshot(job.queue, replies[0])
    if queue.paused:
        return Standing("paused", until_ms=paused_until(queue, now_ms), pause=queue.pause)
    if job.state == "delayed":
        due = job.due_ms or 0
        if due <= now_ms:
            return Standing("overdue", since_ms=due or None)
        return Standing("backoff" if job.attempt else "due", until_ms=due)
    before = job.position - 1 if job.position is not None else None
    if len(replies) > 1:
        group = parse_rows([job.gid], replies[1]).get(job.gid)
        if group and group.state in ("busy", "stuck"):
            running = group.in_flight if group.running is None else group.running
            holders = tuple(map(decode_id, replies[2] or ()))
            full = group.state == "busy"
            return Standing("full" if full else "stuck", before, in_flight=running, limit=group.limit, holders=holders)
    return _served(queue, before, now_ms, stalled_after_ms)


def _served(queue: QueueSnapshot, before: int | None, now_ms: int, stalled_after_ms: int) -> Standing:
    taken = queue.last_reserve_ms
    if queue_state(queue, now_ms, stalled_after_ms) == "stalled":
        return Standing("unserved", before, since_ms=taken)
    if queue.active and taken is not None and taken <= now_ms - stalled_after_ms:
        return Standing("busy", before, since_ms=taken, active=queue.active)
    return Standing("next" if before == 0 else "behind", before)
