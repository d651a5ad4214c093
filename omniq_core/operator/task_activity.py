"""What becomes of a bulk task, as entries in the record of what operators did."""

from __future__ import annotations

from typing import Literal

from .activity import Activity, filter_facts
from .repair_kinds import RepairSelection, task_selection
from .task_record import Task

SYSTEM = "system"
"""Who does what nobody has pressed a button for."""


def ended(task: Task, now_ms: int) -> Activity:
    """It is over, or stopped for a person or a fault: what was done, skipped and left, by the one who began it."""
    facts = {"state": task.state, "fault": task.fault, "left": str(task.left or ""), "batch": task.batch}
    facts["final"] = str(task.final or "") if task.keep_ms else ""
    facts["probe_failed"] = str(task.probe.again or "") if task.probe else ""
    return _entry(task, task.ended_ms or now_ms, "ended", task.actor, facts)


def taken_over(task: Task, now_ms: int, by: str) -> Activity:
    """Another process than before works on it."""
    return _entry(task, now_ms, "taken", SYSTEM, {"by": by, "from": task.taken_from})


def _entry(task: Task, at_ms: int, state: Literal["ended", "taken"], who: str, facts: dict[str, str]) -> Activity:
    try:
        selection = task_selection(task.action, task.selection)
    except ValueError:
        selection = None
    if isinstance(selection, RepairSelection):
        facts = {"kind": selection.kind, "choice": selection.choice} | facts
        selection = None
    over = state == "ended"
    return Activity(
        at_ms,
        task.action.replace("_", "-"),
        state,
        who=who,
        queue=task.queue,
        lane="waiting" if task.lane == "wait" else task.lane,
        jobs=task.total,
        filter=filter_facts(selection),
        facts={"task": task.task_id} | {name: text for name, text in facts.items() if text},
        done=task.done if over else None,
        skipped=dict(task.reasons) if over else {},
    )
