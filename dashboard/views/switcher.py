"""The switcher of a queue's page, while somebody types into it."""

from __future__ import annotations

from flask import request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.utils import redirect

from ..access import READ
from ..htmx import Partial, kind, render_partials
from ..params import text
from ..queries.switcher import matching_queues
from ..routes import Routes
from ..state import can, current, may_see, now_ms

routes = Routes()


@routes.get("/queues/<omniq:queue>/switch")
def switch(queue: str) -> ResponseReturnValue:
    """The queues whose name contains what was typed: lines of the menu, else the overview with that filter, or the
    queue for somebody who may not read that."""
    typed = text(request.args, "q")
    if kind() != "partial" and not can(READ):
        return redirect(url_for(".queue_home", queue=queue))
    if kind() != "partial":
        return redirect(url_for(".overview", q=typed))
    others = matching_queues(current().link, queue, typed, now_ms=now_ms(), may_read=may_see())
    return render_partials(Partial("switch-items", "omniq/queues/switch_items.html", "innerHTML", {"others": others}))
