"""Publishing by hand: the bytes as given, once per nonce, and nothing over a job that exists."""

from __future__ import annotations

from typing import Any

import pytest
from redis.exceptions import OutOfMemoryError

from omniq_core import OmniqClient, Publication, job_detail, publish_once
from omniq_core.operator.job import LinkedJob
from omniq_core.scripts import script
from tests.core.cutting_proxy import CuttingProxy
from tests.support.factories import complete_jobs, delay_jobs, fail_jobs, lease_jobs, publish_jobs
from tests.support.redis_server import RedisServer
from tests.support.snapshot import snapshot

T = 1_750_000_000_000
DIGITS = b'{"id":1970670598291982290,"big":1e400,"x":10.00}'


def publish(client: OmniqClient, payload: bytes | None = DIGITS, *, nonce: str = "n1", **options: Any) -> Publication:
    return publish_once(client.link, "q", payload, nonce=nonce, now_ms=T, **options)


def links(client: OmniqClient, job_id: str) -> tuple[LinkedJob | None, LinkedJob | None]:
    job = job_detail(client.link, "q", job_id, now_ms=T, payload_limit=0)
    assert job is not None
    return job.copy_of, job.copied_to


def test_the_record_is_that_of_an_ordinary_publish(client: OmniqClient, redis: Any) -> None:
    options: dict[str, Any] = {"max_attempts": 7, "timeout_ms": 1_500, "backoff_ms": 0, "gid": "g"}
    assert publish(client, b"{}", job_id="ours", **options) == Publication("published", "ours", "wait")
    client.publish(queue="p", payload={}, job_id="ours", now_ms_override=T, **options)
    ours, usual = redis.hgetall("{q}:job:ours"), redis.hgetall("{p}:job:ours")
    assert ours.pop(b"x_pub") == b"n1" and usual.pop(b"x_pub")
    assert ours == usual
    assert redis.hgetall("{q}:stats") == redis.hgetall("{p}:stats")
    assert redis.zrange("{q}:groups:ready", 0, -1, withscores=True) == [(b"g", T)]
    assert redis.smembers("{omniq:x}:queues") == {b"q", b"p"}


@pytest.mark.parametrize("copy_of", [None, "original"])
def test_a_redis_without_memory_refuses_it_as_any_other_publish(
    client: OmniqClient, redis: Any, copy_of: str | None
) -> None:
    """A write that needs no memory, as the first of a script, makes Redis take all that follow."""
    publish_jobs(client, "q", ["original"], now_ms=T)
    before = snapshot(redis, "q")
    given: dict[str, Any] = {"payload": None if copy_of else DIGITS, "job_id": "mine", "copy_of": copy_of}
    redis.config_set("maxmemory", 1)
    try:
        with pytest.raises(OutOfMemoryError):
            client.publish(queue="q", payload={}, now_ms_override=T)
        with pytest.raises(OutOfMemoryError):
            publish(client, **given)
    finally:
        redis.config_set("maxmemory", 0)
    assert snapshot(redis, "q") == before
    assert publish(client, **given) == Publication("published", "mine", "wait")


def test_digits_are_those_that_were_given(client: OmniqClient, redis: Any) -> None:
    done = publish(client)
    assert redis.hget(f"{{q}}:job:{done.job_id}", "payload") == DIGITS
    lease = client.reserve(queue="q", now_ms_override=T)
    assert getattr(lease, "payload", None) == DIGITS.decode()


def test_a_nonce_publishes_once_whatever_became_of_its_job(client: OmniqClient, redis: Any) -> None:
    first = publish(client)
    assert publish(client) == Publication("repeated", first.job_id, "wait")
    client.remove_job(queue="q", job_id=first.job_id, lane="wait", now_ms_override=T)
    before = snapshot(redis, "q")
    assert publish(client) == Publication("repeated", first.job_id, "")
    assert snapshot(redis, "q") == before
    assert publish(client, nonce="n2").outcome == "published"
    assert 86_300_000 < redis.pttl("{q}:x:pub:n1") <= 86_400_000


@pytest.mark.parametrize(
    ("make", "state"),
    [
        (publish_jobs, "wait"),
        (lambda *a, **k: delay_jobs(*a, due_ms=T + 9_000, **k), "delayed"),
        (lease_jobs, "active"),
        (fail_jobs, "failed"),
        (complete_jobs, "completed"),
    ],
)
def test_an_id_that_exists_is_left_alone(client: OmniqClient, redis: Any, make: Any, state: str) -> None:
    make(client, "q", ["a"], now_ms=T)
    before = snapshot(redis, "q")
    assert publish(client, job_id="a", gid="g", group_limit=3) == Publication("exists", "a", state)
    assert snapshot(redis, "q") == before
    # The nonce is not used up: another id can be chosen in the same form.
    assert publish(client, job_id="b").outcome == "published"


