"""What an action changed, and why it left the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from omniq_core import BatchResultItem

WHY = {
    "BAD_JOB_ID": "no id was given",
    "NO_JOB": "no longer in the queue",
    "NOT_DELAYED": "no longer delayed",
    "NOT_FAILED": "no longer failed",
    "ACTIVE": "a worker holds it now",
    "LANE_MISMATCH": "no longer in this lane",
    "NOT_IN_LANE": "missing from its lane; the health check can repair that",
    "EXISTS": "a job has this id again",
    "NEWER_KEPT": "100 newer completed jobs are kept",
    "GONE": "its time was over",
    "RESTORED": "it was back already",
    "BROKEN_GROUP": "a key of its group is of another type",
}


@dataclass(frozen=True, slots=True)
class Skipped:
    """The ids that were left alone for one reason, and the protocol's code for it."""

    code: str
    why: str
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """`done` jobs were changed; `skipped` says which were not, one entry per reason.

    Of those done, `final` were removed for good, though they were to be kept.
    """

    done: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    final: int = 0

    @property
    def asked(self) -> int:
        """How many jobs the action was asked to change."""
        return len(self.done) + self.left

    @property
    def left(self) -> int:
        """How many jobs were left as they were."""
        return sum(len(reason.ids) for reason in self.skipped)


def outcome_of(results: Sequence[BatchResultItem]) -> Outcome:
    """Sorts the results of a batch by what became of each id."""
    by_code: dict[str, list[str]] = {}
    for item in results:
        if item.status != "OK":
            by_code.setdefault(item.reason or "ERR", []).append(item.job_id)
    skipped = tuple(Skipped(code, WHY.get(code, "refused"), tuple(ids)) for code, ids in by_code.items())
    done = [item for item in results if item.status == "OK"]
    return Outcome(tuple(item.job_id for item in done), skipped, sum(item.reason == "FINAL" for item in done))
