"""The check where it may not read or write, has lost its claim, fails, or where its own keys are gone."""

from __future__ import annotations

from typing import Any

import pytest
from redis import Redis

from omniq_core import Link, OmniqClient, read_findings, read_health, start_check
from omniq_core.connection import REDIS_ERRORS
from omniq_core.operator.check_runner import CheckRunner
from omniq_core.operator.group_check import GroupCheck
from omniq_core.operator.job_check import OrphanSearch
from omniq_core.operator.key_scan import KeyScan
from omniq_core.scripts import script
from tests.core.cutting_proxy import CuttingProxy
from tests.operator.bulk import Timer
from tests.operator.test_check_runner import NOW, Clock, healthy, runner, until_phase, work
from tests.support.factories import publish_jobs
from tests.support.redis_server import RedisServer


def drive(check: CheckRunner, timer: Timer, steps: int) -> list[str]:
    """So many ticks; what they raised."""
    raised: list[str] = []
    for _ in range(steps):
        try:
            timer.now += max(check.tick(), 0.001)
        except REDIS_ERRORS as error:  # as the thread does
            raised.append(str(error))
            timer.now += 1.0
    return raised


def link_of(server: RedisServer, redis: Any, name: str, *rules: str) -> Link:
    """As a user who may do this alone."""
    redis.execute_command("ACL", "SETUSER", name, "reset", "on", "nopass", *rules)
    return Link(Redis(host=server.host, port=server.port, username=name, password="", protocol=2), owned=True)


def test_without_write_permission_nothing_is_claimed_or_changed(
    client: OmniqClient, redis: Any, redis_server: RedisServer
) -> None:
    healthy(client, "a")
    start_check(client.link, "c1", ["a"], by="", now_ms=NOW)
    before = {name: redis.dump(name) for name in redis.scan_iter()}
    timer = Timer()
    link = link_of(redis_server, redis, "reader", "~*", "+@read", "+@connection")
    raised = drive(CheckRunner(link, Clock(timer), timer=timer), timer, 20)
    link.close()
    assert {name: redis.dump(name) for name in redis.scan_iter()} == before
    assert raised and all("permission" in one for one in raised)


def test_one_queue_that_may_not_be_read_does_not_hold_up_the_others(
    client: OmniqClient, redis: Any, redis_server: RedisServer
) -> None:
    healthy(client, "a")
    healthy(client, "b")
    start_check(client.link, "c1", ["b", "a"], by="", now_ms=NOW)
    timer = Timer()
    link = link_of(redis_server, redis, "some", "~{omniq:x}:*", "~{a}:*", "+@all")
    raised = drive(CheckRunner(link, Clock(timer), timer=timer), timer, 300)
    link.close()
    health = read_health(client.link)
    assert raised == []
    assert health.check is not None and health.check.state == "finished"
    assert {one.queue: (one.broken, one.notes) for one in health.reports} == {
        "a": ("", ()),
        "b": ("not permitted by its access list", ()),
    }


def test_who_lost_its_claim_writes_no_findings(client: OmniqClient, redis: Any) -> None:
    healthy(client, "a")
    redis.hset("{a}:stats", "failed", 7)
    start_check(client.link, "c1", ["a"], by="", now_ms=NOW)
    first, timer = runner(client)
    run = until_phase(first, timer, "again")
    while not run.through:  # and not written down: now it sleeps
        timer.now += 2.1
        run.step()
    client.link.call("HSET", "{omniq:x}:check", "owner_until", 1)
    redis.hset("{a}:stats", "failed", 1)  # somebody put it right
    second, _ = runner(client, timer)
    second.look_now()
    work(second, timer, client)
    assert [one.found for one in read_health(client.link).reports] == [{}]
    drive(first, timer, 5)
    assert read_findings(client.link, "a", "counters", 10) == ()


@pytest.mark.parametrize("instead", [None, "text"])
def test_without_its_list_of_queues_it_ends(client: OmniqClient, redis: Any, instead: str | None) -> None:
    healthy(client, "a")
    start_check(client.link, "c1", ["a"], by="", now_ms=NOW)
    redis.delete("{omniq:x}:check:queues")
    if instead:
        redis.set("{omniq:x}:check:queues", instead)
    check, timer = runner(client)
    assert drive(check, timer, 10) == []
    found = read_health(client.link).check
    assert found is not None and (found.state, found.at, found.queues) == ("finished", 0, 0)


