"""What is done with one child counter: it is deleted, or the next child may end it. Both ask first."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from omniq_core import CounterEnd

from ..access import READ
from ..actions import children as act
from ..htmx import Toast, answer, back, kind, show_dialog
from ..params import text, token
from ..present import present
from ..queries.children import CounterRow, child_counter
from ..routes import Routes
from ..state import can, current, now_ms
from ..tokens import to_token
from .children import FAULTS, known, looking, patience
from .everywhere import check_everywhere, told_of_jobs
from .regions import regions

routes = Routes()

_NO_QUEUE = "A counter belongs to no queue: this takes the right in every queue there is. Nothing was changed."
_WHY = {
    "CHANGED": "It changed while this was open: these are its figures now. Nothing was changed.",
    "BROKEN": "Its count or its children are broken, so no child can end it. Nothing was changed.",
    "LAST": "The next child is its last one anyway. Nothing was changed.",
}


@routes.ask("/children/remove/confirm", action="remove", verb="remove-counter", tells=("key",), also=(READ,))
def children_remove_confirm() -> Response:
    """Asks before a counter is deleted, and says what that means."""
    return _ask("remove", token(request.form, "key"))


@routes.post("/children/remove", action="remove", verb="remove-counter", tells=("key",), also=(READ,))
def children_remove() -> Response:
    """Deletes a counter, if it is still as its dialog showed it."""
    key = token(request.form, "key")
    check_everywhere("remove", _NO_QUEUE)
    ended = known(lambda: act.remove(current().client, key, _seen()))
    lines = ("Children that end later get -1. The parent is not told.",)
    # Its own page is gone, too. With script that page stays, and says so.
    own = kind() == "page" and back().partition("?")[0] == f"/children/{to_token(key)}"
    done = Toast(f"Deleted counter {present('key', key, 60)}", lines)
    return _ended("remove", key, ended, done, to="/children" if own else None)


@routes.ask("/children/finish/confirm", action="repair", verb="finish-counter", tells=("key",), also=(READ,))
def children_finish_confirm() -> Response:
    """Asks before the next child is made the last one, and says what that means."""
    return _ask("finish", token(request.form, "key"))


@routes.post("/children/finish", action="repair", verb="finish-counter", tells=("key",), also=(READ,))
def children_finish() -> Response:
    """Lets the next child that acks be the last one, if the counter is still as its dialog showed it."""
    key = token(request.form, "key")
    check_everywhere("repair", _NO_QUEUE)
    ended = known(lambda: act.finish(current().client, key, _seen()))
    lines = ("That child gets 0 and does what the last child does. Nobody is told before.",)
    return _ended("finish", key, ended, Toast(f"The next child ends counter {present('key', key, 60)}", lines))


def _seen() -> str:
    return text(request.form, "seen", max_bytes=40)


def _ended(how: str, key: str, ended: CounterEnd, done: Toast, to: str | None = None) -> Response:
    if ended == "OK":
        return answer(done, *regions(), to=to)
    return _ask(how, key, alert=_WHY.get(ended, ""), status=409)


def _ask(how: str, key: str, *, alert: str = "", status: int = 200) -> Response:
    check_everywhere("remove" if how == "remove" else "repair", _NO_QUEUE)
    asked: dict[str, Any] = {"now_ms": now_ms(), "patience": patience(), "told": told_of_jobs()}
    row: CounterRow | None = known(lambda: child_counter(current().link, key, **asked))
    if row is None:
        lines = ("Its last child finished, or somebody deleted it. Nothing was changed.",)
        return answer(Toast(f"Counter {present('key', key, 60)} is gone already", lines, "warn", "info"), *regions())
    context: dict[str, Any] = {"row": row, "counter": row.counter, "FAULTS": FAULTS, "section": "children"}
    name = "confirm" if how == "remove" else "finish"
    may_publish = can("publish")
    return show_dialog(
        f"omniq/children/{name}.html", status=status, alert=alert, may_publish=may_publish, **looking(), **context
    )
