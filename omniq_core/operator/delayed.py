"""Why delayed jobs wait."""

from __future__ import annotations

from collections.abc import Sequence

from ..connection import Link
from ..keys import QueueKeys
from ..numbers import read_count


def backing_off(link: Link, queue: str, ids: Sequence[str]) -> int:
    """How many of these delayed jobs wait out a backoff after an attempt; the rest were published for later.

    One round trip. Raises ValueError for a bad queue name, and what Redis raised.
    """
    keys = QueueKeys(queue)
    replies = link.pipeline([("HMGET", keys.job(job_id), "state", "attempt") for job_id in dict.fromkeys(ids)])
    found = [reply for reply in replies if not isinstance(reply, Exception)]
    return sum(state == b"delayed" and read_count(attempt) > 0 for state, attempt in found)
