"""Undo of a removal: what its dialog promises, how its jobs are kept, and the button that brings them back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Response, request

from omniq_core import BatchGone, Keep

from ..actions import trash as act
from ..actions.outcome import WHY
from ..formatting import duration, plural, size
from ..htmx import Press, Toast, answer
from ..queries.undo import Room, Undo, undo_room
from ..routes import Routes
from ..state import can, can_see, current, now_ms
from ..tokens import to_token
from .regions import regions

routes = Routes()
PROMISED = "undo"
"""The field of a dialog that said that its removal can be undone."""


class NotKept(Exception):
    """A dialog promised what can no longer be kept. Its text is for the reader."""


@routes.post("/queues/<omniq:queue>/trash/<omniq:batch>/restore", action="restore")
def restore(queue: str, batch: str) -> Response:
    """Puts back the jobs of one removal."""
    try:
        back = act.restore(current().client, queue, batch, now_ms=now_ms())
    except (BatchGone, ValueError):
        ms = current().settings.undo_ms
        over = f"What was removed is kept for {duration(ms)}, and that is over." if ms else "Undo is off here."
        return answer(Toast("Nothing is left to undo", (over,), "danger"), *regions())
    if not back.done and set(back.skipped) == {"RESTORED"}:
        return answer(Toast("Undone already", ("Nothing was changed.",), "warn", "info"), *regions())
    lines = tuple(
        f"{plural(n, 'job')} left out: {WHY.get(code) or f'refused ({code})'}"
        for code, n in sorted(back.skipped.items(), key=lambda one: -one[1])
    )
    tone = "danger" if lines else "ok"
    return answer(Toast(f"Put back {plural(back.done, 'job')}", lines, tone), *regions())


@dataclass(frozen=True, slots=True)
class Promise:
    """What the dialog of a removal says: for how long it can be undone, or why it cannot be. `kept`: it can."""

    text: str
    kept: bool = False

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """What the form of the dialog carries, so that its press keeps the promise or changes nothing."""
        return ((PROMISED, "1"),) if self.kept else ()


def promise(queue: str, count: int, ids: Sequence[str] = ()) -> Promise:
    """What can be promised for so many jobs; those that are named are weighed."""
    room = undo_room(current().link, queue, undo_of(), now_ms=now_ms(), ids=ids)
    if room.holds(count):
        most = "" if ids else f", as far as {_free(room)} hold them. What comes after that is removed for good"
        who = "You" if can("restore", queue) else "Who may restore"
        return Promise(f"{who} can undo this for {duration(room.ms)}{most}.", True)
    if not room.ms or not can_see(queue):
        # Why not would say how large a job is, and what the trash holds.
        return Promise("This cannot be undone.")
    if count > room.most_jobs:
        return Promise(f"This cannot be undone: more than {plural(room.most_jobs, 'job')}.")
    free = plural(room.jobs, "more job") if room.jobs else "no more"
    if room.jobs >= count:
        large = "it is" if count == 1 else "they are"
        return Promise(f"This cannot be undone: {large} {size(room.wanted)}, the trash has room for {_free(room)}.")
    return Promise(f"This cannot be undone: the trash of this queue has room for {free}.")


def keep(queue: str, batch: str, count: int, ids: Sequence[str] = ()) -> Keep | None:
    """How a removal of so many jobs is kept; None when it cannot be undone, as its dialog said.

    Raises NotKept when the dialog said that it can be.
    """
    room = undo_room(current().link, queue, undo_of(), now_ms=now_ms(), ids=ids, batch=batch)
    if room.holds(count):
        return undo_of().keep(batch)
    if request.form.get(PROMISED):
        raise NotKept("There is no room in the trash any more. Nothing was changed; look again and confirm.")
    return None


def _free(room: Room) -> str:
    if room.bytes == room.most_bytes:
        return size(room.bytes)
    # Of 64 MB less a few bytes 63 would be said.
    left = f"almost {size(room.most_bytes)}" if room.bytes * 100 >= room.most_bytes * 99 else size(room.bytes)
    return f"the {left} left in the trash"


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
