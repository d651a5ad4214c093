"""What operations on several ids take and answer."""

from __future__ import annotations

from collections.abc import Iterable

from .models import BatchResultItem

MAX_BATCH = 100
LANES = ("wait", "gwait", "delayed", "failed", "completed")
"""The lanes that jobs can be removed from."""
_RESULTS: dict[str, tuple[str, str | None]] = {"OK": ("OK", None), "FINAL": ("OK", "FINAL")}


def batch_ids(job_ids: Iterable[str]) -> list[str]:
    """The ids of a batch as text. Raises ValueError for more than 100."""
    ids = [str(job_id) for job_id in job_ids]
    if len(ids) > MAX_BATCH:
        raise ValueError(f"at most {MAX_BATCH} ids a batch, not {len(ids)}")
    return ids


def batch_results(ids: list[str], answers: list[str]) -> list[BatchResultItem]:
    """The answers of a script, one per id: `OK`, `FINAL` (OK, with that for a reason), or the code of the refusal."""
    pairs = zip(ids, answers, strict=True)
    return [BatchResultItem(i, *_RESULTS.get(a, ("ERR", a))) for i, a in pairs]
