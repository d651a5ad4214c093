"""Bulk work as a record in Redis: begun once, read by every page, gone on with by whichever process is alive."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Literal, cast

from ..connection import Link
from ..keys import QueueKeys, decode_text, global_key, validate_queue
from ..scripts import script
from ..trash import Keep, keep_args
from .selection import Counting, Selection
from .task_record import Task, parse_task

INDEX = global_key("tasks")
"""Zset of `queue/id`: the moment a task ended, inf while it is open."""

KEPT_MS = 7 * 86_400_000
MOST_KEPT, MOST_OPEN = 1_000, 100
PROBES = (1, 10, 100)

Action = Literal["retry", "remove", "run_now"]
LANES_OF: dict[str, tuple[str, ...]] = {
    "retry": ("failed",),
    "remove": ("failed", "wait", "delayed", "completed"),
    "run_now": ("delayed",),
}


def start_task(
    link: Link,
    queue: str,
    task_id: str,
    *,
    action: Action,
    lane: str,
    selection: Selection,
    counted: Counting,
    actor: str,
    now_ms: int,
    limit: int = 0,
    per_s: float = 0.0,
    probe: int = 0,
    keep: Keep | None = None,
) -> bool:
    """Writes a task down for the next runner; False when a task of this id is there already.

    Raises ValueError for a lane the action has nothing to do in. With `limit` it ends after that many jobs. `per_s` is
    the most jobs a second (0: as fast as Redis bears); `probe` of them first, then it waits for a person. What a task
    removes goes to the trash with `keep`.
    """
    if lane not in LANES_OF.get(action, ()):
        raise ValueError(f"nothing to {action} in {lane!r}")
    if not counted.finished:
        raise ValueError("the jobs are not counted yet")
    total = min(counted.count, limit) if limit else counted.count
    # Once before, so that a task is never there without an entry; once after, for a runner that met the entry without a
    # task and closed it.
    open_entry(link, queue, task_id, now_ms)
    fields = task_fields(action, selection.text(), total=total, actor=actor, now_ms=now_ms, per_s=per_s, probe=probe)
    fields |= {"lane": lane, "mark": counted.mark, "keep": " ".join(map(str, keep_args(keep)))}
    flat = [part for pair in fields.items() for part in pair]
    if link.run(script("operator/task_start"), QueueKeys(queue).anchor, task_id, *flat) != 1:
        return False
    open_entry(link, queue, task_id, now_ms)
    return True


def task_fields(
    action: str, selection: str, *, total: int, actor: str, now_ms: int, per_s: float = 0.0, probe: int = 0
) -> dict[str, str | bytes | int]:
    """The hash of a task that begins, with nothing done yet."""
    return {
        "v": 1,
        "action": action,
        "lane": "",
        "selection": selection,
        "mark": b"",
        "total": total,
        "done": 0,
        "skipped": 0,
        "state": "running",
        "cursor": b"",
        "batches": 0,
        "pace": json.dumps({"v": 1, "per_s": per_s, "probe": probe}),
        "probe_left": probe if probe < total else 0,
        "actor": actor,
        "created_ms": now_ms,
        "went_on_ms": now_ms,
        "keep": " ".join(map(str, keep_args(None))),
    }


def read_task(link: Link, queue: str, task_id: str) -> Task | None:
    """A task, or None when there is none (any more)."""
    return read_tasks(link, [(queue, task_id)])[0]


def read_tasks(link: Link, names: Iterable[tuple[str, str]]) -> list[Task | None]:
    """The tasks of these (queue, id), in one round trip."""
    wanted = list(names)
    replies = link.pipeline([("HGETALL", task_key(queue, task_id)) for queue, task_id in wanted])
    return [parse_task(*name, reply) for name, reply in zip(wanted, replies, strict=True)]


def read_open_tasks(link: Link, known: Sequence[Task] = ()) -> tuple[Task, ...]:
    """The tasks that are open, the oldest first. One round trip, a second one when some are not among those `known`."""
    return read_open_tasks_and(link, known)[0]


def read_open_tasks_and(
    link: Link, known: Sequence[Task] = (), also: Sequence[tuple[str | bytes | int, ...]] = ()
) -> tuple[tuple[Task, ...], list[Any]]:
    """The same, and the replies to other reads that go along in its first round trip."""
    commands = [("HGETALL", task_key(task.queue, task.task_id)) for task in known]
    opened, *all_replies = link.pipeline([open_names_command(), *commands, *also])
    replies, others = all_replies[: len(commands)], all_replies[len(commands) :]
    found = {
        (task.queue, task.task_id): parse_task(task.queue, task.task_id, reply)
        for task, reply in zip(known, replies, strict=True)
    }
    names = parse_names(opened)
    fresh = [name for name in names if name not in found]
    if fresh:
        found |= dict(zip(fresh, read_tasks(link, fresh), strict=True))
    tasks = [task for name in names if (task := found[name]) and task.is_open]
    return tuple(sorted(tasks, key=lambda task: (task.created_ms, task.task_id))), others


def open_names_command() -> tuple[str | bytes | int, ...]:
    """The read of which tasks are open, for a pipeline; give the reply to `parse_names`."""
    return ("ZRANGEBYSCORE", INDEX, "inf", "inf", "LIMIT", 0, MOST_OPEN)


def parse_names(reply: Any) -> list[tuple[str, str]]:
    """(queue, id) of each entry of the index. What is none is left out; a refusal by Redis is raised.

    The index is ours: what another type holds in its place is rubbish, and the next task that begins clears it away.
    """
    if isinstance(reply, Exception):
        if _is_rubbish(reply):
            return []
        raise reply
    found: list[tuple[str, str]] = []
    for raw in cast(list[bytes], reply or []):
        queue, _, task_id = decode_text(raw).rpartition("/")
        try:
            found.append((validate_queue(queue), task_id))
        except ValueError:
            continue
    return found


def order_task(link: Link, queue: str, task_id: str, order: Literal["cancel", "resume"], *, now_ms: int) -> str | None:
    """Stops a task before its next batch, or lets a stopped or probing one go on; the state it was in, None without it.

    An order that does not fit that state changes nothing.
    """
    was = link.run(script("operator/task_order"), QueueKeys(queue).anchor, now_ms, task_id, order, "")
    if was and order == "resume":
        open_entry(link, queue, task_id, now_ms)
    return decode_text(was) if was else None


def close_entry(link: Link, queue: str, task_id: str, now_ms: int) -> None:
    """A task is over, or was never there: it leaves the open ones, unless somebody lets it go on just now."""
    _index(link, queue, task_id, str(now_ms), now_ms)
    found = read_task(link, queue, task_id)
    if found is not None and found.is_open:
        open_entry(link, queue, task_id, now_ms)


def task_key(queue: str, task_id: str) -> bytes:
    """The hash of a task."""
    return QueueKeys(queue).of(f"x:task:{task_id}")


def open_entry(link: Link, queue: str, task_id: str, now_ms: int) -> None:
    """Into the index of the open ones, which runners read."""
    _index(link, queue, task_id, "inf", now_ms)


def _index(link: Link, queue: str, task_id: str, score: str, now_ms: int) -> None:
    commands: list[tuple[str | bytes | int, ...]] = [
        ("ZADD", INDEX, score, f"{queue}/{task_id}"),
        ("ZREMRANGEBYSCORE", INDEX, "-inf", now_ms - KEPT_MS),
        ("ZREMRANGEBYRANK", INDEX, 0, -MOST_KEPT - 1),
        ("PEXPIRE", INDEX, KEPT_MS),
    ]
    replies = link.pipeline(commands)
    if _is_rubbish(replies[0]):
        replies = link.pipeline([("DEL", INDEX), *commands])
    for reply in replies:
        if isinstance(reply, Exception):
            raise reply


def _is_rubbish(reply: object) -> bool:
    return isinstance(reply, Exception) and "WRONGTYPE" in str(reply)
