"""Pauses with an end, a reason and a name. Workers of any SDK see the key `paused` alone, and Redis ends it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import cast

from ..connection import Link
from ..keys import QueueKeys
from ..scripts import script

MOST_REASON = 200
"""Characters of a reason."""
LONGEST_PAUSE_MS = 366 * 86_400_000
"""A year: what is further off was typed by mistake."""
_MOST_NAME = 64
_OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class Pause:
    """Who paused a queue, why, and since when (ms since the epoch). `name` tells it from every other pause.

    `outside`: not by `pause_queue`, so no more is known. A queue that another program resumed and paused again is known
    by the expiry that its key then lacks, or by a job that was leased in between. One that had no end, and was resumed
    and paused without a lease in between, looks like the pause it was: no key tells them apart.
    """

    name: str = _OUTSIDE
    outside: bool = True
    by: str = ""
    reason: str = ""
    since_ms: int | None = None


def pause_queue(
    link: Link,
    queue: str,
    *,
    now_ms: int,
    by: str = "",
    reason: str = "",
    length_ms: int | None = None,
    known: str = "",
) -> bool:
    """Stops reserves of the queue for `length_ms` (None: until somebody resumes it), whatever becomes of this process.

    False, and nothing changed, unless the queue runs; to replace a pause give its name as `known`. Raises ValueError
    for a bad queue name, a longer reason and a length that is not from 1 ms to 366 days, and what Redis raised.
    """
    if len(reason) > MOST_REASON:
        raise ValueError(f"a reason has at most {MOST_REASON} characters, not {len(reason)}")
    if length_ms is not None and not 1 <= length_ms <= LONGEST_PAUSE_MS:
        raise ValueError(f"a pause is 1 to {LONGEST_PAUSE_MS} ms long, not {length_ms}")
    record: dict[str, object] = {"v": 1, "by": by[:_MOST_NAME], "reason": reason, "since_ms": now_ms}
    if length_ms is not None:
        record["until_ms"] = now_ms + length_ms
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return link.run(script("operator/pause_queue"), QueueKeys(queue).anchor, length_ms or 0, text, known) == 1


def read_pause(record: object) -> Pause:
    """The pause of a queue that is paused, from the record that the script found to belong to it."""
    if not isinstance(record, bytes):
        return Pause()
    name, fields = hashlib.sha1(record, usedforsecurity=False).hexdigest(), _fields(record)
    if not fields:
        return Pause(name)
    by, reason = (value if isinstance(value, str) else "" for value in (fields.get("by"), fields.get("reason")))
    return Pause(name, False, by[:_MOST_NAME], reason[:MOST_REASON], _moment(fields, "since_ms"))


def read_resumed(record: object) -> int | None:
    """When a queue that is not paused was resumed, or its pause ended; None where that is not known, or long ago."""
    fields = _fields(record) if isinstance(record, bytes) else {}
    return _moment(fields, "resumed_ms") or _moment(fields, "until_ms")


def _fields(record: bytes) -> dict[str, object]:
    try:
        value: object = json.loads(record)
    except (ValueError, RecursionError):
        return {}
    fields = cast(dict[str, object], value) if isinstance(value, dict) else {}
    return fields if fields.get("v") == 1 else {}


def _moment(fields: dict[str, object], name: str) -> int | None:
    value = fields.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**15 else None
