"""Thousands of broken jobs (`long`) are repaired by tasks while workers of both SDKs run, and the process at work is
killed in each of them."""

from __future__ import annotations

import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from omniq_core import OmniqClient, TaskRunner
from omniq_core.operator.findings import findings_key
from tests.operator.bulk import the_task
from tests.operator.job_checks import find, kinds
from tests.operator.repairing import begin_repair, found_jobs
from tests.operator.test_job_repair_live import GROUPS, KINDS, break_jobs, now_ms, two_workers
from tests.support.clock import wait_until
from tests.support.factories import publish_jobs
from tests.support.invariants import check_invariants
from tests.support.redis_server import RedisServer

pytestmark = [pytest.mark.broken_data, pytest.mark.long]
MOST_ROUNDS = 6


def repair_one_kind(client: OmniqClient, redis: Any, url: str, child: Any, task_id: str, kind: str, choice: str) -> int:
    """All findings of a kind as one task, whose first process dies at work; how many it changed."""
    total = redis.hlen(findings_key("q", kind))
    if not total:
        return 0
    assert begin_repair(client, kind, total, choice, task_id=task_id) == "begun"
    process = child("tests.operator.runner_child", url, 1_000)
    wait_until(lambda: the_task(client.link, "q", task_id).batches > 0, timeout=30)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert the_task(client.link, "q", task_id).left > 0 or total < 3_000
    works = TaskRunner(client.link, now_ms)
    while (task := the_task(client.link, "q", task_id)).state == "running":
        time.sleep(works.tick())
    assert (task.state, task.fault, task.done + task.skipped) == ("finished", "", total)
    assert {code for code, _ in task.reasons} <= {"MOVED_ON", "NEWER_KEPT"}
    return task.done


def test_all_are_repaired_though_the_process_is_killed(
    client: OmniqClient, redis_server: RedisServer, redis: Any, tmp_path: Path, child: Any
) -> None:
    publish_jobs(client, "q", [f"sound-{n}" for n in range(200)], now_ms=now_ms() - 1_000, backoff_ms=50)
    made = break_jobs(redis, 10_000, 2_000, 500)
    done: Counter[str] = Counter()
    with two_workers(redis_server, redis, tmp_path):
        for rounds in range(MOST_ROUNDS):
            found = find(client.link, redis, GROUPS)
            if not found:
                break
            assert rounds or Counter(kinds(found).values())["orphans"] == 10_000
            found_jobs(client, found.values())
            for kind, choice in KINDS:
                # Of those that completed 100 find room at most: the others are removed in the second round.
                choice = "remove" if rounds and choice else choice
                task_id = f"{rounds}{KINDS.index((kind, 'put_back' if choice else '')):015}"
                done[kind] += repair_one_kind(client, redis, redis_server.url, child, task_id, kind, choice)
        assert find(client.link, redis, GROUPS) == {}
        wait_until(lambda: redis.zcard("{q}:idx:wait") == 0 == redis.zcard("{q}:active"), timeout=60)
    check_invariants(redis, "q")
    assert done["orphans"] == 10_000
    # Of those that stand in two lanes a third waits, and workers take these meanwhile.
    assert done["two_lanes"] >= 1_333 and done["states"] == 500 and len(made) == 12_500
