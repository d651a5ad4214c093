"""All queues."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from .. import live
from ..formatting import row_id
from ..htmx import Partial, here, render_page
from ..params import Fields, choice, integer, text
from ..queries.overview import ASCENDING, SORTS, STATE_FILTERS, OverviewPage, OverviewWish, overview_page
from ..queries.shown_overview import shown_overview
from ..queries.throughput import RANGE, RANGES
from ..routes import Routes
from ..state import current, may_read, now_ms
from .addresses import overview_url, turned
from .limits import limits

routes = Routes()
MAX_PAGE = 100_000
MOST_NAMED = 5

COLUMNS = (
    ("name", "Queue", ""),
    ("state", "State", ""),
    ("rate", "Started, 1 h", ""),
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
    "rate": "Most started",
    "waiting": "Most waiting",
    "oldest": "Oldest waiting",
    "activity": "Last activity",
}

# What changes seldom by the version that it has of its own, and which of it is large.
_SELDOM = (("notices",), ("legend", "throughput"), ("top-errors",))
_LARGE = frozenset({"throughput", "top-errors"})


@routes.get("/")
def overview() -> Response:
    """Totals, and a table of queues that the address filters and sorts; or what a tick of it changes."""
    asked = live.tick(request.args)
    context = _context(request.args, asked)
    if asked:
        found: str = context["live_version"]
        redrawn = _redrawn(found, asked)
        # A chart and the rows in one answer are more than a tick may weigh: the rows follow at once, in the next.
        late = not _LARGE.isdisjoint(redrawn) and _parts(found)[0] != _parts(asked.version)[0]
        if late:
            found = ".".join(["", *_parts(found)[1:]])
        return live.answer(asked, found, lambda: _tick_regions(context, asked, redrawn, rows=not late), more=late)
    return render_page("omniq/overview/page.html", **context)


def overview_regions(args: Fields) -> tuple[Partial, ...]:
    """What a change of one queue changes on this page."""
    return _regions(_context(args), ("notices", "totals", "queue-states", "queues"))


def _regions(context: dict[str, Any], names: tuple[str, ...]) -> tuple[Partial, ...]:
    return tuple(
        Partial(
            name,
            f"omniq/overview/{name.replace('-', '_')}.html",
            "outerMorph" if name == "throughput" else "innerMorph",
            context,
        )
        for name in names
    )


def _one(template: str, queue: str, context: dict[str, Any], **more: Any) -> Partial:
    return Partial(row_id("queue", queue), f"omniq/overview/{template}.html", "outerMorph", {**context, **more})


def _tick_regions(context: dict[str, Any], asked: live.Tick, redrawn: list[str], *, rows: bool) -> list[Partial]:
    """The regions of a tick. Held rows come one by one, so that none is added, moved or taken away."""
    names = ("totals", *redrawn, "queue-states", "queues-head", "foot")
    found = list(_regions(context, (*names, "queues") if rows and not asked.hold else names))
    if not rows:
        return found
    page: OverviewPage = context["page"]
    single = {row.queue: row for row in (*page.named, *(page.rows if asked.hold else ()))}
    gone = [name for name in asked.named if name not in single]
    for name, row in single.items():
        found.append(_one("queue_row", name, context, row=row))
    found += [_one("queue_gone", name, context, name=name) for name in gone]
    return found


def _redrawn(version: str, asked: live.Tick) -> list[str]:
    """What changes seldom comes with the tick that finds it changed: a chart each 10 s, errors each 30."""
    parts = zip(_SELDOM, _parts(asked.version)[1:], _parts(version)[1:], strict=False)
    return [name for names, had, has in parts if had != has for name in names]


def _parts(version: str) -> list[str]:
    """Which rows and figures, which notices, which chart and which errors a version of the page has."""
    return version.partition("-")[0].split(".")


def _context(args: Fields, asked: live.Tick | None = None) -> dict[str, Any]:
    held = (asked.hold, asked.named) if asked else (False, ())
    page = _read(args, held[1])
    lacks = (page.unkept, page.refusal, page.unsought, page.denied, page.unread)
    shown = live.version(
        held,
        page.wish,
        page.rows,
        page.rates,
        page.named,
        page.totals,
        page.counts,
        page.matched,
        page.discovery,
        *lacks,
    )
    seldom = (
        (page.notices, page.discovery, lacks),
        (page.throughput, page.unkept, page.unread),
        page.top,
    )
    return {
        "page": page,
        "live_version": ".".join([shown, *(live.version(part)[:8] for part in seldom)]),
        "RANGES": RANGES,
        "MOST_NAMED": MOST_NAMED,
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


def _read(args: Fields, named: tuple[str, ...]) -> OverviewPage:
    mount = current()
    wish = OverviewWish(
        q=text(args, "q"),
        state=choice(args, "state", STATE_FILTERS, ""),
        sort=choice(args, "sort", SORTS, "failed"),
        page=integer(args, "page", low=1, high=MAX_PAGE, default=1),
        range=choice(args, "range", tuple(RANGES), RANGE),
    )
    page = overview_page(
        mount.link,
        wish,
        now_ms=now_ms(),
        may_read=may_read(),
        limits=limits(),
        allow_list=mount.settings.queues,
        named=named,
        works=mount.background is not None,
    )
    return shown_overview(page, mount.settings.redact)
