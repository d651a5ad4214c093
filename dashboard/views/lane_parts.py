"""The regions of a lane's page that an answer to script brings."""

from __future__ import annotations

from typing import Any

from .. import live
from ..formatting import RowIds, row_id
from ..htmx import Partial
from ..queries.queue import LANES, QueuePage
from .addresses import job_url
from .job_rows import job_row

_COUNTED = {"match-count": "match_count", "pager": "pager", "lane-actions": "lane_actions"}
"""Regions that only a filtered page has, or changes by itself."""
_OF_ACTIVE = {"consumers-count": "consumers_count", "consumers": "consumers", "unlisted": "unlisted"}
_ALL = ("select-all", "bulk-bar")
"""How many can be selected, or are: all that match."""


def lane_parts(context: dict[str, Any]) -> tuple[Partial, ...]:
    """All that a change of jobs or of the queue changes."""
    names = {
        "queue-state": "queue_state",
        "queue-actions": "queue_actions",
        "queue-tiles": "queue_tiles",
        "queue-tabs": "queue_tabs",
        "lane-actions": "lane_actions",
        "jobs": "jobs",
        "pager": "pager",
    }
    if context["page"].look is not None:
        names |= _COUNTED
    if context["page"].consumers is not None:
        names |= _OF_ACTIVE
    context = {**context, "scripted": True}
    found = [Partial(target, f"omniq/queues/{name}.html", context=context) for target, name in names.items()]
    return (*found, *_of_all(context))


def _of_all(context: dict[str, Any]) -> tuple[Partial, ...]:
    """The bar of a selection says how many match, too."""
    if context["select_all"]:
        return (Partial("bulk-bar", "omniq/queues/bulk_all.html", "outerMorph", context),)
    return (Partial("select-all", "omniq/queues/select_all.html", context=context),) if context["acts"] else ()


def tick_parts(context: dict[str, Any], asked: live.Tick) -> list[Partial]:
    """The regions of a tick. Held rows come one by one, so that none is added, moved or taken away."""
    page: QueuePage = context["page"]
    if not asked.mark:
        found = [*parts_anew(context), Partial("jobs-head", "omniq/queues/jobs_head.html", context=context)]
    else:
        found = [part for part in lane_parts(context) if part.target not in _not_known(page)]
    rows: list[tuple[Any, str]] = []
    if asked.hold:
        found = [part for part in found if part.target not in ("jobs", "consumers")]
        rows = [(row, "job_row") for row in context["rows"]]
        found.extend(_consumer_rows(context))
    queue = page.head.queue
    for row in (job_row(job, RowIds(), page.wish.lane, job_url(queue, job.job_id)) for job in page.named):
        stands = row.job.state == LANES[page.wish.lane] and not row.job.missing
        rows.append((row, "job_row" if stands else "job_gone"))
    for row, name in rows:
        found.append(Partial(row.dom_id, f"omniq/queues/{name}.html", "outerMorph", {**context, "row": row}))
    found.append(Partial("newer", "omniq/queues/newer.html", "outerMorph", context))
    return found


def _consumer_rows(context: dict[str, Any]) -> list[Partial]:
    consumers = context["page"].consumers
    return [
        Partial(row_id("consumer", one.consumer_id), "omniq/queues/consumer.html", "outerMorph", {"one": one})
        for one in (consumers.rows if consumers else ())
    ]


def parts_anew(context: dict[str, Any]) -> list[Partial]:
    """All regions, for a page that is searched from the beginning: a search under way ends with its element."""
    found = [part for part in lane_parts(context) if part.target != "match-count"]
    context = {**context, "scripted": True}
    return [*found, Partial("filter-tags", "omniq/queues/filter_tags.html", "innerHTML", context)]


def _not_known(page: QueuePage) -> set[str]:
    """The regions of a filtered page that a tick had no time to look at: its rows, or the count of all that match."""
    if not page.wish.filter.asks:
        return set()
    rows = set() if page.look and page.look.page.complete else {"jobs"}
    return rows if page.matching is not None else rows | {*_COUNTED, *_ALL}


def next_parts(context: dict[str, Any]) -> list[Partial]:
    """What the next part of a search adds to its page."""
    context = {**context, "scripted": True}
    look = context["page"].look
    had = look.page.listed - len(context["rows"])
    found = [Partial(name, f"omniq/queues/{template}.html", context=context) for name, template in _COUNTED.items()]
    found.extend(_of_all(context))
    if context["rows"] or not look.page.listed:
        found.insert(0, Partial("jobs", "omniq/queues/jobs.html", "beforeend" if had else "innerHTML", context))
    return found
