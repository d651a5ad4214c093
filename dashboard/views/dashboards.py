"""The menu of the application's dashboards, as it is opened."""

from __future__ import annotations

from flask import url_for
from flask.typing import ResponseReturnValue
from werkzeug.utils import redirect

from ..dashboards import dashboards as all_dashboards
from ..htmx import Partial, kind, render_partials
from ..routes import Routes

routes = Routes()


@routes.get("/dashboards")
def dashboards() -> ResponseReturnValue:
    """The lines of the menu, for a page that has been open for hours; else the overview."""
    if kind() != "partial":
        return redirect(url_for(".overview"))
    context = {"all": all_dashboards()}
    return render_partials(Partial("dashboards", "omniq/layouts/dashboard_items.html", "innerMorph", context))
