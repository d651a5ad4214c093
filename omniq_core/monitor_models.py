"""What QueueMonitor answers: the reference's names. Times are ms since the epoch, 0 where there is none."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class QueueStats:
    """The counters of one queue as its stats hash tells them; an unknown queue has zeros."""

    queue: str
    paused: bool = False
    waiting: int = 0
    group_waiting: int = 0
    waiting_total: int = 0
    active: int = 0
    delayed: int = 0
    failed: int = 0
    completed_kept: int = 0
    groups_ready: int = 0
    last_activity_ms: int = 0
    last_enqueue_ms: int = 0
    last_reserve_ms: int = 0
    last_finish_ms: int = 0


@dataclass(frozen=True, slots=True)
class GroupReady:
    """A group whose next job may start, and since when it may."""

    gid: str
    score_ms: int


@dataclass(frozen=True, slots=True)
class GroupStatus:
    """A group: its leases, its limit, whether it is ready, and how many jobs wait in it."""

    gid: str
    inflight: int
    limit: int
    ready: bool
    waiting_count: int


@dataclass(frozen=True, slots=True)
class LaneJob:
    """A job as a lane lists it, without its payload. `idx_score_ms` is when it entered the lane."""

    lane: str
    job_id: str
    idx_score_ms: int
    state: str
    gid: str
    attempt: int
    max_attempts: int
    due_ms: int
    lock_until_ms: int
    queued_ms: int
    first_started_ms: int
    last_started_ms: int
    completed_ms: int
    failed_ms: int
    updated_ms: int
    last_error: str


@dataclass(frozen=True, slots=True)
class JobInfo:
    """One job with its payload. The lease token is kept out of the repr: who holds it can ack the job."""

    job_id: str
    state: str
    gid: str
    attempt: int
    max_attempts: int
    timeout_ms: int
    backoff_ms: int
    lease_token: str = field(repr=False)
    lock_until_ms: int
    due_ms: int
    payload: str
    last_error: str
    last_error_ms: int
    created_ms: int
    updated_ms: int
    queued_ms: int
    first_started_ms: int
    last_started_ms: int
    completed_ms: int
    failed_ms: int


@dataclass(frozen=True, slots=True)
class QueueOverview:
    """A queue with samples of its lanes, the oldest first."""

    stats: QueueStats
    ready_groups: list[GroupReady]
    active: list[LaneJob]
    delayed: list[LaneJob]
    failed: list[LaneJob]
    completed: list[LaneJob]
