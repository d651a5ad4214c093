"""An answer that is lost, at every operation: it was done once, or it is said, and nothing is leased twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from omniq_core import Keep, OmniqClient
from omniq_core.scripts import script
from tests.core.cutting_proxy import CuttingProxy
from tests.support.factories import complete_jobs, delay_jobs, fail_jobs, lease_jobs, publish_jobs
from tests.support.redis_server import RedisServer
from tests.support.snapshot import comparable, snapshot

T = 1_750_000_000_000
NOTE = "its answer was lost: Redis may have done it"

Do = Callable[[OmniqClient, str, Any], Any]


@dataclass(frozen=True)
class Case:
    """`name` is the script; `prepare` gives what `do` needs; `repeated`: the client sends it again by itself."""

    name: str
    prepare: Callable[[OmniqClient, str], Any]
    do: Do
    repeated: bool = False


def _none(client: OmniqClient, queue: str) -> None:
    pass


def _waiting(client: OmniqClient, queue: str) -> None:
    publish_jobs(client, queue, 3, now_ms=T)


def _leased(client: OmniqClient, queue: str) -> str:
    return lease_jobs(client, queue, ["a"], now_ms=T, gid="g")["a"]


def _leased_and_more(client: OmniqClient, queue: str) -> str:
    token = _leased(client, queue)
    publish_jobs(client, queue, 3, now_ms=T)
    return token


def _full_group(client: OmniqClient, queue: str) -> None:
    _leased(client, queue)
    publish_jobs(client, queue, 3, now_ms=T, gid="g")


def _last_lease(client: OmniqClient, queue: str) -> str:
    return lease_jobs(client, queue, ["a"], now_ms=T, max_attempts=1)["a"]


def _failed(client: OmniqClient, queue: str) -> list[str]:
    return fail_jobs(client, queue, 5, now_ms=T)


def _delayed(client: OmniqClient, queue: str) -> list[str]:
    return delay_jobs(client, queue, 5, now_ms=T, due_ms=T + 10)


def _paused(client: OmniqClient, queue: str) -> None:
    client.pause(queue=queue)


def _counter(client: OmniqClient, queue: str) -> None:
    client.childs_init(key=queue, expected=2)


def _thrown_away(client: OmniqClient, queue: str) -> None:
    _failed(client, queue)
    _walk(client.remove_all(queue=queue, lane="failed", keep=Keep("b"), now_ms_override=T + 9))


def _back(steps: Any) -> None:
    assert {one.reason for step in steps for one in step} == {None}


def _walk(results: Any) -> None:
    for _ in results:
        pass


AT: dict[str, Any] = {"now_ms_override": T + 50}
CASES = {
    "publish": Case(
        "publish", _waiting, lambda c, q, _: c.publish(queue=q, payload={}, job_id="x", gid="g", **AT), repeated=True
    ),
    "publish_many": Case(
        "publish_many",
        _waiting,
        lambda c, q, _: c.publish_many(queue=q, jobs=[{"payload": {}, "job_id": f"m{n}"} for n in range(9)], **AT),
        repeated=True,
    ),
    "reserve": Case("reserve", _waiting, lambda c, q, _: c.reserve(queue=q, **AT)),
    "heartbeat": Case(
        "heartbeat", _leased, lambda c, q, t: c.heartbeat(queue=q, job_id="a", lease_token=t, **AT), repeated=True
    ),
    "ack_success": Case(
        "ack_success", _leased, lambda c, q, t: c.ack_success(queue=q, job_id="a", lease_token=t, **AT), repeated=True
    ),
    "ack_fail, to be tried again": Case(
        "ack_fail", _leased, lambda c, q, t: c.ack_fail(queue=q, job_id="a", lease_token=t, **AT), repeated=True
    ),
    "ack_fail, the last attempt": Case(
        "ack_fail", _last_lease, lambda c, q, t: c.ack_fail(queue=q, job_id="a", lease_token=t, **AT), repeated=True
    ),
    "ack_and_reserve": Case(
        "ack_reserve",
        _leased_and_more,
        lambda c, q, t: c.ack_and_reserve(queue=q, job_id="a", lease_token=t, **AT),
    ),
    "promote_delayed": Case(
        "promote_delayed", _delayed, lambda c, q, _: c.promote_delayed(queue=q, max_promote=2, **AT)
    ),
    "reap_expired": Case("reap_expired", _leased, lambda c, q, _: c.reap_expired(queue=q, now_ms_override=T + 60_000)),
    "pause": Case("pause", _waiting, lambda c, q, _: c.pause(queue=q)),
    "resume": Case("resume", _paused, lambda c, q, _: c.resume(queue=q, **AT)),
    "retry_failed": Case("retry_failed", _failed, lambda c, q, ids: c.retry_failed(queue=q, job_id=ids[1], **AT)),
    "retry_failed_batch": Case(
        "retry_failed", _failed, lambda c, q, ids: c.retry_failed_batch(queue=q, job_ids=ids[1:4], **AT)
    ),
    "retry_all": Case("retry_walk", _failed, lambda c, q, _: _walk(c.retry_all(queue=q, **AT))),
    "remove_job": Case(
        "remove_jobs", _failed, lambda c, q, ids: c.remove_job(queue=q, job_id=ids[1], lane="failed", **AT)
    ),
    "remove_jobs_batch": Case(
        "remove_jobs", _failed, lambda c, q, ids: c.remove_jobs_batch(queue=q, lane="failed", job_ids=ids[1:4], **AT)
    ),
    "remove_all": Case("remove_walk", _failed, lambda c, q, _: _walk(c.remove_all(queue=q, lane="failed", **AT))),
    "remove_jobs_batch, to the trash": Case(
        "remove_jobs",
        _failed,
        lambda c, q, ids: c.remove_jobs_batch(queue=q, lane="failed", job_ids=ids[1:4], keep=Keep("b"), **AT),
    ),
    "restore": Case("restore", _thrown_away, lambda c, q, _: _back(c.restore(queue=q, batch="b", **AT)), repeated=True),
    "restore_batch": Case(
        "restore",
        _thrown_away,
        lambda c, q, _: _back([c.restore_batch(queue=q, batch="b", limit=3, **AT).results]),
        repeated=True,
    ),
    "run_now": Case("run_now", _delayed, lambda c, q, ids: c.run_now(queue=q, job_id=ids[1], **AT)),
    "run_now_batch": Case("run_now", _delayed, lambda c, q, ids: c.run_now_batch(queue=q, job_ids=ids[1:4], **AT)),
    "set_group_limit": Case(
        "set_group_limit", _full_group, lambda c, q, _: c.set_group_limit(queue=q, gid="g", limit=3, **AT)
    ),
    "childs_init": Case("childs_init", _none, lambda c, q, _: c.childs_init(key=q, expected=3)),
    "child_ack": Case("child_ack", _counter, lambda c, q, _: c.child_ack(key=q, child_id="one")),
}


@pytest.fixture
def proxy(redis_server: RedisServer, redis: Any) -> Iterator[CuttingProxy]:
    made = CuttingProxy(redis_server.host, redis_server.port)
    yield made
    made.close()


@pytest.fixture
def far(proxy: CuttingProxy) -> Iterator[OmniqClient]:
    """Our client behind the proxy."""
    with OmniqClient(host="127.0.0.1", port=proxy.port) as made:
        yield made


def _state(redis: Any, queue: str) -> Any:
    states = (snapshot(redis, name, own=False) for name in (queue, f"cc:{queue}"))
    return [comparable(state) for state in states]


@pytest.mark.parametrize("before", [False, True], ids=["its answer is lost", "it never arrives"])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_deviation_14_it_is_done_once_or_not_at_all(
    case: Case, before: bool, far: OmniqClient, client: OmniqClient, proxy: CuttingProxy, redis: Any
) -> None:
    redis.script_load(script(case.name).source)
    needed = case.prepare(client, "twin")
    untouched = _state(redis, "twin")
    done_there = case.do(client, "twin", needed)
    needed = case.prepare(client, "q")
    proxy.cut(script(case.name).sha, before=before)
    if case.repeated:
        done = case.do(far, "q", needed)
        assert type(done) is type(done_there)
        assert getattr(done, "created", True)
    else:
        with pytest.raises(RedisConnectionError) as caught:
            case.do(far, "q", needed)
        assert caught.value.__notes__ == [NOTE]
        assert f"127.0.0.1:{proxy.port}" in str(caught.value)
    assert proxy.cuts == 1
    happened = case.repeated or not before
    assert _state(redis, "q") == (_state(redis, "twin") if happened else untouched)


def test_every_operation_of_the_client_is_here() -> None:
    reads = {"is_paused", "queue_base", "close", "consume", "ops", "publish_json"}
    named = {name for name in dir(OmniqClient) if not name.startswith("_")} - reads
    assert named == {name.split(",")[0] for name in CASES}


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.repeated])
def test_a_repeat_is_bounded_and_then_says_what_is_unknown(
    name: str, far: OmniqClient, client: OmniqClient, proxy: CuttingProxy, redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("omniq_core.connection.AGAIN_FOR_S", 0.2)
    case = CASES[name]
    redis.script_load(script(case.name).source)
    needed = case.prepare(client, "q")
    proxy.cut(script(case.name).sha, always=True)
    with pytest.raises(RedisConnectionError) as caught:
        case.do(far, "q", needed)
    assert NOTE in caught.value.__notes__
    assert 2 <= proxy.cuts <= 3


def test_a_publish_whose_job_is_gone_again_is_unknown_not_published_twice(
    far: OmniqClient, client: OmniqClient, proxy: CuttingProxy, redis: Any
) -> None:
    """The answer is lost; a worker does the job, and a hundred more push its record out before the repeat."""

    def between() -> None:
        job: Any = client.reserve(queue="q", now_ms_override=T + 1)
        client.ack_success(queue="q", job_id=job.job_id, lease_token=job.lease_token, now_ms_override=T + 2)
        complete_jobs(client, "q", 100, now_ms=T + 3)

    redis.script_load(script("publish").source)
    proxy.cut(script("publish").sha, then=between)
    with pytest.raises(RedisConnectionError) as caught:
        far.publish(queue="q", payload={}, job_id="x", now_ms_override=T)
    assert caught.value.__notes__ == [NOTE]
    assert redis.hmget("{q}:stats", "waiting", "completed_kept") == [b"0", b"100"]


def test_a_publish_is_sent_again_to_a_queue_that_completes_waiting_meanwhile(
    far: OmniqClient, client: OmniqClient, proxy: CuttingProxy, redis: Any
) -> None:
    complete_jobs(client, "q", 101, now_ms=T - 1000)
    proxy.cut(script("publish").sha, before=True)
    assert far.publish(queue="q", payload={}, job_id="x", now_ms_override=T).created
    assert (proxy.cuts, redis.lrange("{q}:wait", 0, -1)) == (1, [b"x"])


def test_a_repeat_that_meets_an_emptied_script_cache_brings_the_source(
    far: OmniqClient, client: OmniqClient, proxy: CuttingProxy, redis: Any
) -> None:
    client.publish(queue="q", payload={}, job_id="first", now_ms_override=T)
    proxy.cut(script("publish").sha, then=redis.script_flush)
    assert far.publish(queue="q", payload={}, job_id="x", now_ms_override=T).created
    assert redis.lrange("{q}:wait", 0, -1) == [b"first", b"x"]
