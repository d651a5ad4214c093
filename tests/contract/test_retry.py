"""retry_failed and retry_failed_batch."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.pair import Pair
from tests.contract.states import EVERY_ID, one_of_each


@pytest.mark.parametrize("job_id", EVERY_ID)
def test_one_job(pair: Pair, job_id: str) -> None:
    one_of_each(pair)
    answer = pair.do("retry_failed", job_id=job_id)
    code = {"nope": "NO_JOB", "": "NO_JOB"}.get(job_id, "NOT_FAILED")
    assert answer == (None if job_id in ("f1", "fg") else ("RuntimeError", f"RETRY_FAILED failed: {code}"))
    again = pair.do("retry_failed", job_id=job_id)
    assert again[0] == "RuntimeError"


@pytest.mark.parametrize(
    ("ids", "reasons"),
    [
        ([], []),
        (["f1"], [None]),
        (["fg", "f1"], [None, None]),
        (["f1", "f1"], [None, "NOT_FAILED"]),
        (["", "f1", ""], ["BAD_JOB_ID", None, "BAD_JOB_ID"]),
        (["nope", "f1", "nope"], ["NO_JOB", None, "NO_JOB"]),
        (["u1", "g1", "d1", "c1", "a1", "ag"], ["NOT_FAILED"] * 6),
        ([1, None], ["NO_JOB", "NO_JOB"]),
        (("f1",), [None]),
        ({"f1"}, [None]),
        ("ab", ["NO_JOB", "NO_JOB"]),
    ],
)
def test_a_batch(pair: Pair, ids: Any, reasons: list[str | None]) -> None:
    one_of_each(pair)
    answer = pair.do("retry_failed_batch", job_ids=ids)
    assert answer == [
        (str(job_id), "ERR" if reason else "OK", reason) for job_id, reason in zip(ids, reasons, strict=True)
    ]


def test_a_batch_enters_its_lanes_in_the_order_of_the_ids(pair: Pair) -> None:
    names = [f"{gid or 'u'}{n}" for n in range(4) for gid in ("", "A", "B")]
    for job_id in names:
        pair.publish(job_id, max_attempts=1, gid=job_id[0] if job_id[0] in "AB" else None, group_limit=2)
        pair.reserve()
        pair.leased("ack_fail", job_id, error="E")
        pair.clock.advance(1)
    pair.do("retry_failed_batch", job_ids=["u3", "B1", "A2", "u0", "A0", "B3"])
    served: list[str] = []
    for _ in range(6):
        pair.clock.advance(1)
        served.append(pair.reserve()[1])
    assert served == ["A2", "u3", "B1", "u0", "A0", "B3"]
    assert pair.stored()[b"stats"][1][b"failed"] == b"6"  # type: ignore[index]


@pytest.mark.parametrize("job_id", ["OK", "user/234", "..", "a:b", "🔥", "a\nb", "NO_JOB"], ids=ascii)
def test_ids_that_look_like_answers(pair: Pair, job_id: str) -> None:
    for name in (job_id, "other"):
        pair.publish(name, max_attempts=1)
        pair.reserve()
        pair.leased("ack_fail", name, error="E")
    assert pair.do("retry_failed_batch", job_ids=[job_id, "x", job_id]) == [
        (job_id, "OK", None),
        ("x", "ERR", "NO_JOB"),
        (job_id, "ERR", "NOT_FAILED"),
    ]
    assert pair.reserve()[1] == job_id


def test_a_retried_job_starts_afresh(pair: Pair) -> None:
    pair.publish("j", max_attempts=2, backoff_ms=0, gid="A")
    for _ in range(2):
        pair.reserve()
        pair.leased("ack_fail", "j", error="E: kept")
        pair.do("promote_delayed")
    pair.clock.advance(100)
    assert pair.do("retry_failed", job_id="j") is None
    assert pair.reserve()[4] == 1
    pair.leased("ack_success", "j")
    fields = pair.stored()[b"job:j"][1]
    assert isinstance(fields, dict)
    assert fields[b"last_error"] == b"E: kept"


def test_a_failed_job_that_its_list_lost_is_retried_all_the_same(pair: Pair) -> None:
    one_of_each(pair)
    for queue in ("ours", "theirs"):
        pair.redis.lrem(f"{{{queue}}}:failed", 0, "f1")
    assert pair.do("retry_failed", job_id="f1") is None


@pytest.mark.parametrize("operation", ["retry_failed_batch", "remove_jobs_batch"])
def test_a_hundred_are_enough(pair: Pair, operation: str) -> None:
    lane: dict[str, str] = {"lane": "failed"} if operation == "remove_jobs_batch" else {}
    names = [f"j{n}" for n in range(101)]
    for name in names:
        pair.client.publish(queue="ours", payload={}, job_id=name, max_attempts=1, now_ms_override=pair.clock.now_ms)
        pair.reference.publish(
            queue="theirs", payload={}, job_id=name, max_attempts=1, now_ms_override=pair.clock.now_ms
        )
        pair.reserve()
        pair.leased("ack_fail", name, error="E")
    before = pair.stored()
    assert pair.do(operation, job_ids=names, **lane) == ("ValueError",)
    assert pair.stored() == before
    answer = pair.do(operation, job_ids=names[:100], **lane)
    assert [status for _, status, _ in answer] == ["OK"] * 100
    assert pair.stored()[b"failed"] == ("list", [b"j100"])
