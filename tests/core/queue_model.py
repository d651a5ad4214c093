"""A queue in plain Python, from the protocol document: what each operation answers, and every key afterwards."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

Record = dict[str, str]
Refused = str
"""A code of the protocol, such as TOKEN_MISMATCH."""
_REMOVED = {"wait": "wait", "gwait": "wait", "delayed": "delayed", "failed": "failed", "completed": "completed"}


@dataclass
class QueueModel:
    """One queue. `now` is the clock of its callers; ids and gids are ASCII, so that Python sorts them as Redis does."""

    now: int = 1_750_000_000_000
    jobs: dict[str, Record] = field(default_factory=dict)
    entered: dict[str, int] = field(default_factory=dict)
    wait: list[str] = field(default_factory=list)
    group_wait: dict[str, list[str]] = field(default_factory=dict)
    inflight: dict[str, int] = field(default_factory=dict)
    limits: dict[str, int] = field(default_factory=dict)
    ready: dict[str, int] = field(default_factory=dict)
    active: dict[str, int] = field(default_factory=dict)
    delayed: dict[str, int] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    completed: list[str] = field(default_factory=list)
    acks: dict[str, tuple[str, Any]] = field(default_factory=dict)
    trash: dict[str, list[Any]] = field(default_factory=dict)
    moments: Counter[str] = field(default_factory=Counter)
    paused: bool = False
    groups_next: bool = True
    leases: int = 0
    had_groups: bool = False

    def publish(
        self, job_id: str, payload: str, *, gid: str, limit: int, due: int, attempts: int, timeout: int, backoff: int
    ) -> bool:
        """Whether a job was made."""
        if job_id in self.jobs:
            if job_id not in self.completed:
                return False
            self._forget(job_id)
        late, now = due > self.now, str(self.now)
        job = {"id": job_id, "payload": payload, "state": "delayed" if late else "wait", "attempt": "0"}
        job |= {"max_attempts": str(attempts), "timeout_ms": str(timeout), "backoff_ms": str(backoff)}
        job |= dict.fromkeys(("created_ms", "updated_ms", "queued_ms"), now)
        job |= dict.fromkeys(("first_started_ms", "last_started_ms", "completed_ms", "failed_ms"), "")
        self.jobs[job_id] = job
        if gid:
            job["gid"], self.had_groups = gid, True
            if limit > 0:
                self.limits.setdefault(gid, limit)
        if late:
            job["due_ms"] = str(due)
            self.delayed[job_id] = due
            self.entered[job_id] = self.now
            self._ready_if_due(gid, self.now)
        else:
            self._enqueue(job_id)
        self._moment("activity", "enqueue")
        return True

    def reserve(self, token: str = "") -> str | None:
        """The id that is leased, or None, or "PAUSED"; the token is known only after the call, see `lease_token`."""
        if self.paused:
            return "PAUSED"
        lanes = [self._from_groups, self._from_ungrouped]
        job_id = next((found for lane in (lanes if self.groups_next else lanes[::-1]) if (found := lane())), None)
        if job_id is None:
            return None
        job, now = self.jobs[job_id], str(self.now)
        lock = self.now + self._timeout(job)
        job |= {"state": "active", "attempt": str(int(job["attempt"]) + 1), "lock_until_ms": str(lock)}
        job |= {"updated_ms": now, "last_started_ms": now, "first_started_ms": job["first_started_ms"] or now}
        job["lease_token"] = token
        self.active[job_id] = lock
        self.entered[job_id] = self.now
        self.groups_next = not self.groups_next
        self.leases += 1
        self._moment("activity", "reserve")
        return job_id

    def refusal(self, job_id: str, token: str) -> Refused | None:
        """Why a heartbeat or an ack is not for this token."""
        if not token:
            return "TOKEN_REQUIRED"
        return None if self.jobs.get(job_id, {}).get("lease_token") == token else "TOKEN_MISMATCH"

    def heartbeat(self, job_id: str) -> int:
        """When the lease now runs out."""
        job = self.jobs[job_id]
        lock = max(self.active[job_id], self.now + self._timeout(job))
        self.active[job_id] = lock
        job |= {"lock_until_ms": str(lock), "updated_ms": str(self.now)}
        return lock

    def succeed(self, job_id: str) -> None:
        """The lease ends well."""
        token = self._release(job_id)
        self.jobs[job_id] |= {"state": "completed", "completed_ms": str(self.now)}
        self.acks[job_id] = (token, None)
        self.completed.insert(0, job_id)
        self.entered[job_id] = self.now
        for old in self.completed[100:]:
            self._forget(old)
        self._moment("activity", "finish")

    def fail(self, job_id: str, error: str) -> tuple[str, int | None]:
        """The lease ends badly; the answer of the ack."""
        token = self._release(job_id)
        if error.strip():
            self.jobs[job_id] |= {"last_error": error, "last_error_ms": str(self.now)}
        due = self._retry_or_fail(job_id)
        answer = ("FAILED", None) if due is None else ("RETRY", due)
        self.acks[job_id] = (token, answer)
        self._moment("activity", "finish")
        return answer

    def promote(self, most: int) -> int:
        """How many became due."""
        ids = self._until_now(self.delayed, most)
        for job_id in ids:
            self._run(job_id)
        return len(ids)

    def run_now(self, ids: list[str]) -> list[str]:
        """One answer per id."""
        answers: list[str] = []
        for job_id in ids:
            refused = "BAD_JOB_ID" if not job_id else "NO_JOB" if job_id not in self.jobs else "NOT_DELAYED"
            answers.append("OK" if job_id in self.delayed else refused)
            if job_id in self.delayed:
                self._run(job_id)
        return answers

    def reap(self, most: int) -> int:
        """How many leases had run out."""
        ids = self._until_now(self.active, most)
        for job_id in ids:
            self._release(job_id)
            self._retry_or_fail(job_id)
            self._moment("activity")
        return len(ids)

    def retry(self, ids: list[str]) -> list[str]:
        """One answer per id."""
        answers: list[str] = []
        for job_id in ids:
            refused = "BAD_JOB_ID" if not job_id else "NO_JOB" if job_id not in self.jobs else "NOT_FAILED"
            answers.append("OK" if job_id in self.failed else refused)
            if job_id in self.failed:
                self.failed.remove(job_id)
                emptied = dict.fromkeys(("lease_token", "lock_until_ms", "due_ms", "failed_ms"), "")
                self.jobs[job_id] |= {"state": "wait", "attempt": "0", "updated_ms": str(self.now), **emptied}
                self._enqueue(job_id)
                self._moment("activity")
        return answers

    def remove(self, lane: str, ids: list[str]) -> list[str]:
        """One answer per id."""
        answers = [self._remove(lane, job_id) for job_id in ids]
        if "OK" in answers:
            self._moment("activity")
        return answers

    def oldest_first(self, lane: str) -> list[str]:
        """The ids of a lane as its index has them."""
        ids = [job_id for job_id, job in self.jobs.items() if job["state"] == _REMOVED[lane]]
        if lane in ("wait", "gwait"):
            ids = [job_id for job_id in ids if ("gid" in self.jobs[job_id]) == (lane == "gwait")]
        return sorted(ids, key=lambda job_id: (self.entered[job_id], job_id))

    def keys(self) -> dict[str, Any]:
        """Every key that should be there, its name without the base, with numbers as text."""
        waiting = sum(map(len, self.group_wait.values()))
        stats = {"waiting": len(self.wait), "group_waiting": waiting, "waiting_total": len(self.wait) + waiting}
        stats |= {"active": len(self.active), "delayed": len(self.delayed), "failed": len(self.failed)}
        stats |= {"completed_kept": len(self.completed), "groups_ready": len(self.ready)}
        stats |= {f"last_{moment}_ms": at for moment, at in self.moments.items()}
        found: dict[str, Any] = {
            "stats": {name: str(value) for name, value in stats.items() if value},
            **{name: getattr(self, name) for name in ("wait", "failed", "completed", "active", "delayed")},
            "groups:ready": self.ready,
            **{f"g:{gid}:wait": ids for gid, ids in self.group_wait.items()},
            **{f"g:{gid}:inflight": str(count) for gid, count in self.inflight.items()},
            **{f"g:{gid}:limit": str(limit) for gid, limit in self.limits.items()},
            **{f"job:{job_id}": job for job_id, job in self.jobs.items()},
            "paused": "1" if self.paused else "",
            "has_groups": "1" if self.had_groups else "",
            "lane:rr": str(int(not self.groups_next)) if self.leases else "",
            "lease:seq": str(self.leases) if self.leases else "",
        }
        for lane in ("wait", "active", "delayed", "failed", "completed"):
            ids = [job_id for job_id, job in self.jobs.items() if job["state"] == lane]
            found[f"idx:{lane}"] = {job_id: self.entered[job_id] for job_id in ids}
        return {name: value for name, value in found.items() if value}

    def _timeout(self, job: Record) -> int:
        return int(job["timeout_ms"]) if int(job["timeout_ms"]) > 0 else 60_000

    def _moment(self, *names: str) -> None:
        self.moments.update({name: self.now - self.moments[name] for name in names})

    def _until_now(self, lane: dict[str, int], most: int) -> list[str]:
        ids = sorted((job_id for job_id, at in lane.items() if at <= self.now), key=lambda one: (lane[one], one))
        return ids if most < 0 else ids[:most]

    def _has_room(self, gid: str) -> bool:
        return self.inflight.get(gid, 0) < self.limits.get(gid, 1)

    def _ready_if_due(self, gid: str, score: int) -> None:
        if gid and self._has_room(gid) and self.group_wait.get(gid):
            self.ready.setdefault(gid, score)

    def _enqueue(self, job_id: str) -> None:
        gid = self.jobs[job_id].get("gid", "")
        (self.group_wait.setdefault(gid, []) if gid else self.wait).append(job_id)
        self.entered[job_id] = self.now
        self._ready_if_due(gid, self.now)

    def _from_ungrouped(self) -> str | None:
        return self.wait.pop(0) if self.wait else None

    def _from_groups(self) -> str | None:
        if not self.ready:
            return None
        gid = min(self.ready, key=lambda one: (self.ready[one], one))
        del self.ready[gid]
        job_id = self.group_wait[gid].pop(0)
        self.inflight[gid] = self.inflight.get(gid, 0) + 1
        self._ready_if_due(gid, self.now)
        return job_id

    def _release(self, job_id: str) -> str:
        job = self.jobs[job_id]
        del self.active[job_id]
        token = job["lease_token"]
        job |= {"lease_token": "", "lock_until_ms": "", "updated_ms": str(self.now)}
        if gid := job.get("gid"):
            self.inflight[gid] -= 1
            self._ready_if_due(gid, self.now)
        return token

    def _retry_or_fail(self, job_id: str) -> int | None:
        job = self.jobs[job_id]
        self.entered[job_id] = self.now
        if int(job["attempt"]) >= int(job["max_attempts"]):
            job |= {"state": "failed", "failed_ms": str(self.now)}
            self.failed.insert(0, job_id)
            return None
        due = self.now + int(job["backoff_ms"])
        job |= {"state": "delayed", "due_ms": str(due)}
        self.delayed[job_id] = due
        return due

    def _run(self, job_id: str) -> None:
        del self.delayed[job_id]
        self.jobs[job_id] |= {"state": "wait", "updated_ms": str(self.now)}
        self._enqueue(job_id)
        self._moment("activity")

    def _remove(self, lane: str, job_id: str) -> str:
        job = self.jobs.get(job_id)
        if job is None:
            return "NO_JOB" if job_id else "BAD_JOB_ID"
        if job_id in self.active:
            return "ACTIVE"
        gid = job.get("gid", "")
        if job["state"] != _REMOVED.get(lane) or (lane == "gwait" and not gid):
            return "LANE_MISMATCH"
        if lane == "wait" and gid:
            return "NOT_IN_LANE"
        self._forget(job_id)
        if lane == "gwait":
            self.ready.pop(gid, None) if not self.group_wait[gid] else self._ready_if_due(gid, 0)
        return "OK"

    def _forget(self, job_id: str) -> None:
        for lane in (self.wait, self.failed, self.completed, *self.group_wait.values()):
            if job_id in lane:
                lane.remove(job_id)
        self.delayed.pop(job_id, None)
        for kept in (self.jobs, self.entered, self.acks):
            kept.pop(job_id, None)
