"""Numbers: as other programs left them in Redis (never trusted, never an exception), and as callers give them."""

from __future__ import annotations

import math
import re
from typing import Any

from .keys import MAX_NUMBER

_PLAIN = re.compile(rb"-?[0-9]{1,15}")
_LONGEST = 32


def checked_number(name: str, value: Any) -> int:
    """A number of a call. Raises ValueError from 10^14 up (Lua prints those in scientific notation), TypeError."""
    number = value if type(value) is int else int(value)
    if not -MAX_NUMBER < number < MAX_NUMBER:
        raise ValueError(f"{name} must stay below 10^14")
    return number


def read_int(raw: object) -> int | None:
    """The integer in a reply, or None when it holds none (missing, empty, `abc`, `inf`, 5 MB of text).

    `1e+14` is one: Lua prints large numbers so. Fractions are cut off.
    """
    if isinstance(raw, int):
        return raw
    if isinstance(raw, float):
        return int(raw) if math.isfinite(raw) and abs(raw) < 1e15 else None
    if not isinstance(raw, bytes) or not 0 < len(raw) <= _LONGEST:
        return None
    text = raw.strip()
    if _PLAIN.fullmatch(text):
        return int(text)
    try:
        return read_int(float(text))
    except ValueError:
        return None


def read_count(raw: object) -> int:
    """Like `read_int`, with 0 for what is no number or below zero."""
    number = read_int(raw)
    return number if number is not None and number > 0 else 0


def read_moment(raw: object) -> int | None:
    """A moment in ms, or None where none was recorded (missing, empty, 0, nonsense)."""
    number = read_int(raw)
    return number if number is not None and number > 0 else None
