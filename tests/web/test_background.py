"""The thread of a process: lazy, single, hard to kill, gone after stop."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from redis.exceptions import ConnectionError

from dashboard import create_app
from dashboard.background import ProcessThreads, background_for
from dashboard.threads import BackgroundThread
from omniq_core import OmniqClient, read_health, read_overview, start_check
from omniq_core.operator.overview import DiscoveryState, pack_scan
from tests.operator.bulk import begin
from tests.support.clock import Clock, wait_until
from tests.support.factories import fail_jobs, publish_jobs
from tests.support.redis_server import RedisServer
from tests.web.trial import parsed

WaitUntil = Callable[..., None]


def mounted(app: Flask) -> Any:
    """What the mount of a standalone application holds."""
    return app.extensions["omniq_dashboard"]["omniq_dashboard"]


class Work:
    """Counts its ticks; raises what stands in `errors` first."""

    def __init__(self, errors: list[Exception] | None = None) -> None:
        self.errors = errors or []
        self.ticks = 0
        self.closed = 0
        self.threads: set[int] = set()

    def tick(self) -> float:
        self.ticks += 1
        self.threads.add(threading.get_ident())
        if self.errors:
            raise self.errors.pop(0)
        return 0.005

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def start() -> Iterator[Callable[[Work], BackgroundThread]]:
    made: list[BackgroundThread] = []

    def make(work: Work) -> BackgroundThread:
        made.append(BackgroundThread(work))
        return made[-1]

    yield make
    for thread in made:
        thread.stop()


def test_one_thread_however_often_it_is_asked_for(start: Any, wait_until: WaitUntil) -> None:
    work = Work()
    thread = start(work)
    assert not thread.running
    callers = [threading.Thread(target=thread.ensure_started) for _ in range(20)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    wait_until(lambda: work.ticks > 5)
    assert len(work.threads) == 1


def test_stop_joins_and_is_final(start: Any, wait_until: WaitUntil) -> None:
    work = Work()
    thread = start(work)
    thread.ensure_started()
    wait_until(lambda: work.ticks > 0)
    thread.stop()
    assert (thread.running, work.closed) == (False, 1)
    thread.ensure_started()
    assert not thread.running


def test_an_exception_is_logged_once_for_its_kind_and_ends_nothing(
    start: Any, wait_until: WaitUntil, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.threads.LONGEST_PAUSE_S", 0.005)
    secret = "redis://:s3cret@host"
    work = Work([ValueError(secret), ValueError(secret), KeyError("b"), ValueError("c")])
    with caplog.at_level(logging.WARNING):
        start(work).ensure_started()
        wait_until(lambda: work.ticks > 8)
    kinds = [record.getMessage() for record in caplog.records if record.name == "dashboard.threads"]
    assert len(kinds) == 2
    assert "ValueError" in kinds[0] and "KeyError" in kinds[1]
    assert "s3cret" not in caplog.text
    assert all(f'{__file__}", line' in said and "raise self.errors.pop(0)" in said for said in kinds)
    work.errors += [ValueError(secret)]
    before = work.ticks
    wait_until(lambda: work.ticks > before + 4)
    last = caplog.messages[-1]
    assert last == "omniq background: ValueError; trying again", "where it happens is told once"


@pytest.mark.parametrize("tells", [True, False])
def test_an_outage_is_said_by_one_thread_once_and_not_where_the_start_has_said_it(
    wait_until: WaitUntil, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, tells: bool
) -> None:
    monkeypatch.setattr("dashboard.threads.LONGEST_PAUSE_S", 0.005)
    away = ConnectionError("Error 111 connecting to host:1. Connection refused.")
    work = Work([away, away])
    thread = BackgroundThread(work, tells_outages=tells)
    with caplog.at_level(logging.WARNING):
        thread.ensure_started()
        wait_until(lambda: work.ticks > 4)
        assert caplog.messages == []
        work.errors += [away, away, away]
        wait_until(lambda: not work.errors)
        thread.stop()
    line = "omniq background: Redis does not answer (connection refused); trying again"
    assert caplog.messages == ([line] if tells else [])


def test_it_backs_off_while_redis_is_away_and_comes_back(throwaway_redis: RedisServer, wait_until: WaitUntil) -> None:
    with OmniqClient(redis_url=throwaway_redis.url) as client:
        thread = background_for(client.link, lambda: time.time_ns() // 1_000_000)
        assert background_for(client.link, lambda: 0) is thread
        throwaway_redis.stop()
        thread.ensure_started()
        throwaway_redis.start()
        publish_jobs(client, "q", 1, now_ms=time.time_ns() // 1_000_000)
        wait_until(lambda: read_overview(client.link, 1).snapshots, timeout=10)
        thread.stop()
        assert not client.link.call("EXISTS", b"{omniq:x}:leader"), "the claim was not given up"


@contextmanager
def leading(client: OmniqClient, redis: Any) -> Generator[ProcessThreads]:
    """The threads of a process that leads and has done its first round; ended afterwards."""
    threads = background_for(client.link, lambda: time.time_ns() // 1_000_000)
    threads.ensure_started()
    try:
        wait_until(lambda: redis.exists("{omniq:x}:leader") and redis.exists("{omniq:x}:now"))
        yield threads
    finally:
        threads.stop()
    assert not threads.running


def test_a_task_begins_as_soon_as_it_is_written_down(
    client: OmniqClient, redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("omniq_core.operator.task_runner.LOOK_S", 60.0)  # so long it would wait by itself
    now = time.time_ns() // 1_000_000
    fail_jobs(client, "q", 30, now_ms=now - 1_000)
    with leading(client, redis) as threads:
        begin(client.link, "q", "retry", "failed", now_ms=now)
        threads.look_for_tasks()
        wait_until(lambda: redis.llen("{q}:wait") == 30)


def test_a_check_begins_as_soon_as_it_is_asked_for(
    client: OmniqClient, redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("omniq_core.operator.check_runner.LOOK_S", 60.0)
    now = time.time_ns() // 1_000_000
    fail_jobs(client, "q", 3, now_ms=now - 1_000)
    with leading(client, redis) as threads:
        start_check(client.link, "c1", ["q"], by="zoe", now_ms=now)
        threads.look_for_checks()
        wait_until(lambda: read_health(client.link).reports)
    assert [(one.queue, one.jobs, one.found) for one in read_health(client.link).reports] == [("q", 3, {})]


def test_a_mount_that_acts_beside_one_that_only_looks_has_its_tasks_done(
    client: OmniqClient, redis: Any, wait_until: WaitUntil
) -> None:
    now = time.time_ns() // 1_000_000
    looks = background_for(client.link, lambda: time.time_ns() // 1_000_000, tasks=False)
    try:
        looks.ensure_started()
        acts = background_for(client.link, lambda: time.time_ns() // 1_000_000)
        acts.ensure_started()
        fail_jobs(client, "mail", ["f1", "f2"], now_ms=now - 1_000)
        begin(client.link, "mail", "retry", "failed", now_ms=now)
        acts.look_for_tasks()
        wait_until(lambda: redis.llen("{mail}:wait") == 2)
    finally:
        looks.stop()


def test_threads_that_were_stopped_are_not_given_to_the_next_mount(client: OmniqClient, redis: Any) -> None:
    with leading(client, redis) as stopped:
        pass
    redis.delete("{omniq:x}:now")
    with leading(client, redis) as threads:
        assert threads is not stopped
        stopped.ensure_started()
        assert not stopped.running


@pytest.mark.parametrize(("first", "second"), [(["a"], []), ([], ["a"]), (["a"], ["b"])])
def test_mounts_that_share_a_client_have_figures_of_the_queues_of_each(
    client: OmniqClient, redis: Any, wait_until: WaitUntil, first: list[str], second: list[str]
) -> None:
    for queue in ("a", "b", "c"):
        publish_jobs(client, queue, 1, now_ms=time.time_ns() // 1_000_000)
    apps = [create_app(client, queues=first or None, secret="not secret", insecure=True)]
    threads = mounted(apps[0]).background
    try:
        apps[0].test_client().get("/")
        wait_until(lambda: redis.exists("{omniq:x}:leader") and redis.exists("{omniq:x}:now"))
        # The second is made while the first works.
        apps.append(create_app(client, queues=second or None, secret="not secret", insecure=True))
        assert mounted(apps[1]).background is threads
        looked_after = {"a", "b", "c"} if not (first and second) else {"a", "b"}
        wait_until(lambda: {key.decode() for key in redis.hkeys("{omniq:x}:now")} >= looked_after)
        threads.stop()
        redis.set("{omniq:x}:scan", pack_scan(DiscoveryState(seen=1, total=9), 1))
        for app, listed in zip(apps, (first, second), strict=True):
            page = parsed(app.test_client().get("/").text)
            assert [link.get_text() for link in page.select("tbody#queues th a")] == (listed or ["a", "b", "c"])
            assert ("Looking for queues" in page.get_text()) == (not listed), "a list is complete without a search"
    finally:
        threads.stop()


def test_a_notice_comes_when_it_does_for_one_of_the_mounts_that_share_a_client(
    client: OmniqClient, clock: Clock
) -> None:
    publish_jobs(client, "q", 1, now_ms=clock.now_ms - 300_000)
    late: dict[str, Any] = {"stalled_after": 600, "leases_after": 30}
    apps = [create_app(client, secret="not secret", insecure=True, clock=clock, **one) for one in (late, {}, late)]
    threads = mounted(apps[0]).background
    assert [mounted(app).background for app in apps] == [threads] * 3
    assert threads._checks[0].leases_ms == 30_000
    for _ in range(4):
        threads._measured.tick()
        clock.advance(10_000)
    assert [one.kind for one in read_overview(client.link, 1).notices] == ["stalled"]


def test_a_process_that_may_change_nothing_works_on_no_task_and_no_check(client: OmniqClient, redis: Any) -> None:
    now = time.time_ns() // 1_000_000
    fail_jobs(client, "q", 3, now_ms=now - 1_000)
    begin(client.link, "q", "retry", "failed", now_ms=now)
    start_check(client.link, "c1", ["q"], by="zoe", now_ms=now)
    app = create_app(client, read_only=True, secret="not secret", insecure=True)
    (threads := mounted(app).background).ensure_started()
    threads.look_for_tasks()
    threads.look_for_checks()
    wait_until(lambda: redis.exists("{omniq:x}:now"))
    threads.stop()
    assert redis.llen("{q}:failed") == 3
    assert redis.hmget("{omniq:x}:check", "state", "owner") == [b"running", None]


FORK = """
import os, sys, time
from dashboard.threads import BackgroundThread

class Work:
    ticks = 0
    def tick(self):
        Work.ticks += 1
        return 0.005
    def close(self):
        pass

thread = BackgroundThread(Work())
idle, ended = BackgroundThread(Work()), BackgroundThread(Work())
ended.ensure_started()
ended.stop()
thread.ensure_started()
pid = os.fork()
if pid == 0:
    Work.ticks = 0
    end = time.monotonic() + 15
    while not Work.ticks and time.monotonic() < end:
        time.sleep(0.005)
    os._exit(0 if Work.ticks and thread.running and not (idle.running or ended.running) else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""


def test_it_goes_on_in_a_forked_child() -> None:
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", FORK], cwd=root, timeout=60, check=False, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
