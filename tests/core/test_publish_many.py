"""publish_many: bounded scripts, repeats after lost answers, damaged keys, what the caller is told."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from omniq_core import JobToPublish, OmniqClient
from omniq_core.scripts import script
from tests.core.cutting_proxy import CuttingProxy
from tests.support.redis_server import RedisServer
from tests.support.snapshot import snapshot

T = 1_750_000_000_000


def _jobs(count: int, **options: Any) -> list[Any]:
    return [{"payload": {"n": n}, "job_id": f"job-{n}", **options} for n in range(count)]


def _waiting(redis: Any) -> list[str]:
    return [raw.decode() for raw in redis.lrange("{q}:wait", 0, -1)]


@pytest.fixture
def proxy(redis_server: RedisServer, redis: Any) -> Iterator[CuttingProxy]:
    made = CuttingProxy(redis_server.host, redis_server.port)
    yield made
    made.close()


@pytest.fixture
def far(proxy: CuttingProxy) -> Iterator[OmniqClient]:
    with OmniqClient(host="127.0.0.1", port=proxy.port) as made:
        made.link.call("SCRIPT", "LOAD", script("publish_many").source)
        yield made


def test_a_lost_answer_is_asked_for_again_and_nothing_is_published_twice(
    far: OmniqClient, proxy: CuttingProxy, redis: Any
) -> None:
    jobs = [*_jobs(150), *_jobs(1)]  # job-0 twice: the second is refused, also by the repeat
    proxy.cut(script("publish_many").sha)
    done = far.publish_many(queue="q", jobs=jobs, now_ms_override=T)
    assert proxy.cuts == 1
    assert [one.created for one in done] == [True] * 150 + [False]
    assert _waiting(redis) == [f"job-{n}" for n in range(150)]
    assert redis.hget("{q}:stats", "waiting") == b"150"


def test_jobs_that_ended_and_were_trimmed_meanwhile_are_not_published_by_the_repeat(
    client: OmniqClient, redis: Any
) -> None:
    """The worst moment for a lost answer: fast workers have left nothing of the jobs that could tell."""
    sent: list[Any] = []
    run = client.link.run

    def keep(*args: Any, **options: Any) -> Any:
        sent.append((args, options))
        return run(*args, **options)

    client.link.run = keep  # type: ignore[method-assign]
    client.publish_many(queue="q", jobs=_jobs(3), now_ms_override=T)
    client.link.run = run  # type: ignore[method-assign]
    client.publish_many(queue="q", jobs=[{"payload": {}} for _ in range(100)], now_ms_override=T)
    for _ in range(103):
        job: Any = client.reserve(queue="q", now_ms_override=T)
        client.ack_success(queue="q", job_id=job.job_id, lease_token=job.lease_token, now_ms_override=T)
    assert not redis.exists("{q}:job:job-0")
    before = snapshot(redis, "q")
    (args, options), *_ = sent
    assert run(*args, **options) == b"+++"
    assert snapshot(redis, "q") == before


def test_an_outage_says_how_far_it_came(
    far: OmniqClient, proxy: CuttingProxy, redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("omniq_core.connection.AGAIN_FOR_S", 0.2)
    far.publish_many(queue="q", jobs=_jobs(1), now_ms_override=T)
    proxy.cut(b"job-150", always=True)
    with pytest.raises(RedisConnectionError) as caught:
        far.publish_many(queue="q", jobs=_jobs(300)[1:], now_ms_override=T)
    assert caught.value.__notes__ == [
        "its answer was lost: Redis may have done it",
        "publish_many: 100 of 299 jobs are published; the next 100 may be",
    ]
    assert _waiting(redis) == [f"job-{n}" for n in range(201)]


def test_what_a_batch_remembers_goes_by_itself(client: OmniqClient, redis: Any) -> None:
    client.publish_many(queue="q", jobs=_jobs(101), now_ms_override=T)
    memories = list(redis.scan_iter(match="{q}:x:pub:*"))
    assert len(memories) == 2
    assert all(0 < redis.pttl(name) <= 60_000 for name in memories)


def _batch_sizes(redis: Any) -> list[int]:
    return sorted(redis.strlen(name) for name in redis.scan_iter(match="{q}:x:pub:*"))


def test_large_payloads_make_small_batches(client: OmniqClient, redis: Any) -> None:
    big: list[JobToPublish] = [{"payload": {"x": "é" * 100_000}} for _ in range(5)]  # 200 KB each: two a script
    assert all(one.created for one in client.publish_many(queue="q", jobs=big))
    assert _batch_sizes(redis) == [1, 2, 2]


def test_a_payload_above_the_bound_travels_alone(client: OmniqClient, redis: Any) -> None:
    huge: list[JobToPublish] = [{"payload": ["x" * size]} for size in (10, 600_000, 10)]
    ids = client.publish_many(queue="q", jobs=huge)
    assert _batch_sizes(redis) == [1, 1, 1]
    assert _waiting(redis) == ids


def test_fresh_ids_ascend_and_the_list_keeps_their_order(client: OmniqClient, redis: Any) -> None:
    ids = client.publish_many(queue="q", jobs=({"payload": {"n": n}} for n in range(250)))
    assert ids == sorted(ids)
    assert len(set(ids)) == 250
    assert _waiting(redis) == ids


def test_ids_that_exist_are_logged_once(client: OmniqClient, redis: Any, caplog: pytest.LogCaptureFixture) -> None:
    client.publish_many(queue="q", jobs=_jobs(120, due_ms=T + 5), now_ms_override=T)
    with caplog.at_level(logging.WARNING):
        client.publish_many(queue="q", jobs=_jobs(130), now_ms_override=T)
    assert caplog.messages == [
        "publish_many to q: 120 of 130 ids exist already and were not published, first 'job-0' (delayed)"
    ]


def test_a_server_that_forgot_its_scripts_gets_them_again(client: OmniqClient, redis: Any) -> None:
    redis.script_flush()
    client.publish_many(queue="q", jobs=_jobs(250), now_ms_override=T)
    assert _waiting(redis) == [f"job-{n}" for n in range(250)]


@pytest.mark.broken_data
@pytest.mark.parametrize("name", ["wait", "stats", "idx:wait", "groups:ready", "job:job-7", "g:A:wait", "g:A:limit"])
def test_a_key_of_the_wrong_type_stops_a_batch_before_its_first_job(client: OmniqClient, redis: Any, name: str) -> None:
    redis.xadd(f"{{q}}:{name}", {"a": "b"})
    before = snapshot(redis, "q")
    jobs = _jobs(5) + _jobs(9, gid="A")[5:]
    with pytest.raises(ResponseError, match=r"WRONGTYPE .*nothing was changed"):
        client.publish_many(queue="q", jobs=jobs, now_ms_override=T)
    assert snapshot(redis, "q") == before
