"""Which children of a counter are done: read in parts, for there may be any number of them."""

from __future__ import annotations

from dataclasses import dataclass

from ..connection import Link
from ..keys import decode_id, encode_id
from ..scripts import script
from .children import counter_anchor
from .cuts import BadCursor

PART = 100


@dataclass(frozen=True, slots=True)
class DoneChild:
    """A child that acked. `child_id` is cut at 512 bytes; `length` is that of the whole."""

    child_id: str
    length: int


@dataclass(frozen=True, slots=True)
class DoneChildren:
    """A part of the children that are done, sorted within the part. `cursor` leads to the next one, None at the end.

    Redis keeps them in no order. A child that was there all the time is in one of the parts, and may be in two.
    `asked`: is the child that was asked for done? None when none was.
    """

    children: tuple[DoneChild, ...]
    cursor: int | None
    asked: bool | None


def done_children(link: Link, key: str, cursor: int = 0, *, child_id: str = "") -> DoneChildren:
    """About 100 of them (all, when there are fewer than about 500), in one round trip.

    Raises ValueError for a key that is none, BadCursor for a cursor that Redis cannot have given out.
    """
    if not 0 <= cursor < 2**64:
        raise BadCursor("not a place in a set")
    args = [str(cursor), PART, encode_id(child_id)]
    reply = link.run_many([(script("operator/counter_children"), counter_anchor(key), args)])[0]
    if isinstance(reply, Exception):
        raise reply
    following, found, asked = reply
    children = {raw: DoneChild(decode_id(raw), length) for raw, length in found}
    return DoneChildren(
        children=tuple(children[raw] for raw in sorted(children)),
        cursor=int(following) or None,
        asked=asked == 1 if child_id else None,
    )
