"""Bulk work: what somebody confirmed becomes a task, which any process of the dashboard works off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from omniq_core import Counting, Keep, Link, Selection, order_task, start_task

from .jobs import REMOVABLE
from .telling import Did, told

Verb = Literal["retry", "remove", "run_now"]
VERBS: tuple[Verb, ...] = ("retry", "remove", "run_now")


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast: `per_s` jobs a second (0: as fast as Redis bears); first `probe` jobs, then a person decides."""

    per_s: float = 0.0
    probe: int = 0


def _begun(begun: bool, given: Mapping[str, Any]) -> Did:
    keep: Keep | None = given.get("keep")
    return Did(skipped={} if begun else {"BEGUN_BEFORE": 1}, facts={"batch": keep.batch} if keep else {})


@told(_begun)
def start(
    link: Link,
    queue: str,
    task_id: str,
    *,
    verb: Verb,
    lane: str,
    selection: Selection,
    mark: bytes,
    count: int,
    pace: Pace,
    actor: str,
    now_ms: int,
    keep: Keep | None = None,
) -> bool:
    """Writes the task down; False when it is there already. ValueError for a lane where there is nothing to do so.

    What it removes goes to the trash with `keep`.
    """
    counted = Counting(mark, b"", count, count, count, finished=True)
    return start_task(
        link,
        queue,
        task_id,
        action=verb,
        lane=REMOVABLE[lane],
        selection=selection,
        counted=counted,
        actor=actor,
        now_ms=now_ms,
        per_s=pace.per_s,
        probe=pace.probe,
        keep=keep,
    )


@told(lambda was, _given: Did(skipped={} if was in ("running", "probing") else {"OVER": 1}))
def cancel(link: Link, queue: str, task_id: str, *, now_ms: int) -> str | None:
    """Stops it before its next batch. Gives the state it was in, None when there is no such task."""
    return order_task(link, queue, task_id, "cancel", now_ms=now_ms)


@told(lambda was, _given: Did(skipped={} if was in ("stopped", "probing") else {"OVER": 1}))
def go_on(link: Link, queue: str, task_id: str, *, now_ms: int) -> str | None:
    """Lets a stopped task, or one that probed, do the rest. Gives the state it was in, None when there is none."""
    return order_task(link, queue, task_id, "resume", now_ms=now_ms)
