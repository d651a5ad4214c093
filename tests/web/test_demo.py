"""The demo: what it shows, what it refuses to touch, and that it stays small and never outlives its parent."""

from __future__ import annotations

import signal
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from dashboard.demo.errors import error_text
from dashboard.demo.mark import MARK_KEY, NotOurDatabase, claim_database, note_seeded, seeded_queues
from dashboard.demo.process import Workload as Child
from dashboard.demo.process import start_workload
from dashboard.demo.producer import nightly_due_ms
from dashboard.demo.queues import PLANS, Plan
from dashboard.demo.seed import STUCK_COUNTER, set_stage
from dashboard.demo.workload import MOVING_COUNTER, Workload, trim_failed
from omniq_core import OmniqClient, QueueMonitor
from tests.support.clock import Clock, wait_until
from tests.support.factories import fail_jobs
from tests.support.invariants import check_invariants
from tests.support.programs import ROOT, Program
from tests.support.redis_server import RedisServer

HOUR_MS = 3_600_000


@pytest.fixture
def child(redis_server: RedisServer, client: OmniqClient) -> Iterator[Child]:
    """The workload at work on the empty server."""
    claim_database(client)
    running = start_workload(redis_server.url)
    yield running
    running.stop()


def demo_clients(redis: Any) -> int:
    """How many connections of a workload the server has."""
    return sum(entry["name"] == "omniq-demo" for entry in redis.client_list())


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def test_every_planned_state_is_there_soon(child: Child, client: OmniqClient, redis: Any) -> None:
    monitor = QueueMonitor(client)
    names = [plan.name for plan in PLANS]
    wait_until(lambda: seeded_queues(client) == names, 20, "the history of every queue")
    wait_until(lambda: redis.exists(f"{{cc:{MOVING_COUNTER}}}:count"), 20, "the counter that moves")
    wait_until(lambda: monitor.stats("payments-webhooks").completed_kept >= 20, 20, "payments at work")
    wait_until(lambda: monitor.stats("email-transactional").delayed > 0, 20, "a job for later")

    def running() -> set[str]:
        return {stats.queue for stats in monitor.stats_many(names) if stats.active}

    wait_until(lambda: {"payments-webhooks", "tenant-import", "video-transcode"} <= running(), 20, "jobs that run")

    digest = monitor.stats("email-digest")
    assert digest.paused
    assert digest.waiting >= 1_500
    assert digest.active == 0

    stalled = monitor.stats("image-resize")
    leases = monitor.lane_page("image-resize", "active")
    assert (stalled.active, len(leases)) == (16, 16)
    assert all(job.lock_until_ms < now_ms() for job in leases)
    assert stalled.waiting >= 420
    assert now_ms() - stalled.last_reserve_ms > 6 * 60_000
    assert not stalled.paused

    idle = monitor.stats("report-nightly")
    assert (idle.waiting_total, idle.active, idle.delayed) == (0, 0, 6)

    tenants = monitor.stats("tenant-import")
    assert tenants.waiting == 0
    assert tenants.group_waiting > 300
    assert redis.get("{tenant-import}:g:tenant-8841:limit") == b"2"
    assert redis.get(f"{{cc:{STUCK_COUNTER}}}:count") == b"32"
    assert now_ms() - int(redis.hget("{omniq:x}:children:seen", STUCK_COUNTER).split(b"|")[0]) > 45 * 60_000

    failed = monitor.lane_page("payments-webhooks", "failed")
    assert monitor.stats("payments-webhooks").failed >= 240
    assert now_ms() - failed[0].failed_ms > 2 * HOUR_MS
    newest = monitor.lane_page("payments-webhooks", "failed", reverse=True)[0]
    assert now_ms() - newest.failed_ms < HOUR_MS
    assert newest.attempt == newest.max_attempts == 3
    texts = "".join(
        job.last_error for page in range(9) for job in monitor.lane_page("payments-webhooks", "failed", page * 25)
    )
    for language in ("Traceback (most recent call last):", "    at async handleEvent", "goroutine "):
        assert language in texts
    assert redis.dbsize() < 50_000

    child.stop()
    for name in names:
        check_invariants(redis, name)


