"""The broken queues of the demo: a check finds one of each kind in them, and each can be put right."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from dashboard.demo.broken import BROKEN, break_queues, check_all
from dashboard.demo.queues import PLANS
from omniq_core import (
    FINDING_KINDS,
    CheckRunner,
    OmniqClient,
    preview_repair,
    read_health,
    start_repair,
)
from tests.operator.bulk import Timer
from tests.operator.repairing import worked_off
from tests.operator.test_check_runner import NOW, runner, work
from tests.support.invariants import check_invariants

pytestmark = pytest.mark.broken_data
COUNTS = {
    "broken-groups": {"inflight": 1, "ready_missing": 1, "ready_extra": 1, "over_limit": 1},
    "broken-jobs": {"counters": 1, "idx": 1, "ghosts": 1, "orphans": 1, "two_lanes": 1, "states": 1, "types": 1},
    "broken-leases": {"leases": 1, "completed_over": 1},
    "broken-sdk-1": {"old_stats": 1},
    "broken-sdk-2": {"old_index": 1},
}


def found(client: OmniqClient) -> dict[str, dict[str, int]]:
    """Of the broken queues alone: whether another one of the demo is there is nobody's business here."""
    return {
        one.queue: {str(kind): n for kind, n in one.found.items()}
        for one in read_health(client.link).reports
        if one.queue in BROKEN
    }


def test_each_kind_is_there_and_can_be_repaired(client: OmniqClient, redis: Any) -> None:
    break_queues(client, NOW)
    check_all(client, NOW)
    assert redis.llen("{omniq:x}:check:queues") == len(PLANS) + len(BROKEN)
    work(*runner(client), client)
    assert found(client) == COUNTS
    assert {kind for kinds in COUNTS.values() for kind in kinds} == set(FINDING_KINDS)

    check: tuple[CheckRunner, Timer] = runner(client)
    for queue in BROKEN:
        # Each repair is followed by a check, whose findings the next one goes by.
        while kinds := [kind for kind in found(client)[queue] if kind != "over_limit"]:
            repair(client, queue, kinds[0])
            work(*check, client)
    assert found(client) == {queue: {"over_limit": 1} if queue == "broken-groups" else {} for queue in BROKEN}
    for queue in BROKEN[1:]:
        check_invariants(redis, queue)


def test_each_start_breaks_them_anew(client: OmniqClient, redis: Any) -> None:
    break_queues(client, NOW)
    redis.delete("{broken-sdk-2}:failed")
    redis.set("{broken-jobs}:g:mine:limit", 3)
    redis.set("{broken-jobs}:x:note", "ours")
    redis.set("{broken-job}:paused", 1)
    client.publish(queue="broken-leases", payload={}, job_id="by hand", now_ms_override=NOW)
    break_queues(client, NOW)
    check_all(client, NOW)
    work(*runner(client), client)
    assert found(client) == COUNTS
    assert redis.exists("{broken-jobs}:g:mine:limit", "{broken-leases}:job:by hand") == 0
    # what the dashboard keeps of a queue stays, and what belongs to another one
    assert redis.exists("{broken-jobs}:x:note", "{broken-job}:paused") == 2


def repair(client: OmniqClient, queue: str, kind: str) -> None:
    choice = "put_back" if kind == "orphans" else ""
    shown = preview_repair(client.link, queue, kind, choice, now_ms=NOW)
    task_id = secrets.token_hex(8)
    asked = {"kind": kind, "choice": choice, "total": shown.count, "actor": "", "now_ms": NOW}
    assert start_repair(client.link, queue, task_id, **asked) == "begun"  # type: ignore[arg-type]
    worked_off(client, queue, task_id, NOW)
