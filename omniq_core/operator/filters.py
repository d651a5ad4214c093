"""What somebody looks for in a lane."""

from __future__ import annotations

from dataclasses import dataclass

from ..connection import Arg
from ..keys import encode_text

MAX_FILTER_BYTES = 500
MOST_PARTS = 32
"""Keys in the path of a payload filter."""
LARGEST_SEARCHED = 64 * 1024
"""Bytes. A longer payload or error is not searched: reading one would take Redis longer than a whole chunk may."""
_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


class BadFilter(ValueError):
    """A filter that says nothing. `field` is its name in `Filter`, `why` one sentence for people."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field, self.why = field, why


@dataclass(frozen=True, slots=True)
class Filter:
    """Jobs for which all of these hold; an empty text or a 0 asks nothing. Raises BadFilter.

    `q`: the error contains it. `group`: the job's group is exactly this. `prefix`: the id begins so. `payload`:
    `user.email:zoë@example.com`, see `payload_test`. `since_ms`: it entered the lane at this moment or later (in a lane
    without index: it was changed then). `due_by_ms`: it is due at this moment or earlier (delayed only).
    `by_type`: `q` is the type of the error, with or without its module, and nothing else of the error is looked at.
    Texts are compared byte by byte, A to Z in `q` and in the value of `payload` like a to z.
    """

    q: str = ""
    group: str = ""
    prefix: str = ""
    since_ms: int = 0
    payload: str = ""
    due_by_ms: int = 0
    by_type: bool = False

    def __post_init__(self) -> None:
        for field in ("q", "group", "prefix", "payload"):
            if len(encode_text(getattr(self, field))) > MAX_FILTER_BYTES:
                raise BadFilter(field, f"This is too long: at most {MAX_FILTER_BYTES} bytes.")
        if self.payload:
            payload_test(self.payload)

    @property
    def asks(self) -> bool:
        """Whether anything is asked at all."""
        return self != Filter()

    def args(self) -> list[Arg]:
        """What the scripts that include `matching` take last, in their order."""
        parts, value = payload_test(self.payload) if self.payload else ((), "")
        return [
            self.since_ms,
            self.due_by_ms,
            encode_text(self.prefix),
            encode_text(self.group),
            encode_text(fold(self.q)),
            encode_text(fold(value)),
            int(self.by_type),
            *map(encode_text, parts),
        ]


def payload_test(text: str) -> tuple[tuple[str, ...], str]:
    """The keys and the value of a payload filter; "" as value: the payload has this place, whatever is there.

    Up to the first `:` it is a path of keys, joined by `.`; arrays on the way are looked through, a key may hold dots
    itself, and a first `payload.` is the whole payload's own name. The value is contained in a text, or equals a number
    (10 is 10.00), true, false or null. Raises BadFilter.
    """
    path, _, value = text.partition(":")
    parts = tuple(path.strip().split("."))
    if not all(parts):
        raise BadFilter("payload", "Begin with the path of a field, as in user.email:zoe@example.com.")
    if len(parts) > MOST_PARTS:
        raise BadFilter("payload", f"This path is too deep: at most {MOST_PARTS} keys.")
    return parts, value.strip()


def fold(text: str) -> str:
    """A to Z as a to z, everything else as it is: what Lua's string.lower does to the bytes."""
    return text.translate(_LOWER)
