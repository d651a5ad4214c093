"""What a removal can promise: whether there is room to keep what it takes, and until when a batch can come back."""

from __future__ import annotations

from dataclasses import dataclass

from omniq_core import Keep, Link, Trash, read_trash


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
    """What is left of the room in a queue's trash: `jobs` of `most_jobs`, for `ms` each."""

    ms: int
    jobs: int
    most_jobs: int

    def holds(self, count: int) -> bool:
        """Whether so many jobs find room. Very large ones may not, all the same."""
        return self.ms > 0 and count <= self.jobs


def undo_room(link: Link, queue: str, undo: Undo, *, now_ms: int) -> Room:
    """The room there is now. One round trip, none when nothing can be undone."""
    held = read_trash(link, queue, now_ms=now_ms) if undo.ms else Trash({}, 0, 0)
    full = held.bytes >= undo.most_bytes
    return Room(undo.ms, 0 if full else max(undo.most_jobs - held.jobs, 0), undo.most_jobs)


def undo_until(link: Link, queue: str, batch: str, *, now_ms: int) -> int | None:
    """Until when (ms) jobs of a batch can still be put back, None when there is none of it."""
    found = read_trash(link, queue, now_ms=now_ms).batches.get(batch)
    return found.until_ms if found else None
