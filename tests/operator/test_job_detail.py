"""One job with everything Redis keeps of it."""

from __future__ import annotations

from typing import Any

import pytest

from omniq_core import JobDetail, OmniqClient
from omniq_core.operator import job_detail, job_payload
from omniq_core.operator.job import GroupFigures, LanePlace
from tests.operator.lanes_by_hand import write_failed
from tests.support.clock import Clock
from tests.support.factories import fail_jobs, lease_jobs, publish_jobs


def detail(client: OmniqClient, job_id: str, limit: int = 262_144) -> JobDetail:
    found = job_detail(client.link, "q", job_id, now_ms=1, payload_limit=limit)
    assert found is not None
    return found


def test_a_failed_job(client: OmniqClient, clock: Clock) -> None:
    t = clock.now_ms
    fail_jobs(client, "q", ["a", "b", "c"], now_ms=t, error="E: no\n  at x", payload={"k": 1}, gid="G", group_limit=4)
    job = detail(client, "b")
    assert (job.state, job.gid, job.attempt, job.max_attempts) == ("failed", "G", 1, 1)
    assert (job.timeout_ms, job.backoff_ms, job.failed_ms, job.due_ms) == (30_000, 5_000, t + 1, None)
    assert (job.last_error, job.last_error_bytes, job.last_error_ms) == ("E: no\n  at x", 12, t + 1)
    assert (job.payload, job.payload_bytes, job.payload_too_large) == (b'{"k":1}', 7, False)
    assert job.group == GroupFigures(inflight=0, limit=4, waiting=0)
    assert (job.in_lanes, job.in_lane) == (("failed",), True)
    assert job.place == LanePlace("failed", position=2, total=3, newer="c", older="a")
    assert [detail(client, name).place for name in "ca"] == [
        LanePlace("failed", 1, 3, None, "b"),
        LanePlace("failed", 3, 3, "b", None),
    ]


@pytest.mark.broken_data
def test_a_lease_token_never_leaves_redis(client: OmniqClient, redis: Any, clock: Clock) -> None:
    token = lease_jobs(client, "q", ["a"], now_ms=clock.now_ms)["a"]
    redis.hset("{q}:job:a", "x_ack", f"{token}|RETRY:12")
    job = detail(client, "a")
    assert token not in repr(job)
    values = {field.name: field.value for field in job.fields}
    assert (values["lease_token"], values["x_ack"]) == (b"held", b"RETRY:12")
    redis.hset("{q}:job:a", "lease_token", "")
    assert {field.name: field.value for field in detail(client, "a").fields}["lease_token"] == b""


def test_place_in_the_waiting_list(client: OmniqClient, clock: Clock) -> None:
    publish_jobs(client, "q", ["u1", "u2"], now_ms=clock.now_ms)
    publish_jobs(client, "q", ["g1", "g2", "g3"], now_ms=clock.now_ms + 5, gid="G")
    assert [detail(client, name).position for name in ("u1", "u2", "g1", "g3")] == [1, 2, 1, 3]
    assert detail(client, "g2").group == GroupFigures(0, 1, 3)


@pytest.mark.parametrize(
    ("size", "limit", "trips", "got"),
    [
        (60_000, 262_144, 1, 60_000),
        (300_000, 262_144, 2, 262_144),
        (300_000, 0, 1, None),
        (40, 7, 2, 7),
        (2_097_152, 7, 2, 7),
        (2_097_153, 262_144, 1, None),  # for its beginning that much is not fetched
        (2_097_153, 2_097_153, 2, 2_097_153),
    ],
)
def test_a_long_payload_is_fetched_only_when_needed(
    client: OmniqClient, redis: Any, clock: Clock, size: int, limit: int, trips: int, got: int | None
) -> None:
    publish_jobs(client, "q", ["a"], now_ms=clock.now_ms)
    redis.hset("{q}:job:a", "payload", "p" * size)
    before = client.link.round_trips
    job = detail(client, "a", limit)
    assert client.link.round_trips - before == trips
    assert (job.payload_bytes, None if job.payload is None else len(job.payload)) == (size, got)


def test_a_payload_over_16_mb_is_only_told_of(client: OmniqClient, redis: Any, clock: Clock) -> None:
    publish_jobs(client, "q", ["a"], now_ms=clock.now_ms)
    redis.hset("{q}:job:a", "payload", b"p" * (16 * 1024 * 1024 + 1))
    before = client.link.round_trips
    job = detail(client, "a")
    assert (job.payload, job.payload_too_large, client.link.round_trips - before) == (None, True, 1)
    assert len(job_payload(client.link, "q", "a") or b"") == 16 * 1024 * 1024 + 1


@pytest.mark.parametrize("extra", [500, 20_000])
def test_a_hash_of_many_fields_is_bounded(client: OmniqClient, redis: Any, clock: Clock, extra: int) -> None:
    publish_jobs(client, "q", ["a"], now_ms=clock.now_ms)
    own = redis.hlen("{q}:job:a")
    redis.hset("{q}:job:a", mapping={f"field-{n}": "v" for n in range(extra)})
    job = detail(client, "a")
    assert job.field_count == own + extra
    assert len(job.fields) == (200 if extra == 500 else own)
    assert [field.name for field in job.fields][:2] == ["id", "state"]


def test_long_fields_are_cut_and_tell_their_length(client: OmniqClient, redis: Any, clock: Clock) -> None:
    publish_jobs(client, "q", ["a"], now_ms=clock.now_ms)
    redis.hset("{q}:job:a", mapping={"note": "n" * 3_000, "huge": "h" * 5_000_000, "attempt": "abc", "due_ms": "1e+14"})
    job = detail(client, "a")
    cut = {field.name: (len(field.value), field.length) for field in job.fields}
    assert (cut["note"], cut["huge"]) == ((1_024, 3_000), (0, 5_000_000))
    assert (job.attempt, job.due_ms) == (0, 10**14)


@pytest.mark.broken_data
def test_a_job_in_no_lane_and_one_without_index(client: OmniqClient, redis: Any, clock: Clock) -> None:
    write_failed(redis, "q", 3)
    redis.zrem("{q}:idx:failed", "job-0000001")
    redis.lrem("{q}:failed", 1, "job-0000001")
    lost = detail(client, "job-0000001")
    assert (lost.state, lost.in_lanes, lost.in_lane, lost.place) == ("failed", (), False, None)
    redis.delete("{q}:idx:failed")
    old = detail(client, "job-0000000")
    assert (old.in_lanes, old.place) == (("failed",), LanePlace("failed", 2, 2, "job-0000002", None))


def test_no_job_is_none(client: OmniqClient) -> None:
    assert job_detail(client.link, "q", "nobody", now_ms=1, payload_limit=1) is None
    assert job_payload(client.link, "q", "nobody") is None
