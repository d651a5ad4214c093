"""One queue: a lane of it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import zip_longest
from typing import Any

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from omniq_core import COUNTED_POSITIONS

from .. import live
from ..access import READ_PAYLOAD
from ..formatting import RowIds
from ..htmx import Partial, here, kind, render_page, render_partials
from ..params import Fields, text
from ..problems import no_such_page
from ..queries.filtered import filtered_queue_page
from ..queries.hidden import shown_page, shown_rows
from ..queries.job_list import JobList
from ..queries.lane_filter import LaneFilter
from ..queries.queue import (
    LANES,
    SIZES,
    LaneWish,
    QueuePage,
    Watch,
    queue_head,
    queue_page,
)
from ..routes import Routes
from ..state import can, current, may_see, now_ms
from .addresses import SCOPE, bulk_url, export_url, job_url, lane_url
from .filters import ENTERED_WORDS, ERROR_WORDS, MAX_CURSOR_BYTES, error_words, lane_wish, since_options, tags
from .job_rows import JobRow, job_row
from .lane_parts import next_parts, parts_anew, tick_parts
from .lanes import LANE_TITLES, LANE_WORDS, MANY_OF, ONE_OF, SORT_WORDS, heads, sort_options
from .limits import limits
from .reading import explained

routes = Routes()


@routes.get("/queues/<omniq:queue>/")
def queue_home(queue: str) -> ResponseReturnValue:
    """Leads to the lane that needs a look: failed if there are failures, else waiting."""
    with explained(queue):
        head = queue_head(current().link, queue, now_ms=now_ms(), limits=limits())
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
        if page.wish.cursor == lane_wish(queue, lane, request.args).cursor
        else lane_url(queue, page.wish, cursor=page.wish.cursor)
    )
    if request.args.get("scan") and page.look and kind() == "partial":
        return render_partials(*next_parts(context))
    if asked:
        regions = partial(tick_parts, context, asked)
        return live.answer(asked, context["live_version"], regions, replace_url=moved)
    return redirect(moved) if moved else render_page("omniq/queues/page.html", **context)


def lane_regions(queue: str, lane: str, args: Fields) -> tuple[Partial, ...]:
    """What a change of jobs or of the queue changes on a lane's page. Raises Problem for a lane that is none."""
    if lane not in LANES:
        raise no_such_page()
    return tuple(parts_anew(_context(queue, lane, args)))


def _context(queue: str, lane: str, args: Fields, asked: live.Tick | None = None) -> dict[str, Any]:
    wish = lane_wish(queue, lane, args)
    watch = _watch(args, asked)
    page = _read(queue, wish, watch)
    wish = page.wish
    acts = {
        "may_retry": lane == "failed" and can("retry", queue),
        "may_run": lane == "delayed" and can("run_now", queue),
        "may_remove": lane in ("failed", "completed", "delayed", "waiting") and can("remove", queue),
    }
    return {
        "page": page,
        "rows": _rows(queue, page),
        "LANES": LANES,
        "LANE_WORDS": LANE_WORDS,
        "LANE_TITLES": LANE_TITLES,
        "SIZES": SIZES,
        "heads": heads(queue, wish, indexed=page.jobs.indexed),
        "lane_url": lane_url,
        "bulk_url": bulk_url,
        "export_url": export_url,
        "may_export": can("export", queue),
        "may_payload": can(READ_PAYLOAD, queue),
        "may_search": can(READ_PAYLOAD, queue) and not current().settings.redact.on,
        "error_words": error_words(lane),
        "select_all": args.get("scope") == SCOPE and any(acts.values()),
        "sort_options": sort_options(wish),
        "sort_caption": SORT_WORDS[lane][wish.sort].lower(),
        "ERROR_WORDS": ERROR_WORDS,
        "ENTERED_WORDS": ENTERED_WORDS,
        "since_options": since_options(lane),
        "filter_tags": tags(queue, wish),
        "clear_url": lane_url(queue, wish, filter=LaneFilter()),
        "only_q": wish.filter == LaneFilter(q=wish.filter.q),
        **acts,
        "acts": any(acts.values()),
        "COUNTED_POSITIONS": COUNTED_POSITIONS,
        "here": here(),
        "ONE_OF": ONE_OF,
        "MANY_OF": MANY_OF,
        "live_version": live.version(
            page.head, page.jobs, page.newer, page.named, page.wish, page.matching, page.consumers
        ),
    }


def _rows(queue: str, page: QueuePage) -> list[JobRow]:
    """The rows. Where the failed lane as it stands is not the list, they say which list they are of."""
    wish, ids = page.wish, RowIds()
    listed = JobList(wish) if wish.filter.asks or (wish.lane == "failed" and wish.sort != "failed") else None
    places = page.look.page.places if page.look else ()
    return [
        job_row(job, ids, wish.lane, job_url(queue, job.job_id, listed, at))
        for job, at in zip_longest(page.jobs.rows, places)
    ]


def _read(queue: str, wish: LaneWish, watch: Watch) -> QueuePage:
    with explained(queue):
        read = filtered_queue_page if wish.filter.asks else queue_page
        page = read(
            current().link,
            queue,
            wish,
            now_ms=now_ms(),
            may_read=may_see(),
            limits=limits(),
            watch=watch,
        )
        link, rules = current().link, current().settings.redact
        jobs, named = shown_page(link, queue, page.jobs, rules), shown_rows(link, queue, page.named, rules)
        return replace(page, jobs=jobs, named=named)


def _watch(args: Fields, asked: live.Tick | None) -> Watch:
    open_page = Watch(asked.mark, asked.named, asked.hold, counting=asked.counting) if asked else Watch()
    going_on = text(args, "scan", max_bytes=MAX_CURSOR_BYTES)
    stop = bool(going_on) and args.get("stop") == "1"
    return replace(open_page, going_on=going_on, stop=stop, whole=kind() != "partial")
