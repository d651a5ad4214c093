"""Exported jobs as JSON lines and as CSV: what each says of a job, and how hostile text is kept harmless in it."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping
from typing import Protocol

from omniq_core import LARGEST_EXPORTED, JobFacts

from .formatting import iso, size
from .present import present
from .queries.queue import LANES

Value = str | int | None

_WORDS = {state: word for word, state in LANES.items()}
_FORMULA = re.compile("[=+\\-@\t\r\n'＝＋－＠]")
"""How a cell begins that a spreadsheet may take for a formula; and ', so that one that was put before it is known."""
_MARK = re.compile("‹(?=(?:0x[0-9A-F]{2}|U\\+[0-9A-F]{4,6})›)")
_FIELDS = (
    "id", "state", "group", "attempt", "max_attempts", "created", "queued", "first_started", "started", "completed",
    "failed", "due", "lease_until", "updated", "entered_lane", "timeout_ms", "backoff_ms", "error", "error_at",
    "payload_bytes", "note",
)  # fmt: skip


def fields(job: JobFacts, *, payloads: bool) -> dict[str, Value]:
    """What an export says of a job. Moments are ISO 8601 in UTC, None where none is recorded."""
    found: dict[str, Value] = dict.fromkeys(_FIELDS)
    found |= {"id": job.job_id, "note": "; ".join(_notes(job, payloads))}
    if not job.missing:
        found |= {
            "state": _WORDS.get(job.state, job.state),
            "group": job.gid or None,
            "attempt": job.attempt,
            "max_attempts": job.max_attempts,
            "created": _moment(job.created_ms),
            "queued": _moment(job.queued_ms),
            "first_started": _moment(job.first_started_ms),
            "started": _moment(job.last_started_ms),
            "completed": _moment(job.completed_ms),
            "failed": _moment(job.failed_ms),
            "due": _moment(job.due_ms),
            "lease_until": _moment(job.lock_until_ms),
            "updated": _moment(job.updated_ms),
            "timeout_ms": job.timeout_ms,
            "backoff_ms": job.backoff_ms,
            "error": job.last_error or None,
            "error_at": _moment(job.last_error_ms),
            "payload_bytes": job.payload_bytes,
        }
    found["entered_lane"] = _moment(job.entered_ms)
    return found | ({"payload": job.payload} if payloads else {})


class Format(Protocol):
    """How jobs are written. `ending` is that of the file's name."""

    ending: str
    mimetype: str

    def head(self) -> str:
        """What stands before the first job."""
        ...

    def waiting(self) -> str:
        """What may stand before the first job, so that an answer begins although none was found yet."""
        ...

    def jobs(self, jobs: Iterable[JobFacts]) -> str:
        """Whole records."""
        ...

    def incomplete(self, why: str, written: int) -> str:
        """The last record of a file that ends too early; no job's record looks like it."""
        ...


class JsonLines:
    """One JSON object a line, in ASCII. A byte that is no UTF-8 is the escape \\udc80 to \\udcff: Python's
    `surrogateescape`, so nothing is lost. The last line of an incomplete file has the key `incomplete` and no `id`."""

    ending, mimetype = "jsonl", "application/x-ndjson"

    def __init__(self, *, payloads: bool) -> None:
        self._payloads = payloads

    def head(self) -> str:
        """Nothing: each line is a job."""
        return ""

    def waiting(self) -> str:
        """A blank, which JSON allows before a value."""
        return " "

    def jobs(self, jobs: Iterable[JobFacts]) -> str:
        """A line for each."""
        return "".join(_json(fields(job, payloads=self._payloads)) for job in jobs)

    def incomplete(self, why: str, written: int) -> str:
        """A line without `id`."""
        return _json({"incomplete": why, "jobs": written})


class Csv:
    """RFC 4180 in UTF-8, with a header.

    A cell that a spreadsheet could take for a formula has a ' before it, and so has one that begins with ': taking one
    off gives the value. Control and invisible characters (but line ends and tabs) and bytes that are no UTF-8 print as
    on the pages, ‹U+202E› and ‹0xFF›; a text that itself holds such a mark has ‹U+2039› for its ‹. So nothing is lost.
    The last row of an incomplete file has one cell.
    """

    ending, mimetype = "csv", "text/csv"

    def __init__(self, *, payloads: bool) -> None:
        self._payloads = payloads

    def head(self) -> str:
        """The names of the columns."""
        return _rows([[*_FIELDS, *(["payload"] if self._payloads else [])]])

    def waiting(self) -> str:
        """Nothing: the header has begun the answer."""
        return ""

    def jobs(self, jobs: Iterable[JobFacts]) -> str:
        """A row for each."""
        return _rows([cell(value) for value in fields(job, payloads=self._payloads).values()] for job in jobs)

    def incomplete(self, why: str, written: int) -> str:
        """A row of one cell."""
        return _rows([[f"# incomplete after {written:,} jobs: {why}"]])


FORMATS: Mapping[str, type[JsonLines] | type[Csv]] = {"jsonl": JsonLines, "csv": Csv}


def cell(value: Value) -> str:
    """A value as a cell of CSV, before it is quoted."""
    if value is None:
        return ""
    text = present("cell", _MARK.sub("‹U+2039›", str(value)))
    return f"'{text}" if _FORMULA.match(text) else text


def _rows(rows: Iterable[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def _json(record: Mapping[str, Value]) -> str:
    return json.dumps(record, separators=(",", ":")) + "\n"


def _moment(ms: int | None) -> str | None:
    """A number that no calendar holds stays the number that it is."""
    return None if ms is None else iso(ms) or str(ms)


def _notes(job: JobFacts, payloads: bool) -> list[str]:
    """What a reader of the record has to know: which part of the job is not in it, and why."""
    notes: list[str] = []
    if job.id_is_cut:
        notes.append(f"the first 64 KB of an id of {size(job.id_bytes)}")
    if job.missing:
        return [*notes, _MISSING.get(job.key_type, f"its record is of type {job.key_type}")]
    if job.last_error_bytes and not job.last_error:
        notes.append(f"an error of {size(job.last_error_bytes)} is left out")
    if payloads and job.payload is None and job.payload_bytes:
        large = job.payload_bytes > LARGEST_EXPORTED
        notes.append(
            f"a payload of {size(job.payload_bytes)} is left out" if large else "it left before its payload was read"
        )
    return notes


_MISSING = {"none": "its record is gone", "hash": "its record has no id"}
