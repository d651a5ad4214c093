"""One queue: a lane of it, and pause and resume."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from omniq_core import COUNTED_POSITIONS, BadCursor, LaneRow

from .. import live
from ..actions import queues as act
from ..formatting import RowIds
from ..htmx import Partial, Press, Toast, answer, here, render_page, show_dialog
from ..params import Fields, choice, text
from ..problems import BadInput, Problem, no_such_page, no_such_queue
from ..queries.queue import (
    LANES,
    SIZES,
    SORTS,
    LaneWish,
    QueuePage,
    UnknownQueue,
    Watch,
    queue_head,
    queue_page,
    usual_sort,
)
from ..routes import Routes
from ..state import can, current, now_ms
from ..tokens import to_token
from .addresses import lane_url
from .lanes import LANE_TITLES, LANE_WORDS, MANY_OF, ONE_OF, SORT_WORDS, heads, sort_options
from .limits import limits
from .regions import regions

routes = Routes()
LATER_FILTERS = ("q", "group", "prefix", "since", "payload")
MAX_CURSOR_BYTES = 4096
LEASE_WITHOUT_TIMEOUT_MS = 60_000
"""How long a job is leased that has no timeout of its own."""
EXCERPT_BYTES = 200
"""What a lane page carries of a payload."""


@dataclass(frozen=True, slots=True)
class JobRow:
    """A row of a lane: the job, its DOM id, and figures worked out from its fields.

    `entered_ms` is when it entered the lane: by the index, else by the job's own field, else None.
    `lease_ms` is how long a lease of it lasts.
    `excerpt` is the beginning of the payload; … when that is not all of it.
    """

    job: LaneRow
    dom_id: str
    attempts: str
    ran_ms: int | None
    entered_ms: int | None
    lease_ms: int
    excerpt: str


@routes.get("/queues/<omniq:queue>/")
def queue_home(queue: str) -> ResponseReturnValue:
    """Leads to the lane that needs a look: failed if there are failures, else waiting."""
    head = _found(lambda: queue_head(current().link, queue, now_ms=now_ms(), limits=limits()), queue)
    return redirect(url_for(".lane", queue=queue, lane="failed" if head.failed else "waiting"))


@routes.get("/queues/<omniq:queue>/<lane>")
def lane(queue: str, lane: str) -> ResponseReturnValue:
    """A page of a lane, or what a tick of it changes."""
    if lane not in LANES:
        raise no_such_page()
    asked = live.tick(request.args)
    context = _context(queue, lane, request.args, asked)
    page: QueuePage = context["page"]
    moved = (
        ""
        if page.wish.cursor == _wish(lane, request.args).cursor
        else lane_url(queue, page.wish, cursor=page.wish.cursor)
    )
    if asked:
        regions = partial(_tick_regions, context, asked)
        return live.answer(asked, context["live_version"], regions, replace_url=moved)
    return redirect(moved) if moved else render_page("omniq/queues/page.html", **context)


@routes.get("/queues/<omniq:queue>/pause/confirm")
def pause_confirm(queue: str) -> Response:
    """Asks before a queue is paused."""
    if not can("pause", queue):
        raise Problem(403, "Not allowed", "You may not pause this queue.", icon="lock")
    head = _found(lambda: queue_head(current().link, queue, now_ms=now_ms(), limits=limits()), queue)
    return show_dialog("omniq/queues/pause.html", head=head)


@routes.post("/queues/<omniq:queue>/pause", action="pause")
def pause(queue: str) -> Response:
    """Stops reserves."""
    _found(lambda: queue_head(current().link, queue, now_ms=now_ms(), limits=limits()), queue)
    act.pause(current().client, queue)
    press = Press("Resume", f"/queues/{to_token(queue)}/resume") if can("resume", queue) else None
    return answer(Toast(f"Paused {queue}", tone="warn", icon="pause", press=press), *regions())


@routes.post("/queues/<omniq:queue>/resume", action="resume")
def resume(queue: str) -> Response:
    """Lets reserves go on."""
    _found(lambda: queue_head(current().link, queue, now_ms=now_ms(), limits=limits()), queue)
    was_paused = act.resume(current().client, queue, now_ms=now_ms())
    toast = Toast(f"Resumed {queue}") if was_paused else Toast(f"{queue} was not paused", tone="warn", icon="info")
    return answer(toast, *regions())


def lane_regions(queue: str, lane: str, args: Fields) -> tuple[Partial, ...]:
    """What a change of jobs or of the queue changes on a lane's page."""
    return _regions(_context(queue, lane, args))


