"""Sets the stage: what an operator would find after some hours, made through the protocol, in the order of time."""

from __future__ import annotations

import contextlib
import threading
from random import Random

from omniq_core import AlreadyInit, CounterChanges, Discovery, OmniqClient, ReserveJob, pause_queue

from .broken import break_queues, check_all
from .errors import error_text
from .mark import note_seeded, seeded_queues
from .producer import nightly_due_ms, publish_job
from .queues import PLANS, Plan

STUCK_COUNTER = "import:tenant-8841:2026-03-09"
STUCK_EXPECTED = 400
STUCK_ACKED = 368
STUCK_FOR_MS = 47 * 60_000
MOST_RUN_MS = 1_500


def set_stage(client: OmniqClient, now_ms: int, stop: threading.Event) -> None:
    """Gives each queue its history, once per database; pauses and breaks at each start what the demo shows so.

    Raises what the link raises; a seed that was cut off goes on at the next start.
    """
    seeded = seeded_queues(client) or []
    for plan in PLANS:
        if stop.is_set():
            return
        if plan.name not in seeded:
            seed_queue(client, plan, now_ms)
            seeded.append(plan.name)
            note_seeded(client, seeded)
        if plan.paused:
            pause_queue(client.link, plan.name, now_ms=now_ms, by="oncall", reason="The digest template is wrong")
    _stuck_counter(client, now_ms)
    if stop.is_set() or seeded_queues(client) is None:
        return
    break_queues(client, now_ms)
    check_all(client, now_ms)


def seed_queue(client: OmniqClient, plan: Plan, now_ms: int) -> None:
    """Writes the history of one queue that nobody works yet, ending at `now_ms`."""
    rng = Random(plan.name)
    until = now_ms - plan.seed_until_s * 1000
    _ended_jobs(client, plan, rng, now_ms - plan.seed_span_s * 1000, until)
    for position in range(plan.nightly):
        publish_job(client, plan, rng, until, nightly_due_ms(now_ms, position))
    for position in range(plan.seed_leases):
        at = until - 2_000 + position * 10
        publish_job(client, plan, rng, at)
        client.reserve(queue=plan.name, now_ms_override=at + 5)
    for position in range(plan.seed_waiting):
        publish_job(client, plan, rng, until + position * (now_ms - until) // plan.seed_waiting)


def _ended_jobs(client: OmniqClient, plan: Plan, rng: Random, begin: int, until: int) -> None:
    """One job after the other from publish to its end, denser towards the present."""
    fates = [True] * plan.seed_failed + [False] * plan.seed_done
    rng.shuffle(fates)
    latest = until - plan.max_attempts * (plan.backoff_ms + MOST_RUN_MS) - 3_000
    starts = sorted(begin + int(rng.betavariate(2, 1) * (latest - begin)) for _ in fates)
    free_at = begin
    for start, fails in zip(starts, fates, strict=True):
        at = max(start, free_at)
        if at > latest:
            return
        free_at = _live_through(client, plan, rng, at, fails=fails) + 1


def _live_through(client: OmniqClient, plan: Plan, rng: Random, at: int, *, fails: bool) -> int:
    """A job from its publish to its end; returns when that was (ms)."""
    job_id = publish_job(client, plan, rng, at)
    kind = Random(job_id).choice(plan.errors) if fails else ""
    while True:
        at += rng.randrange(5, 80)
        got = client.reserve(queue=plan.name, now_ms_override=at)
        if not isinstance(got, ReserveJob):
            return at
        at += rng.randrange(50, MOST_RUN_MS)
        token = got.lease_token
        if not fails:
            client.ack_success(queue=plan.name, job_id=got.job_id, lease_token=token, now_ms_override=at)
            return at
        error = error_text(kind, rng)
        outcome, due = client.ack_fail(
            queue=plan.name, job_id=got.job_id, lease_token=token, error=error, now_ms_override=at
        )
        if outcome == "FAILED" or due is None:
            return at
        at = due
        client.promote_delayed(queue=plan.name, now_ms_override=at)


def _stuck_counter(client: OmniqClient, now_ms: int) -> None:
    """A parent that waits for children who will never ack, as if a dashboard had watched it for a while."""
    with contextlib.suppress(AlreadyInit):
        client.childs_init(key=STUCK_COUNTER, expected=STUCK_EXPECTED)
        for child in range(STUCK_ACKED):
            client.child_ack(key=STUCK_COUNTER, child_id=f"rows-{child * 500:06}")
        discovery = Discovery(client.link)
        while not discovery.step(1_000):
            pass
        CounterChanges(client.link).step(now_ms - STUCK_FOR_MS, busy=False)
