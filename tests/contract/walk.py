"""A random walk through the operations: which step comes next, drawn from a seed."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.support.clock import Clock

SEEDS = range(int(os.environ.get("OMNIQ_SEEDS", "20")))
STEPS = 120
# One limit per group from its first publish on: what a delayed publish with a later limit does is deviation 9.
LIMITS = {"A": 1, "b c": 2, "a:wait": 3, "🔥": 0}
LANES = ("wait", "gwait", "delayed", "failed", "completed", "active", "bogus")


class Side(Protocol):
    """What a walk needs of those it drives."""

    clock: Clock
    tokens: dict[str, Any]

    def do(self, name: str, **arguments: Any) -> Any: ...
    def reserve(self) -> Any: ...
    def leased(self, name: str, job_id: str, *, token: str | None = None, **options: Any) -> Any: ...


@dataclass
class Walk:
    """Drives a side through `STEPS` random steps; ids are never used twice, for publishing one again is deviation 2."""

    side: Side
    seed: int
    ids: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def step(self) -> None:
        """One random operation."""
        choices = [self._publish] * 5 + [self._reserve] * 6 + [self._end_lease] * 5 + [self._lose_lease]
        choices += [self._promote] * 2 + [self._reap, self._beat, self._retry, self._retry_batch, self._remove]
        choices += [self._remove_batch, self._pause]
        self.random.choice(choices)()
        self.side.clock.advance(self.random.choice((0, 1, 7, 60)))

    def _publish(self) -> None:
        gid = self.random.choice((None, None, *LIMITS))
        job_id = self.random.choice(("j", "user/", "a:b ", "🔥", "x\n")) + str(len(self.ids))
        self.ids.append(job_id)
        self.side.do(
            "publish",
            job_id=job_id,
            payload={"n": len(self.ids)},
            gid=gid,
            group_limit=LIMITS[gid] if gid else 0,
            max_attempts=self.random.choice((0, 1, 2, 3)),
            timeout_ms=self.random.choice((0, 40, 200)),
            backoff_ms=self.random.choice((0, 30, 100)),
            due_ms=self.side.clock.now_ms + self.random.choice((-5, 0, 0, 0, 1, 80)),
        )

    def _reserve(self) -> None:
        job = self.side.reserve()
        if getattr(job, "status", job) == "PAUSED" and self.random.random() < 0.5:
            self.side.do("resume")  # else most of a walk would stand still

    def _held(self) -> str | None:
        return self.random.choice(sorted(self.side.tokens)) if self.side.tokens else None

    def _beat(self) -> None:
        if job_id := self._held():
            self.side.leased("heartbeat", job_id)

    def _end_lease(self) -> None:
        if job_id := self._held():
            if self.random.random() < 0.5:
                self.side.leased("ack_success", job_id)
            else:
                self.side.leased("ack_fail", job_id, error=self.random.choice((None, " ", "E: x", "é" * 3000)))
            # The same ack again is answered by ours and refused by the reference.
            del self.side.tokens[job_id]

    def _lose_lease(self) -> None:
        name = self.random.choice(("heartbeat", "ack_success", "ack_fail"))
        self.side.leased(name, self._some_id(), token=self.random.choice(("", "wrong")))

    def _promote(self) -> None:
        self.side.do("promote_delayed", max_promote=self.random.choice((1000, 1000, -1, 0, 1, 2)))

    def _reap(self) -> None:
        self.side.do("reap_expired", max_reap=self.random.choice((1000, 1000, -1, 0, 1, 2)))

    def _pause(self) -> None:
        self.side.do(self.random.choice(("pause", "resume", "resume", "is_paused")))

    def _some_id(self) -> str:
        return self.random.choice([*self.ids[-25:], "nope", ""])

    def _some_ids(self) -> list[str]:
        return [self._some_id() for _ in range(self.random.randrange(8))]

    def _retry(self) -> None:
        self.side.do("retry_failed", job_id=self._some_id())

    def _retry_batch(self) -> None:
        self.side.do("retry_failed_batch", job_ids=self._some_ids())

    def _remove(self) -> None:
        self.side.do("remove_job", job_id=self._some_id(), lane=self.random.choice(LANES))

    def _remove_batch(self) -> None:
        self.side.do("remove_jobs_batch", job_ids=self._some_ids(), lane=self.random.choice(LANES))
