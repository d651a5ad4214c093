"""What a removal can promise: whether there is room to keep what it takes, and until when a batch can come back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from omniq_core import Keep, Link, Trash, TrashBatch, UndoState, beside_activity, read_trash_beside


@dataclass(frozen=True, slots=True)
class Undo:
    """How the removals of a mount can be undone: for how long (ms, 0: not at all), and how much each queue keeps."""

    ms: int
    most_jobs: int
    most_bytes: int

    def keep(self, batch: str) -> Keep:
        """What a removal that can be undone is given."""
        return Keep(batch, self.ms, self.most_jobs, self.most_bytes)


@dataclass(frozen=True, slots=True)
class Room:
    """What is left of the room in a queue's trash: `jobs` of `most_jobs` and `bytes` of `most_bytes`, for `ms` each.

    `wanted`: how many bytes the jobs take that it was asked for by their ids, else 0.
    """

    ms: int
    jobs: int
    most_jobs: int
    bytes: int
    most_bytes: int
    wanted: int = 0

    def holds(self, count: int) -> bool:
        """Whether so many jobs find room. What a filter or a lane holds may be too large, all the same: only jobs that
        are named are weighed."""
        return self.ms > 0 and count <= self.jobs and self.wanted <= self.bytes


def undo_room(link: Link, queue: str, undo: Undo, *, now_ms: int, ids: Sequence[str] = (), batch: str = "") -> Room:
    """The room there is now, or was before this batch, and what these jobs take of it. One round trip, none when
    nothing can be undone."""
    held, wanted = read_trash_beside(link, queue, ids, now_ms=now_ms) if undo.ms else (Trash({}, 0, 0), 0)
    own = held.batches.get(batch, TrashBatch(0, 0, 0))
    free = max(undo.most_bytes - held.bytes + own.bytes, 0)
    jobs = max(undo.most_jobs - held.jobs + own.jobs, 0) if free else 0
    return Room(undo.ms, jobs, undo.most_jobs, free, undo.most_bytes, wanted)


def undo_state(link: Link, queue: str, batch: str, *, now_ms: int) -> UndoState:
    """What has become of one removal: can jobs of it still be put back, or were they? One round trip."""
    return beside_activity(link, [(queue, batch)], now_ms=now_ms).undo.get(
        (queue, batch), UndoState(None, undone=False)
    )
