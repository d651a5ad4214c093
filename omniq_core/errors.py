"""One exception root, one class per reply code of the scripts."""

from __future__ import annotations


class OmniqError(RuntimeError):
    """A script refused the operation and changed nothing.

    `code` is the protocol's word, `queue` and `job_id` say what it was about (empty when it has none).
    """

    code: str = "ERR"

    def __init__(self, operation: str, *, code: str | None = None, queue: str = "", job_id: str = "") -> None:
        if code is not None:
            self.code = code
        self.operation = operation
        self.queue = queue
        self.job_id = job_id
        super().__init__(f"{operation} failed: {self.code}")


class NoJob(OmniqError):
    """The queue holds no job of this id."""

    code = "NO_JOB"


class NotFailed(OmniqError):
    """The job is not in the failed lane."""

    code = "NOT_FAILED"


class NotDelayed(OmniqError):
    """The job is not in the delayed lane."""

    code = "NOT_DELAYED"


class NotActive(OmniqError):
    """The job is not leased."""

    code = "NOT_ACTIVE"


class TokenRequired(OmniqError):
    """The lease token is empty."""

    code = "TOKEN_REQUIRED"


class TokenMismatch(OmniqError):
    """The lease token is not the job's: the lease was lost, or the job is gone."""

    code = "TOKEN_MISMATCH"


class AckUnknown(OmniqError):
    """A repeated ack found no trace of the job: the first one may have ended it, or it was removed. Never a success."""

    code = "ACK_UNKNOWN"


class JobActive(OmniqError):
    """The job is leased by a worker, so it cannot be removed."""

    code = "ACTIVE"


class LaneMismatch(OmniqError):
    """The job is not in the lane that was named."""

    code = "LANE_MISMATCH"


class NotInLane(OmniqError):
    """The job's state names the lane, but the lane does not hold it."""

    code = "NOT_IN_LANE"


class BadLane(OmniqError):
    """No such lane, or nothing can be removed from it."""

    code = "BAD_LANE"


class BadExpected(OmniqError):
    """A completion counter needs at least one child."""

    code = "BAD_EXPECTED"


class LimitChanged(OmniqError):
    """Somebody else has changed the limit of the group since the caller saw it; `limit` is what it is now."""

    code = "LIMIT_CHANGED"

    def __init__(self, operation: str, *, queue: str = "", job_id: str = "", limit: int = 0) -> None:
        super().__init__(operation, queue=queue, job_id=job_id)
        self.limit = limit


class BatchGone(OmniqError):
    """The trash holds no such batch, or holds it no longer."""

    code = "GONE"


class AlreadyInit(OmniqError):
    """The completion counter is running already."""

    code = "ALREADY_INIT"


_BY_CODE: dict[str, type[OmniqError]] = {
    cls.code: cls
    for cls in (
        NoJob,
        NotFailed,
        NotDelayed,
        NotActive,
        TokenRequired,
        TokenMismatch,
        AckUnknown,
        JobActive,
        LaneMismatch,
        NotInLane,
        BadLane,
        BatchGone,
        BadExpected,
        AlreadyInit,
        LimitChanged,
    )
}


def error_for(operation: str, code: str, *, queue: str = "", job_id: str = "") -> OmniqError:
    """The exception for a reply code; a code we do not know is a plain OmniqError that carries it."""
    cls = _BY_CODE.get(code)
    if cls is None:
        return OmniqError(operation, code=code, queue=queue, job_id=job_id)
    return cls(operation, queue=queue, job_id=job_id)
