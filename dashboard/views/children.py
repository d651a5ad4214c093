"""Child counters of all queues."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import redirect, request
from flask.typing import ResponseReturnValue

from omniq_core import COUNTER_STILL_MS, MOST_COUNTERS, ChildCounter

from .. import live
from ..formatting import row_id
from ..htmx import Partial, here, render_page
from ..params import Fields, choice, integer, text
from ..problems import BadInput
from ..queries.children import (
    ASCENDING,
    MOST_SORTED,
    SORTS,
    STATES,
    ChildrenPage,
    ChildrenWish,
    Patience,
    children_page,
)
from ..routes import Routes
from ..state import current, now_ms
from .addresses import children_url, turned
from .everywhere import may_everywhere, told_of_jobs

routes = Routes()
MAX_PAGE = 100_000

COLUMNS = (
    ("key", "Completion key", ""),
    ("state", "State", ""),
    ("progress", "Progress", "lead"),
    ("remaining", "Remaining", "num"),
    ("", "Done", "num p3"),
    ("", "Total", "num p1"),
    ("change", "Last change", "num"),
)
SORT_WORDS = {
    "change": "Longest without a change",
    "key": "Completion key",
    "state": "State",
    "progress": "Least progress",
    "remaining": "Most remaining",
    "-change": "Last change first",
    "-key": "Completion key, last first",
    "-state": "State, moving first",
    "-progress": "Most progress",
    "-remaining": "Least remaining",
}
STATE_WORDS = {
    "alone": "No job found",
    "stuck": "Stuck",
    "quiet": "Quiet",
    "moving": "Moving",
    "watching": "Watching",
    "broken": "Broken",
}
FAULTS = {
    "no_count": ("No count", "Children are noted as done, but the count is missing: those that end now get -1."),
    "no_number": ("Count is no number", "Children that end now get -1, and nobody learns which is the last one."),
    "below_one": ("Count below 1", "A counter that comes to 0 is deleted. The next child that ends deletes this one."),
    "count_type": ("Count of another type", "The key of the count holds no text: a child that ends gets an error."),
    "done_type": (
        "Done of another type",
        "The key of ended children holds no set: a child that ends gets an error.",
    ),
}


@routes.get("/children")
def children() -> ResponseReturnValue:
    """A table of counters that the address filters and sorts; or what a tick of it changes."""
    asked = live.tick(request.args)
    context = _context(request.args, asked.named if asked else ())
    page: ChildrenPage = context["page"]
    moved = children_url(page.wish, page=page.wish.page) if _wish(request.args).page != page.wish.page else ""
    if asked:
        return live.answer(asked, context["live_version"], lambda: _tick_regions(context, asked), replace_url=moved)
    return redirect(moved) if moved else render_page("omniq/children/page.html", **context)


def children_regions(args: Fields) -> tuple[Partial, ...]:
    """What a change of one counter changes on this page."""
    return tuple(_regions(_context(args)))


def _regions(context: dict[str, Any]) -> list[Partial]:
    names = {"child-states": "states", "children-head": "head", "children": "rows", "foot": "foot"}
    return [Partial(target, f"omniq/children/{name}.html", context=context) for target, name in names.items()]


def _tick_regions(context: dict[str, Any], asked: live.Tick) -> list[Partial]:
    """The regions of a tick. Held rows come one by one, so that none is added, moved or taken away."""
    found = [part for part in _regions(context) if part.target != "children" or not asked.hold]
    page: ChildrenPage = context["page"]
    rows = {row.key: row for row in (*page.named, *(page.rows if asked.hold else ()))}
    for key, row in rows.items():
        found.append(Partial(row_id("child", key), "omniq/children/row.html", "outerMorph", {**context, "row": row}))
    for key in asked.named:
        if key not in rows:
            more = {**context, "key": key}
            found.append(Partial(row_id("child", key), "omniq/children/row_gone.html", "outerMorph", more))
    return found


def _context(args: Fields, keys: tuple[str, ...] = ()) -> dict[str, Any]:
    asked: dict[str, Any] = {"now_ms": now_ms(), "patience": patience(), "told": told_of_jobs(), "named": keys}
    asked["works"] = current().background is not None
    page: ChildrenPage = known(lambda: children_page(current().link, _wish(args), **asked))
    return {
        "page": page,
        "live_version": live.version(page),
        "children_url": children_url,
        "turned": turned,
        "direction": _direction,
        "percent": percent,
        "COLUMNS": COLUMNS,
        "SORT_WORDS": SORT_WORDS,
        "FAULTS": FAULTS,
        "STATES": STATES,
        "STATE_WORDS": STATE_WORDS,
        "stuck_ms": patience().stuck_ms,
        "MOST_COUNTERS": MOST_COUNTERS,
        "MOST_SORTED": MOST_SORTED,
        "may_remove": may_everywhere("remove"),
        "may_finish": may_everywhere("repair"),
        "here": here(),
        **looking(),
    }


def _wish(args: Fields) -> ChildrenWish:
    return ChildrenWish(
        key=text(args, "key"),
        state=choice(args, "state", ("", *STATES), ""),
        sort=choice(args, "sort", SORTS, "change"),
        page=integer(args, "page", low=1, high=MAX_PAGE, default=1),
    )


def _direction(sort: str, column: str) -> str:
    if not column or sort.removeprefix("-") != column:
        return ""
    return "ascending" if (column in ASCENDING) != sort.startswith("-") else "descending"


def patience() -> Patience:
    """From when a counter is quiet and stuck, as the settings say."""
    settings = current().settings
    return Patience(settings.quiet_after * 1000, settings.stuck_after * 1000)


def looking() -> dict[str, Any]:
    """What pages say of the look for jobs: where payloads name a counter, and from when on jobs are looked for."""
    settings = current().settings
    at = settings.redact.told(settings.completion_key)
    return {"counter_at": at, "counter_at_hidden": at != settings.completion_key, "still_ms": COUNTER_STILL_MS}


def percent(counter: ChildCounter) -> str:
    """The share that is done, as drawn: whole, a tenth near the end, and never 100% while a child is missing."""
    done, total = counter.done or 0, counter.total or 1
    share = done * 100 / total
    if 0 < share < 1:
        return "<1%"
    tenths = min(round(share * 10), 999)
    return f"{round(share)}%" if share < 99 or tenths % 10 == 0 else f"{tenths // 10}.{tenths % 10}%"


def known(read: Callable[[], Any]) -> Any:
    """What `read` gives; a 400 for a text that is no completion key."""
    try:
        return read()
    except ValueError:
        raise BadInput("key", "This is no completion key.") from None
