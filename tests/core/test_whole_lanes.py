"""retry_all and remove_all: everything that was in the lane, nothing that came later, the oldest first."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from omniq_core import BadLane, OmniqClient
from omniq_core.pacing import Pace
from omniq_core.scripts import Script, script
from tests.core.cutting_proxy import CuttingProxy
from tests.core.long_lane import T, fill
from tests.support.factories import complete_jobs, delay_jobs, fail_jobs, lease_jobs, publish_jobs
from tests.support.redis_server import RedisServer
from tests.support.snapshot import snapshot

NOW = T + 10_000_000
IDS = [f"job-{n}" for n in range(3_000)]


def _list(redis: Any, name: str) -> list[str]:
    return [raw.decode() for raw in redis.lrange(f"{{q}}:{name}", 0, -1)]


def _ids(batches: Any) -> list[str]:
    return [item.job_id for batch in batches for item in batch]


def _fail_again(client: OmniqClient, job_id: str, now: int) -> None:
    job: Any = client.reserve(queue="q", now_ms_override=now)
    assert job.job_id == job_id
    lease = {"queue": "q", "job_id": job_id, "lease_token": job.lease_token, "now_ms_override": now}
    assert client.ack_fail(**lease, error="E: again")[0] == "FAILED"


def test_all_failed_jobs_wait_again_in_the_order_of_their_failures(client: OmniqClient, redis: Any) -> None:
    fill(redis, "failed", IDS, lambda position: T + position // 7)
    batches = list(client.retry_all(queue="q", now_ms_override=NOW))
    assert max(map(len, batches)) <= 100
    assert {item.status for batch in batches for item in batch} == {"OK"}
    assert _ids(batches) == sorted(IDS, key=lambda name: (IDS.index(name) // 7, name.encode()))
    assert (_list(redis, "wait"), redis.exists("{q}:failed")) == (_ids(batches), 0)


def test_the_keys_are_those_of_retrying_one_by_one(client: OmniqClient, redis: Any) -> None:
    for queue in ("many", "single"):
        for n, gid in enumerate(("", "A", "", "B", "A") * 12):
            fail_jobs(client, queue, [f"é{n:02}"], now_ms=T + n, gid=gid)
    done = _ids(client.retry_all(queue="many", now_ms_override=NOW))
    for job_id in done:
        client.retry_failed(queue="single", job_id=job_id, now_ms_override=NOW)
    assert len(done) == 60
    assert snapshot(redis, "many", own=False) == snapshot(redis, "single", own=False)


def test_what_fails_later_is_left_alone(client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, "q", 60, now_ms=T)
    batches = client.retry_all(queue="q", now_ms_override=NOW)
    first = next(batches)
    assert [item.job_id for item in first] == [f"job-{n}" for n in range(1, 26)]
    _fail_again(client, "job-1", NOW + 5)
    assert _ids(batches) == [f"job-{n}" for n in range(26, 61)]
    assert _list(redis, "failed") == ["job-1"]


def test_what_fails_between_the_call_and_the_first_batch_is_later(client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, "q", ["old"], now_ms=T)
    batches = client.retry_all(queue="q", now_ms_override=NOW)
    fail_jobs(client, "q", ["new"], now_ms=T + 5)
    assert _ids(batches) == ["old"]
    assert _list(redis, "failed") == ["new"]


def test_a_worker_whose_clock_is_behind_brings_no_job_in_twice(client: OmniqClient, redis: Any) -> None:
    """Its failure stands before the mark, among the jobs that are still to come."""
    fail_jobs(client, "q", 60, now_ms=T)
    batches = client.retry_all(queue="q", now_ms_override=NOW)
    next(batches)
    _fail_again(client, "job-1", T + 40)
    assert _ids(batches) == [f"job-{n}" for n in range(26, 61)]
    assert _list(redis, "failed") == ["job-1"]
    assert _ids(client.retry_all(queue="q", now_ms_override=NOW)) == ["job-1"]


def test_jobs_that_others_take_meanwhile_are_not_missed_for(client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, "q", 80, now_ms=T)
    batches = client.retry_all(queue="q", now_ms_override=NOW)
    next(batches)
    for gone in ("job-25", "job-26", "job-80"):
        if gone in _list(redis, "failed"):
            client.remove_job(queue="q", job_id=gone, lane="failed", now_ms_override=NOW)
    assert _ids(batches) == [f"job-{n}" for n in range(27, 80)]
    assert _list(redis, "failed") == []


@pytest.mark.broken_data
def test_a_job_without_a_hash_is_said_and_passed(client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, "q", 60, now_ms=T)
    redis.delete("{q}:job:job-1", "{q}:job:job-30")
    results = [item for batch in client.retry_all(queue="q", now_ms_override=NOW) for item in batch]
    assert len(results) == 60
    assert [(item.job_id, item.reason) for item in results if item.status != "OK"] == [
        ("job-1", "NO_JOB"),
        ("job-30", "NO_JOB"),
    ]
    assert _list(redis, "failed") == ["job-30", "job-1"]


@pytest.mark.broken_data
@pytest.mark.parametrize("lane", ["failed", "wait", "delayed", "completed"])
def test_a_lane_of_an_old_sdk_has_no_index(client: OmniqClient, redis: Any, lane: str) -> None:
    names = [f"job-{n:02}" for n in range(60)]
    if lane == "delayed":
        delay_jobs(client, "q", names, now_ms=T, due_ms=T + 60_000)
    else:
        fill(redis, lane, names, lambda position: T + position)
    redis.delete(f"{{q}}:idx:{lane}")
    redis.hdel("{q}:job:job-03", "id", "state")
    redis.delete("{q}:job:job-03")
    results = [item for batch in client.remove_all(queue="q", lane=lane, now_ms_override=NOW) for item in batch]
    assert [item.job_id for item in results] == names
    assert [item.job_id for item in results if item.reason] == ["job-03"]
    assert [raw.decode() for raw in redis.scan_iter(match="{q}:job:*")] == []


@pytest.mark.parametrize("lane", ["wait", "gwait", "delayed", "failed", "completed"])
def test_one_lane_is_emptied_and_the_others_are_kept(client: OmniqClient, redis: Any, lane: str) -> None:
    fail_jobs(client, "q", [f"f{n:02}" for n in range(30)], now_ms=T)
    complete_jobs(client, "q", [f"c{n:02}" for n in range(30)], now_ms=T + 100)
    lease_jobs(client, "q", ["a"], now_ms=T + 200)
    delay_jobs(client, "q", [f"d{n:02}" for n in range(30)], now_ms=T + 300, due_ms=NOW)
    for n in range(30):
        publish_jobs(client, "q", [f"w{n:02}"], now_ms=T + 400 + n)
        publish_jobs(client, "q", [f"g{n:02}"], now_ms=T + 400 + n, gid="AB"[n % 2])
    letter = {"wait": "w", "gwait": "g", "delayed": "d", "failed": "f", "completed": "c"}[lane]
    results = [item for batch in client.remove_all(queue="q", lane=lane, now_ms_override=NOW) for item in batch]
    assert results == [(f"{letter}{n:02}", "OK", None) for n in range(30)]
    left = {raw.decode().rsplit(":", 1)[1][0] for raw in redis.scan_iter(match="{q}:job:*")}
    assert left == set("wgdfca") - {letter}


def test_waiting_jobs_that_arrive_or_are_leased_meanwhile_are_not_removed(client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, "q", 60, now_ms=T)
    batches = client.remove_all(queue="q", lane="wait", now_ms_override=NOW)
    assert len(next(batches)) == 25
    taken: Any = client.reserve(queue="q", now_ms_override=NOW)
    assert taken.job_id == "job-26"
    publish_jobs(client, "q", ["late"], now_ms=NOW)
    assert _ids(batches) == [f"job-{n}" for n in range(27, 61)]
    assert _list(redis, "wait") == ["late"]


def test_an_empty_lane_and_an_unknown_queue_give_nothing(client: OmniqClient, redis: Any) -> None:
    assert list(client.retry_all(queue="nope")) == []
    assert list(client.remove_all(queue="nope", lane="gwait")) == []
    assert redis.dbsize() == 0


@pytest.mark.parametrize("lane", ["active", "", "nope"])
def test_a_bad_lane_or_queue_is_refused_at_the_call(client: OmniqClient, redis: Any, lane: str) -> None:
    with pytest.raises(BadLane, match="REMOVE_ALL failed: BAD_LANE"):
        client.remove_all(queue="q", lane=lane)
    with pytest.raises(ValueError, match="not a queue name"):
        client.retry_all(queue="a b")


@pytest.fixture
def proxy(redis_server: RedisServer, redis: Any) -> Iterator[CuttingProxy]:
    made = CuttingProxy(redis_server.host, redis_server.port)
    yield made
    made.close()


def test_deviation_14_a_batch_whose_answer_is_lost_is_not_sent_again(
    proxy: CuttingProxy, client: OmniqClient, redis: Any
) -> None:
    fail_jobs(client, "q", 60, now_ms=T)
    with OmniqClient(host="127.0.0.1", port=proxy.port) as far:
        far.link.call("SCRIPT", "LOAD", script("retry_walk").source)
        proxy.cut(script("retry_walk").sha)
        with pytest.raises(RedisConnectionError):
            next(far.retry_all(queue="q", now_ms_override=NOW))
        assert redis.llen("{q}:failed") == 35
        assert len(_ids(far.retry_all(queue="q", now_ms_override=NOW))) == 35


def test_the_pace_grows_while_redis_is_quick_and_rests_when_it_is_not() -> None:
    pace = Pace()
    assert (pace.size, pace.after(0.001), pace.size) == (25, 0.0, 50)
    assert (pace.after(0.002), pace.size) == (0.0, 100)
    assert (pace.after(0.0), pace.size) == (0.0, 100)
    assert (pace.after(0.006), pace.size) == (0.0, 100)  # neither quick nor too slow
    assert pace.after(0.016) == pytest.approx(0.8)  # 8 ms too many
    assert pace.size == 50
    assert pace.after(9.0) == 1.0
    assert pace.size == 1


def test_a_script_is_timed_by_the_server_and_found_again(client: OmniqClient, redis: Any) -> None:
    redis.script_flush()
    before = client.link.round_trips
    for trips in (2, 3):
        reply, took = client.link.run_timed(script("lane_mark"), b"{q}:meta", "failed")
        assert reply == []
        assert 0 <= took < 5
        assert client.link.round_trips == before + trips


def test_a_slow_script_is_seen_as_slow_and_a_refused_one_raises(client: OmniqClient, redis: Any) -> None:
    source = b"for n = 1, 1000000 do local x = n end return 1"
    slow = Script("slow", source, hashlib.sha1(source).hexdigest().encode())
    assert client.link.run_timed(slow, b"{q}:meta")[1] > 0.001
    redis.set("{q}:failed", "x")
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        client.link.run_timed(script("retry_walk"), b"{q}:meta", T, "n", "t", "1", "0", "", "5", "", 5, 5)
    redis.delete("{q}:failed")


def test_without_the_right_to_ask_the_time_the_wait_counts(redis_server: RedisServer, redis: Any) -> None:
    redis.execute_command("ACL", "SETUSER", "timeless", "on", "nopass", "~*", "+@all", "-time")
    try:
        with OmniqClient(host=redis_server.host, port=redis_server.port, username="timeless", password="x") as limited:
            reply, took = limited.link.run_timed(script("lane_mark"), b"{q}:meta", "failed")
            assert reply == []
            assert took > 0
    finally:
        redis.execute_command("ACL", "DELUSER", "timeless")


def test_the_generator_rests_as_the_pace_says(client: OmniqClient, redis: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_jobs(client, "q", 60, now_ms=T)
    rests: list[float] = []
    monkeypatch.setattr("omniq_core.whole_lanes.time.sleep", rests.append)
    monkeypatch.setattr("omniq_core.whole_lanes.Pace.after", lambda *_: 7.5)
    assert len(_ids(client.retry_all(queue="q", now_ms_override=NOW))) == 60
    assert len(rests) == 2  # 25, 25, and none after the last 10
    assert all(7.0 < rest <= 7.5 for rest in rests)
