"""One child counter: how far it is, since when, and which children are done."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from omniq_core import BadCursor

from .. import live
from ..htmx import Partial, here, render_page
from ..params import Fields, text
from ..present import present
from ..problems import BadInput, Problem, Way
from ..queries.counter import CounterPage, counter_page
from ..routes import Routes
from ..state import current, now_ms
from .children import FAULTS, known, looking, patience, percent
from .everywhere import may_everywhere, told_of_jobs

routes = Routes()


@routes.get("/children/<omniq:key>")
def counter(key: str) -> Response:
    """A counter; or what a tick of its page changes."""
    asked = live.tick(request.args)
    context = _context(key, request.args, with_done=not asked)
    page: CounterPage = context["page"]
    if asked:
        return live.answer(asked, context["live_version"], lambda: _regions(context))
    if page.row is None:
        why = (
            f"No counter is called {present('key', key, 200)} now. Its last child finished, somebody deleted it, or it "
            "never was: Redis keeps nothing of a counter that is over, so these look the same."
        )
        raise Problem(404, "No such counter", why, icon="search", way=Way("Child counters", "/children"))
    return render_page("omniq/children/counter.html", **context)


def counter_regions(key: str, args: Fields) -> tuple[Partial, ...]:
    """What a change of the counter changes on its page."""
    return _regions(_context(key, args, with_done=False))


def _regions(context: dict[str, Any]) -> tuple[Partial, ...]:
    names = {"counter-state": "counter_state", "counter-actions": "counter_actions", "facts": "counter_facts"}
    return tuple(Partial(target, f"omniq/children/{name}.html", context=context) for target, name in names.items())


def _context(key: str, args: Fields, *, with_done: bool) -> dict[str, Any]:
    cursor, child = args.get("cursor", ""), text(args, "child")
    if cursor and not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 20):
        raise BadInput("cursor", "This is no place in the list.")
    wanted: dict[str, Any] = {
        "now_ms": now_ms(),
        "patience": patience(),
        "told": told_of_jobs(),
        "with_done": with_done,
    }
    try:
        page = known(lambda: counter_page(current().link, key, cursor=int(cursor or 0), child_id=child, **wanted))
    except BadCursor:
        raise BadInput("cursor", "This is no place in the list.") from None
    return {
        "page": page,
        "row": page.row,
        "child": child,
        "at_start": not cursor,
        "live_version": live.version(page.row),
        "percent": percent,
        "FAULTS": FAULTS,
        "stuck_ms": patience().stuck_ms,
        "may_remove": may_everywhere("remove"),
        "may_finish": may_everywhere("repair"),
        **looking(),
        "section": "children",
        "within": True,
        "here": here(),
    }
