"""A job by its id across queues, and jobs whose id begins with a text: in bounded steps, each as cheap as a look."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..connection import Link
from ..keys import QueueKeys, decode_id, decode_text, encode_id
from .overview import queue_name
from .rights import is_forbidden, keeps_out

BATCH = 1_000
MOST_FOUND = 50
"""A part of a search by prefix ends when it found so many; it may find some more in its last step."""

STEP, DENSE_STEP = 500, 250
BUDGET_MS = 150.0
_GLOB = str.maketrans({char: f"\\{char}" for char in "*?[]^\\"})


@dataclass(frozen=True, slots=True)
class FoundJob:
    """A job, where it is, and the state in its hash ("" for none)."""

    queue: str
    job_id: str
    state: str


@dataclass(frozen=True, slots=True)
class FoundPart:
    """What one part of a search by prefix found, in no order. `cursor` leads to the next part, 0 at the end.

    `seen` keys of about `total` have been looked at, those of the parts before included. `refused`: none was, as
    SCAN is not permitted.
    """

    jobs: tuple[FoundJob, ...]
    cursor: int
    seen: int
    total: int
    refused: bool = False


def find_jobs_by_id(
    link: Link, job_ids: Sequence[str], queues: Sequence[str], *, denied: set[str] | None = None
) -> tuple[FoundJob, ...]:
    """The jobs of these queues that have one of these ids: a round trip for each 1,000 of the two multiplied, and one
    for the states when there are several. With `denied` the queues whose keys an access list refuses are put there.

    Raises ValueError for a bad queue name, and what Redis raised.
    """
    places = [(queue, job_id) for queue in queues for job_id in job_ids]
    found: list[tuple[str, str]] = []
    for at in range(0, len(places), BATCH):
        part = places[at : at + BATCH]
        replies = link.pipeline([("EXISTS", QueueKeys(queue).job(job_id)) for queue, job_id in part])
        for place, reply in zip(part, replies, strict=True):
            if denied is not None and keeps_out(reply):
                denied.add(place[0])
            elif _held(reply):
                found.append(place)
    return _with_states(link, found) if len(found) > 1 else tuple(FoundJob(*place, "") for place in found)


def find_jobs_by_prefix(
    link: Link,
    prefix: str,
    *,
    may_see: Callable[[str], bool],
    cursor: int = 0,
    seen: int = 0,
    timer: Callable[[], float] = time.perf_counter,
) -> FoundPart:
    """Goes on through the keys for at most 150 ms, 500 at a time, until 50 jobs are found.

    A job that was there all the time is in one of the parts, and may be in two. Raises what Redis raised.
    """
    pattern = b"{*}:job:" + encode_id(prefix.translate(_GLOB)) + b"*"
    end = timer() + BUDGET_MS / 1000
    found: dict[tuple[str, str], None] = {}
    step = DENSE_STEP
    while True:
        size, page = link.pipeline([("DBSIZE",), ("SCAN", cursor, "MATCH", pattern, "COUNT", step)])
        if is_forbidden(size) or is_forbidden(page):
            return FoundPart((), 0, 0, 0, refused=True)
        for reply in (size, page):
            if isinstance(reply, Exception):
                raise reply
        cursor, seen = int(page[0]), seen + step
        places = [place for raw in page[1] if (place := _place(raw)) and may_see(place[0])]
        found |= dict.fromkeys(places)
        step = DENSE_STEP if places else STEP
        if cursor == 0 or len(found) >= MOST_FOUND or timer() >= end:
            total = int(size)
            return FoundPart(_with_states(link, list(found)), cursor, min(seen, total) if cursor else total, total)


def _place(raw: Any) -> tuple[str, str] | None:
    """Queue and id in the key of a job's hash; None for any other key."""
    name, between, job_id = raw.partition(b"}:job:")
    queue = queue_name(name[1:]) if between and name[:1] == b"{" else None
    return (queue, decode_id(job_id)) if queue else None


def _held(reply: Any) -> bool:
    if isinstance(reply, Exception):
        raise reply
    return reply == 1


def _with_states(link: Link, places: Sequence[tuple[str, str]]) -> tuple[FoundJob, ...]:
    replies = link.pipeline([("HGET", QueueKeys(queue).job(job_id), "state") for queue, job_id in places])
    states = zip(places, replies, strict=True)
    jobs: list[FoundJob] = []
    for place, reply in states:
        if keeps_out(reply):  # its key was met: it is there, whoever may read it
            jobs.append(FoundJob(*place, ""))
        elif not isinstance(reply, Exception):  # what another type stands for is no job
            jobs.append(FoundJob(*place, decode_text(reply or b"")[:32]))
    return tuple(sorted(jobs, key=lambda job: (job.job_id, job.queue)))
