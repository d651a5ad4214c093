"""How often somebody may try a password: counted for all processes in one bounded hash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from .connection import Link
from .keys import global_key
from .scripts import script

_ANCHOR = global_key("meta")
Buckets = Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Attempt:
    """`wait_ms` is 0 when the try was counted and may be made, else how long none may be; `left` how many are left."""

    wait_ms: int
    left: int


def take_attempt(link: Link, buckets: Buckets, *, now_ms: int, window_ms: int) -> Attempt:
    """Counts one try in each bucket (name, limit), or in none when one of them is full. One script.

    A bucket counts for `window_ms` from its first try; the one that fills it closes it for as long again. `left` is
    that of the first bucket. The caller bounds how many names there are. Raises what Redis raised.
    """
    wait_ms, left = _run(link, "take", buckets, now_ms, window_ms)
    return Attempt(wait_ms, left)


def forgive_attempt(link: Link, buckets: Buckets, *, now_ms: int, window_ms: int) -> None:
    """The try that was counted last was a good one: empties the first bucket, and takes one from each of the others.

    Raises what Redis raised.
    """
    _run(link, "forgive", buckets, now_ms, window_ms)


def attempt_wait(link: Link, buckets: Buckets, *, now_ms: int, window_ms: int) -> int:
    """How long no try may be made in these buckets (ms), 0 when one may be. Counts none. Raises what Redis raised."""
    return _run(link, "look", buckets, now_ms, window_ms)[0]


def _run(link: Link, verb: str, buckets: Buckets, now_ms: int, window_ms: int) -> list[int]:
    flat = [part for bucket in buckets for part in bucket]
    return cast("list[int]", link.run(script("attempts"), _ANCHOR, now_ms, window_ms, verb, *flat))
