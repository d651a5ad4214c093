"""The pages. Each module has a module-level `routes = Routes()`; its name stands in MODULES below.

How a page is added (`views/groups.py`, `queries/groups.py`, `templates/omniq/groups/page.html`, shortened):

    routes = Routes()

    @routes.get("/queues/<omniq:queue>/groups")              # action="read"; access and the queue's name are checked
    def groups(queue: str) -> Response:                      # before this runs, `queue` is the raw name
        mount = current()                                    # state.py: .link .client .settings .signing
        size = params.integer(request.args, "size", low=25, high=100, default=50)      # bad input is a 400 by itself
        page = groups_page(mount.link, queue, now_ms=now_ms(), size=size)              # queries/: no flask in there
        if page is None:
            raise no_such_queue(queue)                       # problems.py: 404, 409, 400 pages and toasts
        if request.args.get("part"):                         # regions of the same page, for script
            return render_partials(Partial("groups", "omniq/groups/rows.html", context={"page": page}))
        return render_page("omniq/groups/page.html", page=page)

How an action is added: parse, act, answer with the regions that changed.

    @routes.post("/queues/<omniq:queue>/groups/limit", action="edit_limit", tells=("gid",))      # after CSRF is checked
    def set_limit(queue: str) -> Response:
        gid = params.token(request.form, "gid")              # ids and gids in forms are tokens ("x" | token)
        outcome = actions.set_limit(current().link, queue, gid, ...)
        return answer(Toast("Limit saved"), Partial("groups", "omniq/groups/rows.html", context={...}))

What it does is recorded by itself (recording.py) when its function in actions/ is `told`; `tells` are the fields of the
form that the record keeps.

A confirm page is a GET or a `routes.ask` that gives `show_dialog("omniq/groups/confirm.html", ...)`; its template calls
the macro `dialog` with `as_page=as_page` and the hidden field `confirm_token` from `confirm.seal(...)`; the acting POST
calls `confirm.check(...)` and answers NotConfirmed with the dialog again and status 409.

Templates extend "omniq/layouts/page.html", fill the blocks `title` and `main`, link with `url_for(".groups",
queue=name)`, and take every text of a job through `present(field, text)` or a macro of omniq/macros. The layout holds
the empty form `#row`: a button of a row is `row_button(...)`, needs no form of its own and works without script.
Redis errors, OmniqError and Problem need no try: blueprint-wide handlers make their pages (views/errors.py).
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from ..routes import Route

MODULES = (
    "health",
    "health_page",
    "repairs",
    "overview",
    "queues",
    "export",
    "pauses",
    "groups",
    "group_repair",
    "group_jobs",
    "failures",
    "jobs",
    "publish",
    "children",
    "counter_ends",
    "counter",
    "search",
    "switcher",
    "dashboards",
    "tasks",
    "activity",
    "undo",
    "settings",
    "signin",
    "metrics",
)


def every_route() -> list[Route]:
    """The routes of all modules, in order."""
    found: list[Route] = []
    for name in MODULES:
        full = f"{__name__}.{name}"
        if find_spec(full) is not None:
            found.extend(import_module(full).routes.all)
    return found
