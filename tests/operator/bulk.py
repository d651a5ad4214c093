"""Bulk tasks in tests: begun on a lane, worked off by runners whose time passes as fast as they ask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from omniq_core import Counting, Link, Selection, Task, TaskRunner, WholeLane, read_task, start_task

FIRST_MS, NOW = 1_750_000_000_000, 1_760_000_000_000


class Timer:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def counted(link: Link, queue: str, lane: str, selection: Selection | None = None) -> Counting:
    """The whole count of a selection, however many looks it takes."""
    wanted = selection or WholeLane()
    found = wanted.count(link, queue, lane)
    while not found.finished:
        found = wanted.count(link, queue, lane, found)
    return found


def begin(
    link: Link,
    queue: str,
    action: Any,
    lane: str,
    *,
    selection: Selection | None = None,
    task_id: str = "a" * 16,
    now_ms: int = NOW,
    **options: Any,
) -> Counting:
    """Counts and starts a task; gives the count that a dialog would have shown."""
    count = counted(link, queue, lane, selection)
    asked = {"action": action, "lane": lane, "selection": selection or WholeLane(), "counted": count}
    start_task(link, queue, task_id, actor="oncall", now_ms=now_ms, **asked, **options)
    return count


def the_task(link: Link, queue: str, task_id: str = "a" * 16) -> Task:
    """The task as it stands; what it adds up to holds at every moment."""
    task = read_task(link, queue, task_id)
    assert task is not None
    assert task.done + task.skipped + task.left == task.total
    assert sum(n for _, n in task.reasons) == task.skipped
    return task


def runner(link: Link, timer: Timer | None = None, **options: Any) -> tuple[TaskRunner, Timer]:
    """A runner at NOW."""
    timer = timer or Timer()
    return TaskRunner(link, lambda: NOW, timer=timer, **options), timer


def work_off(link: Link, until: Callable[[], object], *, with_runner: tuple[TaskRunner, Timer] | None = None) -> float:
    """Ticks until `until()`; gives how many seconds of its own time the runner took."""
    works, timer = with_runner or runner(link)
    began = timer.now
    for _ in range(100_000):
        if until():
            return timer.now - began
        timer.now += works.tick()
    raise AssertionError("it does not come to its end")


def fill_failed(redis: Any, plain: int, grouped: int, groups: int, *, queue: str = "q") -> tuple[list[str], list[str]]:
    """Failed jobs of many groups among ungrouped ones, one ms apart; gives the ids of both kinds, oldest first."""
    base, every = f"{{{queue}}}:", max((plain + grouped) // max(grouped, 1), 1)
    ids: tuple[list[str], list[str]] = ([], [])
    for start in range(0, plain + grouped, 2_000):
        pipe = redis.pipeline(transaction=False)
        for n in range(start, min(start + 2_000, plain + grouped)):
            has_group = n % every == 0 and len(ids[1]) < grouped
            job_id = f"{'g' if has_group else 'u'}{n:07}"
            fields = {"id": job_id, "state": "failed", "attempt": 1, "max_attempts": 1, "payload": "{}"}
            fields |= {"timeout_ms": 60_000, "failed_ms": FIRST_MS + n, "last_error": "E: no"}
            fields |= {"gid": f"group-{len(ids[1]) % groups}"} if has_group else {}
            ids[has_group].append(job_id)
            pipe.hset(f"{base}job:{job_id}", mapping=fields)
            pipe.lpush(f"{base}failed", job_id)
            pipe.zadd(f"{base}idx:failed", {job_id: FIRST_MS + n})
        pipe.execute()
    assert (len(ids[0]), len(ids[1])) == (plain, grouped)
    redis.hset(f"{base}stats", "failed", plain + grouped)
    return ids
