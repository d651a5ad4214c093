"""The errors that most jobs failed with in the last hour, in all queues: what the leader found out, for every page."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

from ..keys import QUEUE_NAME, global_key

TOP = global_key("top")
KEPT_MS = 60_000
MOST_KEPT = 50
"""Far more than a page shows: a reader may not see the queues of the first."""

MOST_UNREAD = 100
SPAN_MS, SPANS = 180_000, 20
_MOST_NAME = 100
_LARGEST = 64 * 1024


@dataclass(frozen=True, slots=True)
class TopError:
    """A kind of error in a queue: `jobs` failed so in the last hour, in each `SPAN_MS` of it so many."""

    queue: str
    digest: str
    name: str
    jobs: int
    spans: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TopErrors:
    """As of `at_ms`, most jobs first. Of the queues `unread` (and of `beyond` more) not all failures of the hour were
    read: not yet, or because their failed lane has no index."""

    at_ms: int
    errors: tuple[TopError, ...]
    unread: tuple[str, ...] = ()
    beyond: int = 0


def pack_top(at_ms: int, errors: Iterable[TopError], unread: list[str]) -> bytes:
    """The list as `{omniq:x}:top` keeps it, cut to what it may hold."""
    first = sorted(errors, key=lambda one: (-one.jobs, one.queue, one.digest))[:MOST_KEPT]
    rows = [[one.queue, one.digest, one.name[:_MOST_NAME], one.jobs, one.spans] for one in first]
    value = {"v": 1, "at": at_ms, "e": rows, "u": unread[:MOST_UNREAD], "b": len(unread[MOST_UNREAD:])}
    return json.dumps(value, separators=(",", ":")).encode()


def read_top(raw: object) -> TopErrors | None:
    """The opposite of `pack_top`; None for what is not there or cannot be read."""
    if not isinstance(raw, bytes) or len(raw) > _LARGEST:
        return None
    try:
        known = cast(dict[str, Any], json.loads(raw))
        if known["v"] != 1:
            return None
        errors = tuple(map(_error, known["e"][:MOST_KEPT]))
        unread = tuple(_queue(name) for name in known["u"][:MOST_UNREAD])
        return TopErrors(_count(known["at"]), errors, unread, _count(known["b"]))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _error(row: list[Any]) -> TopError:
    queue, digest, name, jobs, spans = row
    if not isinstance(digest, str) or not isinstance(name, str) or len(spans) != SPANS:
        raise ValueError("not an error")
    return TopError(_queue(queue), digest[:32], name[:_MOST_NAME], _count(jobs), tuple(map(_count, spans)))


def _queue(name: object) -> str:
    if not isinstance(name, str) or not QUEUE_NAME.fullmatch(name):
        raise ValueError("not a queue's name")
    return name


def _count(value: object) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("not a count")
    return value
