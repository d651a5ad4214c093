"""The types that handlers and callers name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .exec import Exec
from .models import BatchResultItem, PayloadT, ReserveJob, ReservePaused, ReserveResult

__all__ = ["BatchResultItem", "JobCtx", "PayloadT", "ReserveJob", "ReservePaused", "ReserveResult"]


@dataclass(frozen=True)
class JobCtx:
    """What a handler gets: one leased job. Last attempt: `ctx.attempt >= ctx.max_attempts`.

    `payload` is the parsed payload, or its raw text when it is no JSON. `lock_until_ms` is the lease as reserved.
    """

    queue: str
    job_id: str
    payload_raw: str
    payload: Any
    attempt: int
    max_attempts: int
    lock_until_ms: int
    lease_token: str
    exec: Exec
    gid: str = ""
