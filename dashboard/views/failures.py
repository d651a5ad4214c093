"""A queue's failed jobs by the kind of their error, and the jobs of one kind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from omniq_core import LaneRow, kind_place

from .. import live
from ..formatting import RowIds
from ..htmx import Partial, here, render_page
from ..params import Fields, choice, integer, text
from ..problems import no_such_page
from ..queries.failures import RANGES, SORTS, FailuresPage, FailuresWish, KindPage, failures_page, kind_page, stands
from ..queries.hidden import shown_page, shown_rows
from ..queries.job_list import JobList
from ..queries.queue import LANES, SIZES, LaneWish
from ..routes import Routes
from ..state import can, current, may_see, now_ms
from .addresses import job_url, kind_url, with_query
from .job_lists import DIGEST
from .job_rows import JobRow, job_row
from .lanes import COLUMNS, LANE_WORDS, SORT_WORDS, Head
from .limits import limits
from .reading import explained

routes = Routes()
MAX_PAGE = 20
MAX_CURSOR_BYTES = 4096

SORT_WORDS_OF_KINDS = {
    "jobs": "Most jobs",
    "first": "First seen",
    "last": "Last seen",
    "-jobs": "Fewest jobs",
    "-first": "First seen, oldest first",
    "-last": "Last seen, oldest first",
}
RANGE_WORDS = {
    "6h": ("Last 6 h", "Per 15 min, 6 h"),
    "24h": ("Last 24 h", "Per hour, 24 h"),
    "7d": ("Last 7 d", "Per 6 h, 7 d"),
}
KIND_COLUMNS = (
    ("", "Error", ""),
    ("", "", ""),
    ("jobs", "Jobs", "num"),
    ("", "Share", "num p3"),
    ("first", "First seen", "num p4"),
    ("last", "Last seen", "num"),
)


@routes.get("/queues/<omniq:queue>/failures")
def failures(queue: str) -> ResponseReturnValue:
    """A table of kinds that the address sorts; or what a tick of it changes."""
    asked = live.tick(request.args)
    context = _context(queue, request.args)
    page: FailuresPage = context["page"]
    moved = failures_url(queue, page.wish, page=page.wish.page) if _wish(request.args).page != page.wish.page else ""
    if asked:
        version = live.version(page.head, page.mark, page.read_percent)
        return live.answer(asked, version, lambda: _tick_regions(context, asked), replace_url=moved)
    return redirect(moved) if moved else render_page("omniq/failures/page.html", **context)


@routes.get("/queues/<omniq:queue>/failures/<kind>")
def failures_of_kind(queue: str, kind: str) -> ResponseReturnValue:
    """The failed jobs of one kind, or what a tick of it changes."""
    asked = live.tick(request.args)
    context = _kind_context(queue, kind, request.args, asked.named if asked else ())
    if asked:
        return live.answer(asked, context["live_version"], lambda: _kind_tick_regions(context, asked))
    return render_page("omniq/failures/kind.html", **context)


def failures_regions(queue: str, args: Fields) -> tuple[Partial, ...]:
    """What a change of jobs changes on the page of all kinds."""
    return (*_queue_regions(context := _context(queue, args)), *_kinds_regions(context))


def kind_regions(queue: str, kind: str, args: Fields) -> tuple[Partial, ...]:
    """What a change of jobs changes on the page of one kind."""
    context = _kind_context(queue, kind, args)
    return (*_queue_regions(context), Partial("jobs", "omniq/failures/jobs.html", context=context))


def failures_url(queue: str, wish: FailuresWish, **changes: Any) -> str:
    """The kinds of a queue with some of the wishes changed; a change of sort or range starts at page 1."""
    wanted = replace(wish, **({"page": 1} | changes))
    usual = FailuresWish()
    query = {
        name: getattr(wanted, name)
        for name in ("sort", "range", "page")
        if getattr(wanted, name) != getattr(usual, name)
    }
    return with_query(url_for(".failures", queue=queue), query)


def _context(queue: str, args: Fields) -> dict[str, Any]:
    with explained(queue):
        page = failures_page(
            current().link,
            queue,
            _wish(args),
            now_ms=now_ms(),
            may_read=may_see(),
            limits=limits(),
            redaction=current().settings.redact,
        )
    return {
        "page": page,
        "live_version": live.version(page.head, page.mark, page.read_percent),
        "LANE_WORDS": LANE_WORDS,
        "LANES": LANES,
        "COLUMNS": KIND_COLUMNS,
        "SORT_WORDS": SORT_WORDS_OF_KINDS,
        "RANGE_WORDS": RANGE_WORDS,
        "failures_url": failures_url,
        "turned": lambda name: f"-{name}" if page.wish.sort == name else name,
        # Figures of a part are no number of jobs to act on.
        "may_retry": page.state == "whole" and can("retry", queue),
        "may_remove": page.state == "whole" and can("remove", queue),
        "here": here(),
    }


def _wish(args: Fields) -> FailuresWish:
    return FailuresWish(
        sort=choice(args, "sort", SORTS, "jobs"),
        range=choice(args, "range", tuple(RANGES), "6h"),
        page=integer(args, "page", low=1, high=MAX_PAGE, default=1),
    )


def _queue_regions(context: dict[str, Any]) -> list[Partial]:
    names = ("queue_state", "queue_actions", "queue_tiles", "queue_tabs")
    return [Partial(name.replace("_", "-"), f"omniq/queues/{name}.html", context=context) for name in names]


def _kinds_regions(context: dict[str, Any]) -> list[Partial]:
    names = {"errors-count": "count", "errors-note": "note", "errors": "rows", "foot": "foot"}
    found = [Partial(target, f"omniq/failures/{name}.html", context=context) for target, name in names.items()]
    return [
        *found,
        Partial("newer", "omniq/failures/newer.html", "outerMorph", {**context, "drawn": context["page"].mark}),
    ]


def _tick_regions(context: dict[str, Any], asked: live.Tick) -> list[Partial]:
    """The kinds change only when somebody asks, or while they are read for the first time."""
    page: FailuresPage = context["page"]
    found = _queue_regions(context)
    if not asked.mark.startswith("whole") and not asked.hold:
        return [*found, *_kinds_regions(context)]
    return [
        *found,
        Partial("newer", "omniq/failures/newer.html", "outerMorph", {**context, "drawn": asked.mark or page.mark}),
    ]


def _kind_context(queue: str, kind: str, args: Fields, named: tuple[str, ...] = ()) -> dict[str, Any]:
    if not DIGEST.fullmatch(kind):
        raise no_such_page()
    wish = LaneWish(
        lane="failed",
        sort=choice(args, "sort", ("failed", "-failed"), "failed"),
        size=int(choice(args, "size", [str(size) for size in SIZES], "50")),
        cursor=text(args, "cursor", max_bytes=MAX_CURSOR_BYTES) or None,
    )
    with explained(queue):
        page = kind_page(
            current().link,
            queue,
            kind,
            wish,
            now_ms=now_ms(),
            may_read=may_see(),
            limits=limits(),
            redaction=current().settings.redact,
            named=named,
        )
        link, rules = current().link, current().settings.redact
        jobs, rows = shown_page(link, queue, page.jobs, rules), shown_rows(link, queue, page.named, rules)
        page = replace(page, jobs=jobs, named=rows)
    ids = RowIds()
    acts = {"may_retry": can("retry", queue), "may_remove": can("remove", queue), "may_run": False}
    return {
        "page": page,
        "rows": [(_row(queue, job, ids, JobList(wish, kind)), stands(job)) for job in page.jobs.rows],
        "live_version": live.version(page.head, page.jobs, page.named, page.state),
        "LANE_WORDS": LANE_WORDS,
        "LANES": LANES,
        "SIZES": SIZES,
        "heads": _heads(queue, kind, wish),
        "kind_url": kind_url,
        "sort_options": list(SORT_WORDS["failed"].items()),
        "sort_caption": SORT_WORDS["failed"][wish.sort].lower(),
        **acts,
        "acts": any(acts.values()),
        "here": here(),
    }


def _row(queue: str, job: LaneRow, ids: RowIds, listed: JobList) -> JobRow:
    return job_row(job, ids, "failed", job_url(queue, job.job_id, listed, kind_place(job)))


def _heads(queue: str, kind: str, wish: LaneWish) -> list[Head]:
    turned = kind_url(queue, kind, wish, sort="-failed" if wish.sort == "failed" else "failed")
    direction = "descending" if wish.order.newest_first else "ascending"
    return [
        Head(column, turned if column.sort else None, direction if column.sort else "") for column in COLUMNS["failed"]
    ]


def _kind_tick_regions(context: dict[str, Any], asked: live.Tick) -> list[Partial]:
    """The regions of a tick. Held rows come one by one, so that none is added, moved or taken away."""
    page: KindPage = context["page"]
    found = _queue_regions(context)
    queue, listed = page.head.queue, JobList(page.wish, page.kind.digest)
    rows = [(_row(queue, job, RowIds(), listed), not job.missing and job.state == "failed") for job in page.named]
    if page.wish.cursor or asked.hold:
        rows = [*context["rows"], *rows]
    else:
        names = {"jobs": "jobs", "pager": "pager", "kind-count": "kind_count"}
        for target, name in names.items():
            found.append(Partial(target, f"omniq/failures/{name}.html", context=context))
    for row, still in rows:
        name = "job_row" if still else "job_gone"
        found.append(Partial(row.dom_id, f"omniq/queues/{name}.html", "outerMorph", {**context, "row": row}))
    return found
