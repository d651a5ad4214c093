"""The repair of what a check found: it becomes a task, which any process of the dashboard works off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from omniq_core import Link, start_repair

from .telling import Did, told

Begun = Literal["begun", "begun_before", "changed"]


def _begun(answer: Begun, given: Mapping[str, Any]) -> Did:
    named = {"kind": given["kind"], "choice": given["choice"], "task": given["task_id"]}
    facts = {name: str(value) for name, value in named.items() if value}
    if answer == "begun":
        return Did(facts=facts)
    code = "BEGUN_BEFORE" if answer == "begun_before" else "CHANGED"
    return Did(0, {code: 1}, facts)


@told(_begun)
def start(
    link: Link, queue: str, task_id: str, *, kind: str, choice: str, total: int, actor: str, now_ms: int
) -> Begun:
    """Writes the repair of `total` findings down as a task.

    `begun_before`: it is there already; `changed`: there are no longer as many, and nothing was begun.
    """
    return start_repair(link, queue, task_id, kind=kind, choice=choice, total=total, actor=actor, now_ms=now_ms)
