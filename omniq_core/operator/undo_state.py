"""What has become of removals that could be undone: can they still be, or were they?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

from ..connection import Link
from ..keys import QueueKeys, encode_text, global_key
from .trash import parse_trash

UNDONE = global_key("undone")
"""The batches that were put back, as the record of what operators did knows it: as many, and for as long."""


@dataclass(frozen=True, slots=True)
class UndoState:
    """`until_ms`: jobs of it can be put back until then, None: no more. `undone`: some were put back."""

    until_ms: int | None
    undone: bool


def undo_states(link: Link, batches: Iterable[tuple[str, str]], *, now_ms: int) -> dict[tuple[str, str], UndoState]:
    """Of each (queue, batch), in one round trip, none without any. Raises ValueError for a bad queue name."""
    wanted = list(dict.fromkeys(batches))
    if not wanted:
        return {}
    trash: list[Any] = [("HGET", QueueKeys(queue).of("x:trash"), encode_text(batch)) for queue, batch in wanted]
    *notes, marks = link.pipeline([*trash, ("ZMSCORE", UNDONE, *(encode_text(batch) for _, batch in wanted))])
    undone = [None] * len(wanted) if isinstance(marks, Exception) else cast(list[object], marks)
    found: dict[tuple[str, str], UndoState] = {}
    for (queue, batch), note, mark in zip(wanted, notes, undone, strict=True):
        kept = parse_trash(note if isinstance(note, Exception) else {b"it": note or b""}, now_ms).batches
        found[queue, batch] = UndoState(kept["it"].until_ms if kept else None, mark is not None)
    return found
