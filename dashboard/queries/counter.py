"""One child counter with the children that are done, and the counter that a job's payload names."""

from __future__ import annotations

from dataclasses import dataclass

from omniq_core import ChildCounter, CounterChange, DoneChildren, Link, done_children

from .children import CounterRow, Patience, Told, child_counter, counter_row


@dataclass(frozen=True, slots=True)
class CounterPage:
    """A counter (None: there is none of this key) and a part of the children that are done."""

    key: str
    row: CounterRow | None
    done: DoneChildren | None


@dataclass(frozen=True, slots=True)
class NamedCounter:
    """The counter that a job's payload names. `row` is None when there is none of this key, or it cannot be read, as
    `unread` then says."""

    key: str
    row: CounterRow | None
    unread: str = ""


def counter_page(
    link: Link,
    key: str,
    *,
    now_ms: int,
    patience: Patience,
    told: Told,
    cursor: int = 0,
    child_id: str = "",
    with_done: bool = True,
) -> CounterPage:
    """Reads the page in two round trips, without the children (`with_done` False) in one.

    Raises ValueError for a text that is no key, BadCursor for a cursor that Redis cannot have given out.
    """
    row = child_counter(link, key, now_ms=now_ms, patience=patience, told=told)
    done = done_children(link, key, cursor, child_id=child_id) if row and with_done else None
    return CounterPage(key, row, done)


def named_counter(
    key: str | None,
    found: tuple[ChildCounter, CounterChange | None] | None,
    unread: str = "",
    *,
    now_ms: int,
    patience: Patience,
) -> NamedCounter | None:
    """The counter of a key that a payload names, as it was `found`, or why it is `unread`; None for no key."""
    if key is None:
        return None
    return NamedCounter(key, counter_row(*found, None, now_ms, patience) if found else None, unread)
