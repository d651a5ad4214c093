"""Undo of a removal: what its dialog promises, how its jobs are kept, and the button that brings them back."""

from __future__ import annotations

from flask import Response

from omniq_core import BatchGone, Keep

from ..actions import trash as act
from ..actions.outcome import WHY
from ..formatting import duration, plural, size
from ..htmx import Press, Toast, answer
from ..queries.undo import Undo, undo_room
from ..routes import Routes
from ..state import can, current, now_ms
from ..tokens import to_token
from .regions import regions

routes = Routes()


@routes.post("/queues/<omniq:queue>/trash/<omniq:batch>/restore", action="restore")
def restore(queue: str, batch: str) -> Response:
    """Puts back the jobs of one removal."""
    try:
        back = act.restore(current().client, queue, batch, now_ms=now_ms())
    except (BatchGone, ValueError):
        over = f"What was removed is kept for {duration(current().settings.undo_ms)}, and that is over."
        return answer(Toast("Nothing is left to undo", (over,), "danger"), *regions())
    if not back.done and set(back.skipped) == {"RESTORED"}:
        return answer(Toast("Undone already", ("Nothing was changed.",), "warn", "info"), *regions())
    lines = tuple(
        f"{plural(n, 'job')} left out: {WHY.get(code, 'refused')} ({code})"
        for code, n in sorted(back.skipped.items(), key=lambda one: -one[1])
    )
    tone = "danger" if lines else "ok"
    return answer(Toast(f"Put back {plural(back.done, 'job')}", lines, tone), *regions())


def promise(queue: str, count: int) -> str:
    """What the dialog of a removal of so many jobs says: for how long it can be undone, or why it cannot be."""
    undo = undo_of()
    room = undo_room(current().link, queue, undo, now_ms=now_ms())
    if room.holds(count):
        most = f", as far as {size(undo.most_bytes)} hold them" if count > 100 else ""
        who = "You" if can("restore", queue) else "Who may restore"
        return f"{who} can undo this for {duration(room.ms)}{most}."
    if not room.ms:
        return "This cannot be undone."
    if count > room.most_jobs:
        return f"This cannot be undone: more than {plural(room.most_jobs, 'job')}."
    free = plural(room.jobs, "more job") if room.jobs else "no more"
    return f"This cannot be undone: the trash of this queue has room for {free}."


def keep(queue: str, batch: str, count: int) -> Keep | None:
    """How a removal of so many jobs is kept; None when it cannot be undone, as its dialog said."""
    room = undo_room(current().link, queue, undo_of(), now_ms=now_ms())
    return undo_of().keep(batch) if room.holds(count) else None


def undo_of() -> Undo:
    """The settings of this mount."""
    settings = current().settings
    return Undo(settings.undo_ms, settings.undo_jobs, settings.undo_bytes)


def undo_press(queue: str, batch: str) -> Press | None:
    """The button of a toast, for whoever may press it."""
    return Press("Undo", restore_path(queue, batch)) if can("restore", queue) else None


def restore_path(queue: str, batch: str) -> str:
    """Where Undo posts to, below the mount."""
    return f"/queues/{to_token(queue)}/trash/{batch}/restore"
