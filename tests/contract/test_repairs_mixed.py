"""Each broken state is made by hand, found, previewed, and repaired while a worker of ours and one of the reference
run; then the invariants hold, and the check that follows finds nothing."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from omniq_core import FINDING_KINDS, OmniqClient, TaskRunner, preview_repair, read_health, read_task, start_repair
from tests.operator.bulk import Timer
from tests.operator.test_check_kinds import BROKEN, begun
from tests.operator.test_check_runner import NOW, work
from tests.support.clock import wait_until
from tests.support.invariants import check_invariants
from tests.support.redis_server import RedisServer

pytestmark = pytest.mark.broken_data
KINDS = [kind for kind in FINDING_KINDS if kind != "over_limit"]  # that one ends by itself
BY_WORKERS = {"ready_extra", "completed_over", "old_index", "old_stats"}
"""A worker that meets one of these puts it right itself: less is left for the repair."""
LATER = NOW + 5_000
TASK = "a" * 16


def ghost_in_failed(redis: Any) -> None:
    """Of one that waits the reference makes an empty job, which is another trouble."""
    redis.lpush("{a}:failed", "ghost")
    redis.hset("{a}:stats", "failed", 2)


@contextlib.contextmanager
def both_work(server: RedisServer, reference: Any) -> Iterator[None]:
    """Two workers that publish, lease and end jobs, in one group and in none; the clock stands at LATER."""
    over, failures, rounds = threading.Event(), list[BaseException](), [0, 0]
    now = {"queue": "a", "now_ms_override": LATER}

    def run(client: Any, who: int) -> None:
        try:
            while not over.is_set():
                n = rounds[who]
                client.publish(payload={}, job_id=f"{who}-{n}", gid="z" if n % 3 else None, **now)
                job = client.reserve(**now)
                if job is not None:
                    lease = {"job_id": job.job_id, "lease_token": job.lease_token, **now}
                    if n % 4:
                        client.ack_success(**lease)
                    else:
                        client.ack_fail(error="E: no", **lease)
                rounds[who] += 1
        except BaseException as error:
            failures.append(error)

    with OmniqClient(redis_url=server.url) as ours:
        threads = [threading.Thread(target=run, args=each) for each in ((ours, 0), (reference, 1))]
        for thread in threads:
            thread.start()
        try:
            wait_until(lambda: failures or min(rounds) > 2, timeout=30)
            yield
            seen = min(rounds)
            wait_until(lambda: failures or min(rounds) > seen + 2, timeout=30)
        finally:
            over.set()
            for thread in threads:
                thread.join(20)
    assert failures == []


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_repaired_while_both_work(
    client: OmniqClient, reference: Any, redis: Any, redis_server: RedisServer, monkeypatch: Any, kind: Any
) -> None:
    monkeypatch.setitem(BROKEN, "ghosts", (ghost_in_failed, "ghost"))
    check, timer, _ = begun(client, redis, kind)
    work(check, timer, client)
    (report,) = read_health(client.link).reports
    assert report.found == {kind: 1}
    choice = "put_back" if kind == "orphans" else ""
    shown = preview_repair(client.link, "a", kind, choice, now_ms=LATER)
    assert shown.count > 0 and shown.rows and all(row.before != row.after for row in shown.rows)
    with both_work(redis_server, reference):
        asked = {"kind": kind, "choice": choice, "total": shown.count, "actor": "zoe", "now_ms": LATER}
        assert start_repair(client.link, "a", TASK, **asked) == "begun"  # type: ignore[arg-type]
        repairs = TaskRunner(client.link, lambda: LATER, timer=(clock := Timer()))
        while (task := read_task(client.link, "a", TASK)) and task.is_open:
            clock.now += repairs.tick()
    assert task and (task.state, task.fault, task.done + task.skipped) == ("finished", "", shown.count)
    assert task.done == shown.count or kind in BY_WORKERS
    check_invariants(redis, "a")
    clock.now += 2.0
    repairs.tick()  # it tells how it ended, and asks for a check
    check.look_now()
    work(check, timer, client)
    assert [(one.queue, one.found, one.broken) for one in read_health(client.link).reports] == [("a", {}, "")]