@pytest.mark.broken_data
def test_a_key_that_scan_gives_twice_is_one_finding(client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, "a", ["w"], now_ms=NOW)
    redis.set("{a}:job:text", "no hash")
    scan = KeyScan(client.link, ["a"], OrphanSearch(client.link), NOW)
    scan._kept = {b"a": [b"{a}:job:text"]}  # pyright: ignore[reportPrivateUsage]
    while not scan.step():
        pass
    assert [one.subject for one in scan.types_again("a")] == ["job:text"]


@pytest.mark.broken_data
def test_a_clock_that_is_set_back_does_not_hold_up_the_second_look(
    client: OmniqClient, redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    healthy(client, "a")
    redis.hset("{a}:stats", "failed", 7)
    start_check(client.link, "c1", ["a"], by="", now_ms=NOW)
    check, timer = runner(client)
    run = until_phase(check, timer, "again")
    set_back = Clock(timer)
    monkeypatch.setattr(check, "clock", lambda: set_back() - 3_600_000)
    monkeypatch.setattr(run, "_clock", check.clock)
    began = timer.now
    work(check, timer, client)
    assert timer.now - began < 10
    assert [one.found for one in read_health(client.link).reports] == [{"counters": 1}]


def test_a_part_that_fails_is_said_and_is_no_clean_bill_of_health(
    client: OmniqClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    healthy(client, "a")
    healthy(client, "b")
    start_check(client.link, "c1", ["a", "b"], by="", now_ms=NOW)
    works = GroupCheck.step

    def step(self: GroupCheck) -> bool:
        if self._queue == "a":  # pyright: ignore[reportPrivateUsage]
            raise KeyError("no such kind")
        return works(self)

    monkeypatch.setattr(GroupCheck, "step", step)
    check, timer = runner(client)
    work(check, timer, client)
    assert [(one.queue, one.broken) for one in read_health(client.link).reports] == [
        ("a", "the check failed (KeyError)"),
        ("b", ""),
    ]
    assert caplog.messages == ["omniq: queue a cannot be checked"]


@pytest.mark.broken_data
@pytest.mark.parametrize(
    "at", ["check_claim", "check_step", "check_queue", "jobs_windows", "jobs_judge", "SCAN", "RENAME", "found"]
)
def test_an_answer_that_is_lost_costs_time_alone(client: OmniqClient, redis: Any, proxy: CuttingProxy, at: str) -> None:
    for queue in ("a", "b"):
        healthy(client, queue)
        redis.hset(f"{{{queue}}}:stats", "failed", 7)
        redis.rpush(f"{{{queue}}}:wait", "ghost")
    start_check(client.link, "c1", ["a", "b"], by="", now_ms=NOW)
    with OmniqClient(host="127.0.0.1", port=proxy.port) as far:
        check, timer = runner(far)
        proxy.cut(script(f"operator/{at}").sha if "_" in at else at.encode())
        drive(check, timer, 400)
    assert proxy.cuts == 1
    health = read_health(client.link)
    assert health.check is not None and (health.check.state, health.check.at) == ("finished", 2)
    assert [(one.queue, one.found) for one in health.reports] == [
        (queue, {"counters": 2, "ghosts": 1}) for queue in ("a", "b")
    ]
    assert len(read_findings(client.link, "a", "counters", 10)) == 2


@pytest.mark.broken_data
def test_jobs_with_long_ids_are_counted_and_do_not_fill_the_report(client: OmniqClient, redis: Any) -> None:
    for n in range(30):
        name = f"{n:02}" + "x" * (50_000 if n < 15 else 10)
        redis.hset(f"{{a}}:job:{name}", mapping={"id": name, "state": "failed", "failed_ms": NOW})
    publish_jobs(client, "a", 1, now_ms=NOW)
    start_check(client.link, "c1", ["a"], by="", now_ms=NOW)
    work(*runner(client), client)
    (report,) = read_health(client.link).reports
    assert report.found == {"orphans": 30}
    assert len(report.rows) == 10 and {len(one.subject) for one in report.rows} == {12}
    assert len(redis.hget("{omniq:x}:health", "a")) < 10_000
    assert len(read_findings(client.link, "a", "orphans", 100)) == 30


@pytest.mark.broken_data
def test_so_many_reports_are_kept_and_an_old_one_is_written_anew(client: OmniqClient, redis: Any) -> None:
    healthy(client, "a")
    healthy(client, "b")
    redis.hset("{omniq:x}:health", mapping={"a": "old", **{f"q{n}": "{}" for n in range(3_999)}})
    start_check(client.link, "c1", ["a", "b"], by="", now_ms=NOW)
    work(*runner(client), client)
    assert redis.hlen("{omniq:x}:health") == 4_000
    assert [one.queue for one in read_health(client.link).reports] == ["a"]
