"""Failed jobs by the kind of their error, as far as the background has read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..connection import Arg, Call, Link
from ..keys import QueueKeys, decode_text, encode_id
from ..numbers import read_int
from ..scripts import script
from .beside import Beside, read_beside
from .cuts import Position, read_cursor
from .fingerprint import RULES_VERSION, STANDING_KINDS, ErrorKind, fingerprint, without_message
from .job import JobDetail
from .lanes import LARGEST_PAGE, LanePage, LaneRow, parse_lane_page
from .looks import note_look
from .overview import LEADER, read_json, state_of
from .snapshot import QueueSnapshot, parse_snapshot, snapshot_call
from .watch import lane_watch_call, parse_lane_watch

MOST_ROWS = 50
"""So many kinds are read with their texts and spans of time at once."""


@dataclass(frozen=True, slots=True)
class KindFigures:
    """How many failed jobs a kind has, when the first of it was ever seen and when the last one failed (ms)."""

    digest: str
    jobs: int
    first_ms: int | None
    last_ms: int | None


@dataclass(frozen=True, slots=True)
class FailureKinds:
    """The kinds of a queue's failed jobs, most jobs first.

    `read` of the `total` failed jobs were read. `complete`: the lane was read to its end, last at `as_of_ms`; until
    then the figures are those of the older part. `indexed` is False for a lane without index (an old SDK wrote it),
    which cannot be read. `writable` is False where this process may not write what it reads.
    """

    kinds: tuple[KindFigures, ...]
    total: int
    read: int
    complete: bool
    as_of_ms: int | None
    indexed: bool
    writable: bool

    @property
    def grouped(self) -> int:
        """How many jobs the kinds have together."""
        return sum(kind.jobs for kind in self.kinds)


@dataclass(frozen=True, slots=True)
class KindRow:
    """What a list shows of a kind: `kind`, and how many of its jobs failed in each span of time, the oldest first."""

    kind: ErrorKind
    spans: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FailureRead:
    """A queue's figures and its kinds. `kept`: a background is there, which reads what is not read yet."""

    snapshot: QueueSnapshot
    kinds: FailureKinds
    beside: Beside
    kept: bool


def want_failures(link: Link, queue: str, now_ms: int) -> None:
    """Somebody looks at this queue's failures: its index is kept up to date for a minute. No round trip."""
    state = state_of(link)
    state.looked_ms = now_ms
    note_look(state.failures_looked, queue, now_ms)


def failure_kinds_call(queue: str) -> Call:
    """The read of a queue's kinds, for a pipeline with others; give the reply to `parse_failure_kinds`."""
    return script("operator/failures_list"), QueueKeys(queue).anchor, [RULES_VERSION]


def parse_failure_kinds(link: Link, reply: Any) -> FailureKinds:
    """What the script answered. An entry that failed in its pipeline is raised here."""
    if isinstance(reply, Exception):
        raise reply
    indexed, total, read, done, at, found = reply
    kinds = [
        KindFigures(decode_text(digest), jobs, _moment(first), _moment(last)) for digest, jobs, first, last in found
    ]
    kinds.sort(key=lambda kind: (-kind.jobs, kind.digest))
    return FailureKinds(tuple(kinds), total, read, done == b"1", read_int(at), indexed == 1, state_of(link).writable)


def failure_kinds(link: Link, queue: str, *, now_ms: int) -> FailureKinds:
    """The kinds of one queue, in one round trip. Raises ValueError for a bad name, and what Redis raised."""
    want_failures(link, queue, now_ms)
    return parse_failure_kinds(link, link.run_many([failure_kinds_call(queue)])[0])


def read_failures(link: Link, queue: str, *, now_ms: int) -> FailureRead:
    """What the page of a queue's errors shows, in one round trip. Errors as `failure_kinds`.

    A queue that does not exist is a snapshot with `exists` False.
    """
    want_failures(link, queue, now_ms)
    calls = [snapshot_call(queue, now_ms, alone=True), failure_kinds_call(queue)]
    beside, scripted = read_beside(link, calls, [("EXISTS", LEADER)])
    return FailureRead(
        snapshot=parse_snapshot(queue, scripted[0]),
        kinds=parse_failure_kinds(link, scripted[1]),
        beside=beside,
        kept=beside.replies[0] == 1,
    )


