"""The moving part: producers and workers of all queues, as one loop that takes a step every tick."""

from __future__ import annotations

import contextlib
import heapq
import time
from random import Random

from omniq_core import AlreadyInit, OmniqClient, OmniqError, QueueMonitor, ReserveJob

from .errors import error_text
from .mark import NotOurDatabase, seeded_queues
from .payloads import MOVING_COUNTER
from .producer import nightly_due_ms, publish_job
from .queues import PLANS, Plan

LEVELS_EVERY_S = 3.0
CHORES_EVERY_S = 1.0
MOVING_EXPECTED = 180
MOST_AT_ONCE = 6.0
PAGE = 25


class Workload:
    """All queues of a claimed database. `tick()` a few times a second keeps them moving and within their bounds."""

    def __init__(self, client: OmniqClient, plans: tuple[Plan, ...] = PLANS) -> None:
        self._client = client
        self._monitor = QueueMonitor(client)
        self._crews = [Crew(client, plan) for plan in plans]
        self._levels_at = 0.0

    def tick(self) -> None:
        """One step of every queue. Raises NotOurDatabase when the mark is gone, and what the link raises."""
        now = time.monotonic()
        if now >= self._levels_at:
            self._levels_at = now + LEVELS_EVERY_S
            self._look_at_levels()
        for crew in self._crews:
            crew.step(now, time.time_ns() // 1_000_000)

    def _look_at_levels(self) -> None:
        if seeded_queues(self._client) is None:
            raise NotOurDatabase("the database lost the demo's mark, so nothing more is written to it")
        levels = self._monitor.stats_many([crew.plan.name for crew in self._crews])
        for crew, level in zip(self._crews, levels, strict=True):
            crew.backlog = level.waiting_total + level.delayed
            if level.failed > crew.plan.failed_cap:
                trim_failed(self._client, self._monitor, crew.plan, level.failed)
            for position in range(level.delayed + level.waiting_total + level.active, crew.plan.nightly):
                crew.publish_nightly(position)


def trim_failed(client: OmniqClient, monitor: QueueMonitor, plan: Plan, failed: int) -> None:
    """Removes the oldest failed jobs beyond the plan's cap, as the lane itself has no bound."""
    while failed > plan.failed_cap:
        oldest = monitor.lane_page(plan.name, "failed", limit=min(PAGE, failed - plan.failed_cap))
        if not oldest:
            return
        client.remove_jobs_batch(queue=plan.name, lane="failed", job_ids=[job.job_id for job in oldest])
        failed -= len(oldest)


class Crew:
    """The producer and the workers of one queue. A job that runs is an entry in a heap, not a thread."""

    def __init__(self, client: OmniqClient, plan: Plan) -> None:
        self.plan = plan
        self.backlog = 0
        self._client = client
        self._rng = Random()
        self._running: list[tuple[float, int, ReserveJob, bool]] = []
        self._taken = 0
        self._credit = 0.0
        self._last_step = time.monotonic()
        self._chores_at = 0.0

    def step(self, now: float, now_ms: int) -> None:
        """Ends what is done, publishes what is due and starts what there is room for. `now` is monotonic seconds."""
        self._end_jobs(now)
        self._publish(now, now_ms)
        self._last_step = now
        if not self.plan.worked:
            return
        if now >= self._chores_at:
            self._chores_at = now + CHORES_EVERY_S
            self._client.promote_delayed(queue=self.plan.name)
            self._client.reap_expired(queue=self.plan.name)
        self._start_jobs(now)

    def publish_nightly(self, position: int) -> None:
        """Puts the job at `position` of the coming night into the delayed lane."""
        now_ms = time.time_ns() // 1_000_000
        publish_job(self._client, self.plan, self._rng, now_ms, nightly_due_ms(now_ms, position))

    def _publish(self, now: float, now_ms: int) -> None:
        credit = self._credit + self.plan.rate * (now - self._last_step) * self._rng.uniform(0.4, 1.6)
        self._credit = min(credit, MOST_AT_ONCE)
        while self._credit >= 1 and self.backlog < self.plan.waiting_cap:
            self._credit -= 1
            self.backlog += 1
            later = self._rng.random() < self.plan.delayed
            due = now_ms + int(self._rng.uniform(*self.plan.delay_s) * 1000) if later else 0
            publish_job(self._client, self.plan, self._rng, now_ms, due)

    def _start_jobs(self, now: float) -> None:
        while len(self._running) < self.plan.slots:
            got = self._client.reserve(queue=self.plan.name)
            if not isinstance(got, ReserveJob):
                return
            if self._rng.random() < self.plan.crashes:
                continue  # its worker died: nobody will ack it
            share = self.plan.first_fails if got.attempt <= 1 else self.plan.later_fails
            fails = bool(self.plan.errors) and self._rng.random() < share
            self._taken += 1
            ends = now + self._rng.uniform(*self.plan.run_s)
            heapq.heappush(self._running, (ends, self._taken, got, fails))

    def _end_jobs(self, now: float) -> None:
        while self._running and self._running[0][0] <= now:
            _, _, job, fails = heapq.heappop(self._running)
            # a lease that was lost meanwhile (the machine slept, say) is somebody else's now
            with contextlib.suppress(OmniqError):
                self._end(job, fails=fails)

    def _end(self, job: ReserveJob, *, fails: bool) -> None:
        queue, job_id, token = self.plan.name, job.job_id, job.lease_token
        if fails:
            kind = Random(job_id).choice(self.plan.errors)
            error = error_text(kind, self._rng)
            self._client.ack_fail(queue=queue, job_id=job_id, lease_token=token, error=error)
            return
        self._client.ack_success(queue=queue, job_id=job_id, lease_token=token)
        if self.plan.counts_children and self._client.child_ack(key=MOVING_COUNTER, child_id=job_id) <= 0:
            with contextlib.suppress(AlreadyInit):
                self._client.childs_init(key=MOVING_COUNTER, expected=MOVING_EXPECTED)
