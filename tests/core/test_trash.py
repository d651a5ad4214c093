"""Removing to the trash and restoring: everything is as before, or it is said why a job cannot come back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from omniq_core import BatchGone, Keep, OmniqClient
from tests.core.long_lane import fill
from tests.core.trash_trial import LANES, T, fill_lanes, in_trash, restore, settled
from tests.support.factories import complete_jobs, fail_jobs, lease_jobs, publish_jobs
from tests.support.invariants import check_invariants
from tests.support.snapshot import snapshot

NOW: dict[str, Any] = {"now_ms_override": T + 40_000}
KEEP = Keep("b")


def remove(client: OmniqClient, lane: str, *ids: str, keep: Keep = KEEP) -> list[tuple[str, str, str | None]]:
    return [
        (one.job_id, one.status, one.reason)
        for one in client.remove_jobs_batch(queue="q", lane=lane, job_ids=ids, keep=keep, **NOW)
    ]


@pytest.mark.parametrize("lane", LANES)
def test_a_job_of_each_lane_comes_back_as_it_was(client: OmniqClient, redis: Any, lane: str) -> None:
    job_id = fill_lanes(client, 3)[lane][1]
    before = settled(redis)
    assert client.remove_job(queue="q", job_id=job_id, lane=lane, keep=KEEP, **NOW) == "OK"
    assert redis.exists(f"{{q}}:job:{job_id}") == 0
    check_invariants(redis)
    assert restore(client) == [(job_id, None)]
    assert settled(redis) == before
    assert redis.hget("{q}:stats", "last_activity_ms") == str(T + 50_000).encode()


def test_what_is_kept_leaves_the_queue_as_a_removal_for_good_does(client: OmniqClient, redis: Any) -> None:
    for queue in ("q", "plain"):
        names = fill_lanes(client, 4, queue=queue)
        for lane in LANES:
            keep = KEEP if queue == "q" else None
            client.remove_jobs_batch(queue=queue, lane=lane, job_ids=names[lane][:3], keep=keep, **NOW)
    kept, plain = settled(redis), settled(redis, "plain")
    assert kept.pop(b"job:running") != plain.pop(b"job:running")  # each has its own token
    assert kept == plain


def test_a_thousand_jobs_over_groups_and_lanes(client: OmniqClient, redis: Any) -> None:
    fill_lanes(client, 40)
    fill(redis, "failed", [f"more-f{n:03}" for n in range(300)], lambda position: T + 10_000 + position)
    for gid in ("", "B", "D", "E"):
        fill(redis, "wait", [f"more-w{gid}{n:03}" for n in range(125)], lambda position: T + 20_000 + position, gid=gid)
    before = settled(redis)
    lists = ("completed", "failed", "wait", "g:A:wait", "g:B:wait")
    in_order = [redis.lrange(f"{{q}}:{name}", 0, -1) for name in lists]
    removed = [
        one
        for lane in ("completed", "gwait", "failed", "delayed", "wait")
        for batch in client.remove_all(queue="q", lane=lane, keep=Keep(lane), **NOW)
        for one in batch
    ]
    assert (len(removed), {(one.status, one.reason) for one in removed}) == (1_000, {("OK", None)})
    assert list(redis.scan_iter(match="{q}:job:*")) == [b"{q}:job:running"]
    check_invariants(redis)
    for lane in LANES:
        assert {reason for _, reason in restore(client, lane)} == {None}
    assert settled(redis) == before
    # Whoever has nobody left to stand behind has its old place.
    assert [redis.lrange(f"{{q}}:{name}", 0, -1) for name in lists] == in_order
    assert redis.exists("{q}:x:trash") == 0


def test_waiting_jobs_join_the_tail_in_their_old_order_with_their_old_score(client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, "q", ["a", "b", "c", "d"], now_ms=T)
    remove(client, "wait", "c", "a", "b")
    publish_jobs(client, "q", ["new"], now_ms=T + 45_000)
    assert restore(client) == [("a", None), ("b", None), ("c", None)]
    assert redis.lrange("{q}:wait", 0, -1) == [b"d", b"new", b"a", b"b", b"c"]
    assert [redis.zscore("{q}:idx:wait", name) for name in "abc"] == [T, T + 1, T + 2]


def test_a_group_is_ready_again_from_now_on_and_one_without_room_is_not(client: OmniqClient, redis: Any) -> None:
    lease_jobs(client, "q", ["running"], now_ms=T, gid="full")
    publish_jobs(client, "q", ["f"], now_ms=T, gid="full")
    publish_jobs(client, "q", ["g"], now_ms=T, gid="free")
    remove(client, "gwait", "f", "g")
    assert (redis.exists("{q}:groups:ready"), redis.hget("{q}:stats", "groups_ready")) == (0, b"0")
    restore(client, now_ms=T + 60_000)
    assert redis.zrange("{q}:groups:ready", 0, -1, withscores=True) == [(b"free", T + 60_000)]


def test_an_id_that_exists_again_stays_in_the_trash_until_it_is_free(client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, "q", ["a", "b", "c"], now_ms=T)
    old = redis.hgetall("{q}:job:b")
    remove(client, "failed", "a", "b", "c")
    publish_jobs(client, "q", ["b"], now_ms=T + 45_000)
    new = redis.hgetall("{q}:job:b")
    assert restore(client) == [("a", None), ("b", "EXISTS"), ("c", None)]
    assert redis.hgetall("{q}:job:b") == new
    client.remove_job(queue="q", job_id="b", lane="wait", **NOW)
    assert restore(client) == [("a", "RESTORED"), ("b", None), ("c", "RESTORED")]
    assert (redis.hgetall("{q}:job:b"), redis.exists("{q}:x:trash")) == (old, 0)


def test_restoring_twice_changes_nothing_the_second_time(client: OmniqClient, redis: Any) -> None:
    names = fill_lanes(client, 3)
    for lane in LANES:
        remove(client, lane, *names[lane])
    assert {reason for _, reason in restore(client)} == {None}
    client.run_now(queue="q", job_id="delayed-000", **NOW)
    before = snapshot(redis, "q")
    assert {reason for _, reason in restore(client, now_ms=T + 70_000)} == {"RESTORED"}
    assert snapshot(redis, "q") == before


def test_a_completed_job_comes_back_while_it_is_among_the_newest_hundred(client: OmniqClient, redis: Any) -> None:
    names = complete_jobs(client, "q", [f"c{n:03}" for n in range(100)], now_ms=T)
    remove(client, "completed", *names[40:80])
    complete_jobs(client, "q", [f"new-{n}" for n in range(70)], now_ms=T + 1_000)
    # c030 to c039 are older than what was removed, and make room; then the hundred are all newer than c069.
    assert restore(client) == [
        *((name, None) for name in reversed(names[70:80])),
        *((name, "NEWER_KEPT") for name in reversed(names[40:70])),
    ]
    kept = [name.decode() for name in redis.lrange("{q}:completed", 0, -1)]
    assert kept == [*(f"new-{n}" for n in reversed(range(70))), *reversed(names[70:])]
    assert redis.exists("{q}:job:c030", "{q}:job:c039") == 0
    client.remove_job(queue="q", job_id="new-5", lane="completed", **NOW)
    assert restore(client)[10] == ("c069", None)


def test_a_batch_is_restored_piece_by_piece(client: OmniqClient, redis: Any) -> None:
    names = fail_jobs(client, "q", 7, now_ms=T)
    for name in names:
        client.remove_job(queue="q", job_id=name, lane="failed", keep=KEEP, **NOW)
    cursor: int | None = 0
    pieces: list[list[str]] = []
    while cursor is not None:
        step = client.restore_batch(queue="q", batch="b", cursor=cursor, limit=3, **NOW)
        pieces.append([one.job_id for one in step.results])
        assert (step.total, redis.hget("{q}:stats", "failed")) == (7, str(sum(map(len, pieces))).encode())
        check_invariants(redis)
        cursor = step.cursor
    assert pieces == [names[:3], names[3:6], names[6:]]
    with pytest.raises(BatchGone):
        client.restore_batch(queue="q", batch="other")


def test_the_trash_is_empty_by_itself(client: OmniqClient, redis: Any, wait_until: Callable[..., None]) -> None:
    fail_jobs(client, "q", ["a", "b"], now_ms=T)
    remove(client, "failed", "a", keep=Keep("b", ms=150))
    remove(client, "failed", "b", keep=Keep("b", ms=60_000))
    assert len(in_trash(redis)) == 4
    wait_until(lambda: not redis.exists("{q}:x:trash:b:0"))
    assert restore(client) == [("a", "GONE"), ("b", None)]
    remove(client, "failed", "b", keep=Keep("other", ms=20))
    redis.delete("{q}:x:trash:b")
    assert [redis.pttl(key) for key in in_trash(redis) if redis.pttl(key) == -1] == []
    for key in in_trash(redis):
        redis.pexpire(key, 20)
    wait_until(lambda: in_trash(redis) == [])
    with pytest.raises(BatchGone, match="RESTORE failed: GONE"):
        restore(client, "other")


def test_each_key_of_the_trash_lives_as_long_as_it_is_needed(client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, "q", ["a", "b", "c"], now_ms=T)
    for name, ms in (("a", 50_000), ("b", 90_000), ("c", 20_000)):
        remove(client, "failed", name, keep=Keep("b", ms=ms))
    left = {key.decode(): redis.pttl(key) for key in in_trash(redis)}
    assert {name: -(-ms // 10_000) for name, ms in left.items()} == {
        "{q}:x:trash": 9,
        "{q}:x:trash:b": 9,
        "{q}:x:trash:b:0": 5,
        "{q}:x:trash:b:1": 9,
        "{q}:x:trash:b:2": 2,
    }
    restore(client)
    assert {redis.pttl(f"{{q}}:job:{name}") for name in "abc"} == {-1}


def test_no_room_means_for_good_and_says_so(client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, "q", 6, now_ms=T)
    found = remove(client, "failed", "job-3", "job-1", "job-2", "nope", keep=Keep("b", most_jobs=2))
    # The oldest are kept.
    assert found == [("job-3", "OK", "FINAL"), ("job-1", "OK", None), ("job-2", "OK", None), ("nope", "ERR", "NO_JOB")]
    assert redis.exists("{q}:job:job-3") == 0
    one = {"queue": "q", "lane": "failed", **NOW}
    assert client.remove_job(job_id="job-4", keep=Keep("other", most_jobs=2), **one) == "FINAL"
    assert client.remove_job(job_id="job-5", keep=Keep("other", most_jobs=3), **one) == "OK"
    assert restore(client) == [("job-1", None), ("job-2", None)]
    # What was restored makes room.
    assert client.remove_job(job_id="job-6", keep=Keep("b", most_jobs=2), **one) == "OK"
    assert restore(client)[2:] == [("job-6", None)]


def test_bytes_are_those_of_payload_error_and_id(client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, "q", ["aa", "bb", "cc"], now_ms=T, payload={"k": "é"}, error="E: né")  # 10 + 6 + 2 bytes
    assert remove(client, "failed", "aa", keep=Keep("b", most_bytes=17)) == [("aa", "OK", "FINAL")]
    found = remove(client, "failed", "bb", "cc", keep=Keep("b", most_bytes=35))
    assert found == [("bb", "OK", None), ("cc", "OK", "FINAL")]
    assert redis.hvals("{q}:x:trash")[0].split()[1:] == [b"1", b"18"]


def test_a_thousand_batches_are_as_many_as_there_are(client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, "q", 4, now_ms=T)
    far, over = b"%d 1 1" % (10 * T), b"%d 5000 1" % T
    redis.hset("{q}:x:trash", mapping={f"b{n}": far for n in range(999)} | {"old": over, "nonsense": b"x"})
    assert remove(client, "failed", "job-1", keep=Keep("last")) == [("job-1", "OK", None)]
    assert remove(client, "failed", "job-2", keep=Keep("more")) == [("job-2", "OK", "FINAL")]
    assert remove(client, "failed", "job-3", keep=Keep("last")) == [("job-3", "OK", None)]
    assert (redis.hlen("{q}:x:trash"), redis.hexists("{q}:x:trash", "old")) == (1_000, False)
