"""Reads the answers of the scripts that lease a job."""

from __future__ import annotations

from collections.abc import Sequence

from .errors import error_for
from .keys import decode_id, decode_text
from .models import ReserveJob, ReservePaused, ReserveResult


def read_lease(reply: Sequence[bytes] | None, token: str) -> ReserveResult:
    """What reserve gives its caller; `token` is the lease token that the script was told to give."""
    if not reply:
        return None
    if reply[0] == b"PAUSED":
        return ReservePaused()
    _, job_id, payload, lock, attempt, max_attempts, gid = reply
    return ReserveJob(
        "JOB",
        decode_id(job_id),
        decode_text(payload),
        int(lock),
        int(attempt),
        _sane(max_attempts),
        decode_id(gid),
        token,
    )


def read_acked(reply: Sequence[bytes], token: str, *, queue: str, job_id: str) -> ReserveResult:
    """What the fused ack and reserve gives its caller. Raises TokenRequired, TokenMismatch, NotActive, AckUnknown."""
    acked, *leased = reply
    if acked != b"OK":
        raise error_for("ACK_SUCCESS", decode_text(acked), queue=queue, job_id=job_id)
    return read_lease(leased, token)


def _sane(raw: bytes) -> int:
    try:
        return int(float(raw))
    except (ValueError, OverflowError):
        return 0
