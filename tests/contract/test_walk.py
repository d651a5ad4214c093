"""Random walks: beside the reference on two queues, and together with it on one. OMNIQ_SEEDS=200 walks longer."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.contract.pair import UNTIMED, Pair, outcome
from tests.contract.walk import LIMITS, SEEDS, STEPS, Walk
from tests.support.clock import Clock
from tests.support.invariants import check_invariants

QUEUE = "shared"


@pytest.mark.parametrize("seed", SEEDS)
def test_beside_the_reference(pair: Pair, seed: int) -> None:
    walk = Walk(pair, seed)
    for _ in range(STEPS):
        walk.step()
    check_invariants(pair.redis)
    assert int(pair.redis.get("{ours}:lease:seq")) > 0


@dataclass
class Mixed:
    """Two clients on one queue; each step is taken by one of them, drawn from a seed."""

    clients: tuple[Any, Any]
    redis: Any
    clock: Clock
    seed: int
    tokens: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed + 1_000_000)

    def do(self, name: str, **arguments: Any) -> Any:
        timed = {} if name in UNTIMED else {"now_ms_override": self.clock.now_ms}
        return self._sound(name, outcome(getattr(self._one(), name), queue=QUEUE, **timed, **arguments))

    def reserve(self) -> Any:
        job = self._one().reserve(queue=QUEUE, now_ms_override=self.clock.now_ms)
        if job is not None and job.status == "JOB":
            self.tokens[job.job_id] = job.lease_token
            if job.gid:
                running = int(self.redis.get(f"{{{QUEUE}}}:g:{job.gid}:inflight"))
                assert running <= max(LIMITS[job.gid], 1), f"{running} leases in group {job.gid!r}"
        return self._sound("reserve", job)

    def leased(self, name: str, job_id: str, *, token: str | None = None, **options: Any) -> Any:
        held = self.tokens[job_id] if token is None else token
        return self.do(name, job_id=job_id, lease_token=held, **options)

    def _one(self) -> Any:
        return self.random.choice(self.clients)

    def _sound(self, name: str, answer: Any) -> Any:
        try:
            check_invariants(self.redis, QUEUE)
        except AssertionError as broken:
            raise AssertionError(f"after {name} -> {answer!r}: {broken}") from None
        return answer


@pytest.mark.parametrize("seed", SEEDS)
def test_together_with_the_reference(client: Any, reference: Any, redis: Any, clock: Clock, seed: int) -> None:
    mixed = Mixed((client, reference), redis, clock, seed)
    walk = Walk(mixed, seed)
    for _ in range(STEPS):
        walk.step()
    _work_off(mixed)


def _work_off(mixed: Mixed) -> None:
    """Whatever happened before, everything left can be worked off, and nothing stays behind."""
    mixed.do("resume")
    for _ in range(400):
        mixed.clock.advance(100_000)
        mixed.do("reap_expired")
        mixed.do("promote_delayed")
        while (job := mixed.reserve()) is not None:
            assert mixed.leased("ack_success", job.job_id) is None
        if not mixed.redis.zcard(f"{{{QUEUE}}}:active") and not mixed.redis.zcard(f"{{{QUEUE}}}:delayed"):
            break
    stats = {name: int(text) for name, text in mixed.redis.hgetall(f"{{{QUEUE}}}:stats").items()}
    left = ("waiting_total", "active", "delayed", "groups_ready")
    assert [stats.get(name.encode(), 0) for name in left] == [0, 0, 0, 0]
