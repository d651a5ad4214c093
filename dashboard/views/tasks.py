"""One bulk task on its own page, and what people say to it."""

from __future__ import annotations

import re
from typing import Any

from flask import Response, request, url_for

from omniq_core import UndoState

from .. import live
from ..access import READ_PAYLOAD
from ..actions import bulk as act
from ..frame import card_of, tasks_region
from ..htmx import Partial, Toast, answer, kind, render_page, render_partials
from ..problems import Problem, Way, not_allowed
from ..queries.tasks import TaskView, look_again, task_view
from ..queries.undo import undo_state
from ..routes import TASK, Routes
from ..state import can, current, may_steer, now_ms
from ..task_words import STATES, filter_words, heading, pace_words, reasons
from ..tokens import to_token
from .regions import regions

routes = Routes()
_ID = re.compile(r"[0-9a-f]{16}")


@routes.get("/queues/<omniq:queue>/tasks/<omniq:task_id>")
def task(queue: str, task_id: str) -> Response:
    """A bulk task: how far it is, what was skipped and why, who began it; or what a tick of it changes."""
    asked = live.tick(request.args)
    context = _context(queue, task_id)
    if asked:
        return live.answer(asked, context["live_version"], lambda: _regions(context))
    return render_page("omniq/tasks/page.html", **context)


@routes.post("/queues/<omniq:queue>/tasks/<omniq:task_id>/cancel", action=TASK, verb="cancel")
def task_cancel(queue: str, task_id: str) -> Response:
    """Stops it before its next batch. Who may do what the task does may do that."""
    found = _steered(queue, task_id)
    act.cancel(current().link, queue, task_id, now_ms=now_ms())
    return _told(found)


@routes.post("/queues/<omniq:queue>/tasks/<omniq:task_id>/resume", action=TASK, verb="go-on")
def task_resume(queue: str, task_id: str) -> Response:
    """Does the rest of a task that was stopped, or that probed."""
    found = _steered(queue, task_id)
    act.go_on(current().link, queue, task_id, now_ms=now_ms())
    background = current().background
    if background is not None:
        background.look_for_tasks()
    return _told(found)


def task_regions(queue: str, task_id: str) -> tuple[Partial, ...]:
    """What a change of the task changes on its page."""
    return _regions(_context(queue, task_id))


def _told(before: TaskView) -> Response:
    mount = current()
    look_again(mount.link)
    name = (before.task.queue, before.task.task_id)
    if kind() == "partial":
        return render_partials(tasks_region([name]), *regions())
    now = _found(*name).task
    words = {"stopped": "Stopped", "running": "Going on", "probing": "Probing", "finished": "Finished"}
    toast = Toast(words.get(now.state, now.state), tone="warn" if now.state == "stopped" else "ok")
    return answer(toast, to=f"/queues/{to_token(name[0])}/tasks/{name[1]}")


def _regions(context: dict[str, Any]) -> tuple[Partial, ...]:
    names = {"task-state": "state", "task-actions": "actions", "task-rest": "rest", "task": "progress"}
    names |= {"task-facts": "facts", "task-about": "about"}
    return tuple(Partial(target, f"omniq/tasks/{name}.html", context=context) for target, name in names.items())


def _context(queue: str, task_id: str) -> dict[str, Any]:
    view = _found(queue, task_id)
    undo = _undo(view)
    return {
        "view": view,
        "queue_url": _queue_url,
        "task": view.task,
        "heading": heading(view),
        "state": STATES.get(view.task.state, ("neutral", "info", view.task.state)),
        "card": card_of(view),
        "undo_until": undo.until_ms if undo and can("restore", queue) else None,
        "undone": undo and undo.undone,
        "reasons": reasons(view),
        "filters": filter_words(view.selection, view.lane, payload=can(READ_PAYLOAD, queue)),
        "pace": pace_words(view.task),
        "live_version": live.version(view.task, undo),
    }


def _queue_url(view: TaskView) -> str:
    """The lane that it works on; a repair is about the whole queue."""
    if view.lane:
        return url_for(".lane", queue=view.task.queue, lane=view.lane)
    return url_for(".queue_home", queue=view.task.queue)


def _undo(view: TaskView) -> UndoState | None:
    """Can what it removed come back, or did it? None while it is at work, and of a task that keeps nothing."""
    task = view.task
    if task.is_open or not view.can_be_undone:
        return None
    return undo_state(current().link, task.queue, task.batch, now_ms=now_ms())


def _steered(queue: str, task_id: str) -> TaskView:
    """The task, for somebody who may do what it does: the address may have said something else."""
    view = _found(queue, task_id)
    if not may_steer(view.task.action, queue):
        raise not_allowed("You may not do here what this task does.")
    return view


def _found(queue: str, task_id: str) -> TaskView:
    view = task_view(current().link, queue, task_id, now_ms=now_ms()) if _ID.fullmatch(task_id) else None
    if view is None:
        text = "It was never begun here, or it ended more than 7 d ago and its record is gone."
        way = Way("Back to the queue", f"/queues/{to_token(queue)}/")
        raise Problem(404, "No such task", text, icon="search", way=way)
    return view
