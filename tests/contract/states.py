"""A queue with one job in every state, grouped and ungrouped, on both sides of a pair."""

from __future__ import annotations

from tests.contract.pair import Pair

EVERY_ID = ("u1", "g1", "d1", "dg", "f1", "fg", "c1", "a1", "ag", "nope", "")


def one_of_each(pair: Pair) -> None:
    """u1 waiting, g1 and g2 waiting in group A, d1 and dg delayed, f1 and fg failed, c1 completed, a1 and ag leased."""
    for job_id, gid in (("f1", None), ("fg", "A")):
        pair.publish(job_id, gid=gid, max_attempts=1)
        pair.reserve()
        pair.leased("ack_fail", job_id, error="E: x")
    pair.publish("c1")
    pair.reserve()
    pair.leased("ack_success", "c1")
    for job_id, gid in (("a1", None), ("ag", "B")):
        pair.publish(job_id, gid=gid)
        pair.reserve()
    later = pair.clock.now_ms + 1_000
    for job_id, gid, due in (("u1", None, 0), ("g1", "A", 0), ("g2", "A", 0), ("d1", None, later), ("dg", "A", later)):
        pair.publish(job_id, gid=gid, due_ms=due)
    pair.clock.advance(10)
