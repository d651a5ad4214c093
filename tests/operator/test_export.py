"""The walk behind an export: every job that matches, once, as of its beginning, with all that is known of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from types import SimpleNamespace
from typing import Any

import pytest

from omniq_core import Filter, JobFacts, OmniqClient, export_jobs, start_export
from omniq_core.operator import export as export_module
from tests.operator.lanes_by_hand import FIRST_MS, drop_failed, push_failed, write_failed
from tests.support.clock import Clock
from tests.support.factories import complete_jobs, delay_jobs, fail_jobs, lease_jobs, publish_jobs

EVERY = Filter()
NOTHING = {"first_started_ms": None, "last_started_ms": None, "completed_ms": None, "failed_ms": None}


def begin(client: OmniqClient, lane: str, wanted: Filter = EVERY, **options: Any) -> Iterator[tuple[JobFacts, ...]]:
    start = start_export(client.link, "q", lane, now_ms=1)
    assert start.exists and not start.broken and start.upto
    return export_jobs(client.link, "q", lane, wanted, start.upto, **options)


def everything(client: OmniqClient, lane: str, wanted: Filter = EVERY, **options: Any) -> list[JobFacts]:
    return [job for some in begin(client, lane, wanted, **options) for job in some]


def test_a_failed_job_with_all_that_is_known(client: OmniqClient, clock: Clock) -> None:
    t = clock.now_ms
    client.publish(queue="q", payload={"n": "é"}, job_id="a", gid="G", max_attempts=2, backoff_ms=50, now_ms_override=t)
    for at, error in ((t + 10, "E: one"), (t + 100, None)):
        client.promote_delayed(queue="q", now_ms_override=at)
        token = client.reserve(queue="q", now_ms_override=at).lease_token  # type: ignore[union-attr]
        client.ack_fail(queue="q", job_id="a", lease_token=token, error=error, now_ms_override=at + 5)
    (job,) = everything(client, "failed", payloads=True)
    assert asdict(job) == {
        "job_id": "a", "id_bytes": 1, "state": "failed", "gid": "G", "attempt": 2, "max_attempts": 2,
        "timeout_ms": 30_000, "backoff_ms": 50, "entered_ms": t + 105, "created_ms": t, "updated_ms": t + 105,
        "queued_ms": t, "first_started_ms": t + 10, "last_started_ms": t + 100, "completed_ms": None,
        "failed_ms": t + 105, "last_error_ms": t + 15, "due_ms": t + 65, "lock_until_ms": None,
        "last_error": "E: one", "last_error_bytes": 6, "payload": '{"n":"é"}', "payload_bytes": 10,
        "missing": False, "key_type": "",
    }  # fmt: skip
    assert everything(client, "failed")[0].payload is None


def test_the_other_lanes_in_their_orders(client: OmniqClient, clock: Clock) -> None:
    t = clock.now_ms
    complete_jobs(client, "q", ["c1", "c2"], now_ms=t)
    lease_jobs(client, "q", ["a1", "a2"], now_ms=t + 100, timeout_ms=1_000)
    delay_jobs(client, "q", ["d1"], now_ms=t + 200, due_ms=t + 900)
    delay_jobs(client, "q", ["d2"], now_ms=t + 201, due_ms=t + 800)
    publish_jobs(client, "q", ["w1", "w2"], now_ms=t + 300, gid="G")

    def ids(lane: str, **options: Any) -> list[str]:
        return [job.job_id for job in everything(client, lane, **options)]

    assert (ids("completed"), ids("active"), ids("wait", newest_first=False)) == (
        ["c2", "c1"],
        ["a2", "a1"],
        ["w1", "w2"],
    )
    assert (ids("delayed"), ids("delayed", order="due", newest_first=False)) == (["d2", "d1"], ["d2", "d1"])
    assert ids("delayed", order="due", wanted=Filter(due_by_ms=t + 850)) == ["d2"]
    due = everything(client, "delayed", order="due")[0]
    assert (due.job_id, due.due_ms, due.entered_ms) == ("d1", t + 900, t + 200)
    beaten = everything(client, "active")[1]
    assert (beaten.lock_until_ms, beaten.last_started_ms) == (t + 1_100, t + 100)
    with pytest.raises(ValueError, match="lease"):
        ids("active", order="lease")


@pytest.mark.broken_data
@pytest.mark.parametrize("newest_first", [True, False])
def test_nobody_comes_twice_and_nobody_is_left_out_while_jobs_come_and_go(
    client: OmniqClient, redis: Any, newest_first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_module, "MOST_ROWS", 7)
    all_ids = write_failed(redis, "q", 40)
    steps = begin(client, "failed", newest_first=newest_first)
    seen = [job.job_id for job in next(steps)]
    push_failed(redis, "q", ["new-1", "new-2"], FIRST_MS + 100)
    # Two that were written, one that was not, and one that comes back as another failure.
    drop_failed(redis, "q", [seen[0], seen[6], all_ids[20], all_ids[22]])
    push_failed(redis, "q", [all_ids[22], seen[6]], FIRST_MS + 101)
    for some in steps:
        seen += [job.job_id for job in some]
        push_failed(redis, "q", [f"new-{len(seen)}"], FIRST_MS + 200)
    order = all_ids[::-1] if newest_first else all_ids
    assert seen == [job for job in order if job not in (all_ids[20], all_ids[22])]


def test_a_delayed_job_that_came_later_is_not_among_those_that_are_due_later(client: OmniqClient, clock: Clock) -> None:
    delay_jobs(client, "q", 3, now_ms=clock.now_ms, due_ms=clock.now_ms + 1_000)
    steps = begin(client, "delayed", order="due", newest_first=False)
    delay_jobs(client, "q", ["late"], now_ms=clock.now_ms + 500, due_ms=clock.now_ms + 5_000)
    assert [job.job_id for some in steps for job in some] == ["job-1", "job-2", "job-3"]


@pytest.mark.broken_data
def test_payloads_come_as_they_are_or_are_left_out(
    client: OmniqClient, redis: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_module, "BATCH_BYTES", 2_500)
    fail_jobs(client, "q", ["a", "b", "huge", "empty", "gone", "odd"], now_ms=clock.now_ms)
    redis.hset("{q}:job:a", "payload", b"\x00\xff half \xc3")
    redis.hset("{q}:job:b", "payload", "x" * 4_000)
    redis.hset("{q}:job:huge", "payload", b"x" * (4 * 1024 * 1024 + 1))
    redis.hset("{q}:job:empty", "payload", "")
    found = everything(client, "failed", newest_first=False, payloads=True)
    payloads = {job.job_id: (job.payload, job.payload_bytes) for job in found}
    assert payloads == {
        "a": ("\x00\udcff half \udcc3", 9),
        "b": ("x" * 4_000, 4_000),
        "huge": (None, 4 * 1024 * 1024 + 1),
        "empty": (None, 0),
        "gone": ('{"n":5}', 7),
        "odd": ('{"n":6}', 7),
    }
    steps = begin(client, "failed", newest_first=False, payloads=True)
    seen = list(next(steps))  # the payloads of the later ones are not read yet
    client.remove_job(queue="q", job_id="gone", lane="failed")
    redis.delete("{q}:job:odd")
    redis.set("{q}:job:odd", "no hash")
    seen += [job for some in steps for job in some]
    assert [(job.job_id, job.payload is None) for job in seen[2:]] == [
        ("huge", True), ("empty", True), ("gone", True), ("odd", True),
    ]  # fmt: skip


@pytest.mark.broken_data
def test_damaged_jobs_are_told_for_what_they_are(client: OmniqClient, redis: Any, clock: Clock) -> None:
    fail_jobs(client, "q", ["gone", "text", "hash", "huge", "strange"], now_ms=clock.now_ms)
    redis.delete("{q}:job:gone", "{q}:job:text")
    redis.set("{q}:job:text", "x")
    redis.hdel("{q}:job:hash", "id")
    big = "x" * 300_000
    redis.hset("{q}:job:huge", mapping={"attempt": big, "state": big, "gid": big, "last_error": big, "payload": big})
    redis.hset(
        "{q}:job:strange", mapping={"state": b"a\xffb", "attempt": "-3", "failed_ms": "1e+14", "created_ms": "soon"}
    )
    before = redis.info("stats")["total_net_output_bytes"]
    found = {job.job_id: job for job in everything(client, "failed", payloads=False)}
    assert redis.info("stats")["total_net_output_bytes"] - before < 20_000
    assert [(found[name].missing, found[name].key_type) for name in ("gone", "text", "hash")] == [
        (True, "none"), (True, "string"), (True, "hash"),
    ]  # fmt: skip
    huge, strange = found["huge"], found["strange"]
    assert (huge.attempt, huge.state, huge.gid, huge.last_error, huge.last_error_bytes) == (0, "", "", "", 300_000)
    assert (strange.state, strange.attempt, strange.failed_ms, strange.created_ms) == ("a\ufffdb", -3, 10**14, None)


@pytest.mark.broken_data
def test_how_a_lane_stands_at_the_beginning(client: OmniqClient, redis: Any, clock: Clock) -> None:
    link = client.link
    assert start_export(link, "q", "failed", now_ms=1).exists is False
    publish_jobs(client, "q", ["w"], now_ms=clock.now_ms)
    empty = start_export(link, "q", "failed", now_ms=1)
    assert (empty.exists, empty.upto, empty.broken) == (True, None, None)
    redis.set("{q}:idx:failed", "x")
    assert start_export(link, "q", "failed", now_ms=1).broken == ("idx:failed", "string")


def test_between_two_steps_redis_has_four_fifths_of_the_time(
    client: OmniqClient, redis: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_jobs(client, "q", 6, now_ms=clock.now_ms)
    monkeypatch.setattr(export_module, "MOST_ROWS", 2)
    slept: list[float] = []
    monkeypatch.setattr(export_module, "time", SimpleNamespace(sleep=slept.append, monotonic=lambda: 5.0))
    steps = begin(client, "failed")
    timed = client.link.run_timed
    took = iter([0.003, 0.5, 0.002])
    monkeypatch.setattr(client.link, "run_timed", lambda *args: (timed(*args)[0], next(took)))
    assert [len(some) for some in steps] == [2, 2, 2]
    # Of 15 ms 3 were taken; a long chunk is followed by a second's rest, the last one by none.
    assert slept == pytest.approx([0.015, 1.0])
