"""What stands beside entries of the record: removals that can still be undone, queues and tasks that are there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any, cast

from ..connection import Link
from ..explaining import is_moving
from ..keys import QueueKeys, encode_text, global_key
from .discovery import PROTOCOL_KEYS
from .overview import state_of
from .rights import keeps_out
from .tasks import task_key
from .trash import parse_trash

UNDONE = global_key("undone")
"""The batches that were put back, as the record of what operators did knows it: as many, and for as long."""

_Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class UndoState:
    """`until_ms`: jobs of it can be put back until then, None: no more. `undone`: some were put back."""

    until_ms: int | None
    undone: bool


@dataclass(frozen=True, slots=True)
class Beside:
    """`undo` by (queue, batch), and those of the queues and of the (queue, task id) that are there."""

    undo: dict[_Place, UndoState]
    queues: frozenset[str] = frozenset()
    tasks: frozenset[_Place] = frozenset()


def beside_activity(
    link: Link,
    batches: Iterable[_Place],
    *,
    queues: Iterable[str] = (),
    tasks: Iterable[_Place] = (),
    now_ms: int,
) -> Beside:
    """What has become of these (queue, batch), and which of the others are there: one round trip, none without any.

    A queue whose keys cannot be asked for, or are on their way to another node, counts as there: its page says more.
    Raises ValueError for a bad queue name.
    """
    state = state_of(link).denied
    denied, asked = state.now(now_ms), list(dict.fromkeys(queues))  # each refusal goes into the ACL log
    wanted = [place for place in dict.fromkeys(batches) if place[0] not in denied]
    looked = [queue for queue in asked if queue not in denied]
    begun = [place for place in dict.fromkeys(tasks) if place[0] not in denied]
    calls: list[Any] = [("HGET", QueueKeys(queue).of("x:trash"), encode_text(batch)) for queue, batch in wanted]
    calls += [("EXISTS", *map(QueueKeys(queue).of, PROTOCOL_KEYS)) for queue in looked]
    calls += [("EXISTS", task_key(*place)) for place in begun]
    calls += [("ZMSCORE", UNDONE, *(encode_text(batch) for _, batch in wanted))] if wanted else []
    replies = iter(link.pipeline(calls) if calls else ())
    notes, there, living = (list(islice(replies, len(part))) for part in (wanted, looked, begun))
    marks: object = next(replies, None)
    undone = cast(list[object], marks) if isinstance(marks, list) else [None] * len(wanted)
    state.note((queue for (queue, _), note in zip(wanted, notes, strict=True) if keeps_out(note)), now_ms)
    state.note((queue for queue, reply in zip(looked, there, strict=True) if keeps_out(reply)), now_ms)
    found: dict[_Place, UndoState] = {}
    for place, note, mark in zip(wanted, notes, undone, strict=True):
        reply = note if isinstance(note, Exception) else {b"it": note or b""}
        kept = {} if keeps_out(note) else parse_trash(reply, now_ms).batches
        found[place] = UndoState(kept["it"].until_ms if kept else None, mark is not None)
    known = {queue for queue, reply in zip(looked, there, strict=True) if _is_there(reply)}
    return Beside(
        found,
        frozenset(known | denied.intersection(asked)),
        frozenset(place for place, reply in zip(begun, living, strict=True) if _is_there(reply)),
    )


def _is_there(reply: object) -> bool:
    return is_moving(reply) or keeps_out(reply) if isinstance(reply, Exception) else bool(reply)
