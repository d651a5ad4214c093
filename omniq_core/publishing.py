"""One job on its way into Redis: checked, and as the arguments of the publish scripts."""

from __future__ import annotations

from typing import Any, cast

from .connection import Arg
from .ids import new_ulid
from .keys import encode_id
from .numbers import checked_number


def job_options(
    *,
    max_attempts: Any = 3,
    timeout_ms: Any = 30_000,
    backoff_ms: Any = 5_000,
    due_ms: Any = 0,
    gid: str | None = None,
    group_limit: Any = 0,
) -> list[Arg]:
    """The six options of a job as script arguments. Raises TypeError or ValueError for what none may be."""
    numbers = [
        checked_number("max_attempts", max_attempts),
        checked_number("timeout_ms", timeout_ms),
        checked_number("backoff_ms", backoff_ms),
        checked_number("due_ms", due_ms),
    ]
    limit = checked_number("group_limit", group_limit or 0)
    if gid is not None and not isinstance(cast(object, gid), str):
        raise TypeError(f"a gid is a string, not {type(gid).__name__}")
    return [*numbers, encode_id((gid or "").strip()), limit]


def chosen_id(job_id: str | None) -> tuple[str, bytes]:
    """The id that was asked for, else a fresh ULID, and its bytes. Raises ValueError for one that is no Unicode."""
    new_id = str(job_id) if job_id else new_ulid()
    return new_id, encode_id(new_id)
