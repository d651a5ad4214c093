"""What the trash of a queue holds, and how much room it has."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from ..connection import Link
from ..keys import QueueKeys, decode_text, encode_id

_NOTE = re.compile(rb"(\d{1,15}) (\d{1,15}) (\d{1,15})")


@dataclass(frozen=True, slots=True)
class TrashBatch:
    """Jobs that were removed together and can still be restored: how many, their bytes, until when (ms) the last is."""

    jobs: int
    bytes: int
    until_ms: int


@dataclass(frozen=True, slots=True)
class Trash:
    """The batches of a queue that are not over yet, by name, and what they come to."""

    batches: dict[str, TrashBatch]
    jobs: int
    bytes: int


def read_trash(link: Link, queue: str, *, now_ms: int) -> Trash:
    """The trash of a queue, in one round trip. Raises ValueError for a bad queue name, and what Redis raised."""
    return parse_trash(link.pipeline([trash_command(queue)])[0], now_ms)


def read_trash_beside(link: Link, queue: str, job_ids: Sequence[str], *, now_ms: int) -> tuple[Trash, int]:
    """The trash, and how many bytes these jobs would take of it, in one round trip. Raises as `read_trash`.

    A job that is gone, or no job, counts as its id: it will not be kept.
    """
    keys = QueueKeys(queue)
    sizes = [("HSTRLEN", keys.job(job_id), part) for job_id in job_ids for part in ("payload", "last_error")]
    held, *lengths = link.pipeline([trash_command(queue), *sizes])
    known = sum(length for length in lengths if isinstance(length, int))
    return parse_trash(held, now_ms), known + sum(len(encode_id(job_id)) for job_id in job_ids)


def trash_command(queue: str) -> tuple[str | bytes, ...]:
    """The read of it, for a pipeline; give the reply to `parse_trash`."""
    return ("HGETALL", QueueKeys(queue).of("x:trash"))


def parse_trash(reply: Any, now_ms: int) -> Trash:
    """The trash from its index. The index is ours: what is none counts as an empty one; other refusals are raised."""
    if isinstance(reply, Exception):
        if "WRONGTYPE" not in str(reply):
            raise reply
        reply = {}
    found: dict[str, TrashBatch] = {}
    for name, note in cast(dict[bytes, bytes], reply or {}).items():
        match = _NOTE.fullmatch(note)
        if match and int(match[1]) > now_ms:
            found[decode_text(name)] = TrashBatch(int(match[2]), int(match[3]), int(match[1]))
    return Trash(found, sum(one.jobs for one in found.values()), sum(one.bytes for one in found.values()))
