"""Health: Redis itself, and what is wrong with it."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from omniq_core import SLOW_READ

from .. import live
from ..htmx import Partial, render_page
from ..queries.health import CLOCKS_AGREE_MS, SLOW_SCRIPT_US, health_page
from ..routes import Routes
from ..server_words import memory_words, server_note
from ..state import current, now_ms

routes = Routes()


@routes.get("/health")
def health() -> Response:
    """Redis as it is now, and the findings; or what a tick of it changes."""
    context = _context()
    asked = live.tick(request.args)
    if asked:
        return live.answer(asked, context["live_version"], lambda: _regions(context))
    return render_page("omniq/health/page.html", **context)


def health_regions() -> tuple[Partial, ...]:
    """What changes on this page."""
    return _regions(_context())


def _regions(context: dict[str, Any]) -> tuple[Partial, ...]:
    names = {"health-state": "state", "redis": "tiles", "findings": "findings", "passed": "passed"}
    return tuple(Partial(target, f"omniq/health/{name}.html", context=context) for target, name in names.items())


def _context() -> dict[str, Any]:
    mount = current()
    page = health_page(mount.link, now_ms=now_ms())
    return {
        "page": page,
        "live_version": live.version(page),
        "memory": memory_words(page.server.memory),
        "memory_percent": mount.settings.memory_percent,
        "server_note": server_note(page.server),
        "CLOCKS_AGREE_MS": CLOCKS_AGREE_MS,
        "SLOW_SCRIPT_US": SLOW_SCRIPT_US,
        "SLOW_READ": SLOW_READ,
    }
