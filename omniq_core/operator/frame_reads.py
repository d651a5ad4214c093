"""What every page of a dashboard shows, whatever it is about: tasks at work, and what checks found."""

from __future__ import annotations

from collections.abc import Sequence

from ..connection import Link
from .check_record import HEALTH_READS, Health, parse_health
from .task_record import Task
from .tasks import read_open_tasks_and


def read_open_tasks_and_health(link: Link, known: Sequence[Task] = ()) -> tuple[tuple[Task, ...], Health]:
    """`read_open_tasks` and `read_health`, in the round trips of the first. Raises what Redis raised."""
    tasks, replies = read_open_tasks_and(link, known, HEALTH_READS)
    return tasks, parse_health(link, replies)
