"""Thousands of jobs at once, in scripts that are each over soon."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from . import clock
from .connection import REDIS_ERRORS, Arg, Link
from .keys import QueueKeys
from .models import JobToPublish, PublishedId
from .numbers import checked_number
from .payloads import check_payload
from .publishing import job_arguments
from .registry import remember_queue
from .scripts import script

log = logging.getLogger(__name__)

MAX_JOBS = 100
MAX_BYTES = 512 * 1024
REMEMBERED_MS = 60_000
_STATES = {"w": "wait", "d": "delayed", "a": "active", "f": "failed"}
_OPTIONS = frozenset(JobToPublish.__annotations__)

_Job = tuple[str, list[Arg]]


class PublishMany:
    """The part of OmniqClient that publishes many jobs."""

    link: Link

    def publish_many(self, *, queue: str, jobs: Iterable[JobToPublish], now_ms_override: int = 0) -> list[PublishedId]:
        """Publishes jobs in their order; each is a dict of `publish`'s arguments: `{"payload": {...}, "gid": "a"}`.

        Returns one id per job, in that order; `.created` is False where the id exists and nothing was published.
        Everything is checked before the first job is sent: TypeError or ValueError names the first bad one
        (`jobs[17]: ...`), and nothing was published. Jobs travel in scripts of at most 100 jobs and about 512 KB. When
        Redis fails on the way, its exception carries a note how many jobs are published for certain.
        """
        listed = [_checked(at, job) for at, job in enumerate(jobs)]
        keys = QueueKeys(queue)
        now = checked_number("now_ms_override", now_ms_override) if now_ms_override else 0
        nonce = secrets.token_hex(12)
        ready = [_arguments(at, job, f"{nonce}{at:08x}") for at, job in enumerate(listed)]
        done: list[PublishedId] = []
        known: list[tuple[str, str]] = []
        for batch in _batches(ready):
            args = [arg for _, arguments in batch for arg in arguments]
            try:
                # Sent again after a lost connection: the script knows this nonce, and each job its own.
                reply = self.link.run(
                    script("publish_many"),
                    keys.anchor,
                    now or clock.now_ms(),
                    secrets.token_hex(16),
                    REMEMBERED_MS,
                    *args,
                    read=True,
                )
            except REDIS_ERRORS as error:
                error.add_note(
                    f"publish_many: {len(done)} of {len(ready)} jobs are published; the next {len(batch)} may be"
                )
                raise
            answers = cast(bytes, reply).decode()
            for (job_id, _), answer in zip(batch, answers, strict=True):
                done.append(PublishedId(job_id, answer == "+"))
                if answer != "+":
                    known.append((job_id, _STATES[answer]))
        if known:
            job_id, state = known[0]
            log.warning(
                "publish_many to %s: %d of %d ids exist already and were not published, first %r (%s)",
                *(queue, len(known), len(done), job_id, state),
            )
        if done:
            remember_queue(self.link, queue)
        return done


def _checked(at: int, job: object) -> Mapping[str, Any]:
    if not isinstance(job, Mapping):
        raise TypeError(f"jobs[{at}]: a job is a dict of publish's arguments, not {type(job).__name__}")
    options = cast(Mapping[str, Any], job)
    unknown = sorted(str(name) for name in options.keys() - _OPTIONS)
    if unknown or "payload" not in options:
        raise TypeError(f"jobs[{at}]: " + (f"publish has no {unknown[0]!r}" if unknown else "a job needs a payload"))
    try:
        check_payload(options["payload"])
    except TypeError as wrong:
        raise TypeError(f"jobs[{at}]: {wrong}") from None
    return options


def _arguments(at: int, job: Mapping[str, Any], nonce: str) -> _Job:
    try:
        return job_arguments(nonce, **job)
    except TypeError as wrong:
        raise TypeError(f"jobs[{at}]: {wrong}") from wrong
    except ValueError as wrong:
        raise ValueError(f"jobs[{at}]: {wrong}") from wrong


def _batches(jobs: list[_Job]) -> Iterator[list[_Job]]:
    batch: list[_Job] = []
    size = 0
    for job in jobs:
        weight = sum(len(arg) for arg in job[1] if isinstance(arg, bytes))
        if batch and (len(batch) == MAX_JOBS or size + weight > MAX_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(job)
        size += weight
    if batch:
        yield batch
