"""Pause and resume a queue."""

from __future__ import annotations

from flask import Response, request

from .. import pause_form as forms
from ..actions import queues as act
from ..formatting import moment
from ..htmx import Press, Toast, answer, show_dialog
from ..queries.queue import queue_head
from ..queries.queue_row import QueueRow
from ..routes import Routes
from ..state import actor, can, current, now_ms
from ..tokens import to_token
from .limits import limits
from .reading import explained
from .regions import regions

routes = Routes()


@routes.form("/queues/<omniq:queue>/pause/confirm", action="pause")
def pause_confirm(queue: str) -> Response:
    """Asks why and until when before a queue is paused."""
    return _form(_head(queue), forms.blank(now_ms()))


@routes.post("/queues/<omniq:queue>/pause", action="pause", tells=("reason",))
def pause(queue: str) -> Response:
    """Stops reserves, unless the queue's pause is another one than the form has shown."""
    head, form = _head(queue), forms.from_form(request.form, now_ms())
    wish, errors = forms.read_wish(form, now_ms())
    if errors:
        return _form(head, form, errors=errors, status=422)
    known = request.form.get("known", "")
    if not act.pause(current().link, queue, wish, by=actor().name, known=known, now_ms=now_ms()):
        return _form(_head(queue), form, moved_on=True, status=409)
    press = Press("Resume", f"/queues/{to_token(queue)}/resume") if can("pause", queue) else None
    lines = (f"Until {moment(wish.until_ms, now_ms()).title[:19]} UTC",) if wish.until_ms else ()
    return answer(Toast(f"Paused {queue}", lines, tone="warn", icon="pause", press=press), *regions())


@routes.post("/queues/<omniq:queue>/resume", action="pause", verb="resume")
def resume(queue: str) -> Response:
    """Lets reserves go on."""
    _head(queue)
    was_paused = act.resume(current().client, queue, now_ms=now_ms())
    toast = Toast(f"Resumed {queue}") if was_paused else Toast(f"{queue} was not paused", tone="warn", icon="info")
    return answer(toast, *regions())


def _head(queue: str) -> QueueRow:
    with explained(queue):
        return queue_head(current().link, queue, now_ms=now_ms(), limits=limits())


def _form(
    head: QueueRow,
    form: forms.Typed,
    *,
    errors: dict[str, str] | None = None,
    moved_on: bool = False,
    status: int = 200,
) -> Response:
    bad = errors or {}
    return show_dialog(
        "omniq/queues/pause.html",
        status=status,
        head=head,
        form=form,
        errors=bad,
        first_bad=next((name for name in form if name in bad), ""),
        moved_on=moved_on,
        UNTIL=forms.UNTIL,
    )
