"""A row of a lane, as templates take it."""

from __future__ import annotations

from dataclasses import dataclass

from omniq_core import LaneRow

from ..formatting import RowIds

LEASE_WITHOUT_TIMEOUT_MS = 60_000
"""How long a job is leased that has no timeout of its own."""
EXCERPT_BYTES = 200
"""What a lane page carries of a payload."""


@dataclass(frozen=True, slots=True)
class JobRow:
    """A row of a lane: the job, its DOM id, the address of its page, and figures worked out from its fields.

    `entered_ms` is when it entered the lane: by the index, else by the job's own field, else None.
    `lease_ms` is how long a lease of it lasts.
    `excerpt` is the beginning of the payload; … when that is not all of it.
    """

    job: LaneRow
    dom_id: str
    href: str
    attempts: str
    ran_ms: int | None
    entered_ms: int | None
    lease_ms: int
    excerpt: str


def job_row(job: LaneRow, ids: RowIds, lane: str, href: str) -> JobRow:
    """The row of a job, which leads to `href`. `ids` are those of the rows before it on the page."""
    end = job.failed_ms or job.completed_ms
    ran = end - job.last_started_ms if end and job.last_started_ms and end >= job.last_started_ms else None
    recorded = {
        "waiting": job.queued_ms,
        "active": job.last_started_ms,
        "failed": job.failed_ms,
        "completed": job.completed_ms,
    }
    return JobRow(
        job=job,
        dom_id=ids("job", job.job_id),
        href=href,
        attempts=f"{job.attempt:,} of {max(job.max_attempts, 1):,}",
        ran_ms=ran,
        entered_ms=job.score_ms if job.score_ms is not None else recorded.get(lane),
        lease_ms=job.timeout_ms if job.timeout_ms > 0 else LEASE_WITHOUT_TIMEOUT_MS,
        excerpt=job.payload_excerpt + ("…" if job.payload_excerpt and job.payload_bytes > EXCERPT_BYTES else ""),
    )