def test_later_with_a_limit_for_a_new_group(client: OmniqClient, redis: Any) -> None:
    assert publish(client, due_ms=T + 1, gid=" g ", group_limit=2).state == "delayed"
    assert redis.zrange("{q}:delayed", 0, -1, withscores=True)[0][1] == T + 1
    assert (redis.get("{q}:g:g:limit"), redis.zcard("{q}:groups:ready")) == (b"2", 0)
    assert publish(client, nonce="n2", due_ms=T, gid="g", group_limit=5).state == "wait"
    assert (redis.get("{q}:g:g:limit"), redis.zcard("{q}:groups:ready")) == (b"2", 1)


def test_a_copy_and_its_original_name_each_other(client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, "q", ["a"], now_ms=T)
    before = redis.hgetall("{q}:job:a")
    copy = publish(client, copy_of="a").job_id
    assert redis.hget(f"{{q}}:job:{copy}", "x_copy_of") == b"a"
    assert redis.hgetall("{q}:job:a") == {**before, b"x_copied_to": copy.encode()}
    assert links(client, copy) == (LinkedJob("a", "failed"), None)
    assert links(client, "a") == (None, LinkedJob(copy, "wait"))
    orphan = publish(client, nonce="n2", copy_of="gone").job_id
    assert redis.hget(f"{{q}}:job:{orphan}", "x_copy_of") == b"gone"
    assert not redis.exists("{q}:job:gone")
    assert links(client, orphan) == (LinkedJob("gone", ""), None)


def test_the_payload_of_the_original_is_taken_over_and_nothing_else(client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, "q", ["a"], now_ms=T, gid="g", timeout_ms=7)
    redis.hset("{q}:job:a", mapping={"payload": b"\xff\x00 no JSON", "other": "field"})
    assert publish(client, None, job_id="b", copy_of="a") == Publication("published", "b", "wait")
    publish(client, b"\xff\x00 no JSON", nonce="n2", job_id="c", copy_of="a")
    taken, given = redis.hgetall("{q}:job:b"), redis.hgetall("{q}:job:c")
    assert taken == given | {b"id": b"b", b"x_pub": b"n1"}
    before = snapshot(redis, "q")
    assert publish(client, None, nonce="n3", copy_of="gone") == Publication("gone", "", "")
    assert snapshot(redis, "q") == before


def test_what_a_ghost_left_is_no_job(client: OmniqClient, redis: Any) -> None:
    redis.hset("{q}:job:a", mapping={"last_error": "old"})
    assert publish(client, job_id="a").outcome == "published"
    assert redis.hget("{q}:job:a", "last_error") is None


@pytest.mark.broken_data
@pytest.mark.parametrize("key", ["idx:wait", "stats", "job:a", "g:g:wait"])
def test_a_key_of_another_type_stops_it_before_anything_is_written(client: OmniqClient, redis: Any, key: str) -> None:
    redis.set(f"{{q}}:{key}", "no")
    before = snapshot(redis, "q")
    with pytest.raises(Exception, match="WRONGTYPE"):
        publish(client, job_id="a", gid="g", group_limit=1)
    assert snapshot(redis, "q") == before


def test_an_answer_that_is_lost_is_asked_for_again(redis: Any, redis_server: RedisServer) -> None:
    proxy = CuttingProxy(redis_server.host, redis_server.port)
    redis.script_load(script("operator/publish_once").source)
    proxy.cut(script("operator/publish_once").sha)
    with OmniqClient(redis_url=f"redis://127.0.0.1:{proxy.port}/0") as far:
        assert publish(far).outcome == "published"
    proxy.close()
    assert (proxy.cuts, redis.hget("{q}:stats", "waiting")) == (1, b"1")


@pytest.mark.parametrize("payload", [b"", b"{}"])
def test_nothing_is_sent_for_what_cannot_be(client: OmniqClient, redis: Any, payload: bytes) -> None:
    with pytest.raises(ValueError):
        publish(client, payload, nonce="" if payload else "n")
    with pytest.raises(ValueError, match="below 10\\^14"):
        publish(client, timeout_ms=10**14)
    assert redis.dbsize() == 0
