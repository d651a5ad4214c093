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
from .payloads import check_payload, payload_bytes
from .publishing import chosen_id, job_options
from .registry import remember_queue
from .scripts import script

log = logging.getLogger(__name__)

MAX_JOBS = 100
MAX_BYTES = 512 * 1024
REMEMBERED_MS = 60_000
_STATES = {"w": "wait", "d": "delayed", "a": "active", "f": "failed"}
_OPTIONS = frozenset(JobToPublish.__annotations__)
_OWN = ("payload", "job_id")
_GID = 4

_Options = tuple[tuple[str, Any], ...]
_Job = tuple[str, bytes, bytes, _Options]
"""Id, its bytes, the payload's, and the options that were given."""


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
        # Jobs mostly share their options: each set of them is checked and sent once.
        sets: dict[_Options, list[Arg]] = {}
        ready = [_prepared(at, job, sets) for at, job in enumerate(listed)]
        done: list[PublishedId] = []
        known: list[tuple[str, str]] = []
        for batch in _batches(ready, sets):
            try:
                # Sent again after a lost connection: the script knows this nonce, and each job its own.
                reply = self.link.run(
                    script("publish_many"),
                    keys.anchor,
                    now or clock.now_ms(),
                    secrets.token_hex(16),
                    REMEMBERED_MS,
                    *_arguments(batch, sets),
                    again=(),
                )
            except REDIS_ERRORS as error:
                error.add_note(
                    f"publish_many: {len(done)} of {len(ready)} jobs are published; the next {len(batch)} may be"
                )
                raise
            answers = cast(bytes, reply).decode()
            for (job_id, *_), answer in zip(batch, answers, strict=True):
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
    if not isinstance(job, dict) and not isinstance(job, Mapping):  # a dict is found out faster
        raise TypeError(f"jobs[{at}]: a job is a dict of publish's arguments, not {type(job).__name__}")
    options = cast(Mapping[str, Any], job)
    if not options.keys() <= _OPTIONS or "payload" not in options:
        unknown = sorted(str(name) for name in options.keys() - _OPTIONS)
        raise TypeError(f"jobs[{at}]: " + (f"publish has no {unknown[0]!r}" if unknown else "a job needs a payload"))
    try:
        check_payload(options["payload"])
    except TypeError as wrong:
        raise TypeError(f"jobs[{at}]: {wrong}") from None
    return options


def _prepared(at: int, job: Mapping[str, Any], sets: dict[_Options, list[Arg]]) -> _Job:
    try:
        raw = payload_bytes(job["payload"])
        options = tuple([one for one in job.items() if one[0] not in _OWN])
        if options not in sets:
            sets[options] = job_options(**dict(options))
        return *chosen_id(job.get("job_id")), raw, options
    except TypeError as wrong:
        raise TypeError(f"jobs[{at}]: {wrong}") from wrong
    except ValueError as wrong:
        raise ValueError(f"jobs[{at}]: {wrong}") from wrong


def _batches(jobs: list[_Job], sets: dict[_Options, list[Arg]]) -> Iterator[list[_Job]]:
    batch: list[_Job] = []
    size = 0
    for job in jobs:
        weight = len(job[1]) + len(job[2]) + len(cast(bytes, sets[job[3]][_GID]))
        if batch and (len(batch) == MAX_JOBS or size + weight > MAX_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(job)
        size += weight
    if batch:
        yield batch


def _arguments(batch: list[_Job], sets: dict[_Options, list[Arg]]) -> list[Arg]:
    numbered: dict[_Options, int] = {}
    jobs: list[Arg] = []
    for _, id_bytes, raw, options in batch:
        jobs += (numbered.setdefault(options, len(numbered) + 1), id_bytes, raw)
    return [len(numbered), *(arg for options in numbered for arg in sets[options]), *jobs]
