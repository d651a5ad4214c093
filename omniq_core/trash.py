"""The trash of a queue: jobs that a removal keeps for a time, and their way back."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from . import clock
from .batches import MAX_BATCH, batch_results
from .connection import Arg, Link
from .errors import BatchGone
from .keys import QueueKeys, decode_id, decode_text
from .models import BatchResultItem
from .numbers import checked_number
from .scripts import script

LONGEST_KEPT_MS = 7 * 86_400_000
MOST_KEPT_JOBS = 10_000
MOST_KEPT_BYTES = 64 * 2**20
_BATCH = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Keep:
    """How a removal keeps its jobs: as `batch`, for `ms`, which `restore` takes. Several removals may share a batch.

    Each job is kept for `ms` from its removal on, then Redis forgets it by itself. The whole trash of a queue holds at
    most `most_jobs`, 1,000 batches and `most_bytes` of payloads, errors and ids; a job beyond that is removed for good.
    Raises ValueError: a batch has 1 to 64 of `A-Z a-z 0-9 _ -`, a time is 1 ms to 7 days, the rest is not negative.
    """

    batch: str
    ms: int = 900_000
    most_jobs: int = MOST_KEPT_JOBS
    most_bytes: int = MOST_KEPT_BYTES

    def __post_init__(self) -> None:
        _check_batch(self.batch)
        if not 1 <= checked_number("ms", self.ms) <= LONGEST_KEPT_MS:
            raise ValueError(f"jobs are kept for 1 to {LONGEST_KEPT_MS} ms, not {self.ms}")
        if min(checked_number("most_jobs", self.most_jobs), checked_number("most_bytes", self.most_bytes)) < 0:
            raise ValueError("the trash has no room for less than nothing")


@dataclass(frozen=True, slots=True)
class Restored:
    """What became of some jobs of a batch: `OK`, or why a job stays out of the queue.

    `cursor` is where the next piece begins, None when this was the last. The batch has `total` jobs.
    """

    results: list[BatchResultItem]
    cursor: int | None
    total: int


class Restoring:
    """The part of OmniqClient that takes jobs back from the trash."""

    link: Link

    def restore(self, *, queue: str, batch: str, now_ms_override: int = 0) -> Iterator[list[BatchResultItem]]:
        """Puts the jobs of a batch back as they were, at most 100 in one step; yields each step's results.

        A job has its lane, group, due time and score again; a waiting one goes to the tail of its list. The reason of
        an `ERR` is EXISTS (a job has this id again), NEWER_KEPT (100 newer completed jobs are kept), GONE (its time is
        over), RESTORED (by an earlier call) or BROKEN_GROUP (a key of its group is of the wrong type); what was refused
        stays in the trash until its time is over. A step whose answer is lost is sent again for about 3 s, and done
        once.
        Raises BatchGone when the trash holds no such batch (any more), at the first `next()`.
        """
        cursor: int | None = 0
        while cursor is not None:
            step = self.restore_batch(queue=queue, batch=batch, cursor=cursor, now_ms_override=now_ms_override)
            cursor = step.cursor
            yield step.results

    def restore_batch(
        self, *, queue: str, batch: str, cursor: int = 0, limit: int = MAX_BATCH, now_ms_override: int = 0
    ) -> Restored:
        """One step of `restore`, atomically: at most `limit` (1 to 100) jobs from `cursor` on. Raises as `restore`, and
        ValueError for a limit or a batch that breaks the rules."""
        if not 1 <= limit <= MAX_BATCH:
            raise ValueError(f"1 to {MAX_BATCH} jobs a step, not {limit}")
        _check_batch(batch)
        now = checked_number("now_ms_override", now_ms_override) if now_ms_override else clock.now_ms()
        args = (now, batch, secrets.token_hex(16), checked_number("cursor", cursor), limit)
        reply = cast(list[Any], self.link.run(script("restore"), QueueKeys(queue).anchor, *args, again=()))
        total, flat = int(reply[0]), cast(list[bytes], reply[1:])
        if not total:
            raise BatchGone("RESTORE", queue=queue)
        ids, answers = [decode_id(raw) for raw in flat[::2]], [decode_text(raw) for raw in flat[1::2]]
        after = cursor + limit
        return Restored(batch_results(ids, answers), after if after < total else None, total)


def keep_args(keep: Keep | None) -> tuple[Arg, ...]:
    """What the scripts that remove jobs take as their last arguments but the ids."""
    return (keep.batch, keep.ms, keep.most_jobs, keep.most_bytes) if keep else ("", 0, 0, 0)


def _check_batch(batch: str) -> None:
    if not _BATCH.fullmatch(batch):
        raise ValueError(f"not a batch: {batch!r} (1 to 64 of A-Z a-z 0-9 _ -)")
