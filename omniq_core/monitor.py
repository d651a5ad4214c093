"""QueueMonitor: the reference's read API, for code that moves here. An unreachable Redis raises instead of reading 0.

Pages of the dashboard use `operator` instead, which is bounded in size and time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from .client import OmniqClient
from .connection import Link
from .keys import QueueKeys, decode_id, decode_text, encode_text
from .monitor_models import GroupReady, GroupStatus, JobInfo, LaneJob, QueueOverview, QueueStats
from .numbers import read_int
from .replies import scored

LANES = ("wait", "active", "delayed", "failed", "completed")
_COUNTERS = (
    "waiting",
    "group_waiting",
    "waiting_total",
    "active",
    "delayed",
    "failed",
    "completed_kept",
    "groups_ready",
)
_STAMPS = ("last_activity_ms", "last_enqueue_ms", "last_reserve_ms", "last_finish_ms")
_TIMES = (
    *("due_ms", "lock_until_ms", "queued_ms", "first_started_ms", "last_started_ms"),
    *("completed_ms", "failed_ms", "updated_ms"),
)
_LANE_FIELDS = ("state", "gid", "attempt", "max_attempts", *_TIMES, "last_error")
_JOB_NUMBERS = ("attempt", "max_attempts", "timeout_ms", "backoff_ms", "last_error_ms", "created_ms", *_TIMES)
_JOB_FIELDS = ("state", "gid", "lease_token", "payload", "last_error", *_JOB_NUMBERS)
_STATS_KEY = re.compile(rb"(?:\{([A-Za-z0-9._-]{1,128})\}|([A-Za-z0-9._-]{1,128})):stats")
_MOST_GROUPS, _MOST_ROWS = 500, 25


class QueueMonitor:
    """Reads of one Redis. Every method raises ValueError for a bad queue name, and what Redis raised."""

    def __init__(self, client: OmniqClient | Link) -> None:
        self._link = client if isinstance(client, Link) else client.link

    def scan_queues(self) -> list[str]:
        """The names of all queues that have stats, sorted. Scans all keys: meant for scripts, not for pages."""
        found: set[str] = set()
        cursor = 0
        while True:
            page = self._link.call("SCAN", cursor, "MATCH", "*:stats", "COUNT", 1000, "TYPE", "hash", read=True)
            found |= {(match[1] or match[2]).decode() for key in page[1] if (match := _STATS_KEY.fullmatch(key))}
            cursor = int(page[0])
            if cursor == 0:
                return sorted(found)

    def stats(self, queue: str) -> QueueStats:
        """The counters of one queue. One round trip."""
        return self.stats_many([queue])[0]

    def stats_many(self, queues: Sequence[str] | None = None) -> list[QueueStats]:
        """The counters of these queues in their order, of all when None. One round trip besides the scan."""
        names = self.scan_queues() if queues is None else list(queues)
        commands: list[Sequence[Any]] = []
        for name in names:
            keys = QueueKeys(name)
            commands += [("HMGET", keys.of("stats"), *_COUNTERS, *_STAMPS), ("EXISTS", keys.of("paused"))]
        replies = self._read(commands)
        return [_stats(name, replies[2 * at], replies[2 * at + 1]) for at, name in enumerate(names)]

    def groups_ready(self, queue: str, offset: int = 0, limit: int = 200) -> list[str]:
        """Groups that may start a job, the longest ready first; `limit` 1 to 500."""
        return [group.gid for group in self.groups_ready_with_scores(queue, offset, limit)]

    def groups_ready_with_scores(self, queue: str, offset: int = 0, limit: int = 200) -> list[GroupReady]:
        """The same with the moment each became ready."""
        start, stop = _window(offset, limit, _MOST_GROUPS)
        key = QueueKeys(queue).of("groups:ready")
        return [GroupReady(decode_id(gid), score) for gid, score in self._ranked(key, start, stop, False)]

    def group_status(self, queue: str, gids: Iterable[str], default_limit: int = 1) -> list[GroupStatus]:
        """The groups named (the first 500, empty names left out), in their order. One round trip."""
        keys = QueueKeys(queue)
        named = [gid for gid in gids if gid][:_MOST_GROUPS]
        commands: list[Sequence[Any]] = []
        for gid in named:
            commands += [
                ("GET", keys.group(gid, "inflight")),
                ("GET", keys.group(gid, "limit")),
                ("ZSCORE", keys.of("groups:ready"), encode_text(gid)),
                ("LLEN", keys.group(gid, "wait")),
            ]
        replies = self._read(commands)
        return [_group(gid, replies[4 * at : 4 * at + 4], default_limit) for at, gid in enumerate(named)]

    def lane_page(
        self, queue: str, lane: str, offset: int = 0, limit: int = 25, reverse: bool = False
    ) -> list[LaneJob]:
        """Jobs of a lane by the moment they entered it, oldest first unless `reverse`; `limit` 1 to 25.

        Ids without a record are left out; an unknown lane is []. Two round trips.
        """
        keys = QueueKeys(queue)
        if lane not in LANES:
            return []
        start, stop = _window(offset, limit, _MOST_ROWS)
        return self._jobs(keys, lane, self._ranked(keys.of(f"idx:{lane}"), start, stop, reverse))

    def get_job(self, queue: str, job_id: str) -> JobInfo | None:
        """One job with its payload, None when there is no record of it. One round trip."""
        keys = QueueKeys(queue)
        if not job_id:
            return None
        values, exists = self._read([("HMGET", keys.job(job_id), *_JOB_FIELDS), ("EXISTS", keys.job(job_id))])
        if not exists or values is None:
            return None
        kept: dict[str, bytes | None] = dict(zip(_JOB_FIELDS, values, strict=True))
        return JobInfo(
            job_id=job_id,
            state=_text(kept["state"]),
            gid=decode_id(kept["gid"] or b""),
            lease_token=_text(kept["lease_token"]),
            payload=_text(kept["payload"]),
            last_error=_text(kept["last_error"]),
            **{name: read_int(kept[name]) or 0 for name in _JOB_NUMBERS},
        )

    def find_jobs(self, queue: str, lane: str, job_ids: Iterable[str]) -> list[LaneJob]:
        """Those of the ids that the lane holds, in the order given. Two round trips."""
        keys = QueueKeys(queue)
        ids = [encode_text(job_id) for job_id in job_ids if job_id]
        if lane not in LANES or not ids:
            return []
        scores = self._read([("ZSCORE", keys.of(f"idx:{lane}"), job_id) for job_id in ids])
        held = [(job_id, _score(score)) for job_id, score in zip(ids, scores, strict=True) if score is not None]
        return self._jobs(keys, lane, held)

    def overview(self, queue: str, samples_per_lane: int = 10) -> QueueOverview:
        """Stats, then the oldest ready groups and the oldest jobs of each lane; `samples_per_lane` 1 to 25."""

        def samples(lane: str) -> list[LaneJob]:
            return self.lane_page(queue, lane, limit=samples_per_lane)

        return QueueOverview(
            stats=self.stats(queue),
            ready_groups=self.groups_ready_with_scores(queue, limit=min(samples_per_lane, _MOST_ROWS)),
            active=samples("active"),
            delayed=samples("delayed"),
            failed=samples("failed"),
            completed=samples("completed"),
        )

    def _jobs(self, keys: QueueKeys, lane: str, held: Sequence[tuple[bytes, int]]) -> list[LaneJob]:
        commands: list[Sequence[Any]] = []
        for job_id, _ in held:
            job = keys.base + b":job:" + job_id
            commands += [("HMGET", job, *_LANE_FIELDS), ("EXISTS", job)]
        replies = self._read(commands)
        jobs = (
            _lane_job(lane, job_id, score, replies[2 * at])
            for at, (job_id, score) in enumerate(held)
            if replies[2 * at + 1] and replies[2 * at] is not None
        )
        return list(jobs)

    def _ranked(self, key: bytes, start: int, stop: int, reverse: bool) -> list[tuple[bytes, int]]:
        command = "ZREVRANGE" if reverse else "ZRANGE"
        reply = self._read([(command, key, start, stop, "WITHSCORES")])[0]
        return [(member, _score(score)) for member, score in scored(reply)]

    def _read(self, commands: Sequence[Sequence[Any]]) -> list[Any]:
        replies: list[Any] = []
        for reply in self._link.pipeline(commands):
            # A key of another type holds nothing of ours; any other refusal is an error of the whole read.
            if isinstance(reply, Exception) and "WRONGTYPE" not in str(reply):
                raise reply
            replies.append(None if isinstance(reply, Exception) else reply)
        return replies


def _window(offset: int, limit: int, most: int) -> tuple[int, int]:
    start = max(int(offset), 0)
    return start, start + min(max(int(limit), 1), most) - 1


def _score(raw: Any) -> int:
    return int(raw) if abs(float(raw)) < 1e15 else 0


def _text(raw: bytes | None) -> str:
    return decode_text(raw or b"")


def _stats(queue: str, values: Sequence[bytes | None] | None, paused: Any) -> QueueStats:
    numbers = {
        name: read_int(value) or 0 for name, value in zip((*_COUNTERS, *_STAMPS), values or [None] * 12, strict=True)
    }
    if numbers["waiting_total"] <= 0:
        numbers["waiting_total"] = numbers["waiting"] + numbers["group_waiting"]
    return QueueStats(queue=queue, paused=bool(paused), **numbers)


def _group(gid: str, replies: Sequence[Any], default_limit: int) -> GroupStatus:
    inflight, limit, ready, waiting = replies
    stored = read_int(limit) or 0
    return GroupStatus(
        gid=gid,
        inflight=read_int(inflight) or 0,
        limit=stored if stored > 0 else max(int(default_limit), 1),
        ready=ready is not None,
        waiting_count=read_int(waiting) or 0,
    )


def _lane_job(lane: str, job_id: bytes, score: int, values: Sequence[bytes | None]) -> LaneJob:
    kept = dict(zip(_LANE_FIELDS, values, strict=True))
    return LaneJob(
        lane=lane,
        job_id=decode_id(job_id),
        idx_score_ms=score,
        state=_text(kept["state"]),
        gid=decode_id(kept["gid"] or b""),
        attempt=read_int(kept["attempt"]) or 0,
        max_attempts=read_int(kept["max_attempts"]) or 0,
        last_error=_text(kept["last_error"]),
        **{name: read_int(kept[name]) or 0 for name in _TIMES},
    )
