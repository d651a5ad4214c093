"""Thousands of broken jobs (`long`), and a thirtieth of them each time, are all found: by steps that are stopped and go
on, and when the process at work is killed."""

from __future__ import annotations

import signal
from collections import Counter
from typing import Any

import pytest

from omniq_core import CheckRunner, OmniqClient, Report, order_check, read_health, start_check
from omniq_core.operator.findings import findings_key
from tests.operator.bulk import Timer
from tests.operator.test_check_runner import Clock
from tests.operator.test_job_repair_live import SIZES, break_jobs, now_ms
from tests.support.clock import wait_until
from tests.support.factories import publish_jobs
from tests.support.redis_server import RedisServer

pytestmark = pytest.mark.broken_data
MOST_TRIPS = 4
"""Of one step; at the end of a queue all its findings are written, which are more than one step tells."""


def work_until(client: OmniqClient, until: Any, claim_ms: int = 10_000) -> Counter[int]:
    """One more runner, until that is so; how many of its steps took how many round trips."""
    timer, trips = Timer(), Counter[int]()
    check = CheckRunner(client.link, Clock(timer), timer=timer, claim_ms=claim_ms)
    for _ in range(20_000):
        if until():
            return trips
        before = client.link.round_trips
        timer.now += max(check.tick(), 0.05)
        trips[client.link.round_trips - before] += 1
    raise AssertionError("it does not come to its end")


def phase(client: OmniqClient) -> str:
    found = read_health(client.link).check
    assert found is not None
    return found.phase if found.state == "running" else found.state


def half_way(client: OmniqClient) -> bool:
    found = read_health(client.link).check
    assert found is not None
    return found.phase == "jobs" and found.percent >= 55


def broken(client: OmniqClient, redis: Any, size: tuple[int, int, int]) -> dict[str, int]:
    """Makes them; how many of each kind there are."""
    publish_jobs(client, "q", [f"sound-{n}" for n in range(size[0])], now_ms=now_ms() - 1_000)
    made = break_jobs(redis, *size)
    start_check(client.link, "c1", ["q"], by="", now_ms=now_ms())
    return dict(Counter(made.values()))


def all_of(client: OmniqClient, redis: Any) -> dict[str, int]:
    """What was found, each of it kept one by one."""
    (report,) = read_health(client.link).reports
    assert isinstance(report, Report) and (report.broken, report.notes) == ("", ())
    for kind, count in report.found.items():
        assert redis.hlen(findings_key("q", kind)) == count
    return {str(kind): count for kind, count in report.found.items()}


@pytest.mark.parametrize(("orphans", "doubled", "wrong"), SIZES)
def test_it_is_stopped_half_way_and_another_goes_on(
    client: OmniqClient, redis: Any, orphans: int, doubled: int, wrong: int
) -> None:
    made = broken(client, redis, (orphans, doubled, wrong))
    work_until(client, lambda: half_way(client))
    assert order_check(client.link, "stop", now_ms=now_ms()) == "running"
    for _ in range(3):
        work_until(client, lambda: True)
    assert (phase(client), read_health(client.link).reports) == ("stopped", ())
    order_check(client.link, "resume", now_ms=now_ms())
    trips = work_until(client, lambda: phase(client) == "finished")
    assert all_of(client, redis) == made
    assert max(trips) <= MOST_TRIPS, trips


@pytest.mark.long
def test_its_process_is_killed_and_another_goes_on(
    client: OmniqClient, redis: Any, redis_server: RedisServer, child: Any
) -> None:
    made = broken(client, redis, (10_000, 2_000, 500))
    process = child("tests.operator.check_child", redis_server.url, 1_000)
    wait_until(lambda: half_way(client), timeout=60)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (phase(client), read_health(client.link).reports) == ("jobs", ())
    work_until(client, lambda: phase(client) == "finished")
    assert all_of(client, redis) == made
