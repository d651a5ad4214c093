"""Figures for Prometheus."""

from __future__ import annotations

from importlib import import_module

from flask import Response, request

from ..compress import compress_tick
from ..problems import Problem
from ..queries.metrics import metrics_page
from ..routes import Routes
from ..state import current, may_read, now_ms

routes = Routes()


@routes.get("/metrics")
def metrics() -> Response:
    """All queues the reader may see. 501 where the library is not installed, 503 while Redis is away."""
    try:
        exposition = import_module("..exposition", __package__)
    except ImportError:
        text = "The library for it is not installed where the dashboard runs: pip install prometheus-client."
        raise Problem(501, "No metrics here", text) from None
    mount = current()
    page = metrics_page(
        mount.link,
        now_ms=now_ms(),
        may_read=may_read(),
        stalled_ms=mount.settings.stalled_after * 1000,
        allow_list=mount.settings.queues,
    )
    body, content_type = exposition.expose(page, request.headers.get("Accept", ""))
    return compress_tick(Response(body, content_type=content_type))
