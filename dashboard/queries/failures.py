"""A queue's failed jobs by the kind of their error, and the jobs of one kind."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from omniq_core import (
    ErrorKind,
    FailureKinds,
    FailureRead,
    KindFigures,
    KindRow,
    LanePage,
    LaneRow,
    Link,
    failed_rows,
    kind_jobs,
    kind_rows,
    read_failures,
)

from ..charts import Histogram, histogram
from ..present import present
from ..redaction import NOTHING, Redaction
from .hidden import shown_kind
from .queue import LaneWish, OtherQueue, UnknownQueue, other_queues
from .queue_row import Limits, QueueRow, queue_row

PAGE = 50
NEW_MS = 6 * 3_600_000
"""A kind seen first later than so long ago is new."""

MINUTE = 60_000
RANGES = {"6h": (15 * MINUTE, 24), "24h": (60 * MINUTE, 24), "7d": (360 * MINUTE, 28)}
"""Of each range by its name in addresses: how long a span of the histogram is (ms), and how many there are."""

_MARKS = re.compile(r"(‹[a-z]+›)")
_SORTS: dict[str, Callable[[KindFigures], tuple[int, str]]] = {
    "jobs": lambda kind: (-kind.jobs, kind.digest),
    "first": lambda kind: (-(kind.first_ms or 0), kind.digest),
    "last": lambda kind: (-(kind.last_ms or 0), kind.digest),
}
SORTS = tuple(_SORTS) + tuple(f"-{name}" for name in _SORTS)


@dataclass(frozen=True, slots=True)
class FailuresWish:
    """What the address asks for: a sort (the most or the latest first, `-` turns it), a range, a page from 1."""

    sort: str = "jobs"
    range: str = "6h"
    page: int = 1
    lane: str = "failed"


@dataclass(frozen=True, slots=True)
class FailureRow:
    """A kind. `name` and `text` are printable; `pieces` are those of `text`, and whether each is a placeholder.

    `tag` is `rising`, `new` or "".
    """

    digest: str
    name: str
    text: str
    pieces: tuple[tuple[str, bool], ...]
    jobs: int
    share: str
    first_ms: int | None
    last_ms: int | None
    tag: str
    chart: Histogram


@dataclass(frozen=True, slots=True)
class FailuresPage:
    """`state` says what the figures are worth: `whole`, `reading` (of the jobs that were read so far), or why there are
    none: `read-only`, `no-index`, `broken`, `nobody` (no background runs). `mark` changes when the figures do."""

    head: QueueRow
    wish: FailuresWish
    found: FailureKinds
    rows: tuple[FailureRow, ...]
    pages: int
    as_of_ms: int | None
    state: str
    read_percent: int
    mark: str
    others: tuple[OtherQueue, ...]
    queues: int
    now_ms: int

    @property
    def first(self) -> int:
        """The 1-based position of the first row."""
        return (self.wish.page - 1) * PAGE + 1 if self.rows else 0


@dataclass(frozen=True, slots=True)
class KindPage:
    """The failed jobs of one kind, as of a moment; `stands` tells whether a row is still one of them.

    `named` are the rows that an open page asked for by id.
    """

    head: QueueRow
    wish: LaneWish
    kind: FailureRow
    jobs: LanePage
    named: tuple[LaneRow, ...]
    state: str
    as_of_ms: int | None
    others: tuple[OtherQueue, ...]
    queues: int
    now_ms: int


def failures_page(
    link: Link,
    queue: str,
    wish: FailuresWish,
    *,
    now_ms: int,
    may_read: Callable[[str], bool],
    limits: Limits,
    redaction: Redaction = NOTHING,
) -> FailuresPage:
    """Reads the page in two round trips. Raises UnknownQueue."""
    read = _read(link, queue, now_ms)
    found = read.kinds
    ordered = sorted(found.kinds, key=_SORTS[wish.sort.removeprefix("-")], reverse=wish.sort.startswith("-"))
    pages = max((len(ordered) + PAGE - 1) // PAGE, 1)
    wish = replace(wish, page=min(wish.page, pages))
    shown = ordered[(wish.page - 1) * PAGE : wish.page * PAGE]
    others, queues = other_queues(read.beside.figures, queue, may_read=may_read)
    return FailuresPage(
        head=queue_row(read.snapshot, now_ms, limits, away=read.beside.away),
        wish=wish,
        found=found,
        rows=_rows(link, queue, shown, found, wish.range, now_ms, redaction),
        pages=pages,
        as_of_ms=_as_of(found, now_ms),
        state=_state(read),
        read_percent=min(found.read * 100 // max(found.total, 1), 99),
        mark=_mark(found, _state(read)),
        others=others,
        queues=queues,
        now_ms=now_ms,
    )


def kind_page(
    link: Link,
    queue: str,
    digest: str,
    wish: LaneWish,
    *,
    now_ms: int,
    may_read: Callable[[str], bool],
    limits: Limits,
    redaction: Redaction = NOTHING,
    named: tuple[str, ...] = (),
) -> KindPage:
    """Reads the page of one kind in three round trips, with `named` rows in four. Raises UnknownQueue and BadCursor."""
    read = _read(link, queue, now_ms)
    figures = next((kind for kind in read.kinds.kinds if kind.digest == digest), KindFigures(digest, 0, None, None))
    jobs = kind_jobs(link, queue, digest, size=wish.size, cursor=wish.cursor, newest_first=wish.order.newest_first)
    others, queues = other_queues(read.beside.figures, queue, may_read=may_read)
    return KindPage(
        head=queue_row(read.snapshot, now_ms, limits, away=read.beside.away),
        wish=wish,
        kind=_rows(link, queue, [figures], read.kinds, "6h", now_ms, redaction)[0],
        jobs=jobs,
        named=failed_rows(link, queue, named, now_ms=now_ms),
        state=_state(read),
        as_of_ms=_as_of(read.kinds, now_ms),
        others=others,
        queues=queues,
        now_ms=now_ms,
    )


def stands(job: LaneRow) -> bool:
    """Is this job of a kind's page still failed, as it was when it was counted?"""
    return not job.missing and job.state == "failed" and job.score_ms is not None


