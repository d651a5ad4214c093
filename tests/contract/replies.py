"""The kinds of replies that each operation can give, so that a walk can show that it met them all.

NOT_ACTIVE needs damaged keys: tests of its own meet it.
"""

from __future__ import annotations

from typing import Any

_BATCH_REASONS = {"OK", "BAD_JOB_ID", "NO_JOB"}
_REMOVED = {"OK", "NO_JOB", "ACTIVE", "LANE_MISMATCH", "NOT_IN_LANE"}
_LEASED = {"None", "PAUSED", "JOB", "JOB of a group"}
_REFUSED = {"TOKEN_REQUIRED", "TOKEN_MISMATCH"}

EVERY_KIND: dict[str, set[str]] = {
    "publish": {"id"},
    "publish_json": {"id"},
    "publish_many": {"empty", "id"},
    "reserve": _LEASED,
    "ack_and_reserve": _LEASED | {"TOKEN_MISMATCH"},
    "heartbeat": {"some"} | _REFUSED,
    "ack_success": {"None"} | _REFUSED,
    "ack_fail": {"RETRY", "FAILED"} | _REFUSED,
    "heartbeat, lost": {"TOKEN_MISMATCH"},
    "ack_success, lost": {"TOKEN_MISMATCH"},
    "ack_fail, lost": {"TOKEN_MISMATCH"},
    "promote_delayed": {"0", "some"},
    "reap_expired": {"0", "some"},
    "pause": {"OK"},
    "resume": {"0", "some"},
    "is_paused": {"True", "False"},
    "retry_failed": {"None", "NO_JOB", "NOT_FAILED"},
    "retry_failed_batch": _BATCH_REASONS | {"NOT_FAILED", "empty"},
    "remove_job": _REMOVED,
    "remove_jobs_batch": _REMOVED | {"empty", "BAD_JOB_ID", "BAD_LANE"},
    "retry_all": {"empty", "OK"},
    "remove_all": {"empty", "OK"},
    "run_now": {"None"},
    "childs_init": {"None", "BAD_EXPECTED", "ALREADY_INIT"},
    "child_ack": {"-1", "0", "some"},
    "completed": {"full"},
}
_READS: dict[str, set[str]] = {
    "stats": {"something"},
    "groups_ready": {"something", "nothing"},
    "groups_ready_with_scores": {"something", "nothing"},
    "group_status": {"something"},
    "lane_page": {"something", "nothing"},
    "get_job": {"something", "nothing"},
    "find_jobs": {"something", "nothing"},
    "overview": {"something"},
}
EVERY_KIND_BESIDE = EVERY_KIND | _READS
EVERY_KIND_ALONE = EVERY_KIND | {
    "run_now": {"None", "NO_JOB", "NOT_DELAYED"},
    "run_now_batch": _BATCH_REASONS | {"NOT_DELAYED", "empty"},
    "restore": {"OK", "EXISTS", "RESTORED", "GONE"},
}


def kinds(name: str, answer: Any) -> list[str]:
    """The kinds of one reply as `outcome` gives it; a batch has one for each job."""
    if name.startswith("publish") and isinstance(answer, str):
        return ["id"]
    if isinstance(answer, list):
        return ["id" if isinstance(one, str) else one[2] or one[1] for one in answer] or ["empty"]
    if isinstance(answer, tuple):
        if answer[0] == "RuntimeError":
            return [answer[1].rpartition(": ")[2]]
        return ["JOB of a group" if answer[0] == "JOB" and answer[-1] else answer[0]]
    if isinstance(answer, int) and not isinstance(answer, bool) and answer > 0:
        return ["some"]
    return [str(answer)]
