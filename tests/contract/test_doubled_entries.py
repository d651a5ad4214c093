"""Entries that stand twice in a lane, as a second publish of one id by the reference leaves them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.pair import Pair
from tests.contract.states import one_of_each


@pytest.fixture
def doubled(pair: Pair) -> Pair:
    """f1 stands twice in failed and u1 twice in wait, first and last."""
    one_of_each(pair)
    for queue in ("ours", "theirs"):
        for lane, job_id in (("failed", "f1"), ("wait", "u1")):
            pair.redis.lrem(f"{{{queue}}}:{lane}", 0, job_id)
            pair.redis.lpush(f"{{{queue}}}:{lane}", job_id)
            pair.redis.rpush(f"{{{queue}}}:{lane}", job_id)
    return pair


@pytest.mark.broken_data
@pytest.mark.parametrize("batch", [True, False])
def test_a_retry_takes_every_entry_out_of_failed(doubled: Pair, batch: bool) -> None:
    if batch:
        doubled.do("retry_failed_batch", job_ids=["f1", "fg"])
    else:
        doubled.do("retry_failed", job_id="f1")
    left: Any = doubled.stored().get(b"failed")
    assert left == (None if batch else ("list", [b"fg"]))


@pytest.mark.broken_data
@pytest.mark.parametrize("batch", [True, False])
@pytest.mark.parametrize(("lane", "job_id"), [("failed", "f1"), ("wait", "u1")])
def test_a_removal_takes_the_first(doubled: Pair, batch: bool, lane: str, job_id: str) -> None:
    if batch:
        doubled.do("remove_jobs_batch", job_ids=[job_id], lane=lane)
    else:
        doubled.do("remove_job", job_id=job_id, lane=lane)
    left: Any = doubled.stored()[lane.encode()]
    assert left[1][-1] == job_id.encode()