def share(part: int, whole: int) -> str:
    """A part in percent, rounded down; <1% is more than nothing."""
    if part <= 0 or whole <= 0:
        return "0%"
    return f"{part * 100 // whole}%" if part * 100 >= whole else "<1%"


def is_rising(spans: tuple[int, ...]) -> bool:
    """Did more fail in the last span than three times the mean of those before?"""
    *before, last = spans
    return last * len(before) > 3 * sum(before)


def _read(link: Link, queue: str, now_ms: int) -> FailureRead:
    read = read_failures(link, queue, now_ms=now_ms)
    if not read.snapshot.exists:
        raise UnknownQueue(queue)
    return read


def _state(read: FailureRead) -> str:
    found = read.kinds
    if "failed" in read.snapshot.broken_lanes:
        return "broken"
    if not found.indexed:
        return "no-index"
    if not found.writable:
        return "read-only"
    if found.complete or not found.total:
        return "whole"
    return "reading" if read.kept else "nobody"


def _as_of(found: FailureKinds, now_ms: int) -> int | None:
    """When the figures were true; the clock of who read them may be ahead."""
    return None if found.as_of_ms is None else min(found.as_of_ms, now_ms)


def _mark(found: FailureKinds, state: str) -> str:
    return f"{state}-{found.grouped}-{len(found.kinds)}-{max((kind.last_ms or 0 for kind in found.kinds), default=0)}"


def _rows(
    link: Link,
    queue: str,
    shown: list[KindFigures],
    found: FailureKinds,
    span: str,
    now_ms: int,
    redaction: Redaction,
) -> tuple[FailureRow, ...]:
    span_ms, spans = RANGES[span]
    digests = [kind.digest for kind in shown]
    begin = now_ms - span_ms * spans
    rows = kind_rows(link, queue, digests, begin_ms=begin, span_ms=span_ms, spans=spans)
    top = max((count for row in rows.values() for count in row.spans), default=0)
    return tuple(_row(kind, rows[kind.digest], found, top, now_ms, redaction) for kind in shown)


def _row(
    figures: KindFigures, row: KindRow, found: FailureKinds, top: int, now_ms: int, redaction: Redaction
) -> FailureRow:
    name, text = _printable(shown_kind(row.kind, redaction))
    new = figures.first_ms is not None and now_ms - figures.first_ms < NEW_MS
    return FailureRow(
        digest=figures.digest,
        name=name,
        text=text,
        pieces=tuple((piece, at % 2 == 1) for at, piece in enumerate(_MARKS.split(text)) if piece),
        jobs=figures.jobs,
        share=share(figures.jobs, found.grouped),
        first_ms=figures.first_ms,
        last_ms=figures.last_ms,
        tag="rising" if is_rising(row.spans) else "new" if new else "",
        chart=histogram(row.spans, top),
    )


def _printable(kind: ErrorKind) -> tuple[str, str]:
    return present("error", kind.name), present("error", kind.text)
