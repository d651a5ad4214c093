"""The whole payloads and errors of a page of jobs, for who has to look into them before they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from ..connection import Link
from ..keys import QueueKeys

Texts = tuple[bytes | None, bytes | None]
"""A payload and an error; None where it was not asked for, is not there, or could not be read."""


def job_texts(link: Link, queue: str, wanted: Sequence[tuple[str, bool, bool]]) -> list[Texts]:
    """Of each id its payload and its error, where they are wanted. One round trip, none when nothing is.

    Nothing is cut, so ask for what is known to be short. Raises ValueError for a bad queue name, and what Redis raised.
    """
    keys = QueueKeys(queue)
    fields = [
        [name for name, asked in (("payload", payload), ("last_error", error)) if asked] for _, payload, error in wanted
    ]
    commands = [("HMGET", keys.job(job[0]), *names) for job, names in zip(wanted, fields, strict=True) if names]
    replies = iter(link.pipeline(commands) if commands else [])
    found: list[Texts] = []
    for names in fields:
        reply: Any = next(replies) if names else []
        if isinstance(reply, Exception):
            if "WRONGTYPE" not in str(reply):
                raise reply
            reply = []
        read = dict(zip(names, cast(list[bytes | None], reply), strict=False))
        found.append((read.get("payload"), read.get("last_error")))
    return found
