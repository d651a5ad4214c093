"""Who works a queue: what consumers of this project announce. Workers of other SDKs are not among them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, cast

from ..announcing import LIVES_MS
from ..connection import Call
from ..keys import QueueKeys
from ..scripts import script

MOST_CONSUMERS = 200
"""So many are read, those that beat last."""
_HIGHEST = 10**14


@dataclass(frozen=True, slots=True)
class Consumer:
    """One consume() of one process. Times are ms.

    `running` of `concurrency` workers had a job at its last beat; `jobs` are some of these with the moment of their
    lease, the longest first. `beat_ms` is that beat by our clock, `told_ms` by its own.
    """

    consumer_id: str
    host: str
    pid: int
    concurrency: int
    running: int
    jobs: tuple[tuple[str, int], ...]
    started_ms: int
    beat_ms: int
    told_ms: int


def consumers_call(queue: str) -> Call:
    """The read, for a pipeline with others. Raises ValueError for a bad queue name."""
    return script("operator/consumers"), QueueKeys(queue).anchor, [MOST_CONSUMERS]


def parse_consumers(reply: Any, now_ms: int) -> tuple[Consumer, ...]:
    """What the script answered; a record that cannot be read counts as absent. A refusal of Redis is raised."""
    if isinstance(reply, Exception):
        raise reply
    found = (_read(raw_id, record, left_ms, now_ms) for raw_id, record, left_ms in reply[1])
    return tuple(consumer for consumer in found if consumer)


def _read(raw_id: bytes, record: bytes, left_ms: int, now_ms: int) -> Consumer | None:
    try:
        told = json.loads(record)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict):
        return None
    fields = cast(dict[str, Any], told)
    numbers = [fields.get(name) for name in ("pid", "concurrency", "running", "started_ms", "beat_ms")]
    if fields.get("v") != 1 or not isinstance(fields.get("host"), str) or not all(map(_is_number, numbers)):
        return None
    pid, concurrency, running, started, told_ms = cast(list[int], numbers)
    if concurrency < 1:
        return None
    return Consumer(
        consumer_id=raw_id.decode("utf-8", "surrogateescape"),
        host=fields["host"],
        pid=pid,
        concurrency=concurrency,
        running=running,
        jobs=_jobs(fields.get("jobs")),
        started_ms=started,
        # What the record has lived so far is known by the server's clock; one that never expires says it itself.
        beat_ms=now_ms - min(max(LIVES_MS - left_ms, 0), LIVES_MS) if left_ms >= 0 else told_ms,
        told_ms=told_ms,
    )


def _jobs(given: Any) -> tuple[tuple[str, int], ...]:
    found: list[tuple[str, int]] = []
    for pair in cast(list[Any], given) if isinstance(given, list) else ():
        match pair:
            case [str(job_id), int(since)] if _is_number(since):
                found.append((job_id, since))
            case _:
                continue
    return tuple(found)


def _is_number(value: object) -> bool:
    return type(value) is int and 0 <= value < _HIGHEST
