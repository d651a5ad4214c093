"""Rows and errors as they may be shown where values of jobs are hidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from omniq_core import ErrorKind, JobDetail, LanePage, LaneRow, Link, RawField, job_texts

from ..redaction import HIDDEN, KNOWN_UP_TO, Redaction, Seen

LARGEST = 16_384
"""Bytes of a payload or an error that is read for a row."""
MOST = 1_048_576
"""Bytes that are read for all rows of a page; the rest shows sizes and types."""
EXCERPT = 200
_NONE = Seen("")
_KEPT = frozenset((
    "id", "state", "gid", "attempt", "max_attempts", "timeout_ms", "backoff_ms", "created_ms", "updated_ms",
    "queued_ms", "first_started_ms", "last_started_ms", "completed_ms", "failed_ms", "due_ms", "lock_until_ms",
    "lease_token", "last_error", "last_error_ms", "payload", "x_pub", "x_ack", "x_task", "x_copy_of", "x_copied_to",
))  # fmt: skip
"""The fields of a record that are the protocol's and ours."""


def shown_page(link: Link, queue: str, page: LanePage, redaction: Redaction) -> LanePage:
    """A page of rows as they may be shown. One round trip more, none without rules."""
    return replace(page, rows=shown_rows(link, queue, page.rows, redaction)) if redaction.on else page


def shown_rows(link: Link, queue: str, rows: Sequence[LaneRow], redaction: Redaction) -> tuple[LaneRow, ...]:
    """Rows as they may be shown: what is hidden leaves before anything is cut."""
    if not redaction.on:
        return tuple(rows)
    wanted: list[tuple[str, bool, bool]] = []
    size = 0
    for row in rows:
        payload = not row.missing and not row.id_cut and 0 < row.payload_bytes <= LARGEST
        error = not row.missing and not row.id_cut and 0 < row.error_bytes <= LARGEST
        size += row.payload_bytes * payload + row.error_bytes * error
        wanted.append((row.job_id, payload and size <= MOST, error and size <= MOST))
    texts = job_texts(link, queue, wanted)
    return tuple(_row(row, *found, redaction) for row, found in zip(rows, texts, strict=True))


def _row(row: LaneRow, payload: bytes | None, error: bytes | None, redaction: Redaction) -> LaneRow:
    seen = redaction.payload(payload) if payload is not None else None if row.payload_bytes else _NONE
    if error is not None:
        said = redaction.error(error.decode("utf-8", "replace"), seen)
    else:
        said = HIDDEN if row.error else ""
    excerpt = (seen.text if seen else None) or ""
    return replace(row, error=said, payload_excerpt=excerpt[:EXCERPT])


def shown_kind(kind: ErrorKind, redaction: Redaction) -> ErrorKind:
    """A kind as it may be shown: of its words only the type, for they may be a job's."""
    if not redaction.on or not kind.of_an_error:
        return kind
    return ErrorKind(kind.digest, redaction.kind(kind.name), HIDDEN)


def shown_job(job: JobDetail, redaction: Redaction) -> tuple[JobDetail, Seen]:
    """A job whose error and fields may be shown, and what may be shown of its payload, as far as that was read."""
    raw = job.payload or b""
    if not redaction.on:
        return job, _NONE
    whole = len(raw) == job.payload_bytes
    seen = redaction.payload(raw) if whole else Seen(None, "", None)
    known = seen if job.payload_bytes <= KNOWN_UP_TO else None
    error = redaction.error(job.last_error, known)

    def shown(field: RawField) -> RawField:
        if field.name == "last_error":
            return replace(field, value=error.encode("utf-8", "replace"))
        if field.name in _KEPT:
            return field
        whole = len(field.value) >= field.length
        return replace(field, value=redaction.field(field.name, field.value, known, whole=whole))

    return replace(job, last_error=error, fields=tuple(map(shown, job.fields)), payload=None), seen
