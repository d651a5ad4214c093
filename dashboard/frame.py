"""What every page shows besides itself: the bulk tasks at work, and how those ended that the page still shows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from omniq_core import REDIS_ERRORS, overview_away

from .formatting import duration
from .htmx import Link, Partial, Press, Toast, here
from .params import Fields
from .queries.health import known_findings
from .queries.tasks import Name, TaskView, named_tasks, open_tasks
from .state import can, can_see, current, may_see, may_steer, now_ms
from .task_words import done_word, ended_words, probe_words, rest_words, title
from .tokens import to_token

MOST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Card:
    """A task as a page shows it to this reader: in words, and with what they may press."""

    view: TaskView
    title: str
    done_word: str
    probe: str
    rest: str
    may_steer: bool


_NAME = re.compile(r"([A-Za-z0-9._-]{1,128})/([0-9a-f]{16})")


def card_of(view: TaskView) -> Card:
    """The card of a task."""
    may = may_steer(view.task.action, view.task.queue)
    return Card(view, title(view), done_word(view), probe_words(view), rest_words(view), may)


def cards() -> tuple[Card, ...]:
    """The cards of the tasks at work, for every page."""
    return tuple(card_of(view) for view in _at_work()[:MOST_SHOWN] if not _is_here(view))


def health_count() -> int:
    """How many findings of the Health page this reader may see, for the navigation of every page; 0 while Redis does
    not answer. Costs a call at most every 2 s."""
    if overview_away(current().link):
        return 0
    try:
        return known_findings(current().link, now_ms=now_ms(), may_read=may_see())
    except REDIS_ERRORS:
        return 0


def health_region() -> Partial:
    """The region `#nav-health`."""
    return Partial("nav-health", "omniq/health/nav.html", context={"n": health_count()})


def shown_tasks(args: Fields) -> tuple[Name, ...]:
    """The (queue, id) of the tasks that a page says it shows."""
    found = [match.groups() for value in args.getlist("task")[:MOST_SHOWN] if (match := _NAME.fullmatch(value))]
    return tuple((queue, task_id) for queue, task_id in found if can_see(queue))


def tasks_region(shown: Sequence[Name] = ()) -> Partial:
    """The region `#tasks`: what is at work, and those stopped ones that the page shows and nobody has closed."""
    return _region(_ended(shown))


def tasks_answer(shown: Sequence[Name]) -> tuple[tuple[Any, ...], tuple[Partial, ...], tuple[Toast, ...]]:
    """For a tick: what the region depends on, the region, and a toast for each shown task that has finished.

    Without a task, at work or shown, there is nothing to bring.
    """
    over = _ended(shown)
    toasts = tuple(_toast(view) for view in over if view.task.state == "finished")
    data = tuple(view.task for view in (*_at_work(), *over))
    return data, (_region(over),) if data or shown else (), toasts


def _ended(shown: Sequence[Name]) -> tuple[TaskView, ...]:
    at_work = {(view.task.queue, view.task.task_id) for view in _at_work()}
    return named_tasks(current().link, [name for name in shown if name not in at_work], now_ms=now_ms())


def _region(over: Sequence[TaskView]) -> Partial:
    stopped = tuple(card_of(view) for view in over if view.task.state == "stopped" and not _is_here(view))
    return Partial("tasks", "omniq/tasks/cards.html", context={"tasks": (*stopped, *cards())})


def _at_work() -> tuple[TaskView, ...]:
    """The open tasks this reader may see. None while Redis does not answer: the page itself says so."""
    if overview_away(current().link):
        return ()
    try:
        return open_tasks(current().link, now_ms=now_ms(), may_read=can_see)
    except REDIS_ERRORS:
        return ()


def _is_here(view: TaskView) -> bool:
    """Its own page says all that its card would."""
    return here().partition("?")[0] == _page_of(view)


def _page_of(view: TaskView) -> str:
    return f"/queues/{to_token(view.task.queue)}/tasks/{view.task.task_id}"


def _toast(view: TaskView) -> Toast:
    text, lines = ended_words(view)
    queue, batch = view.task.queue, view.task.batch
    press = None
    if view.can_be_undone and can("restore", queue):
        press = Press("Undo", f"/queues/{to_token(queue)}/trash/{batch}/restore")
        lines = (f"Undo works for {duration(view.task.keep_ms)}", *lines)
    return Toast(text, lines, "ok", press=press, link=Link("Details", _page_of(view)))
