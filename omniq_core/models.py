"""What operations take and give back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Required, TypedDict

PayloadT = dict[str, Any] | list[Any]
"""A payload: exactly a dict or a list that JSON can hold."""


class JobOptions(TypedDict, total=False):
    """What a job may bring besides its payload, as `publish` takes it. Times are ms."""

    job_id: str | None
    max_attempts: int
    timeout_ms: int
    backoff_ms: int
    due_ms: int
    gid: str | None
    group_limit: int


class JobToPublish(JobOptions):
    """A job of `publish_many`: the arguments of `publish` without the queue. Only a payload is needed."""

    payload: Required[PayloadT]


class PublishOptions(JobOptions, total=False):
    """What `publish` takes besides queue and payload; `now_ms_override=0` means the real clock."""

    now_ms_override: int


class PublishedId(str):
    """The id of a published job. `created` is False when the id existed already and nothing was published."""

    created: bool

    def __new__(cls, job_id: str, created: bool) -> PublishedId:
        self = super().__new__(cls, job_id)
        self.created = created
        return self


class BatchResultItem(NamedTuple):
    """What became of one id of a batch: status `OK` or `ERR`, and the reason of an `ERR`."""

    job_id: str
    status: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ReservePaused:
    """The queue is paused, so nothing was leased."""

    status: Literal["PAUSED"] = "PAUSED"


@dataclass(frozen=True, slots=True)
class ReserveJob:
    """A leased job. `payload` is its raw text, `lock_until_ms` the moment the lease runs out."""

    status: Literal["JOB"]
    job_id: str
    payload: str
    lock_until_ms: int
    attempt: int
    max_attempts: int
    gid: str
    lease_token: str


ReserveResult = ReserveJob | ReservePaused | None
