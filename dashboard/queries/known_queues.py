"""The names of all queues, for what is about all of them: whoever does it needs the right in each."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from omniq_core import Link, read_overview

FRESH_MS = 2_000
"""So long a page believes what another request of this process has just read."""

_seen: WeakKeyDictionary[Link, tuple[int, tuple[str, ...]]] = WeakKeyDictionary()


def known_queues(link: Link, *, now_ms: int, fresh: bool = False) -> tuple[str, ...]:
    """The queues of the list, else all that are known, as of at most 2 s ago, or (`fresh`) of now. One round trip, or
    none."""
    seen = _seen.get(link)
    if fresh or seen is None or not 0 <= now_ms - seen[0] < FRESH_MS:
        seen = _seen[link] = now_ms, read_overview(link, now_ms).names
    return seen[1]