def test_the_history_is_in_the_order_of_time(client: OmniqClient, redis: Any) -> None:
    claim_database(client)
    set_stage(client, now_ms(), threading.Event())
    for plan in PLANS:
        for lane in ("failed", "completed"):
            ids = redis.lrange(f"{{{plan.name}}}:{lane}", 0, -1)
            moments = [int(redis.hget(b"{%s}:job:%s" % (plan.name.encode(), i), f"{lane}_ms")) for i in ids]
            assert moments == sorted(moments, reverse=True), (plan.name, lane)
            assert not moments or moments[0] <= now_ms()
        stats = QueueMonitor(client).stats(plan.name)
        # 100 is what OmniQ keeps
        assert (stats.failed, stats.completed_kept) == (plan.seed_failed, min(plan.seed_done, 100)), plan.name
        check_invariants(redis, plan.name)


def test_a_database_of_somebody_else_is_left_alone(
    client: OmniqClient, redis: Any, redis_server: RedisServer, tmp_path: Path
) -> None:
    redis.set("session:1", "theirs")
    with pytest.raises(NotOurDatabase, match="1 key that the demo did not write"):
        claim_database(client)
    program = Program(tmp_path, ["-m", "dashboard", "demo", "--redis", redis_server.url, "--port", "0"])
    assert program.wait(60) == 2
    assert (program.out, program.err.count("\n")) == ("", 1)
    assert "it is left alone" in program.err
    assert redis.keys("*") == [b"session:1"]


@pytest.mark.parametrize("mark", [b"yes", b'{"v":2}', b"[1]", b"\xff", None])
def test_a_mark_that_cannot_be_read_is_no_mark(client: OmniqClient, redis: Any, mark: bytes | None) -> None:
    if mark is None:
        redis.rpush(MARK_KEY, "a list")
    else:
        redis.set(MARK_KEY, mark)
    with pytest.raises(NotOurDatabase):
        claim_database(client)


def test_its_own_database_is_accepted_again_and_gets_no_second_history(client: OmniqClient, redis: Any) -> None:
    claim_database(client)
    set_stage(client, now_ms(), threading.Event())
    names = [plan.name for plan in PLANS]
    before = [(stats.waiting_total, stats.failed, stats.delayed) for stats in QueueMonitor(client).stats_many(names)]
    claim_database(client)
    client.resume(queue="email-digest")
    set_stage(client, now_ms(), threading.Event())
    after = [(stats.waiting_total, stats.failed, stats.delayed) for stats in QueueMonitor(client).stats_many(names)]
    assert after == before
    assert client.is_paused(queue="email-digest")  # each start sets the stage
    assert redis.get(f"{{cc:{STUCK_COUNTER}}}:count") == b"32"


def test_a_seed_that_was_cut_off_goes_on(client: OmniqClient, redis: Any) -> None:
    claim_database(client)
    done = [plan.name for plan in PLANS if plan.name != "invoice-pdf"]
    note_seeded(client, done)
    set_stage(client, now_ms(), threading.Event())
    assert seeded_queues(client) == [*done, "invoice-pdf"]
    assert QueueMonitor(client).stats("invoice-pdf").failed == 12
    assert QueueMonitor(client).stats("crm-sync").failed == 0


PARENT = """
import sys, time
from dashboard.demo.process import start_workload

child = start_workload(sys.argv[1])
print("Stop ", flush=True)
while True:
    time.sleep(60)
"""


def test_it_ends_with_a_parent_that_is_killed(
    client: OmniqClient, redis: Any, redis_server: RedisServer, tmp_path: Path
) -> None:
    claim_database(client)
    parent = Program(tmp_path, ["-c", PARENT, redis_server.url])
    try:
        wait_until(lambda: demo_clients(redis) == 1, 20, "the workload")
        parent.send(signal.SIGKILL)
        wait_until(lambda: demo_clients(redis) == 0, 10, "the end of the workload")
    finally:
        parent.end()
    check_invariants(redis)


def test_it_stops_writing_when_the_mark_is_gone(child: Child, client: OmniqClient, redis: Any) -> None:
    names = [plan.name for plan in PLANS]
    wait_until(lambda: seeded_queues(client) == names, 20, "the history of every queue")
    redis.flushdb()
    redis.set("session:1", "theirs")
    wait_until(lambda: not child.running, 10, "the end of the workload")


