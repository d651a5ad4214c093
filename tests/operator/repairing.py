"""Repairs in tests: findings as a check would have written them, previewed and worked off as a task."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from omniq_core import OmniqClient, Task, TaskRunner, preview_repair, read_health, start_repair
from omniq_core.operator.findings import Finding, findings_commands
from tests.operator.bulk import NOW, Timer, runner, the_task, work_off

Found = Mapping[str, Mapping[str, Any]]


def found(client: OmniqClient, kind: Any, subjects: Found | Iterable[str] = ("",), queue: str = "q") -> None:
    """What a check found: subject to facts, or subjects without any."""
    each = subjects if isinstance(subjects, Mapping) else {one: {} for one in subjects}
    findings = [Finding(kind, queue, subject, facts) for subject, facts in each.items()]
    client.link.pipeline(findings_commands(queue, findings))


def found_jobs(client: OmniqClient, found: Iterable[Finding]) -> None:
    """The same of jobs, with the facts of a check of theirs."""
    client.link.pipeline(findings_commands("q", found))


def begin_repair(
    client: OmniqClient, kind: str, total: int, choice: str = "", *, queue: str = "q", task_id: str = "a" * 16
) -> str:
    asked = {"kind": kind, "choice": choice, "total": total, "actor": "oncall", "now_ms": NOW}
    return start_repair(client.link, queue, task_id, **asked)  # type: ignore[arg-type]


def previewed(client: OmniqClient, kind: str, choice: str = "", now_ms: int = NOW) -> tuple[int, list[tuple[Any, ...]]]:
    """How many a repair would deal with, and what of each it would change."""
    shown = preview_repair(client.link, "q", kind, choice, now_ms=now_ms)
    return shown.count, [(row.subject, row.figure, row.before, row.after) for row in shown.rows]


def repaired(client: OmniqClient, kind: str, total: int, choice: str = "") -> tuple[int, int]:
    """Begins it and works it off: how many were changed, and how many skipped."""
    assert begin_repair(client, kind, total, choice) == "begun"
    work_off(client.link, lambda: the_task(client.link, "q").state != "running")
    task: Task = the_task(client.link, "q")
    assert (task.state, task.fault) == ("finished", "")
    return task.done, task.skipped


def killed_in_the_middle(client: OmniqClient, redis: Any, kind: str, total: int) -> tuple[TaskRunner, Timer]:
    """The runner of a repair of `total` that has done a part of them, and whose claim has run out."""
    first = runner(client.link)
    work_off(client.link, lambda: the_task(client.link, "q").done > 0, with_runner=first)
    done = the_task(client.link, "q").done
    assert 0 < done < total and redis.hlen(f"{{q}}:x:check:{kind}") == total - done
    redis.hset("{q}:x:task:" + "a" * 16, "owner_until", 1)
    return first


def worked_off(client: OmniqClient, queue: str, task_id: str, now_ms: int) -> Task:
    """A repair to its end, until the check that follows it has begun; the task as it ended."""
    timer = Timer()
    tasks = TaskRunner(client.link, lambda: now_ms, timer=timer)

    def over() -> bool:
        check = read_health(client.link).check
        return the_task(client.link, queue, task_id).state == "finished" and bool(check and check.state == "running")

    work_off(client.link, over, with_runner=(tasks, timer))
    return the_task(client.link, queue, task_id)
