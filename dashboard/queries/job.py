"""One job: what is known of it, in at most three round trips, and the jobs beside it in a list."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from omniq_core import (
    ErrorKind,
    JobDetail,
    Link,
    Standing,
    job_detail,
    job_surroundings,
    kind_of_job,
    without_message,
)

from ..formatting import day, duration, relative
from ..jsontext import Piece, laid_out
from ..present import present
from ..redaction import KNOWN_UP_TO, LOOKED_INTO, NOTHING, TOO_LONG, Redaction, Seen
from ..traces import ErrorText, read_error
from .children import Patience
from .counter import NamedCounter, named_counter
from .hidden import shown_job, shown_kind
from .job_list import JobList, Pager, job_pager
from .timeline import Step, Times, timeline

_PATIENCE = Patience()
WHOLE_PAYLOAD = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ErrorNote:
    """The recorded error (None: there is none, and `note` says what that means) and which attempt it is of."""

    error: ErrorText | None
    note: str
    at_ms: int | None


@dataclass(frozen=True, slots=True)
class Payload:
    """A payload for reading: coloured pieces of a JSON text, else plain text. `cut` when it is longer than shown.

    `why_hidden`: why nothing of it is shown, `hidden`: how many of its values are not.
    """

    pieces: tuple[Piece, ...] | None
    text: str
    size: int
    shown: int
    cut: bool
    too_large: bool
    why_hidden: str = ""
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class Field:
    """A raw field: printable value (cut), "" for an empty one, and its length in bytes."""

    name: str
    value: str
    length: int


@dataclass(frozen=True, slots=True)
class JobPage:
    """A job's page. `lane` is the lane's word in addresses, "" for a state no lane has.

    `kind` is that of a failed job, `others` how many other failed jobs of the queue are of it: 0 also while that is not
    known. `pager` leads to the jobs beside it. `standing` is why a job that waits is not running.
    `counter` is the child counter that its payload names.
    """

    job: JobDetail
    lane: str
    error: ErrorNote | None
    kind: ErrorKind | None
    others: int
    pager: Pager | None
    standing: Standing | None
    counter: NamedCounter | None
    payload: Payload
    steps: tuple[Step, ...]
    day: str
    lease: str
    lease_ran_out: bool
    fields: tuple[Field, ...]
    now_ms: int


LANE_OF = {"wait": "waiting", "active": "active", "delayed": "delayed", "failed": "failed", "completed": "completed"}


def job_lane(link: Link, queue: str, job_id: str, *, now_ms: int) -> str | None:
    """The lane's word in addresses for the state a job is in ("" for a state no lane has), None when it is gone."""
    job = job_detail(link, queue, job_id, now_ms=now_ms, payload_limit=0)
    return LANE_OF.get(job.state, "") if job else None


def named_job(link: Link, queue: str, job_id: str, *, now_ms: int, redaction: Redaction = NOTHING) -> tuple[str, str]:
    """The lane's word of a job ("" when it is in none, or gone) and, of a failed one, the name of its error."""
    job = job_detail(link, queue, job_id, now_ms=now_ms, payload_limit=0)
    if job is None:
        return "", ""
    kind = kind_of_job(job)
    return LANE_OF.get(job.state, ""), present("error", shown_kind(kind, redaction).name) if kind else ""


def job_page(
    link: Link,
    queue: str,
    job_id: str,
    *,
    now_ms: int,
    payload_limit: int,
    stalled_after_ms: int,
    listed: JobList | None = None,
    with_pager: bool = True,
    counter_at: str = "",
    hide_payload: bool = False,
    patience: Patience = _PATIENCE,
    redaction: Redaction = NOTHING,
) -> JobPage | None:
    """Reads the page with up to `payload_limit` bytes of payload, or None when the queue holds no such job.

    `listed` is the list it was opened from, `counter_at` where payloads name their child counter. `hide_payload`:
    nothing of the payload is on the page but its size. Raises BadCursor for a place in that list that it did not give.
    """
    fetched = payload_limit
    if redaction.on:
        # What is hidden leaves before anything is cut; and an error may repeat it, without the payload on the page too.
        fetched = max(payload_limit, LOOKED_INTO) if payload_limit else KNOWN_UP_TO
        counter_at = redaction.told(counter_at)
    job = job_detail(link, queue, job_id, now_ms=now_ms, payload_limit=fetched, counter_at=counter_at)
    if job is None:
        return None
    kind = kind_of_job(job)
    read = job
    job, seen = shown_job(job, redaction)
    around = job_surroundings(
        link, job, now_ms=now_ms, stalled_after_ms=stalled_after_ms, kind=kind.digest if kind else ""
    )
    ran_out = job.state == "active" and job.lock_until_ms is not None and job.lock_until_ms <= now_ms
    return JobPage(
        job=job,
        lane=LANE_OF.get(job.state, ""),
        error=_error(job),
        kind=shown_kind(kind, redaction) if kind else None,
        others=around.others or 0,
        pager=job_pager(link, job, listed, now_ms) if with_pager else None,
        standing=around.standing,
        counter=named_counter(job.counter, around.counter, around.no_counter, now_ms=now_ms, patience=patience),
        payload=_seen(job, seen, payload_limit) if redaction.on else _payload(read),
        steps=timeline(_times(job), now_ms),
        day=day(job.queued_ms or job.created_ms or 0),
        lease=_lease(job, now_ms),
        lease_ran_out=ran_out,
        fields=tuple(
            Field(
                present("field", field.name, 200),
                "" if hide_payload and field.name == "payload" else present("value", field.value),
                field.length,
            )
            for field in job.fields
        ),
        now_ms=now_ms,
    )


