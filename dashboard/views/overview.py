"""All queues."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from ..htmx import Partial, here, render_page
from ..params import Fields, choice, integer, text
from ..queries.overview import ASCENDING, SORTS, STATE_FILTERS, OverviewPage, OverviewWish, overview_page
from ..routes import Routes
from ..state import can, current, now_ms
from .addresses import overview_url, turned
from .limits import limits

routes = Routes()
MAX_PAGE = 100_000

COLUMNS = (
    ("name", "Queue", ""),
    ("state", "State", ""),
    ("waiting", "Waiting", "num"),
    ("ungrouped", "Ungrouped", "num p4"),
    ("grouped", "Grouped", "num p4"),
    ("active", "Active", "num"),
    ("delayed", "Delayed", "num"),
    ("failed", "Failed", "num"),
    ("oldest", "Oldest waiting", "num p2"),
    ("activity", "Last activity", "num p3"),
)
SORT_WORDS = {
    "failed": "Most failed",
    "name": "Name",
    "state": "State",
    "waiting": "Most waiting",
    "oldest": "Oldest waiting",
    "activity": "Last activity",
}


@routes.get("/")
def overview() -> Response:
    """Totals, and a table of queues that the address filters and sorts."""
    return render_page("omniq/overview/page.html", **_context(request.args))


def overview_regions(args: Fields) -> tuple[Partial, ...]:
    """What a change of one queue changes on this page."""
    context = _context(args)
    return tuple(
        Partial(target, f"omniq/overview/{target.replace('-', '_')}.html", context=context)
        for target in ("totals", "queue-states", "queues")
    )


def _context(args: Fields) -> dict[str, Any]:
    return {
        "page": _read(args),
        "overview_url": overview_url,
        "turned": turned,
        "direction": _direction,
        "COLUMNS": COLUMNS,
        "SORT_WORDS": SORT_WORDS,
        "here": here(),
    }


def _direction(sort: str, column: str) -> str:
    if sort.removeprefix("-") != column:
        return ""
    return "ascending" if (column in ASCENDING) != sort.startswith("-") else "descending"


def _read(args: Fields) -> OverviewPage:
    mount = current()
    wish = OverviewWish(
        q=text(args, "q"),
        state=choice(args, "state", STATE_FILTERS, ""),
        sort=choice(args, "sort", SORTS, "failed"),
        page=integer(args, "page", low=1, high=MAX_PAGE, default=1),
    )
    return overview_page(
        mount.link,
        wish,
        now_ms=now_ms(),
        may_read=lambda queue: can("read", queue),
        limits=limits(),
        allow_list=mount.settings.queues,
    )
