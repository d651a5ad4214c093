"""What belongs to no queue but tells of all, or acts on all: it takes the right in each of them."""

from __future__ import annotations

from collections.abc import Callable

from omniq_core import CounterJobs

from ..problems import not_allowed
from ..queries.known_queues import known_queues
from ..state import can, current, may_see, now_ms, rights_differ


def may_everywhere(action: str, *, fresh: bool = False) -> bool:
    """May this request's reader do that without a queue, and in every queue there is?"""
    if not can(action) or not rights_differ():
        return can(action)
    return all(can(action, queue) for queue in known_queues(current().link, now_ms=now_ms(), fresh=fresh))


def check_everywhere(action: str, why: str) -> None:
    """Refuses, with this sentence, whoever may not do that in every queue there is."""
    if not may_everywhere(action, fresh=True):
        raise not_allowed(why)


def told_of_jobs() -> Callable[[CounterJobs], bool]:
    """May this request's reader be told what the jobs of all queues say of a counter? Whoever may not look at one of
    them may not: the figures are sums."""
    if not rights_differ():
        return lambda _jobs: True
    names = known_queues(current().link, now_ms=now_ms())
    whole, listed = all(map(may_see(), names)), current().settings.queues
    # Of a dashboard with a list: another one may have looked through more queues.
    return lambda jobs: whole and (not listed or jobs.look.queues <= len(names))
