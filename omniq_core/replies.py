"""Replies whose shape is that of the protocol: RESP 3, which redis-py 8 speaks, nests what RESP 2 gives flat."""

from __future__ import annotations

from typing import Any, cast


def scored(reply: Any) -> list[tuple[bytes, Any]]:
    """The entries of a sorted set with their scores, as `WITHSCORES` answers in either protocol. A score is bytes or a
    float: see `read_int`. No reply, or a refusal in its place, has no entries."""
    if isinstance(reply, Exception) or not reply:
        return []
    if isinstance(reply[0], list | tuple):
        return [(entry[0], entry[1]) for entry in cast("list[list[Any]]", reply)]
    return list(zip(reply[::2], reply[1::2], strict=True))