def kind_jobs(
    link: Link, queue: str, digest: str, *, size: int = 50, cursor: str | None = None, newest_first: bool = True
) -> LanePage:
    """A page of the failed jobs of one kind, one round trip. `total` is the number of the last look.

    A job that left the lane, or failed again since, has no `score_ms`. Raises BadCursor, and ValueError for a bad name
    or a size outside 1 to 100.
    """
    call = kind_jobs_call(queue, digest, size=size, cursor=cursor, newest_first=newest_first)
    return parse_lane_page(link.run_many([call])[0], cursor)


def kind_jobs_call(queue: str, digest: str, *, size: int, cursor: str | None, newest_first: bool) -> Call:
    """The read of `kind_jobs`, for a pipeline with others; its reply goes to `parse_lane_page`. Errors as there."""
    if not 1 <= size <= LARGEST_PAGE:
        raise ValueError(f"a page has 1 to {LARGEST_PAGE} rows, not {size}")
    kind, at = read_cursor(cursor) if cursor else ("", Position(b"", b"", b""))
    args = [RULES_VERSION, digest, size, int(newest_first), kind, at.score, at.job_id, at.digest]
    return script("operator/failures_jobs"), QueueKeys(queue).anchor, args


def failed_rows(link: Link, queue: str, ids: Sequence[str], *, now_ms: int) -> tuple[LaneRow, ...]:
    """How these jobs (20 at most) fare that a page of failed jobs had; their `state` tells. One round trip.

    Raises ValueError for a bad name or more ids.
    """
    if not ids:
        return ()
    return parse_lane_watch(link.run_many([lane_watch_call(queue, "failed", now_ms=now_ms, ids=ids)])[0]).rows


def failed_since(link: Link, queue: str, digest: str, since_ms: int) -> int:
    """How many jobs of a kind failed at this moment or later, as of the last look. One round trip."""
    key = QueueKeys(queue).of(f"x:fp:{RULES_VERSION}:{digest}")
    reply = link.pipeline([("ZCOUNT", key, since_ms, "+inf")])[0]
    return reply if isinstance(reply, int) else 0


def kind_rows(
    link: Link, queue: str, digests: Sequence[str], *, begin_ms: int, span_ms: int, spans: int
) -> dict[str, KindRow]:
    """Texts and figures of these kinds (50 at most): one round trip. The first span is (begin, begin + span].

    A kind whose text is gone is called by its digest.
    """
    if len(digests) > MOST_ROWS:
        raise ValueError(f"at most {MOST_ROWS} kinds, not {len(digests)}")
    if not digests:
        return {}
    args = [RULES_VERSION, begin_ms, span_ms, spans, *digests]
    reply = link.run_many([(script("operator/failures_rows"), QueueKeys(queue).anchor, args)])[0]
    if isinstance(reply, Exception):
        raise reply
    return {
        digest: KindRow(unpack_kind(digest, raw), tuple(counts))
        for digest, (raw, counts) in zip(digests, reply, strict=True)
    }


def kind_of_job(job: JobDetail) -> ErrorKind | None:
    """The kind of a failed job, None in any other state and where its error was not read."""
    if job.state != "failed" or (job.last_error_bytes and not job.last_error):
        return None
    if not job.last_error_bytes or (job.last_error_ms or 0) < (job.last_started_ms or 0):
        return without_message(job.last_started_ms, job.failed_ms, job.timeout_ms)
    return fingerprint(job.last_error)


def others_commands(queue: str, digest: str, job_id: str) -> list[tuple[Arg, ...]]:
    """The reads for `parse_others`."""
    keys = QueueKeys(queue)
    kind, state = keys.of(f"x:fp:{RULES_VERSION}:{digest}"), keys.of(f"x:fp:{RULES_VERSION}:state")
    return [("ZCARD", kind), ("ZSCORE", kind, encode_id(job_id)), ("HGET", state, "done")]


def parse_others(replies: Sequence[Any]) -> int | None:
    """How many other failed jobs of a kind there are, None while that is not known."""
    jobs, held, done = replies
    if isinstance(jobs, Exception) or isinstance(done, Exception) or done != b"1":
        return None
    return jobs - (held is not None and not isinstance(held, Exception))


def unpack_kind(digest: str, raw: object) -> ErrorKind:
    """A kind as the index keeps it."""
    if digest in STANDING_KINDS:
        return STANDING_KINDS[digest]
    known = read_json(raw)
    name, text = known.get("n"), known.get("t")
    if not isinstance(name, str) or not isinstance(text, str):
        return ErrorKind(digest, digest, "")
    return ErrorKind(digest, name, text)


def _moment(raw: object) -> int | None:
    number = read_int(raw)
    return number if number is not None and number > 0 else None
