"""Health: Redis itself, what is wrong with it and in queues, and the check of queues."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from omniq_core import MOST_CHECKED, SLOW_READ, Check

from .. import live
from ..actions import checks as act
from ..formatting import plural
from ..health_words import KINDS, cell, note_words
from ..htmx import Partial, Toast, answer, render_page
from ..problems import not_allowed
from ..queries.health import CLOCKS_AGREE_MS, SLOW_SCRIPT_US, health_page
from ..queries.queue_findings import last_check, look_again, names_to_check
from ..repair_words import repair_label, repairable
from ..routes import Routes
from ..server_words import memory_words, nodes_words, server_note, unasked_words
from ..state import actor, can, current, may_see, now_ms, rights_differ
from .everywhere import may_everywhere
from .regions import regions

routes = Routes()
REPAIR = "repair"
HEALTH = "/health"


@routes.get("/health")
def health() -> Response:
    """Redis as it is now, and the findings; or what a tick of it changes."""
    context = _context()
    asked = live.tick(request.args)
    if asked:
        return live.answer(asked, context["live_version"], lambda: _regions(context))
    return render_page("omniq/health/page.html", **context)


@routes.post("/health/check", action=REPAIR, verb="check")
def check_all() -> Response:
    """Begins a check of all queues that this reader may repair; or the next one, when one runs."""
    mount, sees = current(), may_see()
    names = names_to_check(mount.link, now_ms=now_ms(), listed=mount.settings.queues)
    wanted = [name for name in names if sees(name) and can(REPAIR, name)]
    if not wanted:
        return answer(Toast("There is no queue to check", (), "warn", "info"), *regions())
    chosen = wanted[:MOST_CHECKED]
    left = len(wanted) - len(chosen)
    lines = (f"{plural(MOST_CHECKED, 'queue')} at a time: check again for the other {left:,}.",) if left else ()
    return _begun(chosen, lines)


@routes.post("/queues/<omniq:queue>/check", action=REPAIR, verb="check")
def check_queue(queue: str) -> Response:
    """Begins a check of one queue, or adds it to the one that runs."""
    return _begun([queue], to=HEALTH)


@routes.post("/health/stop", action=REPAIR, verb="stop-check")
def check_stop() -> Response:
    """Stops the check before its next step. What queues before it were found to be stays."""
    _check_steers()
    stopped = act.order(current().link, "stop", now_ms=now_ms()) == "running"
    look_again(current().link)
    toast = Toast("Stopped the check", (), "warn", "stop") if stopped else Toast("No check runs", (), "warn", "info")
    return answer(toast, *regions())


@routes.post("/health/go-on", action=REPAIR, verb="go-on-check")
def check_resume() -> Response:
    """Lets a stopped check go on with the queue it was at."""
    _check_steers()
    went_on = act.order(current().link, "resume", now_ms=now_ms()) == "stopped"
    _wake()
    return answer(
        Toast("The check goes on") if went_on else Toast("No check is stopped", (), "warn", "info"), *regions()
    )


def _steers(check: Check | None, *, fresh: bool = False) -> bool:
    """May this request's reader stop this check of many queues, and let it go on? Whoever began it may, too."""
    if check is None or (can(REPAIR) and check.by == actor().known_as):
        return can(REPAIR)
    return may_everywhere(REPAIR, fresh=fresh)


def _check_steers() -> None:
    mount = current()
    if rights_differ() and not _steers(last_check(mount.link, now_ms=now_ms()), fresh=True):
        raise not_allowed("Who did not begin this check needs the right to repair in every queue for that.")


def _begun(queues: list[str], lines: tuple[str, ...] = (), to: str | None = None) -> Response:
    new = act.check(current().link, queues, by=actor().known_as, now_ms=now_ms())
    _wake()
    what = queues[0] if len(queues) == 1 else plural(len(queues), "queue")
    text = f"Checking {what}" if new else f"The check that runs takes in {what}"
    return answer(Toast(text, lines), *regions(), to=to)


def _wake() -> None:
    look_again(current().link)
    background = current().background
    if background is not None:
        background.look_for_checks()


def health_regions() -> tuple[Partial, ...]:
    """What changes on this page."""
    return _regions(_context())


def _regions(context: dict[str, Any]) -> tuple[Partial, ...]:
    names = {"health-state": "state", "redis": "tiles", "findings": "all_findings"}
    names |= {"health-actions": "actions", "passed": "passed"}
    return tuple(Partial(target, f"omniq/health/{name}.html", context=context) for target, name in names.items())


def _context() -> dict[str, Any]:
    mount = current()
    page = health_page(mount.link, now_ms=now_ms(), may_read=may_see(), may_repair=lambda queue: can(REPAIR, queue))
    return {
        "page": page,
        "may_check": can(REPAIR),
        "may_steer": _steers(page.queues.check),
        "KINDS": KINDS,
        "cell": cell,
        "note_words": note_words,
        "repairable": repairable,
        "repair_label": repair_label,
        "live_version": live.version(page),
        "memory": memory_words(page.fullest.memory),
        "leases_ms": mount.settings.leases_after * 1000,
        "memory_percent": mount.settings.memory_percent,
        "server_note": server_note(page.server),
        "nodes_words": nodes_words,
        "unasked_words": unasked_words,
        "CLOCKS_AGREE_MS": CLOCKS_AGREE_MS,
        "SLOW_SCRIPT_US": SLOW_SCRIPT_US,
        "SLOW_READ": SLOW_READ,
    }
