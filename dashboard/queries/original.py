"""The job that a copy is made of: its payload as far as it can be edited, and its options."""

from __future__ import annotations

from dataclasses import dataclass

from omniq_core import JobDetail, Link, job_detail, job_payload

from ..formatting import size
from ..payload_text import BadPayload, pretty
from ..publish_form import JobOptions
from .job import LANE_OF

EDITED_UP_TO = 1_048_576
"""Bytes of a payload that is edited as text, or typed."""
_LAID_OUT_UP_TO = 65_536


@dataclass(frozen=True, slots=True)
class Original:
    """`raw` is its payload, None where there is none or it is over 1 MB. `text` is what a field shows of it.

    `why` is a sentence for a payload that no field can hold: it is copied by its bytes, if it is not too large.
    """

    job: JobDetail
    lane: str
    raw: bytes | None
    text: str
    why: str


def original(link: Link, queue: str, job_id: str, *, now_ms: int) -> Original | None:
    """The job, None when it is gone. At most two round trips; a payload over 1 MB stays in Redis."""
    job = job_detail(link, queue, job_id, now_ms=now_ms, payload_limit=0)
    if job is None:
        return None
    raw = job_payload(link, queue, job_id) if 0 < job.payload_bytes <= EDITED_UP_TO else None
    text, why = _text(job, raw)
    return Original(job, LANE_OF.get(job.state, ""), raw, text, why)


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
