"""The jobs that wait in one group: the list that its next jobs are taken from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import redirect, request
from flask.typing import ResponseReturnValue

from omniq_core import COUNTED_POSITIONS

from .. import live
from ..formatting import RowIds
from ..htmx import Partial, here, render_page
from ..params import Fields
from ..queries.group_jobs import GroupJobsPage, group_jobs_page
from ..queries.hidden import shown_page, shown_rows
from ..queries.lane_filter import LaneFilter
from ..queries.queue import LANES, SIZES, LaneWish
from ..routes import Routes
from ..state import can, current, may_see, now_ms
from .addresses import group_url, job_url, turned
from .filters import lane_wish
from .job_rows import job_row
from .lanes import COLUMNS, LANE_WORDS, SORT_WORDS, Head
from .limits import limits
from .reading import explained

routes = Routes()


@routes.get("/queues/<omniq:queue>/groups/<omniq:gid>")
def group(queue: str, gid: str) -> ResponseReturnValue:
    """A page of the jobs that wait in a group, or what a tick of it changes."""
    asked = live.tick(request.args)
    context = _context(queue, gid, request.args, asked.named if asked else ())
    page: GroupJobsPage = context["page"]
    moved = ""
    if page.wish.cursor != _wish(queue, request.args).cursor:
        moved = group_url(queue, gid, page.wish, cursor=page.wish.cursor)
    if asked:
        return live.answer(asked, context["live_version"], lambda: _tick_regions(context, asked), replace_url=moved)
    return redirect(moved) if moved else render_page("omniq/groups/jobs_page.html", **context)


def group_regions(queue: str, gid: str, args: Fields) -> tuple[Partial, ...]:
    """What a change of jobs changes on this page."""
    return tuple(_regions(_context(queue, gid, args)))


def _regions(context: dict[str, Any]) -> list[Partial]:
    names = ("queue_state", "queue_actions", "queue_tiles", "queue_tabs")
    found = [Partial(name.replace("_", "-"), f"omniq/queues/{name}.html", context=context) for name in names]
    own = {"group-facts": "facts", "jobs": "jobs", "pager": "jobs_pager"}
    return [*found, *(Partial(at, f"omniq/groups/{name}.html", context=context) for at, name in own.items())]


def _tick_regions(context: dict[str, Any], asked: live.Tick) -> list[Partial]:
    """The regions of a tick. Held rows come one by one, so that none is added, moved or taken away."""
    page: GroupJobsPage = context["page"]
    found = [part for part in _regions(context) if part.target != "jobs" or not asked.hold]
    rows = {row.dom_id: (row, "job_row") for row in context["rows"]} if asked.hold else {}
    for job in page.named:
        waits = job.state == LANES["waiting"] and not job.missing and job.gid == page.gid
        row = job_row(job, RowIds(), "waiting", job_url(page.head.queue, job.job_id))
        rows.setdefault(row.dom_id, (row, "job_row" if waits else "job_gone"))
    for row, name in rows.values():
        found.append(Partial(row.dom_id, f"omniq/queues/{name}.html", "outerMorph", {**context, "row": row}))
    return found


def _context(queue: str, gid: str, args: Fields, named: tuple[str, ...] = ()) -> dict[str, Any]:
    with explained(queue):
        page = group_jobs_page(
            current().link,
            queue,
            gid,
            _wish(queue, args),
            now_ms=now_ms(),
            may_read=may_see(),
            limits=limits(),
            named=named,
        )
        link, rules = current().link, current().settings.redact
        jobs, rows = shown_page(link, queue, page.jobs, rules), shown_rows(link, queue, page.named, rules)
        page = replace(page, jobs=jobs, named=rows)
    ids = RowIds()
    return {
        "page": page,
        "rows": [job_row(job, ids, "waiting", job_url(queue, job.job_id)) for job in page.jobs.rows],
        "live_version": live.version(page.head, page.group, page.jobs, page.named, page.wish),
        "LANES": LANES,
        "LANE_WORDS": LANE_WORDS,
        "SIZES": SIZES,
        "COUNTED_POSITIONS": COUNTED_POSITIONS,
        "heads": _heads(queue, gid, page.wish),
        "group_url": group_url,
        "sort_options": list(SORT_WORDS["waiting"].items()),
        "sort_caption": SORT_WORDS["waiting"][page.wish.sort].lower(),
        "may_retry": False,
        "may_run": False,
        "may_remove": can("remove", queue),
        "acts": can("remove", queue),
        "here": here(),
    }


def _wish(queue: str, args: Fields) -> LaneWish:
    return replace(lane_wish(queue, "waiting", args), filter=LaneFilter())


def _heads(queue: str, gid: str, wish: LaneWish) -> list[Head]:
    url = group_url(queue, gid, wish, sort=turned(wish, "queued"))
    direction = "descending" if wish.order.newest_first else "ascending"
    return [
        Head(column, url if column.sort else None, direction if column.sort else "")
        for column in COLUMNS["waiting"]
        if column.label != "Group"
    ]