def _regions(context: dict[str, Any]) -> tuple[Partial, ...]:
    names = {
        "queue-state": "queue_state",
        "queue-actions": "queue_actions",
        "queue-tiles": "queue_tiles",
        "queue-tabs": "queue_tabs",
        "jobs": "jobs",
        "pager": "pager",
    }
    return tuple(Partial(target, f"omniq/queues/{name}.html", context=context) for target, name in names.items())


def _tick_regions(context: dict[str, Any], asked: live.Tick) -> list[Partial]:
    """The regions of a tick. Held rows come one by one, so that none is added, moved or taken away."""
    found = [part for part in _regions(context) if part.target != "jobs" or not asked.hold]
    page: QueuePage = context["page"]
    rows = [(row, "job_row") for row in context["rows"]] if asked.hold else []
    for row in (_row(job, RowIds(), page.wish.lane) for job in page.named):
        stands = row.job.state == LANES[page.wish.lane] and not row.job.missing
        rows.append((row, "job_row" if stands else "job_gone"))
    for row, name in rows:
        found.append(Partial(row.dom_id, f"omniq/queues/{name}.html", "outerMorph", {**context, "row": row}))
    found.append(Partial("newer", "omniq/queues/newer.html", "outerMorph", context))
    return found


def _found(read: Any, queue: str) -> Any:
    try:
        return read()
    except UnknownQueue:
        raise no_such_queue(queue) from None


def _context(queue: str, lane: str, args: Fields, asked: live.Tick | None = None) -> dict[str, Any]:
    wish = _wish(lane, args)
    watch = Watch(asked.mark, asked.named, asked.hold) if asked else Watch()
    page = _found(lambda: _read(queue, wish, watch), queue)
    wish = page.wish
    ids = RowIds()
    acts = {
        "may_retry": lane == "failed" and can("retry", queue),
        "may_run": lane == "delayed" and can("run-now", queue),
        "may_remove": lane in ("failed", "completed", "delayed", "waiting") and can("remove", queue),
    }
    return {
        "page": page,
        "rows": [_row(job, ids, lane) for job in page.jobs.rows],
        "LANES": LANES,
        "LANE_WORDS": LANE_WORDS,
        "LANE_TITLES": LANE_TITLES,
        "SIZES": SIZES,
        "heads": heads(queue, wish, indexed=page.jobs.indexed),
        "lane_url": lane_url,
        "sort_options": sort_options(wish),
        "sort_caption": SORT_WORDS[lane][wish.sort].lower(),
        **acts,
        "acts": any(acts.values()),
        "COUNTED_POSITIONS": COUNTED_POSITIONS,
        "here": here(),
        "ONE_OF": ONE_OF,
        "MANY_OF": MANY_OF,
        "live_version": live.version(page.head, page.jobs, page.newer, page.named, page.wish),
    }


def _read(queue: str, wish: LaneWish, watch: Watch) -> QueuePage:
    try:
        return queue_page(
            current().link,
            queue,
            wish,
            now_ms=now_ms(),
            may_read=lambda name: can("read", name),
            limits=limits(),
            watch=watch,
        )
    except BadCursor:
        raise BadInput("cursor", "This is no page of this list. Start at its first page.") from None


def _wish(lane: str, args: Fields) -> LaneWish:
    for name in LATER_FILTERS:
        if args.get(name, "").strip():
            # Rows that nobody filtered must not look as if they were.
            raise BadInput(name, "The jobs of a lane cannot be filtered yet.")
    sizes = [str(size) for size in SIZES]
    return LaneWish(
        lane=lane,
        sort=choice(args, "sort", tuple(SORTS[lane]), usual_sort(lane)),
        size=int(choice(args, "size", sizes, "50")),
        cursor=text(args, "cursor", max_bytes=MAX_CURSOR_BYTES) or None,
    )


def _row(job: LaneRow, ids: RowIds, lane: str) -> JobRow:
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
        attempts=f"{job.attempt:,} of {max(job.max_attempts, 1):,}",
        ran_ms=ran,
        entered_ms=job.score_ms if job.score_ms is not None else recorded.get(lane),
        lease_ms=job.timeout_ms if job.timeout_ms > 0 else LEASE_WITHOUT_TIMEOUT_MS,
        excerpt=job.payload_excerpt + ("…" if job.payload_excerpt and job.payload_bytes > EXCERPT_BYTES else ""),
    )