def _times(job: JobDetail) -> Times:
    return Times(
        state=job.state,
        attempt=job.attempt,
        published=job.queued_ms or job.created_ms or 0,
        first_started=job.first_started_ms or 0,
        last_started=job.last_started_ms or 0,
        completed=job.completed_ms or 0,
        failed=job.failed_ms or 0,
        due=job.due_ms or 0,
        updated=job.updated_ms or 0,
        lock_until=job.lock_until_ms or 0,
        last_error=job.last_error_ms or 0,
    )


def _error(job: JobDetail) -> ErrorNote | None:
    started, errored = job.last_started_ms or 0, job.last_error_ms or 0
    attempts = f"{job.attempt:,} of {max(job.max_attempts, 1):,}"
    if not job.last_error_bytes:
        return ErrorNote(None, _without_message(job), job.failed_ms) if job.state == "failed" else None
    if job.last_error:
        error = read_error(job.last_error)
    else:
        error = ErrorText("", f"An error of {job.last_error_bytes:,} bytes, too large to show", ())
    # Only a retry sets the attempts of a job that has an error back to 0; a damaged hash has none to count either.
    waits_or_runs = job.state in ("wait", "delayed", "active")
    if (job.attempt == 0 and waits_or_runs) or (job.attempt == 1 and errored < started and job.state in LANE_OF):
        note = "From before the retry"
    elif job.attempt == 0 or job.state not in LANE_OF:
        note = "Of an attempt that is not recorded"
    elif errored >= started:
        note = f"Attempt {attempts}"
    else:
        note = f"From an earlier attempt. Attempt {attempts}: {_last_attempt(job)}"
    return ErrorNote(error, note, job.last_error_ms)


def _last_attempt(job: JobDetail) -> str:
    """What is known of an attempt that left no error behind."""
    if job.state == "failed":
        return _without_message(job)
    return {"active": "Runs now", "completed": "Completed"}.get(job.state, "Left no message")


def _without_message(job: JobDetail) -> str:
    return without_message(job.last_started_ms, job.failed_ms, job.timeout_ms).name


def _seen(job: JobDetail, seen: Seen, limit: int) -> Payload:
    """A payload without its hidden values, cut after they left."""
    if seen.text is None:
        return Payload(None, "", job.payload_bytes, 0, False, False, seen.why or TOO_LONG)
    cut = len(seen.text) > limit
    pieces = None if cut else laid_out(seen.text)
    text = "" if pieces else present("payload", seen.text[:limit])
    shown = min(len(seen.text), limit)
    return Payload(pieces, text, job.payload_bytes, shown, cut, False, "", seen.hidden)


def _payload(job: JobDetail) -> Payload:
    raw = job.payload or b""
    cut = len(raw) < job.payload_bytes
    # A character that the cut left half is no part of what was sent, so it is not shown as broken.
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(raw, final=not cut)
    pieces = None if cut else laid_out(text)
    return Payload(
        pieces, "" if pieces else present("payload", text), job.payload_bytes, len(raw), cut, job.payload_too_large
    )


def _lease(job: JobDetail, now_ms: int) -> str:
    if job.state == "active":
        if job.lock_until_ms is None:
            return "Held, its end is not recorded"
        if job.lock_until_ms <= now_ms:
            return f"Ran out {relative(job.lock_until_ms, now_ms)}"
        return f"Held by one worker, runs out in {duration(job.lock_until_ms - now_ms)}"
    return {"failed": "None, released on failure", "completed": "None, released on success"}.get(job.state, "None")
