"""Every job of a lane that passes a filter, a chunk at a time, in memory that does not grow with the lane."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..connection import Link
from ..keys import QueueKeys, decode_id, decode_text
from ..numbers import read_int, read_moment
from .cuts import Position
from .filters import Filter
from .lane_scan import Mark, Walk
from .lanes import lane_page_call, parse_lane_page
from .snapshot import parse_snapshot, snapshot_call

SHARE = 0.2
"""The most of Redis's time that one export takes."""
MOST_ROWS = 500
"""Jobs of one chunk."""
LARGEST_EXPORTED = 4 * 1024 * 1024
"""Bytes. Redis hands out 4 MB in 0.6 ms and 16 MB in 20 ms, and all others wait meanwhile."""
BATCH_BYTES = 1024 * 1024
"""Payloads are fetched so many bytes at a time; one that is larger comes alone."""
LONGEST_ID = 64 * 1024
LONGEST_REST_S = 1.0


@dataclass(frozen=True, slots=True)
class ExportStart:
    """How a lane stands when its export begins. `exists`: the queue does. `upto` is the newest job, None without one.

    `broken` as in `LanePage`: what the lane holds is then not known.
    """

    exists: bool
    upto: Mark | None
    broken: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class JobFacts:
    """A job as Redis keeps it. Times are ms, None where nothing is recorded; `_bytes` are full lengths.

    Texts are exact: bytes that are no UTF-8 stand in them as surrogates (`surrogateescape`). The id is cut at 64 KB
    (`id_bytes` tells), an error over 16 KB is "". `payload` is None when it was not asked for, is over 4 MB, or has
    left Redis since. `entered_ms` is when the job entered the lane, by the index; `due_ms` in delayed and
    `lock_until_ms` in active are what workers go by. `missing`: the lane names a job without a record, and `key_type`
    tells what stands in its place, as in `LaneRow`.
    """

    job_id: str
    id_bytes: int
    state: str
    gid: str
    attempt: int
    max_attempts: int
    timeout_ms: int
    backoff_ms: int
    entered_ms: int | None
    created_ms: int | None
    updated_ms: int | None
    queued_ms: int | None
    first_started_ms: int | None
    last_started_ms: int | None
    completed_ms: int | None
    failed_ms: int | None
    last_error_ms: int | None
    due_ms: int | None
    lock_until_ms: int | None
    last_error: str
    last_error_bytes: int
    payload: str | None
    payload_bytes: int
    missing: bool
    key_type: str = ""

    @property
    def id_is_cut(self) -> bool:
        """Whether only the first 64 KB of the id are here."""
        return self.id_bytes > LONGEST_ID


def start_export(link: Link, queue: str, lane: str, *, now_ms: int) -> ExportStart:
    """Fixes the end of an export: what enters the lane later is not in it. One round trip.

    Raises ValueError for a bad name, and what Redis raised.
    """
    snapshot, page = link.run_many([snapshot_call(queue, now_ms), lane_page_call(queue, lane, now_ms=now_ms, size=1)])
    parsed = parse_lane_page(page)
    return ExportStart(
        exists=parse_snapshot(queue, snapshot).exists,
        upto=Position(*page[6]) if page[6] else None,
        broken=parsed.broken,
    )


def export_jobs(
    link: Link,
    queue: str,
    lane: str,
    wanted: Filter,
    upto: Mark,
    *,
    newest_first: bool = True,
    order: str = "entered",
    payloads: bool = False,
    share: float = SHARE,
) -> Iterator[tuple[JobFacts, ...]]:
    """The jobs, some at a time: none that entered the lane after `upto`, none twice, none left out that stays.

    A step may be empty, where nothing of what was looked at matches. Scripts hold Redis for about 3 ms each, and all of
    them together for `share` of its time: between two steps this sleeps. The order by `lease` is none of those that an
    export can follow, since each heartbeat moves a job in it. Arguments and errors as `scan_lane`; what Redis raises in
    the middle ends the walk.
    """
    if order == "lease":
        raise ValueError("an export cannot follow the order by lease")
    walk = Walk(link, queue, lane, wanted, cursor=None, upto=upto, newest_first=newest_first, order=order, told="facts")
    while True:
        began = time.monotonic()
        chunk = walk.step(MOST_ROWS)
        found = tuple(_facts(raw) for raw, _ in chunk.hits)
        if payloads:
            yield from _with_payloads(link, queue, found)
        else:
            yield found
        if walk.cursor is None:
            return
        time.sleep(min(max(chunk.took_s / share - (time.monotonic() - began), 0.0), LONGEST_REST_S))


def _with_payloads(link: Link, queue: str, found: Sequence[JobFacts]) -> Iterator[tuple[JobFacts, ...]]:
    """The same jobs in the same order. A payload never changes, so it may be read after the rest."""
    batch: list[JobFacts] = []
    size = 0
    for job in found:
        if batch and size + job.payload_bytes > BATCH_BYTES:
            yield _fetched(link, queue, batch)
            batch, size = [], 0
        batch.append(job)
        size += job.payload_bytes if _is_fetched(job) else 0
    yield _fetched(link, queue, batch)


def _is_fetched(job: JobFacts) -> bool:
    return 0 < job.payload_bytes <= LARGEST_EXPORTED and not job.missing and not job.id_is_cut


def _fetched(link: Link, queue: str, jobs: Sequence[JobFacts]) -> tuple[JobFacts, ...]:
    keys, asked = QueueKeys(queue), [job for job in jobs if _is_fetched(job)]
    replies = iter(link.pipeline([("HGET", keys.job(job.job_id), "payload") for job in asked]))
    done: list[JobFacts] = []
    for job in jobs:
        raw = next(replies) if _is_fetched(job) else None
        if isinstance(raw, Exception) and "WRONGTYPE" not in str(raw):
            raise raw
        done.append(replace(job, payload=decode_id(raw)) if isinstance(raw, bytes) else job)
    return tuple(done)


def _facts(raw: Any) -> JobFacts:
    """A job as lua/lib/facts.lua answers it."""
    missing = len(raw) == 4
    kept, gid, error, error_bytes, payload_bytes = ([None] * 15, b"", b"", 0, 0) if missing else raw[3:8]
    state, attempt, max_attempts, timeout, backoff, *moments = kept
    created, updated, queued, first, last, completed, failed, errored, due, lock = map(read_moment, moments)
    return JobFacts(
        job_id=decode_id(raw[0]),
        id_bytes=raw[1],
        state=decode_text(state or b""),
        gid=decode_id(gid or b""),
        attempt=read_int(attempt) or 0,
        max_attempts=read_int(max_attempts) or 0,
        timeout_ms=read_int(timeout) or 0,
        backoff_ms=read_int(backoff) or 0,
        entered_ms=None if raw[2].startswith(b"@") else read_int(raw[2]),
        created_ms=created,
        updated_ms=updated,
        queued_ms=queued,
        first_started_ms=first,
        last_started_ms=last,
        completed_ms=completed,
        failed_ms=failed,
        last_error_ms=errored,
        due_ms=due,
        lock_until_ms=lock,
        last_error=decode_id(error or b""),
        last_error_bytes=error_bytes,
        payload=None,
        payload_bytes=payload_bytes,
        missing=missing,
        key_type=decode_text(raw[3]) if missing else "",
    )
