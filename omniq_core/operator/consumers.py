"""Who works a queue: what consumers of this project announce. Workers of other SDKs are not among them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, cast

from ..announcing import LIVES_MS
from ..connection import Call
from ..keys import QueueKeys, decode_id
from ..numbers import read_moment
from ..scripts import script

MOST_CONSUMERS = 200
"""So many are read, those that beat longest ago: who was lost is among them."""
MOST_LEASES = 200
"""So many leases are compared with what consumers told."""
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


@dataclass(frozen=True, slots=True)
class Consumers:
    """Who works a queue: `listed` of the `total` that announce themselves, who beat longest ago first.

    `unlisted` jobs are leased by none of these: by workers of other SDKs, or by one that was killed. The first of them
    was leased at `unlisted_since_ms`, None where that is not known; `more_unlisted` when these are not all. Beside
    consumers that are listed only jobs count that were leased 15 s ago, for what was told is as old; where not all
    consumers are listed it is not known (None).
    """

    listed: tuple[Consumer, ...]
    total: int
    unlisted: int | None
    unlisted_since_ms: int | None
    more_unlisted: bool


def consumers_call(queue: str, now_ms: int) -> Call:
    """The read, for a pipeline with others. Raises ValueError for a bad queue name."""
    return script("operator/consumers"), QueueKeys(queue).anchor, [MOST_CONSUMERS, now_ms - LIVES_MS, MOST_LEASES]


def parse_consumers(reply: Any, now_ms: int) -> Consumers:
    """What the script answered; a record that cannot be read counts as absent. A refusal of Redis is raised."""
    if isinstance(reply, Exception):
        raise reply
    known, records, old, leased, first = reply
    listed = tuple(filter(None, (_read(raw_id, record, left_ms, now_ms) for raw_id, record, left_ms in records)))
    if len(records) == MOST_CONSUMERS < known:
        return Consumers(listed, known, None, None, False)
    if not listed:
        return Consumers((), 0, leased, read_moment(first) or None, False)
    told = {job_id for consumer in listed for job_id, _ in consumer.jobs}
    unlisted = [score for job_id, score in old if decode_id(job_id) not in told]
    # A consumer tells only some of many jobs: so many of these may be its own.
    untold = sum(max(consumer.running - len(consumer.jobs), 0) for consumer in listed)
    since = read_moment(unlisted[0]) if unlisted and not untold else None
    return Consumers(listed, len(listed), max(len(unlisted) - untold, 0), since or None, len(old) == MOST_LEASES)


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
        consumer_id=decode_id(raw_id),
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
