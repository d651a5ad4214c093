"""Bulk tasks: those of every page's frame, and one on its own page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from omniq_core import (
    Health,
    Link,
    RepairSelection,
    Selection,
    Task,
    read_open_tasks,
    read_open_tasks_and_health,
    read_task,
    read_tasks,
    task_selection,
)

FRESH_MS = 900
"""So long a page believes what another request of this process has just read."""
LANES = {"wait": "waiting", "delayed": "delayed", "failed": "failed", "completed": "completed"}

Name = tuple[str, str]


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task in the words of pages. `lane` is the word of addresses; `rest_ms` how long it will take, None unknown."""

    task: Task
    lane: str
    rest_ms: int | None
    selection: Selection | RepairSelection | None

    @property
    def looked_at(self) -> int:
        """How many of its jobs were dealt with: done and skipped."""
        return self.task.done + self.task.skipped

    @property
    def can_be_undone(self) -> bool:
        """It removed jobs and kept some of them for a time, which may be over."""
        return self.task.keep_ms > 0 and self.task.done > self.task.final


@dataclass(frozen=True, slots=True)
class _Seen:
    at_ms: int
    tasks: tuple[Task, ...]


_seen: WeakKeyDictionary[Link, _Seen] = WeakKeyDictionary()


def open_tasks(link: Link, *, now_ms: int, may_read: Callable[[str], bool]) -> tuple[TaskView, ...]:
    """The tasks at work of the queues that may be read, the oldest first.

    At most one read in 900 ms for all pages of a process: one round trip, a second one when there is a new task.
    """
    seen = _seen.get(link)
    if seen is None or not 0 <= now_ms - seen.at_ms < FRESH_MS:
        seen = _seen[link] = _Seen(now_ms, read_open_tasks(link, seen.tasks if seen else ()))
    return tuple(_view(task, now_ms) for task in seen.tasks if may_read(task.queue))


def read_with_tasks(link: Link, *, now_ms: int) -> Health:
    """What checks found, and in the same round trip the tasks, so that they are fresh too."""
    seen = _seen.get(link)
    tasks, health = read_open_tasks_and_health(link, seen.tasks if seen else ())
    _seen[link] = _Seen(now_ms, tasks)
    return health


def look_again(link: Link) -> None:
    """A task has just been started, or told something: the next page reads."""
    seen = _seen.get(link)
    if seen is not None:
        _seen[link] = _Seen(-FRESH_MS, seen.tasks)


def named_tasks(link: Link, names: Sequence[Name], *, now_ms: int) -> tuple[TaskView, ...]:
    """These tasks as they stand, open or not; without those that are gone."""
    return tuple(_view(task, now_ms) for task in read_tasks(link, names) if task) if names else ()


def task_view(link: Link, queue: str, task_id: str, *, now_ms: int) -> TaskView | None:
    """One task, None when there is none (any more)."""
    task = read_task(link, queue, task_id)
    return _view(task, now_ms) if task else None


def _view(task: Task, now_ms: int) -> TaskView:
    try:
        selection = task_selection(task.action, task.selection)
    except ValueError:
        selection = None
    return TaskView(task, LANES.get(task.lane, task.lane), task.rest_ms(now_ms), selection)
