"""The job that a copy is made of: its payload as far as it can be edited, and its options."""

from __future__ import annotations

from dataclasses import dataclass

from omniq_core import JobDetail, Link, job_detail, job_payload

from ..formatting import size
from ..payload_text import BadPayload, pretty
from ..publish_form import JobOptions
from ..redact_marks import Marked, with_marks
from ..redaction import NOTHING, Redaction
from .job import LANE_OF

EDITED_UP_TO = 1_048_576
"""Bytes of a payload that is edited as text, or typed."""
_LAID_OUT_UP_TO = 65_536
_HIDDEN = "Values of its payload are hidden here in a way that cannot be edited."


@dataclass(frozen=True, slots=True)
class Original:
    """`raw` is its payload, None where there is none or it is over 1 MB. `text` is what a field shows of it.

    `why` is a sentence for a payload that no field can hold: it is copied by its bytes, if it is not too large.
    `marked` is the payload with marks for what is hidden, where values may be.
    """

    job: JobDetail
    lane: str
    raw: bytes | None
    text: str
    why: str
    marked: Marked | None = None

    @property
    def shown(self) -> bytes | None:
        """Its payload as a form may compare with it: with marks for what is hidden."""
        return self.marked.text.encode() if self.marked else self.raw


def original(link: Link, queue: str, job_id: str, *, now_ms: int, redaction: Redaction = NOTHING) -> Original | None:
    """The job, None when it is gone. At most two round trips; a payload over 1 MB stays in Redis."""
    job = job_detail(link, queue, job_id, now_ms=now_ms, payload_limit=0)
    if job is None:
        return None
    raw = job_payload(link, queue, job_id) if 0 < job.payload_bytes <= EDITED_UP_TO else None
    if raw is None or not redaction.on:
        return Original(job, LANE_OF.get(job.state, ""), raw, *_text(job, raw))
    marked = _marked(raw, redaction)
    if marked is None:
        # What nobody sees nobody can edit: its bytes stay in Redis.
        return Original(job, LANE_OF.get(job.state, ""), None, "", _HIDDEN)
    text, why = _text(job, marked.text.encode())
    return Original(job, LANE_OF.get(job.state, ""), raw, text, why, marked)


def _marked(raw: bytes, redaction: Redaction) -> Marked | None:
    """Its payload with marks for what is hidden; None where its reader could not edit it so."""
    seen = redaction.payload(raw)
    if seen.text is None:
        return None
    if seen.text == raw.decode():
        return Marked(seen.text, ())
    return with_marks(raw.decode(), redaction.patterns) if redaction.patterns and not redaction.rules else None


def options_of(job: JobDetail) -> JobOptions:
    """The options it was published with, as far as its record tells; those no publish takes become their meaning."""
    return JobOptions(
        max_attempts=max(job.max_attempts, 1),
        timeout_ms=job.timeout_ms,
        backoff_ms=job.backoff_ms,
        due_ms=(job.due_ms or 0) if job.state == "delayed" else 0,
        gid=job.gid,
        group_limit=0,
        job_id="",
    )


def _text(job: JobDetail, raw: bytes | None) -> tuple[str, str]:
    if job.payload_too_large:
        return "", f"Its payload of {size(job.payload_bytes)} is too large to be copied here."
    if job.payload_bytes > EDITED_UP_TO:
        return "", f"Its payload of {size(job.payload_bytes)} is too large to be edited here; at most 1 MB is."
    try:
        text = (raw or b"").decode()
    except UnicodeDecodeError:
        return "", "Its payload is not UTF-8, so no field can hold it without a change."
    if len(text) <= _LAID_OUT_UP_TO:
        try:
            laid_out = pretty(text)
        except BadPayload:
            laid_out = ""
        if laid_out and len(laid_out) <= EDITED_UP_TO:
            return laid_out, ""
    if "\r" in text or "\0" in text:
        return "", "Its payload has characters that no field can hold without a change."
    return text, ""
