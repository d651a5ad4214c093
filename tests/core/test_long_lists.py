"""Taking ids out of long lists by their index: fast, and exactly what a plain walk through the list would leave."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from omniq_core import OmniqClient
from tests.core.long_lane import T, fill

COUNT = 5_000
IDS = [f"job-{n}" for n in range(COUNT)]
NOW = T + 10_000_000


def _jitter(spread: int) -> Callable[[int], int]:
    moves = random.Random(7)
    shifts = [moves.randrange(-spread, spread + 1) for _ in range(COUNT)]
    return lambda position: T + position + shifts[position]


ORDERS: dict[str, Callable[[int], int]] = {
    "one per millisecond": lambda position: T + position,
    "all at once": lambda _: T,
    "hundreds per millisecond": lambda position: T + position // 300,
    "a long pause in between": lambda position: T + position + (9_000_000 if position > 2_000 else 0),
    "clocks a little apart": _jitter(30),
    "clocks far apart": _jitter(3_000),
    "backwards": lambda position: T + COUNT - position,
    "0": lambda _: 0,
}


def _choices() -> dict[str, list[str]]:
    draw = random.Random(1)
    spread = [IDS[n] for n in range(25, COUNT, 50)]
    return {
        "spread": spread,
        "shuffled": draw.sample(IDS, 100),
        "newest": IDS[-100:],
        "oldest": IDS[:100],
        "neighbours": IDS[2_400:2_500],
        "ends": [IDS[0], IDS[-1]],
        "one": [IDS[1_234]],
    }


CHOICES = _choices()


@pytest.mark.parametrize("order", ORDERS)
def test_retrying_many(client: OmniqClient, redis: Any, order: str) -> None:
    fill(redis, "failed", IDS, ORDERS[order])
    left, waiting = IDS[::-1], list[str]()
    for chosen in ("ends", "one", "neighbours", "newest", "oldest", "spread", "shuffled"):
        ids = [job_id for job_id in CHOICES[chosen] if job_id not in waiting]
        assert ids, chosen
        answer = client.retry_failed_batch(queue="q", job_ids=ids, now_ms_override=NOW)
        assert {item.status for item in answer} == {"OK"}, chosen
        waiting += ids
        left = [job_id for job_id in left if job_id not in set(ids)]
        assert _list(redis, "failed") == left, chosen
        assert _list(redis, "wait") == waiting, chosen


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("lane", ["failed", "wait"])
def test_removing_many(client: OmniqClient, redis: Any, lane: str, order: str) -> None:
    fill(redis, lane, IDS, ORDERS[order])
    ids = CHOICES["shuffled"]
    answer = client.remove_jobs_batch(queue="q", lane=lane, job_ids=ids, now_ms_override=NOW)
    assert {item.status for item in answer} == {"OK"}
    kept = [job_id for job_id in IDS if job_id not in set(ids)]
    assert _list(redis, lane) == (kept if lane == "wait" else kept[::-1])


@pytest.mark.parametrize("order", ["one per millisecond", "all at once", "clocks far apart"])
def test_removing_many_of_several_long_groups(client: OmniqClient, redis: Any, order: str) -> None:
    groups = {gid: [f"{gid}-{n}" for n in range(1_500)] for gid in ("A", "a:wait", "🔥")}
    for gid, names in groups.items():
        fill(redis, "wait", names, ORDERS[order], gid=gid)
    fill(redis, "wait", IDS[:1_000], ORDERS[order])
    draw = random.Random(3)
    ids = [*draw.sample([name for names in groups.values() for name in names], 99), "job-1"]
    answer = client.remove_jobs_batch(queue="q", lane="gwait", job_ids=ids, now_ms_override=NOW)
    assert [item.reason for item in answer] == [None] * 99 + ["LANE_MISMATCH"]
    for gid, names in groups.items():
        assert _list(redis, f"g:{gid}:wait") == [name for name in names if name not in set(ids)]
    assert _list(redis, "wait") == IDS[:1_000]


@pytest.mark.broken_data
@pytest.mark.parametrize("missing", ["every second", "chosen", "neighbours", "all", "strangers"])
@pytest.mark.parametrize("lane", ["failed", "wait"])
def test_an_index_that_is_not_whole(client: OmniqClient, redis: Any, lane: str, missing: str) -> None:
    fill(redis, lane, IDS, ORDERS["one per millisecond"])
    ids = CHOICES["shuffled"]
    gone = {
        "every second": IDS[::2],
        "chosen": ids,
        "neighbours": [name for n, name in enumerate(IDS) if n % 20],
        "all": IDS,
        "strangers": [],
    }[missing]
    if gone:
        redis.zrem(f"{{q}}:idx:{lane}", *gone)
    else:
        redis.zadd(f"{{q}}:idx:{lane}", {f"stranger-{n}": T + n * 7 for n in range(700)})
    assert {item.status for item in client.remove_jobs_batch(queue="q", lane=lane, job_ids=ids)} == {"OK"}
    kept = [job_id for job_id in IDS if job_id not in set(ids)]
    assert _list(redis, lane) == (kept if lane == "wait" else kept[::-1])


@pytest.mark.broken_data
def test_ids_that_the_list_lost_take_nobody_else_along(client: OmniqClient, redis: Any) -> None:
    fill(redis, "failed", IDS, ORDERS["hundreds per millisecond"])
    ids = CHOICES["shuffled"]
    lost = set(ids[::3])
    for job_id in lost:
        redis.lrem("{q}:failed", 0, job_id)
    answer = client.remove_jobs_batch(queue="q", lane="failed", job_ids=ids)
    assert [item.reason for item in answer] == ["NOT_IN_LANE" if job_id in lost else None for job_id in ids]
    assert _list(redis, "failed") == [job_id for job_id in reversed(IDS) if job_id not in set(ids)]


@pytest.mark.broken_data
def test_only_one_entry_of_an_id_that_stands_twice_goes(client: OmniqClient, redis: Any) -> None:
    fill(redis, "failed", IDS, ORDERS["one per millisecond"])
    redis.lpush("{q}:failed", "job-10")
    assert client.remove_job(queue="q", lane="failed", job_id="job-10") == "OK"
    assert redis.llen("{q}:failed") == COUNT
    assert sorted(_list(redis, "failed")) == sorted(IDS)


def _list(redis: Any, name: str) -> list[str]:
    return [job_id.decode() for job_id in redis.lrange(f"{{q}}:{name}", 0, -1)]
