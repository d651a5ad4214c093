"""OmniQ in Python: the whole protocol, and what an operator needs on top of it."""

from __future__ import annotations

from .client import OmniqClient
from .connection import REDIS_ERRORS, Link, connect, explain_redis_error
from .consumer import consume
from .errors import (
    AlreadyInit,
    BadExpected,
    BadLane,
    JobActive,
    LaneMismatch,
    NoJob,
    NotActive,
    NotFailed,
    NotInLane,
    OmniqError,
    TokenMismatch,
    TokenRequired,
)
from .models import BatchResultItem, PayloadT, PublishedId, ReserveJob, ReservePaused
from .types import JobCtx

__all__ = [
    "REDIS_ERRORS",
    "AlreadyInit",
    "BadExpected",
    "BadLane",
    "BatchResultItem",
    "JobActive",
    "JobCtx",
    "LaneMismatch",
    "Link",
    "NoJob",
    "NotActive",
    "NotFailed",
    "NotInLane",
    "OmniqClient",
    "OmniqError",
    "PayloadT",
    "PublishedId",
    "ReserveJob",
    "ReservePaused",
    "TokenMismatch",
    "TokenRequired",
    "connect",
    "consume",
    "explain_redis_error",
]