def test_it_goes_on_after_an_outage(throwaway_redis: RedisServer) -> None:
    with OmniqClient(redis_url=throwaway_redis.url) as client:
        claim_database(client)
    child = start_workload(throwaway_redis.url)
    try:
        with throwaway_redis.client() as redis:
            wait_until(lambda: redis.exists("{push-notify}:stats"), 20, "jobs")
        throwaway_redis.stop()
        throwaway_redis.start()  # the same address, empty
        with throwaway_redis.client() as redis:
            wait_until(lambda: redis.exists("{push-notify}:stats"), 20, "jobs again")
        assert child.running
    finally:
        child.stop()


def test_a_long_queue_gets_fewer_jobs(client: OmniqClient) -> None:
    claim_database(client)
    plan = Plan("audit-log", rate=1e6, slots=0, run_s=(1, 1), waiting_cap=7, worked=False)
    workload = Workload(client, (plan,))
    for _ in range(10):
        workload.tick()
    assert QueueMonitor(client).stats("audit-log").waiting == 7


def test_the_oldest_failed_jobs_go_when_there_are_too_many(client: OmniqClient, redis: Any, clock: Clock) -> None:
    ids = fail_jobs(client, "crm-sync", 67, now_ms=clock.now_ms)
    plan = Plan("crm-sync", rate=1, slots=1, run_s=(1, 1), failed_cap=10)
    trim_failed(client, QueueMonitor(client), plan, 67)
    left = [job.job_id for job in QueueMonitor(client).lane_page("crm-sync", "failed")]
    assert left == ids[-10:]
    check_invariants(redis)


def test_all_queues_together_stay_below_fifty_thousand_keys() -> None:
    # a key per job, a few per queue and three per group; 100 completed jobs are kept
    keys = sum(p.failed_cap + p.waiting_cap + p.slots + 100 + 20 + 3 * len(p.groups) for p in PLANS)
    assert 8 <= len(PLANS) <= 12
    assert keys < 50_000


def test_the_coming_night() -> None:
    # 2026-03-09 22:00 UTC, then 01:59:59.999 and 02:00 of the 10th
    assert nightly_due_ms(1_773_093_600_000, 0) == 1_773_108_000_000
    assert nightly_due_ms(1_773_107_999_999, 2) == 1_773_109_200_000
    assert nightly_due_ms(1_773_108_000_000, 0) == 1_773_194_400_000


def test_every_error_has_more_than_a_line_and_fits() -> None:
    for kind in {kind for plan in PLANS for kind in plan.errors}:
        text = error_text(kind, Random(1))
        assert text.count("\n") >= 3
        assert len(text.encode()) <= 4096
        assert "{host}" not in text


def test_the_command_shows_the_demo_and_leaves_nothing_behind(tmp_path: Path) -> None:
    program = Program(tmp_path, ["-m", "dashboard", "demo", "--data", str(tmp_path / "data"), "--port", "0"])
    try:
        url = program.url

        def page() -> str:
            with urllib.request.urlopen(f"{url}/", timeout=30) as reply:
                return reply.read().decode()

        wait_until(lambda: "payments-webhooks" in page(), 20, "the demo's queues")
        assert "demo" in page()
        assert "/data/" in program.out
        program.send(signal.SIGTERM)
        assert program.wait(30) == 0
        assert program.err == ""
    finally:
        program.end()


def test_a_data_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    program = Program(tmp_path, ["-m", "dashboard", "demo", "--data", str(tmp_path / "file" / "data"), "--port", "0"])
    assert program.wait(60) == 2
    assert (program.out, program.err.count("\n")) == ("", 1)
    assert "--data" in program.err


def test_the_child_finds_its_own_package(
    redis_server: RedisServer, client: OmniqClient, redis: Any, tmp_path: Path
) -> None:
    """A host's own `dashboard` in the working directory must not be taken for ours."""
    (tmp_path / "dashboard").mkdir()
    (tmp_path / "dashboard" / "__init__.py").write_text("raise RuntimeError('the wrong one')")
    claim_database(client)
    script = f"import sys; sys.path[:] = [p for p in sys.path if p]; sys.path.insert(0, {str(ROOT)!r})\n{PARENT}"
    parent = Program(tmp_path, ["-c", script, redis_server.url])
    try:
        wait_until(lambda: demo_clients(redis) == 1, 20, "the workload")
    finally:
        parent.end()
    wait_until(lambda: demo_clients(redis) == 0, 10, "the end of the workload")
