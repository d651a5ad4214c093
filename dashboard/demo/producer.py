"""Publishes one job as the producer of its queue would."""

from __future__ import annotations

from random import Random

from omniq_core import OmniqClient

from .payloads import job_id_for, payload_for
from .queues import Plan

NIGHT_MS = 2 * 3_600_000
DAY_MS = 86_400_000
BETWEEN_REPORTS_MS = 600_000


def publish_job(client: OmniqClient, plan: Plan, rng: Random, now_ms: int, due_ms: int = 0) -> str:
    """Publishes a job of that queue at `now_ms`, for `due_ms` if that is later; returns its id."""
    gid = rng.choice(plan.groups) if plan.groups else ""
    return client.publish(
        queue=plan.name,
        payload=payload_for(plan.name, gid, rng),
        job_id=job_id_for(plan.name, rng),
        max_attempts=plan.max_attempts,
        timeout_ms=plan.timeout_ms,
        backoff_ms=plan.backoff_ms,
        due_ms=due_ms,
        gid=gid or None,
        group_limit=plan.group_limit,
        now_ms_override=now_ms,
    )


def nightly_due_ms(now_ms: int, position: int) -> int:
    """When the job at `position` of the coming night is due: from 02:00 UTC, one every 10 minutes."""
    tonight = now_ms - now_ms % DAY_MS + NIGHT_MS
    if tonight <= now_ms:
        tonight += DAY_MS
    return tonight + position * BETWEEN_REPORTS_MS
