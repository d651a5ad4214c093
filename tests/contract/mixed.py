"""Our client and the reference take turns on one queue; what must always hold is looked at after each step."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from tests.contract.pair import UNTIMED, outcome, plain
from tests.support.clock import Clock
from tests.support.invariants import check_invariants

QUEUE = "shared"
_OURS_ALONE = ("publish_many", "run_now", "run_now_batch", "retry_all", "remove_all", "restore")


@dataclass
class Mixed:
    """Two clients on one queue; each step is taken by one of them, drawn from a seed."""

    ours: Any
    reference: Any
    redis: Any
    clock: Clock
    seed: int
    tokens: dict[str, Any] = field(default_factory=dict)
    published: set[str] = field(default_factory=set)
    queue: str = QUEUE
    alone: bool = True

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed + 1_000_000)

    def do(self, name: str, **arguments: Any) -> Any:
        """One operation by one of the two; AssertionError when the queue is not sound after it."""
        ours = self._known(name, arguments) or name in _OURS_ALONE or "keep" in arguments
        one = self.ours if ours else self._one()
        timed = {} if name in UNTIMED else {"now_ms_override": self.clock.now_ms}
        place = {} if "key" in arguments else {"queue": QUEUE}
        return self._sound(name, outcome(getattr(one, name), **place, **timed, **arguments))

    def reserve(self) -> Any:
        """A lease that must find room in its group."""
        return self._lease("reserve", self._one().reserve(queue=QUEUE, now_ms_override=self.clock.now_ms))

    def ack_and_reserve(self, job_id: str) -> Any:
        """The step that is ours alone."""
        lease = {"job_id": job_id, "lease_token": self.tokens[job_id], "now_ms_override": self.clock.now_ms}
        try:
            job = self.ours.ack_and_reserve(queue=QUEUE, **lease)
        except RuntimeError as refused:
            return self._sound("ack_and_reserve", ("RuntimeError", str(refused)))
        return self._lease("ack_and_reserve", job)

    def leased(self, name: str, job_id: str, *, token: Any = None, **options: Any) -> Any:
        """heartbeat, ack_success or ack_fail with the token that was given, by either."""
        held = self.tokens[job_id] if token is None else token
        return self.do(name, job_id=job_id, lease_token=held, **options)

    def look(self, name: str, *arguments: Any, **options: Any) -> Any:
        """Reads are compared side by side only."""
        raise NotImplementedError(name)

    def _lease(self, name: str, job: Any) -> Any:
        if job is not None and job.status == "JOB":
            self.tokens[job.job_id] = job.lease_token
            if job.gid:
                running, limit = self.redis.mget(f"{{{QUEUE}}}:g:{job.gid}:{part}" for part in ("inflight", "limit"))
                assert int(running) <= max(int(limit or 0), 1), f"{running} leases in group {job.gid!r}"
        return self._sound(name, plain(job))

    def _known(self, name: str, arguments: dict[str, Any]) -> bool:
        """Whether an id is published once more, which the reference would enqueue twice (deviation 2)."""
        ids = {arguments["job_id"]} if name in ("publish", "publish_json") else set[str]()
        if name == "publish_many":
            ids = {job["job_id"] for job in arguments["jobs"]}
        known = bool(ids & self.published)
        self.published |= ids
        return known

    def _one(self) -> Any:
        return self.random.choice((self.ours, self.reference))

    def _sound(self, name: str, answer: Any) -> Any:
        try:
            check_invariants(self.redis, QUEUE)
        except AssertionError as broken:
            raise AssertionError(f"after {name} -> {answer!r}: {broken}") from None
        return answer


def work_off(mixed: Mixed) -> None:
    """Whatever happened before, everything left can be worked off, and nothing stays behind."""
    mixed.do("resume")
    for _ in range(400):
        mixed.clock.advance(100_000)
        mixed.do("reap_expired")
        mixed.do("promote_delayed")
        while (job := mixed.reserve()) is not None:
            assert mixed.leased("ack_success", job[1]) is None
        if not mixed.redis.exists(f"{{{QUEUE}}}:active", f"{{{QUEUE}}}:delayed"):
            break
    stats = {name: int(text) for name, text in mixed.redis.hgetall(f"{{{QUEUE}}}:stats").items()}
    left = ("waiting_total", "active", "delayed", "groups_ready")
    assert [stats.get(name.encode(), 0) for name in left] == [0, 0, 0, 0]
