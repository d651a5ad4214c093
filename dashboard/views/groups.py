"""The groups of a queue: how each stands, and how many of its jobs may run at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from omniq_core import MOST_GROUPS, MOST_LIVE, LimitChanged

from .. import live
from ..actions import groups as act
from ..formatting import row_id
from ..htmx import Partial, Toast, answer, back, here, kind, render_page, render_partials
from ..params import Fields, choice, integer, text, token
from ..present import present
from ..problems import BadInput, Problem
from ..queries.groups import ASCENDING, MOST_REPAIRED, SORTS, STATES, GroupsPage, GroupsWish, group_there, groups_page
from ..queries.queue import LANES, SIZES
from ..routes import Routes
from ..state import can, can_see, current, may_see, now_ms
from .addresses import groups_url, turned
from .lanes import LANE_WORDS
from .limits import limits
from .reading import explained
from .regions import regions

routes = Routes()
MAX_PAGE = 100_000
MAX_LIMIT = 1_000
"""The largest limit that a person can set here."""

COLUMNS = (
    ("group", "Group", ""),
    ("state", "State", ""),
    ("waiting", "Waiting", "num"),
    ("", "Oldest waiting", "num p4"),
    ("inflight", "In flight", "lead"),
    ("", "Limit", ""),
    ("", "Ready since", "num p3"),
)
SORT_WORDS = {
    "state": "Stuck first",
    "group": "Group",
    "waiting": "Most waiting",
    "inflight": "Most in flight",
    "-state": "Stuck last",
    "-group": "Group, last first",
    "-waiting": "Least waiting",
    "-inflight": "Least in flight",
}
CAPTIONS = {**{name: words.lower() for name, words in SORT_WORDS.items()}, "state": "stuck first, then most waiting"}
STATE_WORDS = {"stuck": "Stuck", "busy": "Busy", "ready": "Ready", "idle": "Idle"}


@dataclass(frozen=True, slots=True)
class Edit:
    """The field for the limit of a group: what stands in it, the limit it was opened with, and why it was not saved."""

    gid: str
    value: str
    seen: int
    error: str = ""


@routes.get("/queues/<omniq:queue>/groups")
def groups(queue: str) -> ResponseReturnValue:
    """A table of groups that the address filters and sorts; what a tick of it changes; or one row, for its field."""
    asked = live.tick(request.args)
    one = "edit" if "edit" in request.args else "row" if "row" in request.args else ""
    gid = token(request.args, one) if one and not asked else ""
    named = asked.named if asked else (gid,) if gid else ()
    context = _context(queue, request.args, named)
    page: GroupsPage = context["page"]
    if gid and one == "edit" and can("edit_limit", queue):
        limit = next((row.limit for row in page.named), None)
        context["edit"] = Edit(gid, str(limit), limit) if limit else None
    if one and kind() == "partial" and not asked:
        return render_partials(*_row(context, gid))
    moved = groups_url(queue, page.wish, page=page.wish.page) if _wish(request.args).page != page.wish.page else ""
    if asked:
        return live.answer(asked, context["live_version"], lambda: _tick_regions(context, asked), replace_url=moved)
    return redirect(moved) if moved and not one else render_page("omniq/groups/page.html", **context)


@routes.post("/queues/<omniq:queue>/groups/limit", action="edit_limit", verb="limit", tells=("gid", "limit"))
def set_limit(queue: str) -> Response:
    """Sets the limit of a group, unless somebody else has changed it since the field was opened."""
    gid, typed = token(request.form, "gid"), text(request.form, "limit", max_bytes=20)
    if not gid:
        raise BadInput("gid", "Ungrouped jobs have no limit.")
    seen = integer(request.form, "seen", low=1, high=10**14, default=1)
    try:
        limit = integer(request.form, "limit", low=1, high=MAX_LIMIT, default=0)
    except BadInput:
        limit = 0
    if not limit:
        return _not_saved(queue, Edit(gid, typed, seen, f"Not saved: the limit is 1 to {MAX_LIMIT:,}."), 400)
    with explained(queue):
        there = group_there(current().link, queue, gid, now_ms=now_ms())
    if not there:
        lines = ("Nothing was changed. It comes back with the next job that is published with it.",)
        return answer(Toast(f"Group {present('gid', gid, 60)} is gone", lines, "warn", "info"), *regions())
    try:
        before = act.set_limit(current().client, queue, gid, limit, seen=seen, now_ms=now_ms())
    except LimitChanged as changed:
        why = "Not saved: somebody set it to another limit meanwhile."
        if can_see(queue):
            why = f"Not saved: somebody set it to {changed.limit:,} meanwhile. Save again to overwrite that."
        return _not_saved(queue, Edit(gid, typed, changed.limit, why), 409)
    name = present("gid", gid, 60)
    if not can_see(queue):
        return answer(Toast(f"Limit of {name} is {limit:,} now"))
    context = _context(queue, _page_args(), (gid,))
    context["focus"] = gid
    toast = Toast(f"Limit of {name} is {limit:,} now" if before != limit else f"Limit of {name} stays {limit:,}")
    return answer(Toast(toast.text, _what_it_means(context["page"], before, limit)), *_regions(context))


def _what_it_means(page: GroupsPage, before: int, limit: int) -> tuple[str, ...]:
    lines = (f"It was {before:,}.",) if before != limit else ()
    held = page.named[0].in_flight if page.named else 0
    if held > limit:
        lines += (f"{held:,} of its jobs run on. New ones start when fewer than {limit:,} run.",)
    return lines


def groups_regions(queue: str, args: Fields) -> tuple[Partial, ...]:
    """What a change of groups, of jobs or of the queue changes on this page."""
    return tuple(_regions(_context(queue, args)))


def _not_saved(queue: str, edit: Edit, status: int) -> Response:
    if not can_see(queue):
        # Whoever may set a limit need not be let see the groups.
        raise Problem(status, "Limit not saved", edit.error)
    context = {**_context(queue, _page_args(), (edit.gid,)), "edit": edit}
    if kind() == "partial":
        return render_partials(*_row(context, edit.gid), status=status)
    return render_page("omniq/groups/page.html", status=status, **context)


def _page_args() -> Fields:
    """The address of the page that a form was on."""
    return MultiDict(parse_qsl(back().partition("?")[2], keep_blank_values=True))


def _regions(context: dict[str, Any]) -> list[Partial]:
    shared = ("queue_state", "queue_actions", "queue_tabs")
    found = [Partial(name.replace("_", "-"), f"omniq/queues/{name}.html", context=context) for name in shared]
    own = {"queue-tiles": "tiles", "group-states": "states", "groups-head": "head", "groups": "rows", "pager": "pager"}
    found += [Partial(target, f"omniq/groups/{name}.html", context=context) for target, name in own.items()]
    return [*found, Partial("stuck", "omniq/groups/stuck.html", "outerMorph", context)]


def _row(context: dict[str, Any], gid: str) -> list[Partial]:
    page: GroupsPage = context["page"]
    found = next((row for row in page.named if row.gid == gid), None)
    more, name = ({**context, "row": found}, "row") if found else ({**context, "gid": gid}, "row_gone")
    return [Partial(row_id("group", gid), f"omniq/groups/{name}.html", "outerMorph", {**more, "focus": gid})]


def _tick_regions(context: dict[str, Any], asked: live.Tick) -> list[Partial]:
    """The regions of a tick. Held rows come one by one, so that none is added, moved or taken away."""
    page: GroupsPage = context["page"]
    found = [part for part in _regions(context) if part.target != "groups" or not asked.hold]
    rows = {row.gid: row for row in (*page.named, *(page.rows if asked.hold else ()))}
    for gid, row in rows.items():
        found.append(Partial(row_id("group", gid), "omniq/groups/row.html", "outerMorph", {**context, "row": row}))
    for gid in asked.named:
        if gid not in rows:
            more = {**context, "gid": gid}
            found.append(Partial(row_id("group", gid), "omniq/groups/row_gone.html", "outerMorph", more))
    return found


def _context(queue: str, args: Fields, named: tuple[str, ...] = ()) -> dict[str, Any]:
    with explained(queue):
        page = groups_page(
            current().link,
            queue,
            _wish(args),
            now_ms=now_ms(),
            may_read=may_see(),
            limits=limits(),
            named=named,
            works=current().background is not None,
        )
    return {
        "page": page,
        "live_version": live.version(page.head, page.wish, page.rows, page.named, page.sums, page.stuck, page.known),
        "edit": None,
        "focus": "",
        "groups_url": groups_url,
        "turned": turned,
        "direction": _direction,
        "COLUMNS": COLUMNS,
        "SORT_WORDS": SORT_WORDS,
        "caption": CAPTIONS[page.wish.sort],
        "STATES": STATES,
        "STATE_WORDS": STATE_WORDS,
        "SIZES": SIZES,
        "LANES": LANES,
        "LANE_WORDS": LANE_WORDS,
        "MAX_LIMIT": MAX_LIMIT,
        "MOST_GROUPS": MOST_GROUPS,
        "MOST_LIVE": MOST_LIVE,
        "MOST_REPAIRED": MOST_REPAIRED,
        "may_limit": can("edit_limit", queue),
        "may_repair": can("repair", queue),
        "here": here(),
    }


def _wish(args: Fields) -> GroupsWish:
    return GroupsWish(
        state=choice(args, "state", ("", *STATES), ""),
        group=text(args, "group"),
        sort=choice(args, "sort", SORTS, "state"),
        size=int(choice(args, "size", [str(size) for size in SIZES], "50")),
        page=integer(args, "page", low=1, high=MAX_PAGE, default=1),
    )


def _direction(sort: str, column: str) -> str:
    if not column or sort.removeprefix("-") != column:
        return ""
    return "ascending" if (column in ASCENDING) != sort.startswith("-") else "descending"
