"""Retry, run now and remove: up to 100 jobs in one atomic script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from omniq_core import Keep, OmniqClient

from .outcome import Outcome, outcome_of
from .telling import Did, told

MAX_IDS = 100
REMOVABLE = {"waiting": "wait", "delayed": "delayed", "failed": "failed", "completed": "completed"}


def _counts(outcome: Outcome, _given: Mapping[str, Any]) -> Did:
    return Did(len(outcome.done), {reason.code: len(reason.ids) for reason in outcome.skipped})


@told(_counts)
def retry(client: OmniqClient, queue: str, ids: Sequence[str], *, now_ms: int) -> Outcome:
    """Gives failed jobs a fresh start at the tail of their lane, in the order of `ids`. ValueError above 100 ids."""
    return outcome_of(client.retry_failed_batch(queue=queue, job_ids=ids, now_ms_override=now_ms))


@told(_counts)
def run_now(client: OmniqClient, queue: str, ids: Sequence[str], *, now_ms: int) -> Outcome:
    """Puts delayed jobs at the tail of their lane before they are due. ValueError above 100 ids."""
    return outcome_of(client.run_now_batch(queue=queue, job_ids=ids, now_ms_override=now_ms))


def _kept(outcome: Outcome, given: Mapping[str, Any]) -> Did:
    keep: Keep | None = given.get("keep")
    did = _counts(outcome, given)
    return replace(did, facts={"batch": keep.batch} if keep and len(outcome.done) > outcome.final else {})


@told(_kept)
def remove(
    client: OmniqClient, queue: str, lane: str, ids: Sequence[str], *, now_ms: int, keep: Keep | None = None
) -> Outcome:
    """Removes jobs from a lane of a queue (a key of REMOVABLE), to the trash with `keep`. ValueError above 100 ids.

    A waiting job stands in the queue's list or in its group's: those missing in the first are looked for in the second.
    """
    how: dict[str, Any] = {"queue": queue, "now_ms_override": now_ms, "keep": keep}
    results = client.remove_jobs_batch(lane=REMOVABLE[lane], job_ids=ids, **how)
    grouped = [item.job_id for item in results if item.reason == "NOT_IN_LANE"] if lane == "waiting" else []
    if grouped:
        second = client.remove_jobs_batch(lane="gwait", job_ids=grouped, **how)
        # An ungrouped job has no second list: what the first look said about it stands.
        found = {item.job_id: item for item in second if item.reason != "LANE_MISMATCH"}
        results = [found.get(item.job_id, item) for item in results]
    return outcome_of(results)
