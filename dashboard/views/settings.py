"""The reader's own display, and the list of keyboard shortcuts."""

from __future__ import annotations

from flask import Response, make_response, redirect, request

from .. import display
from ..htmx import Partial, back, kind, mount_url, render_page, render_partials
from ..queries.overview import OverviewWish, overview_page
from ..routes import Routes
from ..state import current, may_read, now_ms
from ..tokens import to_token
from .limits import limits

routes = Routes()

SHORTCUTS = (
    ("Go to overview", ("g", "o")),
    ("Find a job by id", ("/",)),
    ("Go to failed jobs", ("g", "f")),
    ("Show this list", ("?",)),
    ("Next row", ("j",)),
    ("Previous row", ("k",)),
    ("Select row", ("x",)),
    ("Open row", ("Enter",)),
    ("Retry row or selection", ("r",)),
    ("Remove row or selection", ("#",)),
    ("Turn updates off or on", ("p",)),
    ("Close, or clear selection", ("Esc",)),
)


@routes.own("/settings/display")
def save_display() -> Response:
    """Keeps theme, rate, zone, keys and live in this browser. Redis is not asked."""
    chosen = display.from_form(request.form, display.wanted())
    if kind() == "partial":
        return display.keep(make_response("", 204), chosen)
    return display.keep(make_response(redirect(mount_url(back()), 303)), chosen)


@routes.own("/queues/<omniq:queue>/settings/display")
def save_display_there(queue: str) -> Response:  # noqa: ARG001 - access was asked about it
    """The same for somebody who may read this queue and not all of them together."""
    return save_display()


@routes.get("/shortcuts")
def shortcuts() -> Response:
    """The keyboard shortcuts: a dialog for script, else a page."""
    if kind() == "partial":
        inside = {"shortcuts": SHORTCUTS}
        return render_partials(Partial("dialog", "omniq/shortcuts/dialog.html", "innerHTML", inside))
    return render_page("omniq/shortcuts/page.html", shortcuts=SHORTCUTS, section="shortcuts")


@routes.get("/queues/<omniq:queue>/shortcuts")
def shortcuts_there(queue: str) -> Response:  # noqa: ARG001 - access was asked about it
    """The same for somebody who may read this queue and not all of them together."""
    return shortcuts()


@routes.get("/failed")
def most_failed() -> Response:
    """Leads to the failed jobs of the queue that has most of them, else to the overview."""
    mount = current()
    page = overview_page(
        mount.link,
        OverviewWish(),
        now_ms=now_ms(),
        may_read=may_read(),
        limits=limits(),
        allow_list=mount.settings.queues,
    )
    worst = next((row for row in page.rows if row.failed), None)
    return make_response(redirect(mount_url(f"/queues/{to_token(worst.queue)}/failed" if worst else "/"), 303))
